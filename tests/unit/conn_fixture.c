#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "parser/config_finish.h"
#include "parser/script.h"
#include "tests/unit/conn_fixture.h"

struct wire_tuple tuple_of(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return (struct wire_tuple){test_addr(src), test_addr(dst), sport, dport};
}

static int fake_state(struct bed *bed, const struct sock_tuple *asked, struct sock_info *info)
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

static const struct descriptors *fake_descriptors(struct bed *bed)
{
	return ((struct fixture *)bed)->table;
}

static const struct bed_ops fake_ops = {.state = fake_state, .descriptors = fake_descriptors};

void kernel_has(struct fixture *f, const struct wire_tuple *tuple, int state, uint64_t cookie)
{
	unsigned i;

	for (i = 0; i < f->n_kernel && !tuple_equal(&f->kernel[i].tuple, tuple); i++)
		;
	assert_true(i < sizeof(f->kernel) / sizeof(f->kernel[0]));
	f->kernel[i] = (struct kernel_sock){*tuple, state, cookie};
	f->n_kernel += i == f->n_kernel;
	conns_sample(&f->conns);
}

int conns_set_up(void **state)
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

int conns_tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->table);
	arena_free(f->arena);
	return 0;
}

/* ---- calls ------------------------------------------------------------------------------- */

struct sockaddr_storage sockaddr_v4(const char *ip, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_storage storage = {0};

	if (!ip)
		return storage;
	inet_pton(AF_INET, ip, &in.sin_addr);
	memcpy(&storage, &in, sizeof(in));
	return storage;
}

const struct call *call_of(struct fixture *f, const char *text)
{
	struct source source = {.path = "t.pkt", .text = text, .size = strlen(text)};
	struct diags *diags = diags_new(&source);
	struct script *script = script_parse(f->arena, &source, NULL, 0, IP_V4, diags);

	diags_print(diags, stderr, false);
	assert_int_equal(diags_errors(diags), 0);
	diags_free(diags);
	return script->events[0]->call;
}

struct call_slot *slot_new(struct fixture *f, int used)
{
	struct call_slot *slot = arena_new_of(f->arena, struct call_slot);
	const struct descriptor *descriptor = used >= 0 ? descriptors_find(f->table, used) : NULL;

	slot->used = descriptor ? (int)(descriptor - f->table->at) : -1;
	slot->made = -1;
	return slot;
}

int make_descriptor(struct fixture *f, int fd, const struct socket_kind *kind, uint64_t cookie)
{
	struct descriptor made = {.script_fd = fd, .live_fd = 1000 + fd, .cookie = cookie};

	made.kind = *kind;
	made.made_line = 1;
	return descriptors_add(f->table, &made);
}

void call_begins(struct fixture *f, const struct call *call, struct call_slot *slot)
{
	conns_before_call(&f->conns, call, slot);
	f->now += MS;
	slot->begin_ns = f->now;
	slot->state = SLOT_ENTERED;
	f->now += MS;
}

void call_ends(struct fixture *f, const struct call *call, struct call_slot *slot, int error)
{
	slot->result = error ? -1 : 0;
	slot->error = error;
	slot->end_ns = f->now;
	slot->state = SLOT_DONE;
	f->now += MS;
	conns_after_call(&f->conns, call, slot);
	conns_sample(&f->conns);
}

void make_socket(struct fixture *f, int fd, int type, int protocol)
{
	const struct call *call = call_of(f, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
	struct call_slot *slot = slot_new(f, -1);

	call_begins(f, call, slot);
	slot->made = make_descriptor(f, fd, &(struct socket_kind){AF_INET, type, protocol},
				     f->next_cookie++);
	call_ends(f, call, slot, 0);
}

void bind_to(struct fixture *f, int fd, const char *ip, uint16_t port)
{
	const struct call *call = call_of(f, "0 bind(3, ..., ...) = 0");
	struct call_slot *slot = slot_new(f, fd);

	call_begins(f, call, slot);
	slot->local = sockaddr_v4(ip, port);
	call_ends(f, call, slot, 0);
}

void make_listener(struct fixture *f, int fd, const char *ip, uint16_t port)
{
	const struct call *call = call_of(f, "0 listen(3, 1) = 0");
	struct call_slot *slot;

	make_socket(f, fd, SOCK_STREAM, IPPROTO_TCP);
	bind_to(f, fd, ip, port);
	slot = slot_new(f, fd);
	call_begins(f, call, slot);
	slot->local = sockaddr_v4(ip, port);
	call_ends(f, call, slot, 0);
}

const struct call *connect_call(struct fixture *f, int fd)
{
	char text[64];

	snprintf(text, sizeof(text), "0 connect(%d, ..., ...) = 0", fd);
	return call_of(f, text);
}

struct call_slot *connect_begins(struct fixture *f, int fd, const char *target, uint16_t port)
{
	struct call_slot *slot = slot_new(f, fd);

	slot->target = sockaddr_v4(target, port);
	call_begins(f, connect_call(f, fd), slot);
	return slot;
}

void connect_ends(struct fixture *f, int fd, struct call_slot *slot, const char *local,
		  uint16_t port, int error)
{
	slot->local = sockaddr_v4(local, port);
	if (!error)
		slot->peer = slot->target;
	call_ends(f, connect_call(f, fd), slot, error);
}

void connect_pending(struct fixture *f, int fd, uint16_t local_port)
{
	connect_ends(f, fd, connect_begins(f, fd, PEER, 8080), KERNEL, local_port, EINPROGRESS);
}

void accept_from(struct fixture *f, int fd, const struct wire_tuple *tuple, uint64_t cookie)
{
	const struct call *call = call_of(f, "0 accept(3, ..., ...) = 4");
	struct call_slot *slot = slot_new(f, 3);
	char ip[IP_ADDR_TEXT];

	call_begins(f, call, slot);
	slot->made = make_descriptor(
		f, fd, &(struct socket_kind){AF_INET, SOCK_STREAM, IPPROTO_TCP}, cookie);
	slot->local = sockaddr_v4(ip_addr_print(&tuple->src, ip), tuple->sport);
	slot->peer = sockaddr_v4(ip_addr_print(&tuple->dst, ip), tuple->dport);
	call_ends(f, call, slot, 0);
}

struct conn *conn_of(struct fixture *f, int fd)
{
	struct sock *sock = conns_sock(&f->conns, fd);

	assert_non_null(sock);
	return sock->conn;
}

/* ---- packets ----------------------------------------------------------------------------- */

struct conn *peer_sends_at(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
			   uint16_t peer, uint16_t local)
{
	struct packet script = test_tcp(INBOUND, 4, flags, seq, 0, ack), live;
	struct wire_tuple tuple;
	struct errbuf error = {""};
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

struct conn *peer_sends(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack)
{
	return peer_sends_at(f, flags, seq, ack, 0, 0);
}

struct live_packet *live_packet(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
				const struct wire_tuple *tuple)
{
	struct live_packet *live = arena_new_of(f->arena, struct live_packet);

	live->wire.packet = test_tcp(OUTBOUND, 4, flags, seq, 0, ack);
	live->wire.tuple = *tuple;
	live->time_ns = f->now;
	f->now += MS;
	return live;
}

struct conn *kernel_sends(struct fixture *f, uint16_t flags, uint32_t seq, uint32_t ack,
			  const struct wire_tuple *tuple)
{
	return conns_take_live(&f->conns, live_packet(f, flags, seq, ack, tuple));
}

uint32_t number_of_next(struct fixture *f, struct conn *conn, uint16_t flags, uint32_t seq)
{
	struct packet expected = test_tcp(OUTBOUND, 4, flags, seq, 0, 0), actual;
	struct live_packet *live = conn_dequeue(conn);

	assert_non_null(live);
	seqmap_to_script(conn->seqmap, &expected, &live->wire.packet, &actual, f->arena);
	return actual.tcp.seq;
}
