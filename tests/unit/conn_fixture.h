/* A script's sockets and connections without a kernel: the test itself supplies the calls, the
 * packets and the kernel's states. The kernel is 192.168.0.1 (and .77), the peer 192.0.2.1. Include
 * cmocka before this file. */
#ifndef FINWAIT_TESTS_UNIT_CONN_FIXTURE_H
#define FINWAIT_TESTS_UNIT_CONN_FIXTURE_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/conn/conn.h"
#include "tests/unit/packets.h"

#define MS	    INT64_C(1000000)
#define KERNEL	    "192.168.0.1"
#define SECOND_ADDR "192.168.0.77"
#define PEER	    "192.0.2.1"
#define ANY_ADDR    "0.0.0.0"

/* A socket of the kernel's. */
struct kernel_sock {
	struct wire_tuple tuple;
	int state;
	uint64_t cookie;
};

struct fixture {
	struct bed bed; /* of which connections use states and descriptors */
	struct arena *arena;
	struct config *config;
	struct descriptors *table;
	struct conns conns;
	struct kernel_sock kernel[16];
	unsigned n_kernel, n_asked;
	int error;	 /* of looking a state up */
	unsigned misses; /* so many looks find nothing */
	uint64_t next_cookie;
	int64_t now;
};

struct wire_tuple tuple_of(const char *src, uint16_t sport, const char *dst, uint16_t dport);
/* From now on the kernel has this socket; TCP_CLOSE: it has none. */
void kernel_has(struct fixture *f, const struct wire_tuple *tuple, int state, uint64_t cookie);
int conns_set_up(void **state);
int conns_tear_down(void **state);
struct sockaddr_storage sockaddr_v4(const char *ip, uint16_t port);
const struct call *call_of(struct fixture *f, const char *text);
struct call_slot *slot_new(struct fixture *f, int used);
int make_descriptor(struct fixture *f, int fd, const struct socket_kind *kind, uint64_t cookie);
/* The call begins, and is asked to be about; call_ends() ends it. */
void call_begins(struct fixture *f, const struct call *call, struct call_slot *slot);
void call_ends(struct fixture *f, const struct call *call, struct call_slot *slot, int error);
void make_socket(struct fixture *f, int fd, int type, int protocol);
void bind_to(struct fixture *f, int fd, const char *ip, uint16_t port);
void make_listener(struct fixture *f, int fd, const char *ip, uint16_t port);
const struct call *connect_call(struct fixture *f, int fd);
/* A connect() that goes on; connect_ends() ends it. */
struct call_slot *connect_begins(struct fixture *f, int fd, const char *target, uint16_t port);
void connect_ends(struct fixture *f, int fd, struct call_slot *slot, const char *local,
		  uint16_t port, int error);
/* A non-blocking connect() to the peer's 8080 that sends a SYN. */
void connect_pending(struct fixture *f, int fd, uint16_t local_port);
void accept_from(struct fixture *f, int fd, const struct wire_tuple *tuple, uint64_t cookie);
struct conn *conn_of(struct fixture *f, int fd);
/* The peer sends; ports 0: not written. */
struct conn *peer_sends_at(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
			   uint16_t peer, uint16_t local);
struct conn *peer_sends(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack);
struct live_packet *live_packet(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
				const struct wire_tuple *tuple);
/* The kernel sends, with live numbers. */
struct conn *kernel_sends(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
			  const struct wire_tuple *tuple);
/* The script number of the first packet in a connection's queue, expected with number `seq`. */
uint32_t number_of_next(struct fixture *f, struct conn *conn, uint16_t flags, uint32_t seq);

#endif
