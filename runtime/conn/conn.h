/* The script's sockets and the connections its packets belong to (language: "Which connection a
 * packet belongs to"), each with its live 4-tuple, its number mapping and its path of states.
 *
 * The socket or connection under test is the one made last, or the one a packet event spoke of
 * last. Memory: the arena given to conns_init(). */
#ifndef FINWAIT_RUNTIME_CONN_CONN_H
#define FINWAIT_RUNTIME_CONN_CONN_H

#include "parser/config.h"
#include "runtime/conn/seqmap.h"
#include "runtime/bed/bed.h"

#define MAX_STATE_PATH 64

/* A packet the kernel sent, read but not yet spoken for. */
struct live_packet {
	struct live_packet *next;
	struct wire_packet wire;
	int64_t time_ns;	/* CLOCK_MONOTONIC */
};

struct conn {
	struct conn *next;	 /* newest first */
	enum packet_kind kind;
	struct wire_tuple tuple; /* as the kernel sends: src is the kernel, dst the peer */
	bool port_known;	 /* tuple.sport is known (not before an active open's SYN) */
	bool passive;		 /* born from an inbound packet */
	struct seqmap *seqmap;
	struct live_packet *queue, **queue_tail;
	uint8_t path[MAX_STATE_PATH]; /* distinct TCP states in the order seen */
	unsigned n_path;
};

enum sock_phase { SOCK_FRESH, SOCK_LISTENING, SOCK_CONNECTING, SOCK_CONNECTED };

/* A descriptor the script made by socket() or accept(); kept when it is closed. */
struct sock {
	struct sock *next; /* newest first: a reused number finds its newest bearer */
	int fd;		   /* script number */
	int domain, type, protocol;
	enum sock_phase phase;
	uint16_t port;	   /* local, host order; 0 unknown */
	bool open;
	struct conn *conn; /* NULL: none yet */
};

struct conns {
	struct arena *arena;
	const struct config *config;
	struct bed *bed;
	struct sock *socks;
	struct conn *conns;
	struct sock *sock_under_test; /* NULL when it is a connection without a descriptor */
	struct conn *conn_under_test; /* NULL: none (a fresh or listening socket is) */
	uint16_t next_port;	      /* of the next scripted peer */
};

void conns_init(struct conns *conns, struct arena *arena, const struct config *config,
		struct bed *bed, uint16_t first_port);

/* What calls tell. `slot` is done, but for conns_connecting(): called as the request is made. */
void conns_connecting(struct conns *conns, int script_fd);
void conns_after_call(struct conns *conns, const struct call *call, const struct call_slot *slot);
void conns_program_ended(struct conns *conns);

/* The connection an inbound packet of the script is for; a new one where the language says so.
 * NULL: none, and `error` says why. Sets `tuple` to what goes on the wire (peer to kernel). */
struct conn *conns_for_inbound(struct conns *conns, const struct packet *packet,
			       struct wire_tuple *tuple, struct wire_error *error);

/* The connection a live outbound packet is of; an active open's SYN finds its socket here. NULL:
 * not ours. */
struct conn *conns_for_live(struct conns *conns, const struct packet *packet,
			    const struct wire_tuple *tuple);

/* Does an expected packet with ports written speak of this connection? (0 and unwritten: any) */
bool conn_has_ports(const struct conn *conn, const struct packet *expected);

void conn_queue(struct conn *conn, struct live_packet *packet);
struct live_packet *conn_dequeue(struct conn *conn); /* NULL: empty */

struct sock *conns_sock(struct conns *conns, int script_fd); /* open or closed; NULL: unknown */

/* The kernel's TCP state now (TCP_CLOSE when gone), added to the path. */
int conn_state(struct conns *conns, struct conn *conn);
/* Samples every TCP connection with a known tuple. */
void conns_sample(struct conns *conns);

/* "192.168.0.1:8080 > 192.0.2.1:40001" */
const char *conn_print(const struct conn *conn, char out[128]);

#endif
