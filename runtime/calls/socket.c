/* Sockets: made, named, connected, ended. */
#include "runtime/calls/handlers.h"

#include <errno.h>
#include <unistd.h>

void call_socket(struct call_ctx *c)
{
	const struct expr *domain = arg(c, 0);
	int64_t label = c->call->result ? c->call->result->value : -1;
	struct fd_entry entry = {
		.family = (int)domain->value,
		.type = (int)arg_int(c, 1),
		.protocol = (int)arg_int(c, 2),
	};

	if (is_any(domain))
		entry.family = c->host->env.script->config->ip_mode == IP_V4 ? AF_INET : AF_INET6;
	check_free(c, label);
	if (!call_begin(c))
		return;
	entry.live_fd = socket(entry.family, entry.type, entry.protocol);
	call_end(c, entry.live_fd);
	made_fd(c, label, &entry);
	if (entry.live_fd >= 0)
		c->slot->script_fd = (int)label;
	c->slot->live_fd = entry.live_fd;
}

void call_bind(struct call_ctx *c)
{
	struct fd_entry entry;
	int fd = arg_socket(c, 0, &entry);
	socklen_t size;
	struct sockaddr *address = arg_address(c, 1, false, &entry, &size);

	if (!call_begin(c))
		return;
	call_end(c, bind(fd, address, size));
	note_addresses(c, fd, NULL, 0);
}

void call_listen(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), backlog = (int)arg_int(c, 1);

	if (!call_begin(c))
		return;
	call_end(c, listen(fd, backlog));
	note_addresses(c, fd, NULL, 0);
}

void call_accept(struct call_ctx *c)
{
	struct fd_entry entry;
	int fd = arg_socket(c, 0, &entry);
	int64_t label = c->call->result ? c->call->result->value : -1;
	union address *peer = call_scratch(c, sizeof(*peer));
	socklen_t size = sizeof(*peer);

	/* No check_free(): scripts accept one connection after the other under one label, which
	 * then stands for the newest. */
	if (!call_begin(c))
		return;
	entry.live_fd = accept(fd, &peer->sa, &size);
	call_end(c, entry.live_fd);
	made_fd(c, label, &entry);
	if (entry.live_fd < 0)
		return;
	c->slot->script_fd = (int)label;
	c->slot->live_fd = entry.live_fd;
	note_addresses(c, entry.live_fd, &peer->sa, size);
}

void call_connect(struct call_ctx *c)
{
	struct fd_entry entry;
	int fd = arg_socket(c, 0, &entry);
	socklen_t size;
	struct sockaddr *address = arg_address(c, 1, true, &entry, &size);

	if (!call_begin(c))
		return;
	call_end(c, connect(fd, address, size));
	note_addresses(c, fd, address, size);
}

void call_shutdown(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), how = (int)arg_int(c, 1);

	if (call_begin(c))
		call_end(c, shutdown(fd, how));
}

void call_close(struct call_ctx *c)
{
	int fd = arg_fd(c, 0);

	if (!call_begin(c))
		return;
	/* Gone from the table first: once closed, another thread may be given the same number. */
	fds_close(&c->host->fds, arg_int(c, 0), c->event->loc.line);
	call_end(c, close(fd));
}
