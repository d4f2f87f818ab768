/* TCP connections that follow each other between the same addresses and ports. */
#include "runtime/conn/conn_parts.h"

struct conn *learn_iss(struct conn *conn, uint32_t iss)
{
	conn->has_iss = true;
	conn->iss = iss;
	seqmap_kernel_syn(conn->seqmap, iss);
	return conn;
}

/* A SYN between known addresses and ports is one of three: a retransmission; the first SYN of a
 * connection that a connect() has already announced; or the SYN of another incarnation whose call
 * has not returned yet. */
static struct conn *of_syn(struct conns *conns, struct conn *newest, const struct live_packet *live)
{
	uint32_t seq = live->wire.packet.tcp.seq;
	struct conn *conn, *made, *waiting = NULL;
	struct ask *ask;

	for (conn = newest; conn; conn = conn->older)
		if (conn->has_iss && conn->iss == seq)
			return conn;
	/* The latest connection that was begun before the SYN was sent; if the clocks disagree, the
	 * first connection. */
	for (conn = newest; conn; conn = conn->older)
		if (!conn->has_iss && (!waiting || waiting->since_ns > live->time_ns))
			waiting = conn;
	if (waiting)
		return learn_iss(waiting, seq);
	ask = who_asked(conns, live);
	made = learn_iss(conn_new_incarnation(conns, newest), seq);
	made->device = newest->device;
	if (ask) {
		ask->conn = made;
		conn_begin(conns, made, ask->sock);
	} else if (newest->sock && !newest->passive) {
		conn_begin(conns, made, newest->sock);
	}
	return made;
}

/* True if `ack` acknowledges this SYN, with or without its data (RFC 7413, 4.2). */
static bool answers(const struct syn *syn, uint32_t ack)
{
	return ack == syn->seq + 1 || ack == syn->seq + 1 + syn->len;
}

static const struct syn *answered_syn(const struct conn *conn, uint32_t ack)
{
	const struct syn *syn;

	for (syn = conn->syns; syn && !answers(syn, ack); syn = syn->next)
		;
	return syn;
}

/* A SYN-ACK between known addresses and ports is the connection's own, new or repeated, or it
 * begins another incarnation, whose SYN the peer has sent. */
static struct conn *of_syn_ack(struct conns *conns, struct conn *newest,
			       const struct tcp_segment *tcp)
{
	const struct syn *syn = answered_syn(newest, tcp->ack);
	struct conn *conn;

	if (!newest->has_iss) {
		/* accept() has announced this incarnation before its SYN-ACK was read. */
		if (newest->older && syn)
			seqmap_peer_syn(newest->seqmap, syn->seq);
		return learn_iss(newest, tcp->seq);
	}
	/* A new incarnation may have the old initial number if that is a SYN cookie
	 * (tcp_syncookies). */
	if (syn && (tcp->seq != newest->iss || newest->over)) {
		conn = conn_new_incarnation(conns, newest);
		conn->passive = true;
		conn->device = newest->device;
		conn->syns = NULL;
		seqmap_peer_syn(conn->seqmap, syn->seq);
		return learn_iss(conn, tcp->seq);
	}
	return NULL;
}

/* The incarnation with the nearest initial number below the segment's. A RST may echo the peer's
 * numbers or carry none; it belongs to the incarnation whose segment it answers. */
static struct conn *of_segment(struct conn *newest, const struct tcp_segment *tcp)
{
	struct conn *conn, *nearest = NULL;

	for (conn = newest; tcp->flags & TCP_RST && conn; conn = conn->older)
		if (seqmap_is_answered_by(conn->seqmap, tcp))
			return conn;
	for (conn = newest; conn; conn = conn->older)
		if (conn->has_iss && (!nearest || tcp->seq - conn->iss < tcp->seq - nearest->iss))
			nearest = conn;
	return nearest ? nearest : newest;
}

struct conn *incarnation_of(struct conns *conns, struct conn *newest,
			    const struct live_packet *live)
{
	const struct tcp_segment *tcp = &live->wire.packet.tcp;
	struct conn *conn = NULL;
	unsigned kind = tcp->flags & (TCP_SYN | TCP_ACK_FLAG | TCP_RST);

	if (kind == TCP_SYN)
		return of_syn(conns, newest, live);
	if (kind == (TCP_SYN | TCP_ACK_FLAG))
		conn = of_syn_ack(conns, newest, tcp);
	if (!conn)
		conn = newest->older ? of_segment(newest, tcp) : newest;
	return conn;
}
