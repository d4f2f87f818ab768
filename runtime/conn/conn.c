#include "runtime/conn/conn_parts.h"

#include "parser/tables.h"

void conns_init(struct conns *conns, struct arena *arena, const struct config *config,
		struct bed *bed, uint16_t first_port)
{
	*conns = (struct conns){
		.arena = arena,
		.config = config,
		.bed = bed,
		.descriptors = bed->ops->descriptors(bed),
		.next_port = first_port,
	};
}

struct conn *conn_new(struct conns *conns, enum packet_kind kind, const struct wire_tuple *tuple)
{
	struct conn *conn = arena_new_of(conns->arena, struct conn);

	conn->kind = kind;
	conn->tuple = *tuple;
	conn->src_known = true;
	conn->seqmap = seqmap_new(conns->arena);
	conn->queue_tail = &conn->queue;
	conn->next = conns->conns;
	conns->conns = conn;
	return conn;
}

struct conn *conn_new_incarnation(struct conns *conns, struct conn *old)
{
	struct conn *conn = conn_new(conns, old->kind, &old->tuple);

	conn->seqmap = seqmap_new_after(conns->arena, old->seqmap);
	conn->syns = old->syns;
	conn->older = old;
	old->newer = conn;
	conn_end(old);
	if (conns->conn_under_test && conn_is_incarnation_of(conns->conn_under_test, old))
		conns->conn_under_test = conn;
	return conn;
}

struct conn *conn_find(const struct conns *conns, enum packet_kind kind,
		       const struct wire_tuple *tuple)
{
	struct conn *conn;

	for (conn = conns->conns; conn; conn = conn->next) {
		const struct wire_tuple *mine = &conn->tuple;

		if (conn->kind != kind || !ip_addr_equal(&mine->dst, &tuple->dst))
			continue;
		if (conn->src_known && !ip_addr_equal(&mine->src, &tuple->src))
			continue;
		if (!transport_rows[kind].ports ||
		    (mine->sport == tuple->sport && mine->dport == tuple->dport))
			return conn;
	}
	return NULL;
}

struct conn *conn_newest(const struct conn *conn)
{
	while (conn->newer)
		conn = conn->newer;
	return (struct conn *)conn;
}

bool conn_is_incarnation_of(const struct conn *conn, const struct conn *other)
{
	return conn_newest(conn) == conn_newest(other);
}

void conn_begin(struct conns *conns, struct conn *conn, struct sock *sock)
{
	bool subject = conns->sock_under_test == sock ||
		       (sock->conn && sock->conn == conns->conn_under_test);

	conn->sock = sock;
	sock->conn = conn;
	sock->phase = SOCK_CONNECTED;
	if (!subject && !transport_rows[conn->kind].connects)
		return;
	conns->sock_under_test = sock;
	conns->conn_under_test = conn;
}

bool conn_has_ports(const struct conn *conn, const struct packet *expected)
{
	if (!expected->has_ports)
		return true;
	return (!expected->sport || expected->sport == conn->tuple.sport) &&
	       (!expected->dport || expected->dport == conn->tuple.dport);
}

/* ---- queues ------------------------------------------------------------------------------ */

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

void conn_requeue(struct conn *conn, struct live_packet *packet)
{
	packet->next = conn->queue;
	if (!packet->next)
		conn->queue_tail = &packet->next;
	conn->queue = packet;
}

struct conn *conn_first_in_line(const struct conn *conn)
{
	struct conn *first = NULL, *one;

	for (one = conn_newest(conn); one; one = one->older)
		if (one->queue && (!first || one->queue->time_ns <= first->queue->time_ns))
			first = one;
	return first;
}

const char *conn_print(const struct conn *conn, char out[128])
{
	tuple_print(out, 128, &conn->tuple);
	return out;
}
