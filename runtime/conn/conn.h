/* The script's sockets and the connections its packets belong to (docs/language.md: "Which
 * connection"). A connection has live addresses and ports, sequence numbers, and the states that
 * were seen.
 *
 * conn.c          makes, finds and prints connections; their queues
 * socks.c         sockets, and what the results of calls say about them
 * inbound.c       finds the connection that a packet of the script is for
 * live.c          finds the connection that a packet of the kernel belongs to
 * incarnations.c  the same if several connections have had the same addresses and ports
 * states.c        TCP states
 *
 * The socket or connection under test is the one that was made last, or that a packet event was
 * about last. The arena given to conns_init() owns everything. */
#ifndef FINWAIT_RUNTIME_CONN_CONN_H
#define FINWAIT_RUNTIME_CONN_CONN_H

#include "parser/config.h"
#include "runtime/bed/bed.h"
#include "runtime/conn/seqmap.h"

#define MAX_STATE_PATH 64

/* A packet that the kernel has sent and that no event has taken yet. */
struct live_packet {
	struct live_packet *next;
	struct wire_packet wire;
	int64_t time_ns; /* the bed's clock */
	size_t saved;	 /* its number in the capture file, if there is a file */
};

/* A connection. Connections that follow each other between the same addresses and ports are called
 * incarnations (RFC 9293, 3.4.1). Each has a struct of its own; only the newest may still be alive.
 */
struct conn {
	struct conn *next;	    /* newest first */
	struct conn *older, *newer; /* incarnations; NULL: none */
	enum packet_kind kind;
	struct wire_tuple tuple; /* as the kernel sends: src is the kernel, dst the peer */
	bool src_known;		 /* false: tuple.src stands in for any address */
	bool passive;		 /* begun by an inbound packet, or accepted */
	bool over;		 /* gone, or replaced: its state is TCP_CLOSE from then on */
	struct sock *sock; /* its socket; NULL: not accepted yet, or no socket of the script */
	struct seqmap *seqmap;
	bool has_iss; /* `iss`, the kernel's initial sequence number, has been seen */
	uint32_t iss;
	int64_t since_ns; /* when connect() began it, on the bed's clock; 0: not by connect() */
	struct syn *syns; /* the peer's SYNs that may begin another incarnation, newest first */
	uint64_t cookie;  /* SO_COOKIE of the kernel's socket; 0: not known yet */
	int device;	  /* index of the device that the socket is bound to; 0: none */
	int state_error;  /* the first -errno of asking for its state; 0: none */
	struct live_packet *queue, **queue_tail;
	uint8_t path[MAX_STATE_PATH]; /* distinct TCP states in the order seen */
	unsigned n_path;
};

enum sock_phase {
	SOCK_FRESH, /* may be connected: new, refused or disconnected */
	SOCK_LISTENING,
	SOCK_CONNECTED, /* or about to be */
};

/* A socket that the script made by socket() or accept(). It may have several descriptors, or none
 * any more. */
struct sock {
	struct sock *next; /* newest first */
	uint64_t cookie;
	struct socket_kind kind;
	enum sock_phase phase;
	struct ip_addr local; /* the bound address; version 0: unknown, or all addresses */
	uint16_t port;	      /* the bound port, host order; 0: unknown */
	struct conn *conn;    /* its latest connection; NULL: none yet */
};

struct conns {
	struct arena *arena;
	const struct config *config;
	struct bed *bed; /* asked for states */
	const struct descriptors *descriptors;
	bool program_ended;
	struct sock *socks;
	struct conn *conns;
	struct ask *asks; /* calls that may have made the kernel send a SYN, newest first */
	struct sock *sock_under_test; /* NULL when it is a connection without a descriptor */
	struct conn *conn_under_test; /* NULL: a fresh or listening socket is under test, or none */
	uint16_t next_port;	      /* port of the next scripted peer */
};

/* To be called when the bed's program has been started. */
void conns_init(struct conns *conns, struct arena *arena, const struct config *config,
		struct bed *bed, uint16_t first_port);

/* ---- calls ------------------------------------------------------------------------------- */

/* To be called before a call is requested; when it is done; and when the program has ended. */
void conns_before_call(struct conns *conns, const struct call *call, const struct call_slot *slot);
void conns_after_call(struct conns *conns, const struct call *call, const struct call_slot *slot);
void conns_program_ended(struct conns *conns);

/* The socket that a script descriptor stands for, open or closed; NULL: unknown, or not a socket.
 */
struct sock *conns_sock(const struct conns *conns, int64_t script_fd);
/* The socket that a finished call made or worked on; NULL: none. */
struct sock *conns_sock_of_call(const struct conns *conns, const struct call_slot *slot);

/* The kind of packets that a socket exchanges; false: scripts have no notation for them. */
bool sock_packet_kind(const struct sock *sock, enum packet_kind *kind);
/* An open descriptor of the socket; NULL: none. */
const struct descriptor *sock_descriptor(const struct conns *conns, const struct sock *sock);
/* True if a call that may begin a connection is under way, and its SYN has not been seen yet. */
bool sock_is_asking(const struct conns *conns, const struct sock *sock);

/* ---- packets ----------------------------------------------------------------------------- */

/* Finds the connection that an inbound packet of the script is for, or makes a new one where the
 * language says so. NULL: none, and `error` says why. Sets `tuple` to the addresses and ports on
 * the wire (peer to kernel). */
struct conn *conns_for_inbound(struct conns *conns, const struct packet *packet,
			       struct wire_tuple *tuple, struct errbuf *error);

/* Puts a live packet into the queue of its connection. The SYN of an active open makes a new
 * connection, as does the SYN or SYN-ACK of another incarnation. NULL: the packet belongs to no
 * connection of the script. */
struct conn *conns_take_live(struct conns *conns, struct live_packet *live);

/* True if the ports written in an expected packet are those of this connection; 0 or none written
 * stands for any port. */
bool conn_has_ports(const struct conn *conn, const struct packet *expected);

struct live_packet *conn_dequeue(struct conn *conn); /* NULL: empty */
/* Puts a packet back that was taken out just now. */
void conn_requeue(struct conn *conn, struct live_packet *packet);
/* Of the incarnations between the same addresses and ports, the one whose queue begins with the
 * packet that was sent first, so that packets are taken in order. NULL: all queues are empty. */
struct conn *conn_first_in_line(const struct conn *conn);
bool conn_is_incarnation_of(const struct conn *conn, const struct conn *other);

/* ---- states ------------------------------------------------------------------------------ */

/* Asks for the connection's TCP state (TCP_CLOSE if it is gone) and adds it to the path. -errno:
 * not known. */
int conn_state(struct conns *conns, struct conn *conn);
/* The same, and fills in what else the kernel says of the socket; zeros if it is gone. */
int conn_info(struct conns *conns, struct conn *conn, struct sock_info *info);
/* Asks for the state of every TCP connection that is not over. */
void conns_sample(struct conns *conns);
/* The state of a socket without open descriptors: TCP_LISTEN if the kernel still has the listener,
 * as it does when the last descriptor was closed during an accept(); else TCP_CLOSE; -errno: not
 * known. */
int sock_closed_state(struct conns *conns, const struct sock *sock);

/* "192.168.0.1:8080 > 192.0.2.1:40001" */
const char *conn_print(const struct conn *conn, char out[128]);

#endif
