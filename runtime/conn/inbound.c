/* Finds the connection that a packet of the script is for. */
#include "runtime/conn/conn_parts.h"

#include <stdio.h>

#include "parser/tables.h"
#include "runtime/conn/transport.h"

static bool has_ports(const struct conn *conn, const struct packet *packet)
{
	return conn->kind == packet->kind &&
	       (!packet->dport || conn->tuple.sport == packet->dport) &&
	       (!packet->sport || conn->tuple.dport == packet->sport);
}

/* Finds a connection by the ports written: the one under test, else the newest. */
static struct conn *find_by_ports(const struct conns *conns, const struct packet *packet)
{
	struct conn *conn;

	if (conns->conn_under_test && has_ports(conns->conn_under_test, packet))
		return conns->conn_under_test;
	for (conn = conns->conns; conn && !has_ports(conn, packet); conn = conn->next)
		;
	return conn;
}

static bool is_peer_port(const struct conns *conns, uint16_t port)
{
	const struct conn *conn;

	for (conn = conns->conns; conn && conn->tuple.dport != port; conn = conn->next)
		;
	return conn;
}

static uint16_t fresh_peer_port(struct conns *conns)
{
	while (is_peer_port(conns, conns->next_port))
		conns->next_port++;
	return conns->next_port++;
}

static bool listens_at(const struct sock *sock, uint16_t port)
{
	return sock->phase == SOCK_LISTENING && (!port || sock->port == port);
}

static struct sock *open_listener(const struct conns *conns, uint16_t port)
{
	struct sock *sock;

	for (sock = conns->socks; sock; sock = sock->next)
		if (listens_at(sock, port) && sock_descriptor(conns, sock))
			return sock;
	return NULL;
}

/* The addresses and ports, as far as known, of a segment for this listener (NULL: no listener). */
static struct wire_tuple child_tuple(const struct conns *conns, const struct packet *packet,
				     const struct sock *listener)
{
	const struct config *config = conns->config;
	struct wire_tuple tuple = {.src = config->local_ip, .dst = config->remote_ip.addr};

	if (listener && listener->local.version == tuple.dst.version)
		tuple.src = listener->local;
	if (packet->has_ports) {
		tuple.sport = packet->dport;
		tuple.dport = packet->sport;
	}
	if (!tuple.sport)
		tuple.sport = listener && listener->port ? listener->port : config->bind_port;
	return tuple;
}

static struct conn *new_child(struct conns *conns, const struct packet *packet,
			      const struct sock *listener)
{
	struct wire_tuple tuple = child_tuple(conns, packet, listener);
	struct conn *conn;

	if (!tuple.dport)
		tuple.dport = fresh_peer_port(conns);
	conn = conn_new(conns, PACKET_TCP, &tuple);
	conn->passive = true;
	return conn;
}

static bool connects(const struct packet *packet)
{
	return transport_rows[packet->kind].connects;
}

/* True if the packet begins a connection, and does not answer the beginning of one. */
static bool opens(const struct packet *packet)
{
	return connects(packet) && transport_of(packet->kind)->opens(packet);
}

/* A packet with ports is for the connection that has them, or for a new one. If a listener is under
 * test its address must fit too, since other connections may have equal ports. */
static struct conn *choose_by_ports(struct conns *conns, const struct packet *packet)
{
	struct sock *sock = conns->sock_under_test;
	struct wire_tuple tuple;
	struct conn *conn;

	if (opens(packet) && !conns->conn_under_test && sock && listens_at(sock, packet->dport)) {
		tuple = child_tuple(conns, packet, sock);
		conn = conn_find(conns, PACKET_TCP, &tuple);
		return conn ? conn : new_child(conns, packet, sock);
	}
	conn = find_by_ports(conns, packet);
	if (!conn && connects(packet))
		conn = new_child(conns, packet, open_listener(conns, packet->dport));
	return conn;
}

/* A packet without ports is for the connection under test. If a listener is under test, or there is
 * no socket at all, it makes a new connection. */
static struct conn *choose(struct conns *conns, const struct packet *packet)
{
	struct sock *sock = conns->sock_under_test;
	struct conn *conn = NULL;

	if (packet->has_ports && (packet->sport || packet->dport))
		conn = choose_by_ports(conns, packet);
	if (conn)
		return conn;
	/* A datagram with unknown ports: its numbers are mapped as those of the connection under
	 * test. */
	if (conns->conn_under_test)
		return conns->conn_under_test;
	if (connects(packet) && sock && sock->phase == SOCK_LISTENING)
		return new_child(conns, packet, sock);
	if (connects(packet) && !conns->socks)
		return new_child(conns, packet, NULL);
	if (sock && sock->conn)
		return sock->conn;
	return conns->conns;
}

static bool has_syn(const struct packet *packet)
{
	return packet->kind == PACKET_TCP && packet->tcp.flags & TCP_SYN;
}

/* Keeps a SYN. Only the kernel's answer will show whether it begins another incarnation. */
static void remember_syn(struct conns *conns, struct conn *conn, const struct tcp_segment *tcp)
{
	struct syn *syn = arena_new_of(conns->arena, struct syn);

	syn->seq = tcp->seq;
	syn->len = tcp->len;
	syn->next = conn->syns;
	conn->syns = syn;
}

/* True if both ends of the connection are on this machine, so that its packets do not pass the
 * device. */
static bool is_local(const struct conns *conns, const struct conn *conn)
{
	struct wire_tuple other = tuple_reverse(&conn->tuple);

	return ip_addr_equal(&conn->tuple.src, &conn->tuple.dst) ||
	       conn_find(conns, conn->kind, &other);
}

struct conn *conns_for_inbound(struct conns *conns, const struct packet *packet,
			       struct wire_tuple *tuple, struct errbuf *error)
{
	struct conn *known = conns->conns, *conn = choose(conns, packet);
	bool is_new = known != conns->conns;

	if (!conn) {
		snprintf(error->text, sizeof(error->text),
			 "no connection for this packet: the socket under test neither listens nor "
			 "has sent anything");
		return NULL;
	}
	conn = conn_newest(conn);
	if (!is_new && transport_rows[conn->kind].ports && is_local(conns, conn)) {
		snprintf(error->text, sizeof(error->text),
			 "both ends of this connection are on this machine: no packet of it passes "
			 "the device");
		return NULL;
	}
	/* A stray segment with new ports does not change which connection is under test. */
	if (!conns->conn_under_test || has_syn(packet) || !is_new)
		conns->conn_under_test = conn;
	if (opens(packet) && !is_new)
		remember_syn(conns, conn, &packet->tcp);
	*tuple = tuple_reverse(&conn->tuple);
	if (packet->has_ports && packet->sport)
		tuple->sport = packet->sport;
	if (packet->has_ports && packet->dport)
		tuple->dport = packet->dport;
	return conn;
}
