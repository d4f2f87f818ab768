#include "runtime/conn/conn.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "parser/tables.h"
#include "runtime/conn/transport.h"

enum { STATE_ESTABLISHED = 1, STATE_SYN_SENT, STATE_SYN_RECV, STATE_CLOSE = 7, STATE_LISTEN = 10 };

void conns_init(struct conns *conns, struct arena *arena, const struct config *config,
		struct bed *bed, uint16_t first_port)
{
	*conns = (struct conns){
		.arena = arena, .config = config, .bed = bed, .next_port = first_port};
}

struct sock *conns_sock(struct conns *conns, int script_fd)
{
	struct sock *sock;

	for (sock = conns->socks; sock; sock = sock->next)
		if (sock->fd == script_fd)
			return sock;
	return NULL;
}

/* An address as it is on the wire: IPv4 when the socket's is IPv4-mapped. Returns the port. */
static uint16_t sockaddr_read(const struct sockaddr_storage *storage, struct ip_addr *addr)
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

static struct conn *conn_new(struct conns *conns, enum packet_kind kind, uint16_t local_port,
			     uint16_t peer_port)
{
	struct conn *conn = arena_new_of(conns->arena, struct conn);

	conn->kind = kind;
	conn->tuple.src = conns->config->local_ip;
	conn->tuple.dst = conns->config->remote_ip.addr;
	conn->tuple.sport = local_port;
	conn->tuple.dport = peer_port;
	conn->port_known = local_port != 0;
	conn->seqmap = seqmap_new(conns->arena);
	conn->queue_tail = &conn->queue;
	conn->next = conns->conns;
	conns->conns = conn;
	return conn;
}

/* ---- what calls tell --------------------------------------------------------------------- */

static enum packet_kind kind_of(const struct sock *sock)
{
	return transport_for_socket(sock->type, sock->protocol);
}

void conns_connecting(struct conns *conns, int script_fd)
{
	struct sock *sock = conns_sock(conns, script_fd);

	if (!sock || sock->phase == SOCK_LISTENING)
		return;
	if (!sock->conn)
		sock->phase = SOCK_CONNECTING;
}

static struct sock *sock_new(struct conns *conns, int fd)
{
	struct sock *sock = arena_new_of(conns->arena, struct sock);

	sock->fd = fd;
	sock->open = true;
	sock->next = conns->socks;
	conns->socks = sock;
	return sock;
}

static void after_socket(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock;

	if (slot->result < 0)
		return;
	sock = sock_new(conns, slot->script_fd);
	sock->domain = call->args[0]->resolved ? (int)call->args[0]->value : AF_UNSPEC;
	sock->type = (int)call->args[1]->value;
	sock->protocol = (int)call->args[2]->value;
	conns->sock_under_test = sock;
	conns->conn_under_test = NULL;
}

static void learn_port(struct sock *sock, const struct call_slot *slot)
{
	struct ip_addr addr;
	uint16_t port = sockaddr_read(&slot->local, &addr);

	if (port)
		sock->port = port;
}

static void after_bind(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock = conns_sock(conns, slot->script_fd);

	(void)call;
	if (sock && slot->result == 0)
		learn_port(sock, slot);
}

static void after_listen(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock = conns_sock(conns, slot->script_fd);

	(void)call;
	if (!sock || slot->result != 0)
		return;
	learn_port(sock, slot);
	sock->phase = SOCK_LISTENING;
}

/* connect() and sendto(): the local port is known now even if the SYN has not been seen. */
static void after_connect(struct conns *conns, const struct call *call,
			  const struct call_slot *slot)
{
	struct sock *sock = conns_sock(conns, slot->script_fd);
	struct ip_addr local, peer;
	uint16_t local_port, peer_port;

	if (!sock)
		return;
	local_port = sockaddr_read(&slot->local, &local);
	peer_port = sockaddr_read(&slot->peer, &peer);
	if (call->row->id == CALL_connect && call->args[1]->resolved &&
	    call->args[1]->value == AF_UNSPEC) {
		if (slot->result != 0)
			return;
		sock->conn = NULL; /* disconnected: may connect again */
		sock->phase = SOCK_FRESH;
		return;
	}
	if (sock->phase != SOCK_CONNECTING)
		return;
	if (!local_port) {
		if (slot->result < 0)
			sock->phase = SOCK_FRESH; /* refused before anything was sent */
		return;
	}
	if (!peer_port)
		peer_port = conns->config->connect_port;
	sock->port = local_port;
	sock->conn = conn_new(conns, kind_of(sock), local_port, peer_port);
	sock->phase = SOCK_CONNECTED;
	if (conns->sock_under_test == sock)
		conns->conn_under_test = sock->conn;
}

static void after_accept(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct ip_addr addr;
	struct sock *sock, *listener = conns_sock(conns, (int)call->args[0]->value);
	struct conn *conn;
	uint16_t port;

	if (slot->result < 0)
		return;
	port = sockaddr_read(&slot->peer, &addr);
	sock = sock_new(conns, slot->script_fd);
	sock->phase = SOCK_CONNECTED;
	if (listener) {
		sock->domain = listener->domain;
		sock->type = listener->type;
		sock->protocol = listener->protocol;
		sock->port = listener->port;
	}
	for (conn = conns->conns; conn; conn = conn->next)
		if (conn->passive && conn->tuple.dport == port &&
		    ip_addr_equal(&conn->tuple.dst, &addr))
			break;
	sock->conn = conn;
	if (conn && conn == conns->conn_under_test)
		conns->sock_under_test = sock;
}

static void after_close(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	struct sock *sock = conns_sock(conns, (int)call->args[0]->value);

	if (sock && slot->result == 0)
		sock->open = false;
}

void conns_after_call(struct conns *conns, const struct call *call, const struct call_slot *slot)
{
	static void (*const after[N_CALLS])(struct conns *, const struct call *,
					    const struct call_slot *) = {
		[CALL_socket] = after_socket,  [CALL_bind] = after_bind,
		[CALL_listen] = after_listen,  [CALL_connect] = after_connect,
		[CALL_accept] = after_accept,  [CALL_close] = after_close,
		[CALL_sendto] = after_connect, [CALL_sendmsg] = after_connect,
	};

	if (!slot->failure[0] && after[call->row->id])
		after[call->row->id](conns, call, slot);
}

void conns_program_ended(struct conns *conns)
{
	struct sock *sock;

	for (sock = conns->socks; sock; sock = sock->next)
		sock->open = false;
}

/* ---- inbound ----------------------------------------------------------------------------- */

static struct conn *find_by_ports(struct conns *conns, uint16_t local, uint16_t peer)
{
	struct conn *conn;

	for (conn = conns->conns; conn; conn = conn->next)
		if ((!local || conn->tuple.sport == local) && (!peer || conn->tuple.dport == peer))
			return conn;
	return NULL;
}

static uint16_t fresh_peer_port(struct conns *conns)
{
	while (find_by_ports(conns, 0, conns->next_port))
		conns->next_port++;
	return conns->next_port++;
}

static struct sock *open_listener(struct conns *conns, uint16_t port)
{
	struct sock *sock;

	for (sock = conns->socks; sock; sock = sock->next)
		if (sock->open && sock->phase == SOCK_LISTENING && (!port || sock->port == port))
			return sock;
	return NULL;
}

static struct conn *new_child(struct conns *conns, const struct packet *packet,
			      const struct sock *listener)
{
	uint16_t local = packet->has_ports ? packet->dport : 0;
	uint16_t peer = packet->has_ports ? packet->sport : 0;
	struct conn *conn;

	if (!local)
		local = listener && listener->port ? listener->port : conns->config->bind_port;
	conn = conn_new(conns, packet->kind, local, peer ? peer : fresh_peer_port(conns));
	conn->passive = true;
	return conn;
}

static bool is_syn(const struct packet *packet)
{
	return packet->kind == PACKET_TCP && packet->tcp.flags & TCP_SYN;
}

/* With ports, the connection that has them, or a new one. Without, the one under test; a listener
 * under test, or no socket at all, makes one. */
static struct conn *choose_inbound(struct conns *conns, const struct packet *packet)
{
	struct sock *sock = conns->sock_under_test;
	bool connects = transport_rows[packet->kind].connects;
	struct conn *conn;

	if (packet->has_ports && (packet->sport || packet->dport)) {
		conn = find_by_ports(conns, packet->dport, packet->sport);
		if (conn)
			return conn;
		if (connects)
			return new_child(conns, packet, open_listener(conns, packet->dport));
		/* A foreign tuple: the numbers are mapped as the connection's under test. */
	}
	if (conns->conn_under_test)
		return conns->conn_under_test;
	if (connects && sock && sock->phase == SOCK_LISTENING)
		return new_child(conns, packet, sock);
	if (connects && !conns->socks)
		return new_child(conns, packet, NULL);
	if (sock && sock->conn)
		return sock->conn;
	return conns->conns;
}

struct conn *conns_for_inbound(struct conns *conns, const struct packet *packet,
			       struct wire_tuple *tuple, struct wire_error *error)
{
	struct conn *known = conns->conns, *conn = choose_inbound(conns, packet);

	if (!conn) {
		snprintf(error->text, sizeof(error->text),
			 "no connection for this packet: the socket under test neither listens nor "
			 "has sent anything");
		return NULL;
	}
	/* A stray segment of a tuple that is no connection's does not change the subject. */
	if (!conns->conn_under_test || is_syn(packet) || known == conns->conns)
		conns->conn_under_test = conn;
	tuple->src = conn->tuple.dst;
	tuple->dst = conn->tuple.src;
	tuple->sport = packet->has_ports && packet->sport ? packet->sport : conn->tuple.dport;
	tuple->dport = packet->has_ports && packet->dport ? packet->dport : conn->tuple.sport;
	return conn;
}

/* ---- outbound ---------------------------------------------------------------------------- */

static struct conn *adopt_syn(struct conns *conns, enum packet_kind kind,
			      const struct wire_tuple *tuple)
{
	struct sock *sock, *oldest = NULL;

	for (sock = conns->socks; sock; sock = sock->next)
		if (sock->phase == SOCK_CONNECTING && kind_of(sock) == kind &&
		    (!sock->port || sock->port == tuple->sport))
			oldest = sock;
	if (!oldest)
		return NULL;
	oldest->conn = conn_new(conns, kind, tuple->sport, tuple->dport);
	oldest->conn->tuple = *tuple;
	oldest->port = tuple->sport;
	oldest->phase = SOCK_CONNECTED;
	if (conns->sock_under_test == oldest)
		conns->conn_under_test = oldest->conn;
	return oldest->conn;
}

struct conn *conns_for_live(struct conns *conns, const struct packet *packet,
			    const struct wire_tuple *tuple)
{
	struct conn *conn;

	for (conn = conns->conns; conn; conn = conn->next) {
		if (conn->kind != packet->kind || !ip_addr_equal(&conn->tuple.src, &tuple->src) ||
		    !ip_addr_equal(&conn->tuple.dst, &tuple->dst))
			continue;
		if (!transport_rows[packet->kind].ports ||
		    (conn->tuple.sport == tuple->sport && conn->tuple.dport == tuple->dport))
			return conn;
	}
	if (!transport_of(packet->kind)->opens(packet))
		return NULL;
	if (!ip_addr_equal(&tuple->dst, &conns->config->remote_ip.addr))
		return NULL;
	return adopt_syn(conns, packet->kind, tuple);
}

bool conn_has_ports(const struct conn *conn, const struct packet *expected)
{
	if (!expected->has_ports)
		return true;
	return (!expected->sport || expected->sport == conn->tuple.sport) &&
	       (!expected->dport || expected->dport == conn->tuple.dport);
}

void conn_queue(struct conn *conn, struct live_packet *packet)
{
	packet->next = NULL;
	*conn->queue_tail = packet;
	conn->queue_tail = &packet->next;
}

struct live_packet *conn_dequeue(struct conn *conn)
{
	struct live_packet *packet = conn->queue;

	if (packet) {
		conn->queue = packet->next;
		if (!conn->queue)
			conn->queue_tail = &conn->queue;
	}
	return packet;
}

/* ---- states ------------------------------------------------------------------------------ */

int conn_state(struct conns *conns, struct conn *conn)
{
	struct sock_tuple tuple = {.local = conn->tuple.src,
				   .remote = conn->tuple.dst,
				   .local_port = conn->tuple.sport,
				   .remote_port = conn->tuple.dport};
	struct sock_info info = {.state = STATE_CLOSE};

	if (conn->port_known && conns->bed->ops->state(conns->bed, &tuple, &info) < 0)
		return 0;
	if (conn->n_path < MAX_STATE_PATH &&
	    (conn->n_path == 0 || conn->path[conn->n_path - 1] != info.state))
		conn->path[conn->n_path++] = (uint8_t)info.state;
	return info.state;
}

void conns_sample(struct conns *conns)
{
	struct conn *conn;

	for (conn = conns->conns; conn; conn = conn->next)
		if (transport_rows[conn->kind].connects && conn->port_known)
			conn_state(conns, conn);
}

static size_t endpoint_print(char *out, size_t size, const struct ip_addr *addr, uint16_t port)
{
	char text[46];

	return (size_t)snprintf(out, size, addr->version == 6 ? "[%s]:%u" : "%s:%u",
				ip_addr_print(addr, text), port);
}

const char *conn_print(const struct conn *conn, char out[128])
{
	size_t n = endpoint_print(out, 128, &conn->tuple.src, conn->tuple.sport);

	n += (size_t)snprintf(out + n, 128 - n, " > ");
	endpoint_print(out + n, 128 - n, &conn->tuple.dst, conn->tuple.dport);
	return out;
}
