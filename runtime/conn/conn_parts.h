/* What the files of the connections share. */
#ifndef FINWAIT_RUNTIME_CONN_CONN_PARTS_H
#define FINWAIT_RUNTIME_CONN_CONN_PARTS_H

#include "runtime/conn/conn.h"

/* A SYN of the peer's on addresses and ports that had a connection before. */
struct syn {
	struct syn *next;
	uint32_t seq, len; /* len: of the data in it */
};

/* connect(), sendto() or sendmsg(), which may make the kernel send a SYN or a datagram. */
struct ask {
	struct ask *next;
	struct sock *sock;
	const struct call_slot *slot; /* when, and for whom */
	struct conn *conn;	      /* what came of it; NULL: nothing seen */
};

/* ---- conn.c ------------------------------------------------------------------------------ */

struct conn *conn_new(struct conns *conns, enum packet_kind kind, const struct wire_tuple *tuple);
/* Takes the place of `old`, which is over. */
struct conn *conn_new_incarnation(struct conns *conns, struct conn *old);
/* The newest with this tuple; NULL: none. */
struct conn *conn_find(const struct conns *conns, enum packet_kind kind,
		       const struct wire_tuple *tuple);
struct conn *conn_newest(const struct conn *conn);
/* A new connection of a socket's, now its latest. */
void conn_begin(struct conns *conns, struct conn *conn, struct sock *sock);

/* ---- socks.c ----------------------------------------------------------------------------- */

bool ip_addr_is_any(const struct ip_addr *addr);
/* An address as it is on the wire: IPv4 when the socket's is IPv4-mapped; version 0: none. Returns
 * the port. */
uint16_t sockaddr_read(const struct sockaddr_storage *storage, struct ip_addr *addr);

/* ---- live.c ------------------------------------------------------------------------------ */

/* The call that made the kernel send this, the first packet of a connection; NULL: none fits. */
struct ask *who_asked(const struct conns *conns, const struct live_packet *live);

/* ---- incarnations.c ---------------------------------------------------------------------- */

/* Of the connections with a TCP segment's addresses and ports, of which `newest` is the newest, the
 * one it is of; it may be the beginning of another one. */
struct conn *incarnation_of(struct conns *conns, struct conn *newest,
			    const struct live_packet *live);
struct conn *learn_iss(struct conn *conn, uint32_t iss);

/* ---- states.c ---------------------------------------------------------------------------- */

void conn_end(struct conn *conn);

#endif
