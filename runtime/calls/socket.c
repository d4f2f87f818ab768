/* Calls that make, bind, connect and close sockets. */
#include "runtime/calls/handlers.h"

#include <string.h>
#include <unistd.h>

void call_socket(struct call_ctx *c)
{
	const struct expr *domain = arg(c, 0);
	struct socket_kind kind = {
		.family = (int)domain->value,
		.type = (int)arg_int(c, 1),
		.protocol = (int)arg_int(c, 2),
	};
	int made;

	if (is_any(domain))
		kind.family = c->host->env.script->config->ip_mode == IP_V4 ? AF_INET : AF_INET6;
	check_free(c, result_label(c));
	if (!call_begin(c))
		return;
	made = socket(kind.family, kind.type, kind.protocol);
	call_end(c, made);
	made_fd(c, result_label(c), made, &kind);
}

void call_bind(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind);
	socklen_t size;
	struct sockaddr *address = arg_address(c, 1, false, &kind, &size);

	if (!call_begin(c))
		return;
	call_end(c, bind(fd, address, size));
	note_addresses(c, fd);
}

void call_listen(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), backlog = (int)arg_int(c, 1);

	if (!call_begin(c))
		return;
	call_end(c, listen(fd, backlog));
	note_addresses(c, fd);
}

void call_accept(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind), made;
	union address *peer = call_scratch(c, sizeof(*peer));
	socklen_t size = sizeof(*peer);

	/* check_free() is not called: scripts accept several connections under one label, which
	 * then stands for the newest. */
	if (!call_begin(c))
		return;
	made = accept(fd, &peer->sa, &size);
	call_end(c, made);
	if (made < 0)
		return;
	made_fd(c, result_label(c), made, &kind);
	note_addresses(c, made);
	/* getpeername() fails if the connection has been reset meanwhile. */
	memcpy(&c->slot->peer, peer, sizeof(*peer));
}

void call_connect(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind);
	socklen_t size;
	struct sockaddr *address = arg_address(c, 1, true, &kind, &size);

	note_target(c, address, size);
	if (!call_begin(c))
		return;
	call_end(c, connect(fd, address, size));
	note_addresses(c, fd);
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
	/* The entry is closed first: after close() another thread may get the same number. */
	descriptors_close(c->host->share->descriptors, arg_int(c, 0), c->event->loc.line);
	call_end(c, close(fd));
}
