/* A script's sockets and connections without a kernel: calls, packets and the kernel's states are
 * what a test says they are. The kernel is 192.168.0.1 (and .77), the peer 192.0.2.1. */
#ifndef FINWAIT_TESTS_CONN_FIXTURE_H
#define FINWAIT_TESTS_CONN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/config_finish.h"
#include "parser/script.h"
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
	int error; /* of looking a state up */
	unsigned misses; /* so many looks find nothing */
	uint64_t next_cookie;
	int64_t now;
};

static inline struct wire_tuple tuple_of(const char *src, uint16_t sport, const char *dst,
					 uint16_t dport)
{
	return (struct wire_tuple){test_addr(src), test_addr(dst), sport, dport};
}

static inline int fake_state(struct bed *bed, const struct sock_tuple *asked,
			     struct sock_info *info)
{
	struct fixture *f = (struct fixture *)bed;
	const struct wire_tuple tuple = {asked->local, asked->remote, asked->local_port,
					 asked->remote_port};

	f->n_asked++;
	*info = (struct sock_info){.state = TCP_CLOSE};
	if (f->error)
		return f->error;
	for (unsigned i = 0; i < f->n_kernel && !f->misses; i++)
		if (tuple_equal(&f->kernel[i].tuple, &tuple)) {
			info->state = f->kernel[i].state;
			info->cookie = f->kernel[i].cookie;
		}
	f->misses -= f->misses > 0;
	return 0;
}

static inline const struct descriptors *fake_descriptors(struct bed *bed)
{
	return ((struct fixture *)bed)->table;
}

static const struct bed_ops fake_ops = {.state = fake_state, .descriptors = fake_descriptors};

/* From now on the kernel has this socket; TCP_CLOSE: it has none. */
static inline void kernel_has(struct fixture *f, const struct wire_tuple *tuple, int state,
			      uint64_t cookie)
{
	unsigned i;

	for (i = 0; i < f->n_kernel && !tuple_equal(&f->kernel[i].tuple, tuple); i++)
		;
	assert_true(i < sizeof(f->kernel) / sizeof(f->kernel[0]));
	f->kernel[i] = (struct kernel_sock){*tuple, state, cookie};
	f->n_kernel += i == f->n_kernel;
	conns_sample(&f->conns);
}

static inline int set_up(void **state)
{
	static struct fixture fixture;
	struct fixture *f = &fixture;
	struct errbuf err;

	*f = (struct fixture){.arena = arena_new(), .next_cookie = 100, .now = 1000 * MS};
	f->bed.ops = &fake_ops;
	f->config = config_new(f->arena);
	assert_int_equal(config_finish(f->config, &err), 0);
	f->table = calloc(1, descriptors_bytes(64));
	descriptors_init(f->table, 64);
	conns_init(&f->conns, f->arena, f->config, &f->bed, 40001);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->table);
	arena_free(f->arena);
	return 0;
}

/* ---- calls ------------------------------------------------------------------------------- */

static inline struct sockaddr_storage sockaddr_of(const char *ip, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_storage storage = {0};

	if (!ip)
		return storage;
	inet_pton(AF_INET, ip, &in.sin_addr);
	memcpy(&storage, &in, sizeof(in));
	return storage;
}

static inline const struct call *call_of(struct fixture *f, const char *text)
{
	struct source source = {.path = "t.pkt", .text = text, .size = strlen(text)};
	struct diags *diags = diags_new(&source);
	struct script *script = script_parse(f->arena, &source, NULL, 0, IP_V4, diags);

	diags_print(diags, stderr, false);
	assert_int_equal(diags_errors(diags), 0);
	diags_free(diags);
	return script->events[0]->call;
}

static inline struct call_slot *slot_new(struct fixture *f, int used)
{
	struct call_slot *slot = arena_new_of(f->arena, struct call_slot);
	const struct descriptor *descriptor = used >= 0 ? descriptors_find(f->table, used) : NULL;

	slot->used = descriptor ? (int)(descriptor - f->table->at) : -1;
	slot->made = -1;
	return slot;
}

static inline int make_descriptor(struct fixture *f, int fd, const struct socket_kind *kind,
				  uint64_t cookie)
{
	struct descriptor made = {.script_fd = fd, .live_fd = 1000 + fd, .cookie = cookie};

	made.kind = *kind;
	made.made_line = 1;
	return descriptors_add(f->table, &made);
}

/* The call begins, and is asked to be about; done() ends it. */
static inline void begin(struct fixture *f, const struct call *call, struct call_slot *slot)
{
	conns_before_call(&f->conns, call, slot);
	f->now += MS;
	slot->begin_ns = f->now;
	slot->state = SLOT_ENTERED;
	f->now += MS;
}

static inline void done(struct fixture *f, const struct call *call, struct call_slot *slot,
			int error)
{
	slot->result = error ? -1 : 0;
	slot->error = error;
	slot->end_ns = f->now;
	slot->state = SLOT_DONE;
	f->now += MS;
	conns_after_call(&f->conns, call, slot);
	conns_sample(&f->conns);
}

static inline void make_socket(struct fixture *f, int fd, int type, int protocol)
{
	const struct call *call = call_of(f, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
	struct call_slot *slot = slot_new(f, -1);

	begin(f, call, slot);
	slot->made = make_descriptor(f, fd, &(struct socket_kind){AF_INET, type, protocol},
				     f->next_cookie++);
	done(f, call, slot, 0);
}

static inline void bind_to(struct fixture *f, int fd, const char *ip, uint16_t port)
{
	const struct call *call = call_of(f, "0 bind(3, ..., ...) = 0");
	struct call_slot *slot = slot_new(f, fd);

	begin(f, call, slot);
	slot->local = sockaddr_of(ip, port);
	done(f, call, slot, 0);
}

static inline void listener(struct fixture *f, int fd, const char *ip, uint16_t port)
{
	const struct call *call = call_of(f, "0 listen(3, 1) = 0");
	struct call_slot *slot;

	make_socket(f, fd, SOCK_STREAM, IPPROTO_TCP);
	bind_to(f, fd, ip, port);
	slot = slot_new(f, fd);
	begin(f, call, slot);
	slot->local = sockaddr_of(ip, port);
	done(f, call, slot, 0);
}

static inline const struct call *connect_call(struct fixture *f, int fd)
{
	char text[64];

	snprintf(text, sizeof(text), "0 connect(%d, ..., ...) = 0", fd);
	return call_of(f, text);
}

/* A connect() that goes on; connected() ends it. */
static inline struct call_slot *connecting(struct fixture *f, int fd, const char *target,
					   uint16_t port)
{
	struct call_slot *slot = slot_new(f, fd);

	slot->target = sockaddr_of(target, port);
	begin(f, connect_call(f, fd), slot);
	return slot;
}

static inline void connected(struct fixture *f, int fd, struct call_slot *slot, const char *local,
			     uint16_t port, int error)
{
	slot->local = sockaddr_of(local, port);
	if (!error)
		slot->peer = slot->target;
	done(f, connect_call(f, fd), slot, error);
}

/* A non-blocking connect() to the peer's 8080 that sends a SYN. */
static inline void connect_pending(struct fixture *f, int fd, uint16_t local_port)
{
	connected(f, fd, connecting(f, fd, PEER, 8080), KERNEL, local_port, EINPROGRESS);
}

static inline void accept_from(struct fixture *f, int fd, const struct wire_tuple *tuple,
			       uint64_t cookie)
{
	const struct call *call = call_of(f, "0 accept(3, ..., ...) = 4");
	struct call_slot *slot = slot_new(f, 3);
	char ip[IP_ADDR_TEXT];

	begin(f, call, slot);
	slot->made = make_descriptor(f, fd,
				     &(struct socket_kind){AF_INET, SOCK_STREAM, IPPROTO_TCP},
				     cookie);
	slot->local = sockaddr_of(ip_addr_print(&tuple->src, ip), tuple->sport);
	slot->peer = sockaddr_of(ip_addr_print(&tuple->dst, ip), tuple->dport);
	done(f, call, slot, 0);
}

static inline struct conn *conn_of(struct fixture *f, int fd)
{
	struct sock *sock = conns_sock(&f->conns, fd);

	assert_non_null(sock);
	return sock->conn;
}

/* ---- packets ----------------------------------------------------------------------------- */

/* The peer sends; ports 0: not written. */
static inline struct conn *inject_at(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
				     uint16_t peer, uint16_t local)
{
	struct packet script = test_tcp(INBOUND, 4, flags, seq, 0, ack), live;
	struct wire_tuple tuple;
	struct wire_error error = {""};
	struct conn *conn;

	script.has_ports = peer || local;
	script.sport = peer;
	script.dport = local;
	conn = conns_for_inbound(&f->conns, &script, &tuple, &error);
	assert_non_null(conn);
	assert_true(seqmap_to_live(conn->seqmap, &script, &live, f->arena, false, &error));
	seqmap_remember(conn->seqmap, &live);
	f->now += MS;
	return conn;
}

static inline struct conn *inject(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack)
{
	return inject_at(f, flags, seq, ack, 0, 0);
}

static inline struct live_packet *live_packet(struct fixture *f, uint16_t flags, uint32_t seq,
					      uint32_t ack, const struct wire_tuple *tuple)
{
	struct live_packet *live = arena_new_of(f->arena, struct live_packet);

	live->wire.packet = test_tcp(OUTBOUND, 4, flags, seq, 0, ack);
	live->wire.tuple = *tuple;
	live->time_ns = f->now;
	f->now += MS;
	return live;
}

/* The kernel sends, with live numbers. */
static inline struct conn *sends(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
				 const struct wire_tuple *tuple)
{
	return conns_take_live(&f->conns, live_packet(f, flags, seq, ack, tuple));
}

/* The script number of the first packet in a connection's queue, expected with number `seq`. */
static inline uint32_t number_of_next(struct fixture *f, struct conn *conn, uint16_t flags,
				      uint32_t seq)
{
	struct packet expected = test_tcp(OUTBOUND, 4, flags, seq, 0, 0), actual;
	struct live_packet *live = conn_dequeue(conn);

	assert_non_null(live);
	seqmap_to_script(conn->seqmap, &expected, &live->wire.packet, &actual, f->arena);
	return actual.tcp.seq;
}

#endif
