/* The script's sockets and the connections its packets belong to (language: "Which connection"),
 * each connection with its live addresses and ports, its numbers and its path of states.
 *
 * conn.c          connections: made, found, queues, printing
 * socks.c         sockets, and what calls tell of them
 * inbound.c       which connection a packet of the script is for
 * live.c          which connection a packet of the kernel's is of
 * incarnations.c  the same where several have had the same addresses and ports
 * states.c        TCP states
 *
 * The socket or connection under test is the one made last, or the one a packet event spoke of
 * last. Memory: the arena given to conns_init(). */
#ifndef FINWAIT_RUNTIME_CONN_CONN_H
#define FINWAIT_RUNTIME_CONN_CONN_H

#include "parser/config.h"
#include "runtime/bed/bed.h"
#include "runtime/conn/seqmap.h"

#define MAX_STATE_PATH 64

/* A packet the kernel sent, read but not yet spoken for. */
struct live_packet {
	struct live_packet *next;
	struct wire_packet wire;
	int64_t time_ns; /* the bed's clock */
	size_t saved;	 /* its number in the capture file, if there is one */
};

/* Connections may follow each other between the same addresses and ports: incarnations (RFC 9293,
 * 3.4.1). Each is a connection of its own; only the newest may still be alive. */
struct conn {
	struct conn *next;	    /* newest first */
	struct conn *older, *newer; /* incarnation; NULL: none */
	enum packet_kind kind;
	struct wire_tuple tuple; /* as the kernel sends: src is the kernel, dst the peer */
	bool src_known;		 /* false: tuple.src stands in for any address */
	bool passive;		 /* born from an inbound packet, or accepted */
	bool over;		 /* gone, or replaced: TCP_CLOSE from then on */
	struct sock *sock; /* whose it is; NULL: not accepted yet, or not a socket's of ours */
	struct seqmap *seqmap;
	bool has_iss; /* `iss`, the kernel's initial sequence number, has been seen */
	uint32_t iss;
	int64_t since_ns; /* when connect() began it, on the bed's clock; 0: otherwise made */
	struct syn *syns; /* the peer's SYNs that may begin another incarnation, newest first */
	uint64_t cookie;  /* of the kernel's socket; 0: not known yet */
	int device;	  /* that the socket is bound to; 0: none */
	int state_error;  /* the first -errno when its state was to be asked; 0 */
	struct live_packet *queue, **queue_tail;
	uint8_t path[MAX_STATE_PATH]; /* distinct TCP states in the order seen */
	unsigned n_path;
};

enum sock_phase {
	SOCK_FRESH, /* may be connected: new, refused or disconnected */
	SOCK_LISTENING,
	SOCK_CONNECTED, /* or about to be */
};

/* A socket the script made by socket() or accept(), whatever descriptors it has or had. */
struct sock {
	struct sock *next; /* newest first */
	uint64_t cookie;
	struct socket_kind kind;
	enum sock_phase phase;
	struct ip_addr local; /* bound to; version 0: unknown, or all addresses */
	uint16_t port;	      /* bound to, host order; 0: unknown */
	struct conn *conn;    /* its latest; NULL: none yet */
};

struct conns {
	struct arena *arena;
	const struct config *config;
	struct bed *bed; /* its states */
	const struct descriptors *descriptors;
	bool program_ended;
	struct sock *socks;
	struct conn *conns;
	struct ask *asks; /* calls that may have made the kernel send a SYN, newest first */
	struct sock *sock_under_test; /* NULL when it is a connection without a descriptor */
	struct conn *conn_under_test; /* NULL: none (a fresh or listening socket is) */
	uint16_t next_port;	      /* of the next scripted peer */
};

/* The bed's program has been started. */
void conns_init(struct conns *conns, struct arena *arena, const struct config *config,
		struct bed *bed, uint16_t first_port);

/* ---- calls ------------------------------------------------------------------------------- */

/* When a call is about to be requested; when it is done; when the program has ended. */
void conns_before_call(struct conns *conns, const struct call *call, const struct call_slot *slot);
void conns_after_call(struct conns *conns, const struct call *call, const struct call_slot *slot);
void conns_program_ended(struct conns *conns);

/* The socket a script descriptor stands for, open or closed; NULL: unknown, or not a socket. */
struct sock *conns_sock(const struct conns *conns, int64_t script_fd);
/* The one that a finished call made or worked on; NULL: none. */
struct sock *conns_sock_of_call(const struct conns *conns, const struct call_slot *slot);

/* The kind of packets a socket exchanges; false: none of those that scripts speak of. */
bool sock_packet_kind(const struct sock *sock, enum packet_kind *kind);
/* An open descriptor of it; NULL: none. */
const struct descriptor *sock_descriptor(const struct conns *conns, const struct sock *sock);
/* A call that may begin a connection is under way, and its SYN has not been seen. */
bool sock_is_asking(const struct conns *conns, const struct sock *sock);

/* ---- packets ----------------------------------------------------------------------------- */

/* The connection an inbound packet of the script is for; a new one where the language says so.
 * NULL: none, and `error` says why. Sets `tuple` to what goes on the wire (peer to kernel). */
struct conn *conns_for_inbound(struct conns *conns, const struct packet *packet,
			       struct wire_tuple *tuple, struct errbuf *error);

/* Puts a live packet into the queue of its connection, which an active open's SYN makes, and the
 * SYN-ACK or SYN of another incarnation. NULL: it is not ours. */
struct conn *conns_take_live(struct conns *conns, struct live_packet *live);

/* Does an expected packet with ports written speak of this connection? (0 and unwritten: any) */
bool conn_has_ports(const struct conn *conn, const struct packet *expected);

struct live_packet *conn_dequeue(struct conn *conn); /* NULL: empty */
/* Puts one back that was taken out just now. */
void conn_requeue(struct conn *conn, struct live_packet *packet);
/* Of the incarnations between the same addresses and ports, the one whose queue begins with what
 * was sent first: nothing overtakes. NULL: all queues are empty. */
struct conn *conn_first_in_line(const struct conn *conn);
bool conn_is_incarnation_of(const struct conn *conn, const struct conn *other);

/* ---- states ------------------------------------------------------------------------------ */

/* The kernel's TCP state now (TCP_CLOSE when gone), added to the path; -errno: not known. */
int conn_state(struct conns *conns, struct conn *conn);
/* The same, with all else that the kernel says of its socket; zeros when it is gone. */
int conn_info(struct conns *conns, struct conn *conn, struct sock_info *info);
/* Samples every TCP connection that is not over. */
void conns_sample(struct conns *conns);
/* TCP_LISTEN while the kernel has the listener still, as it does when the last descriptor was
 * closed inside an accept(); else TCP_CLOSE; -errno: not known. */
int sock_closed_state(struct conns *conns, const struct sock *sock);

/* "192.168.0.1:8080 > 192.0.2.1:40001" */
const char *conn_print(const struct conn *conn, char out[128]);

#endif
