/* The script's sockets, and what the results of calls say about them and their connections. */
#include "runtime/conn/conn_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "parser/tables.h"

/* ---- sockets ----------------------------------------------------------------------------- */

static struct sock *sock_find(const struct conns *conns, uint64_t cookie)
{
	struct sock *sock;

	for (sock = conns->socks; sock; sock = sock->next)
		if (sock->cookie == cookie)
			return sock;
	return NULL;
}

/* The table of descriptors may be ahead of the sockets: the program may have made a descriptor in a
 * call whose return has not been seen here yet. */
struct sock *conns_sock(const struct conns *conns, int64_t script_fd)
{
	const struct descriptors *table = conns->descriptors;

	for (unsigned i = atomic_load(&table->n); i-- > 0;) {
		const struct descriptor *descriptor = &table->at[i];
		struct sock *sock;

		if (descriptor->script_fd != script_fd)
			continue;
		if (!descriptor->cookie)
			return NULL;
		sock = sock_find(conns, descriptor->cookie);
		if (sock)
			return sock;
	}
	return NULL;
}

struct sock *conns_sock_of_call(const struct conns *conns, const struct call_slot *slot)
{
	int place = slot->made >= 0 ? slot->made : slot->used;
	uint64_t cookie = place >= 0 ? conns->descriptors->at[place].cookie : 0;

	return cookie ? sock_find(conns, cookie) : NULL;
}

/* The socket that a call works on. */
static struct sock *sock_used(const struct conns *conns, const struct call_slot *slot)
{
	uint64_t cookie = slot->used >= 0 ? conns->descriptors->at[slot->used].cookie : 0;

	return cookie ? sock_find(conns, cookie) : NULL;
}

bool sock_packet_kind(const struct sock *sock, enum packet_kind *kind)
{
	bool six = sock->kind.family == AF_INET6, stream = (sock->kind.type & 0xf) == SOCK_STREAM;
	unsigned i;

	if (sock->kind.family != AF_INET && !six)
		return false;
	*kind = stream ? PACKET_TCP
		       : PACKET_UDP; /* protocol 0 means these; MPTCP is TCP on the wire */
	for (i = 0; i < N_PACKET_KINDS; i++)
		if (sock->kind.protocol == transport_rows[i].protocol ||
		    sock->kind.protocol == transport_rows[i].protocol6)
			*kind = (enum packet_kind)i;
	return stream || !transport_rows[*kind].connects;
}

const struct descriptor *sock_descriptor(const struct conns *conns, const struct sock *sock)
{
	return conns->program_ended ? NULL : descriptors_open(conns->descriptors, sock->cookie);
}

bool sock_is_asking(const struct conns *conns, const struct sock *sock)
{
	const struct ask *ask;

	for (ask = conns->asks; ask; ask = ask->next)
		if (ask->sock == sock && !ask->conn && atomic_load(&ask->slot->state) != SLOT_DONE)
			return true;
	return false;
}

/* The socket that a new descriptor stands for: a new one, or one that is known already. */
static struct sock *sock_of(struct conns *conns, const struct descriptor *descriptor)
{
	struct sock *sock = sock_find(conns, descriptor->cookie);

	if (sock)
		return sock;
	sock = arena_new_of(conns->arena, struct sock);
	sock->cookie = descriptor->cookie;
	sock->kind = descriptor->kind;
	sock->next = conns->socks;
	conns->socks = sock;
	return sock;
}

/* ---- addresses --------------------------------------------------------------------------- */

bool ip_addr_is_any(const struct ip_addr *addr)
{
	static const struct ip_addr none;

	return memcmp(addr->bytes, none.bytes, sizeof(none.bytes)) == 0;
}

uint16_t sockaddr_read(const struct sockaddr_storage *storage, struct ip_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	*addr = (struct ip_addr){0};
	if (storage->ss_family == AF_INET) {
		memcpy(&in, storage, sizeof(in));
		addr->version = 4;
		memcpy(addr->bytes, &in.sin_addr, 4);
		return ntohs(in.sin_port);
	}
	if (storage->ss_family != AF_INET6)
		return 0;
	memcpy(&in6, storage, sizeof(in6));
	if (memcmp(&in6.sin6_addr, mapped, sizeof(mapped)) == 0) {
		addr->version = 4;
		memcpy(addr->bytes, in6.sin6_addr.s6_addr + 12, 4);
	} else {
		addr->version = 6;
		memcpy(addr->bytes, in6.sin6_addr.s6_addr, 16);
	}
	return ntohs(in6.sin6_port);
}

/* Reads the addresses and ports that a socket has after a call. False: not known. `any`: the kernel
 * has not chosen a source address yet, and the configured one stands in. */
static bool tuple_read(const struct conns *conns, const struct call_slot *slot,
		       const struct sockaddr_storage *peer, struct wire_tuple *tuple, bool *any)
{
	tuple->sport = sockaddr_read(&slot->local, &tuple->src);
	tuple->dport = sockaddr_read(peer, &tuple->dst);
	*any = ip_addr_is_any(&tuple->src);
	/* The "any" address as a destination means this host (net/ipv4/route.c,
	 * net/ipv6/tcp_ipv6.c). */
	if (ip_addr_is_any(&tuple->dst) && !*any)
		tuple->dst = tuple->src;
	if (*any)
		tuple->src = conns->config->local_ip;
	return tuple->sport && tuple->dst.version;
}

/* ---- results of calls -------------------------------------------------------------------- */

void conns_before_call(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	static const bool asks[N_CALLS] = {
		[CALL_connect] = true, [CALL_sendto] = true, [CALL_sendmsg] = true};
	struct sock *sock;
	struct ask *ask;

	if (!asks[call->row->id])
		return;
	sock = conns_sock(conns, call->args[0]->value);
	if (!sock)
		return;
	ask = arena_new_of(conns->arena, struct ask);
	ask->sock = sock;
	ask->slot = slot;
	ask->next = conns->asks;
	conns->asks = ask;
}

static void after_socket(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock = conns_sock_of_call(conns, slot);

	(void)call;
	if (!sock)
		return;
	conns->sock_under_test = sock;
	conns->conn_under_test = NULL;
}

static void learn_local(struct sock *sock, const struct call_slot *slot)
{
	struct ip_addr addr;
	uint16_t port = sockaddr_read(&slot->local, &addr);

	if (!port)
		return;
	sock->port = port;
	sock->local = ip_addr_is_any(&addr) ? (struct ip_addr){0} : addr;
}

static void after_bind(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock = sock_used(conns, slot);

	(void)call;
	if (sock && slot->result == 0)
		learn_local(sock, slot);
}

static void after_listen(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock = sock_used(conns, slot);

	(void)call;
	if (!sock || slot->result != 0)
		return;
	learn_local(sock, slot);
	sock->phase = SOCK_LISTENING;
	/* The socket was connected before. */
	if (sock->conn && sock->conn == conns->conn_under_test)
		conns->conn_under_test = NULL;
	sock->conn = NULL;
}

static struct ask *ask_of(const struct conns *conns, const struct call_slot *slot)
{
	struct ask *ask;

	for (ask = conns->asks; ask && ask->slot != slot; ask = ask->next)
		;
	return ask;
}

/* A TCP connection has the cookie of its socket, except for protocols on top of TCP (MPTCP). */
static uint64_t cookie_of(const struct sock *sock)
{
	int protocol = sock->kind.protocol;

	return protocol == 0 || protocol == IPPROTO_TCP ? sock->cookie : 0;
}

/* True if the call goes on with the socket's connection and does not begin a new one. EINPROGRESS
 * means that a SYN was sent, or that a deferred one is still to be sent (__inet_stream_connect()).
 */
static bool goes_on(const struct sock *sock, const struct wire_tuple *tuple, int error)
{
	const struct conn *conn = sock->conn;

	if (!conn || !tuple_equal(&conn->tuple, tuple) || sock->phase == SOCK_FRESH)
		return false;
	return error != EINPROGRESS || (!conn->has_iss && !conn->over);
}

/* True for errors of connect() that leave the socket's connection or its attempt as it was. Any
 * other error ends the attempt. */
static bool leaves_as_it_was(int error)
{
	return error == EISCONN || error == EALREADY || error == EINTR || error == EINVAL ||
	       error == EFAULT;
}

/* connect() of a TCP socket, or sendto() and sendmsg() with MSG_FASTOPEN. */
static void stream_connected(struct conns *conns, const struct call *call, struct sock *sock,
			     const struct call_slot *slot)
{
	int error = slot->result < 0 ? slot->error : 0;
	struct ask *ask = ask_of(conns, slot);
	struct wire_tuple tuple;
	struct conn *conn;
	bool any, peer = slot->peer.ss_family != AF_UNSPEC;

	if (error && error != EINPROGRESS) {
		/* Its SYN may have been sent and not read yet; the time of the call will find it.
		 */
		if (call->row->id == CALL_connect && sock->phase == SOCK_CONNECTED &&
		    !leaves_as_it_was(error))
			sock->phase = SOCK_FRESH;
		return;
	}
	if ((ask && ask->conn) ||
	    !tuple_read(conns, slot, peer ? &slot->peer : &slot->target, &tuple, &any) ||
	    !tuple.dport || goes_on(sock, &tuple, error))
		return;
	conn = conn_find(conns, PACKET_TCP, &tuple);
	conn = conn ? conn_new_incarnation(conns, conn) : conn_new(conns, PACKET_TCP, &tuple);
	conn->src_known = !any;
	conn->cookie = cookie_of(sock);
	conn->device = slot->device;
	conn->since_ns = slot->begin_ns;
	conn_begin(conns, conn, sock);
	if (ask)
		ask->conn = conn;
}

static void datagram_sent(struct conns *conns, struct sock *sock, enum packet_kind kind,
			  const struct call_slot *slot)
{
	bool target = slot->target.ss_family != AF_UNSPEC, any;
	struct wire_tuple tuple;
	struct conn *conn;

	if (slot->result < 0 ||
	    !tuple_read(conns, slot, target ? &slot->target : &slot->peer, &tuple, &any))
		return;
	conn = conn_find(conns, kind, &tuple);
	if (conn && conn->sock == sock && sock->conn == conn)
		return;
	if (!conn || conn->sock != sock) {
		conn = conn_new(conns, kind, &tuple);
		conn->src_known = !any;
	}
	conn_begin(conns, conn, sock);
}

static void after_connect(struct conns *conns, const struct call *call,
			  const struct call_slot *slot)
{
	struct sock *sock = sock_used(conns, slot);
	enum packet_kind kind;

	if (!sock || !sock_packet_kind(sock, &kind))
		return;
	if (call->row->id == CALL_connect && slot->result == 0 &&
	    slot->target.ss_family == AF_UNSPEC)
		sock->phase = SOCK_FRESH; /* disconnected */
	else if (transport_rows[kind].connects)
		stream_connected(conns, call, sock, slot);
	else
		datagram_sent(conns, sock, kind, slot);
}

/* The connection that accept() returned. It is known from its packets, unless these did not pass
 * the device or its SYN-ACK has not been read yet. */
static struct conn *accepted(struct conns *conns, const struct wire_tuple *tuple, uint64_t cookie)
{
	struct conn *conn, *likely = NULL, *newest = NULL;

	for (conn = conns->conns; conn; conn = conn->next) {
		if (!transport_rows[conn->kind].connects || !tuple_equal(&conn->tuple, tuple))
			continue;
		if (!newest)
			newest = conn;
		if (!conn->passive || conn->sock)
			continue;
		if (cookie && conn->cookie == cookie)
			return conn;
		if (!cookie || !conn->cookie)
			likely = conn; /* the oldest, which is first in the listener's queue */
	}
	if (likely)
		return likely;
	conn = newest ? conn_new_incarnation(conns, newest) : conn_new(conns, PACKET_TCP, tuple);
	conn->passive = true;
	return conn;
}

static void after_accept(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock = conns_sock_of_call(conns, slot);
	struct wire_tuple tuple;
	enum packet_kind kind;
	bool any;

	(void)call;
	if (slot->result < 0 || slot->made < 0 || !sock || !sock_packet_kind(sock, &kind) ||
	    !transport_rows[kind].connects || !tuple_read(conns, slot, &slot->peer, &tuple, &any))
		return;
	sock->phase = SOCK_CONNECTED;
	sock->conn = accepted(conns, &tuple, cookie_of(sock));
	sock->conn->sock = sock;
	sock->conn->cookie = cookie_of(sock) ? cookie_of(sock) : sock->conn->cookie;
	sock->conn->device = slot->device;
	if (sock->conn == conns->conn_under_test)
		conns->sock_under_test = sock;
}

void conns_after_call(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	static void (*const after[N_CALLS])(struct conns *, const struct call *,
					    const struct call_slot *) = {
		[CALL_socket] = after_socket,	[CALL_bind] = after_bind,
		[CALL_listen] = after_listen,	[CALL_connect] = after_connect,
		[CALL_accept] = after_accept,	[CALL_sendto] = after_connect,
		[CALL_sendmsg] = after_connect,
	};

	if (slot->failure[0])
		return;
	if (slot->made >= 0 && conns->descriptors->at[slot->made].cookie)
		sock_of(conns, &conns->descriptors->at[slot->made]);
	if (after[call->row->id])
		after[call->row->id](conns, call, slot);
}

void conns_program_ended(struct conns *conns)
{
	conns->program_ended = true;
}
