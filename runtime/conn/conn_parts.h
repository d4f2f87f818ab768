/* Definitions that the files of connections share; nobody else includes this. */
#ifndef FINWAIT_RUNTIME_CONN_CONN_PARTS_H
#define FINWAIT_RUNTIME_CONN_CONN_PARTS_H

#include "runtime/conn/conn.h"

/* A SYN of the peer for addresses and ports that had a connection before. */
struct syn {
	struct syn *next;
	uint32_t seq, len; /* live number; bytes of data in the SYN */
};

/* A call of connect(), sendto() or sendmsg(), which may make the kernel send a SYN or a datagram.
 */
struct ask {
	struct ask *next;
	struct sock *sock;
	const struct call_slot *slot; /* has its times and its target */
	struct conn *conn; /* the connection that it began; NULL: no packet of it was seen */
};

/* ---- conn.c ------------------------------------------------------------------------------ */

struct conn *conn_new(struct conns *conns, enum packet_kind kind, const struct wire_tuple *tuple);
/* Makes a connection that takes the place of `old`, which is over. */
struct conn *conn_new_incarnation(struct conns *conns, struct conn *old);
/* The newest connection with this tuple; NULL: none. */
struct conn *conn_find(const struct conns *conns, enum packet_kind kind,
		       const struct wire_tuple *tuple);
struct conn *conn_newest(const struct conn *conn);
/* Makes a new connection the latest one of its socket. */
void conn_begin(struct conns *conns, struct conn *conn, struct sock *sock);

/* ---- socks.c ----------------------------------------------------------------------------- */

bool ip_addr_is_any(const struct ip_addr *addr);
/* Reads an address as it is on the wire: an IPv4-mapped one becomes IPv4; version 0: none. Returns
 * the port, host order. */
uint16_t sockaddr_read(const struct sockaddr_storage *storage, struct ip_addr *addr);

/* ---- live.c ------------------------------------------------------------------------------ */

/* The call that made the kernel send the first packet of a connection; NULL: no call fits. */
struct ask *who_asked(const struct conns *conns, const struct live_packet *live);

/* ---- incarnations.c ---------------------------------------------------------------------- */

/* The incarnation that a TCP segment belongs to. `newest` is the newest connection with its
 * addresses and ports. Makes another incarnation if the segment begins one. */
struct conn *incarnation_of(struct conns *conns, struct conn *newest,
			    const struct live_packet *live);
struct conn *learn_iss(struct conn *conn, uint32_t iss);

/* ---- states.c ---------------------------------------------------------------------------- */

void conn_end(struct conn *conn);

#endif
