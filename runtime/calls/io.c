/* Calls that send and receive data. They send zeros; received data is not looked at. */
#include "runtime/calls/handlers.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The distance from one buffer of a list to the next. Buffers must not touch: the kernel would
 * merge them, and MSG_ZEROCOPY counts buffers. */
static size_t stride(const struct expr *record)
{
	return ((size_t)record->fields[record->n_fields - 1].value->value + 127) & ~(size_t)63;
}

static size_t iovecs_size(const struct expr *list)
{
	size_t size = 0;

	for (size_t i = 0; i < list->n_items; i++)
		size += stride(list->items[i]);
	return size;
}

size_t call_buffer_size(const struct call *call)
{
	/* How a call describes its data: a length, iovecs or a msghdr. */
	enum place { NOWHERE, LENGTH, IOVECS, MSGHDR };
	static const unsigned char places[N_CALLS] = {
		[CALL_read] = LENGTH,	 [CALL_write] = LENGTH,	   [CALL_recv] = LENGTH,
		[CALL_send] = LENGTH,	 [CALL_recvfrom] = LENGTH, [CALL_sendto] = LENGTH,
		[CALL_readv] = IOVECS,	 [CALL_writev] = IOVECS,   [CALL_recvmsg] = MSGHDR,
		[CALL_sendmsg] = MSGHDR,
	};
	const struct expr *iovecs;

	switch ((enum place)places[call->row->id]) {
	case LENGTH:
		return call->args[2]->value > 0 ? (size_t)call->args[2]->value : 0;
	case IOVECS:
		return iovecs_size(call->args[1]);
	case MSGHDR:
		iovecs = field_of(call->args[1], "msg_iov");
		return iovecs ? iovecs_size(iovecs) : 0;
	case NOWHERE:
		break;
	}
	return 0;
}

/* Ping sockets take a whole ICMP message and look at its first bytes (net/ipv4/ping.c). */
static bool is_ping(const struct socket_kind *socket)
{
	return (socket->family == AF_INET && socket->protocol == IPPROTO_ICMP) ||
	       (socket->family == AF_INET6 && socket->protocol == IPPROTO_ICMPV6);
}

void *send_buffer(struct call_ctx *c, size_t i, size_t size, const struct socket_kind *socket)
{
	unsigned char *message;

	if (!is_any(arg(c, i)))
		return NULL;
	if (!is_ping(socket) || size == 0 || size > c->host->n_zeros)
		return c->host->zeros;
	message = call_scratch(c, size);
	message[0] = socket->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	return message;
}

void *recv_buffer(struct call_ctx *c, size_t i, size_t size)
{
	if (!is_any(arg(c, i)))
		return NULL;
	if (size > c->worker->n_received && size <= SSIZE_MAX)
		call_fail(c, "cannot receive %zu bytes at once", size);
	return c->worker->received;
}

struct iovec *arg_iovecs(struct call_ctx *c, const struct expr *list, unsigned char *base)
{
	struct iovec *iov = call_scratch(c, (list->n_items + 1) * sizeof(*iov));

	for (size_t i = 0; i < list->n_items; i++) {
		const struct expr *record = list->items[i];

		iov[i].iov_base = base;
		iov[i].iov_len = (size_t)record->fields[record->n_fields - 1].value->value;
		base += stride(record);
	}
	return iov;
}

static size_t arg_size(const struct call_ctx *c, size_t i)
{
	/* A negative length becomes a huge one, as in a C program. */
	return (size_t)arg_int(c, i);
}

void call_read(struct call_ctx *c)
{
	int fd = arg_fd(c, 0);
	size_t size = arg_size(c, 2);
	void *buffer = recv_buffer(c, 1, size);

	if (call_begin(c))
		call_end(c, read(fd, buffer, size));
}

void call_recv(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), flags = (int)arg_int(c, 3);
	size_t size = arg_size(c, 2);
	void *buffer = recv_buffer(c, 1, size);

	if (call_begin(c))
		call_end(c, recv(fd, buffer, size, flags));
}

void call_recvfrom(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), flags = (int)arg_int(c, 3);
	size_t size = arg_size(c, 2);
	void *buffer = recv_buffer(c, 1, size);
	union address *peer = call_scratch(c, sizeof(*peer));
	socklen_t length = sizeof(*peer);
	bool wanted = is_any(arg(c, 4));

	if (call_begin(c))
		call_end(c, recvfrom(fd, buffer, size, flags, wanted ? &peer->sa : NULL,
				     wanted ? &length : NULL));
}

void call_readv(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), n = (int)arg_int(c, 2);
	struct iovec *iov = arg_iovecs(c, arg(c, 1), c->worker->received);

	if (call_begin(c))
		call_end(c, readv(fd, iov, n));
}

void call_write(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind);
	size_t size = arg_size(c, 2);
	void *buffer = send_buffer(c, 1, size, &kind);

	if (call_begin(c))
		call_end(c, write(fd, buffer, size));
}

void call_send(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind), flags = (int)arg_int(c, 3);
	size_t size = arg_size(c, 2);
	void *buffer = send_buffer(c, 1, size, &kind);

	if (call_begin(c))
		call_end(c, send(fd, buffer, size, flags));
}

void call_sendto(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind), flags = (int)arg_int(c, 3);
	size_t size = arg_size(c, 2);
	void *buffer = send_buffer(c, 1, size, &kind);
	socklen_t length;
	struct sockaddr *address = arg_address(c, 4, true, &kind, &length);

	note_target(c, address, length);
	if (!call_begin(c))
		return;
	call_end(c, sendto(fd, buffer, size, flags, address, length));
	note_addresses(c, fd);
}

void call_writev(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), n = (int)arg_int(c, 2);
	struct iovec *iov = arg_iovecs(c, arg(c, 1), c->host->zeros);

	if (call_begin(c))
		call_end(c, writev(fd, iov, n));
}
