/* Finds the connection that a packet of the kernel belongs to. */
#include "runtime/conn/conn_parts.h"

#include "parser/tables.h"
#include "runtime/conn/transport.h"

/* How far a SYN's time may lie outside the call that sent it: the two clocks are read at different
 * places. */
#define CLOCKS_APART_NS (1000 * 1000)

/* How far from the time of a call a packet was sent, in ns; 0: during the call. */
static int64_t time_apart(const struct call_slot *slot, int64_t time_ns)
{
	unsigned state = atomic_load(&slot->state);

	if (state < SLOT_ENTERED || (state == SLOT_DONE && slot->failure[0]))
		return INT64_MAX; /* the call was not made */
	if (time_ns < slot->begin_ns)
		return slot->begin_ns - time_ns;
	return state == SLOT_DONE && time_ns > slot->end_ns ? time_ns - slot->end_ns : 0;
}

static bool may_have_asked(const struct ask *ask, const struct live_packet *live)
{
	const struct sock *sock = ask->sock;
	const struct wire_tuple *tuple = &live->wire.tuple;
	enum packet_kind kind;
	struct ip_addr addr;
	uint16_t port;

	if (ask->conn || !sock_packet_kind(sock, &kind) || kind != live->wire.packet.kind)
		return false;
	if (sock->local.version && !ip_addr_equal(&sock->local, &tuple->src))
		return false;
	port = sockaddr_read(&ask->slot->target, &addr);
	if (addr.version && !ip_addr_is_any(&addr) && !ip_addr_equal(&addr, &tuple->dst))
		return false;
	if (!transport_rows[kind].ports)
		return true;
	return (!sock->port || sock->port == tuple->sport) && (!port || port == tuple->dport);
}

/* Of the calls that fit, the last one before the packet. */
struct ask *who_asked(const struct conns *conns, const struct live_packet *live)
{
	int64_t apart, best = CLOCKS_APART_NS;
	struct ask *ask, *found = NULL;

	for (ask = conns->asks; ask; ask = ask->next) {
		apart = time_apart(ask->slot, live->time_ns);
		if (apart >= best || !may_have_asked(ask, live))
			continue;
		found = ask;
		best = apart;
	}
	return found;
}

/* Makes the connection of a packet that a call has made the kernel send. */
static struct conn *adopt(struct conns *conns, const struct live_packet *live)
{
	struct ask *ask;
	struct conn *conn;

	if (!transport_of(live->wire.packet.kind)->opens(&live->wire.packet))
		return NULL;
	ask = who_asked(conns, live);
	if (!ask)
		return NULL;
	conn = conn_new(conns, live->wire.packet.kind, &live->wire.tuple);
	ask->conn = conn;
	if (transport_rows[conn->kind].connects)
		learn_iss(conn, live->wire.packet.tcp.seq);
	conn_begin(conns, conn, ask->sock);
	return conn;
}

struct conn *conns_take_live(struct conns *conns, struct live_packet *live)
{
	struct conn *conn = conn_find(conns, live->wire.packet.kind, &live->wire.tuple);

	if (!conn)
		conn = adopt(conns, live);
	else if (transport_rows[conn->kind].connects)
		conn = incarnation_of(conns, conn, live);
	if (!conn)
		return NULL;
	if (!conn->src_known) {
		conn->src_known = true;
		conn->tuple.src = live->wire.tuple.src;
	}
	live->next = NULL;
	*conn->queue_tail = live;
	conn->queue_tail = &live->next;
	return conn;
}
