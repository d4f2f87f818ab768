/* The addresses that calls use (docs/language.md: "System calls", columns bind, connect, sendto).
 */
#include "runtime/calls/call.h"

#include <arpa/inet.h>
#include <string.h>

/* Writes an address for a socket of that family; for an IPv6 socket IPv4 is mapped (RFC 4291
 * 2.5.5.2). Returns its size. */
static socklen_t fill(union address *out, int family, const struct ip_addr *ip, uint16_t port)
{
	if (family == AF_INET && ip->version == 4) {
		out->in.sin_family = AF_INET;
		out->in.sin_port = htons(port);
		memcpy(&out->in.sin_addr, ip->bytes, 4);
		return sizeof(out->in);
	}
	out->in6.sin6_family = AF_INET6;
	out->in6.sin6_port = htons(port);
	if (ip->version == 6) {
		memcpy(&out->in6.sin6_addr, ip->bytes, 16);
	} else {
		memset(&out->in6.sin6_addr.s6_addr[10], 0xff, 2);
		memcpy(&out->in6.sin6_addr.s6_addr[12], ip->bytes, 4);
	}
	return sizeof(out->in6);
}

/* {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("1.2.3.4")} or its IPv6 form: the
 * values are in network order, as htons() and inet_addr() make them. */
static socklen_t fill_record(union address *out, const struct expr *record)
{
	int family = (int)field_int(record, "sa_family");
	bool six = family == AF_INET6;
	const struct expr *port = field_of(record, six ? "sin6_port" : "sin_port");
	const struct expr *ip = field_of(record, six ? "sin6_addr" : "sin_addr");
	socklen_t size = six ? sizeof(out->in6) : sizeof(out->in);

	if (!port)
		port = field_of(record, "sin_port");
	if (!ip)
		ip = field_of(record, "sin_addr");
	out->sa.sa_family = (sa_family_t)family;
	out->in.sin_port = port ? (in_port_t)port->value : 0; /* same place in both */
	if (!ip)
		return size;
	if (six)
		memcpy(&out->in6.sin6_addr, ip->addr.bytes, 16);
	else if (ip->addr.version == 4)
		memcpy(&out->in.sin_addr, ip->addr.bytes, 4);
	else
		out->in.sin_addr.s_addr = (in_addr_t)ip->value;
	return size;
}

static int family_of(const struct config *config, const struct socket_kind *socket)
{
	if (socket->family == AF_INET || socket->family == AF_INET6)
		return socket->family;
	return config->ip_mode == IP_V4 ? AF_INET : AF_INET6;
}

struct sockaddr *remote_address(struct call_ctx *c, const struct socket_kind *socket, socklen_t *size)
{
	const struct config *config = c->host->env.script->config;
	union address *out = call_scratch(c, sizeof(*out));

	*size = fill(out, family_of(config, socket), &config->remote_ip.addr, config->connect_port);
	return &out->sa;
}

struct sockaddr *arg_address(struct call_ctx *c, size_t i, bool remote,
			     const struct socket_kind *socket, socklen_t *size)
{
	const struct config *config = c->host->env.script->config;
	const struct expr *expr = arg(c, i);
	const struct expr *length = arg(c, i + 1);
	union address *out = call_scratch(c, sizeof(*out));
	int family = family_of(config, socket);

	*size = 0;
	if (!expr)
		return NULL;
	if (is_any(expr)) {
		*size = fill(out, family, remote ? &config->remote_ip.addr : &config->local_ip,
			     remote ? config->connect_port : config->bind_port);
	} else if (expr->kind == EXPR_RECORD) {
		*size = fill_record(out, expr);
	} else if (expr->text && !strcmp(expr->text, "NULL")) {
		return NULL;
	} else {
		*size = family == AF_INET ? sizeof(out->in) : sizeof(out->in6);
		out->sa.sa_family =
			(sa_family_t)expr->value; /* AF_UNSPEC disconnects, connect(2) */
	}
	if (length && !is_any(length) && length->value >= 0 &&
	    length->value <= (int64_t)sizeof(*out))
		*size = (socklen_t)length->value;
	return &out->sa;
}

void note_target(struct call_ctx *c, const struct sockaddr *target, socklen_t size)
{
	if (target && size >= sizeof(sa_family_t) && size <= sizeof(c->slot->target))
		memcpy(&c->slot->target, target, size);
}

void note_addresses(struct call_ctx *c, int fd)
{
	struct call_slot *slot = c->slot;
	socklen_t length = sizeof(slot->local);

	if (getsockname(fd, (struct sockaddr *)&slot->local, &length) < 0)
		slot->local.ss_family = AF_UNSPEC;
	length = sizeof(slot->peer);
	if (getpeername(fd, (struct sockaddr *)&slot->peer, &length) < 0)
		slot->peer.ss_family = AF_UNSPEC;
	length = sizeof(slot->device);
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &slot->device, &length) < 0)
		slot->device = 0;
}
