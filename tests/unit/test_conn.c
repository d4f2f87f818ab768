/* Tests, without a kernel, which connection a packet or a call is about, and what its state is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/conn_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- listeners and their children --------------------------------------------------------- */

static void a_child_has_the_address_of_its_listener(void **state)
{
	static const struct {
		const char *bound, *has;
	} rows[] = {{KERNEL, KERNEL}, {SECOND_ADDR, SECOND_ADDR}, {ANY_ADDR, KERNEL}};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wire_tuple wanted = tuple_of(rows[i].has, 8080, PEER, (uint16_t)(40001 + i));

		make_listener(f, 3 + (int)i, rows[i].bound, 8080);
		assert_true(tuple_equal(&peer_sends(f, TCP_SYN, 0, 0)->tuple, &wanted));
	}
}

/* The same ports at two listeners on two addresses are two connections. */
static void listeners_on_two_addresses(void **state)
{
	struct wire_tuple first = tuple_of(KERNEL, 8080, PEER, 5000);
	struct wire_tuple second = tuple_of(SECOND_ADDR, 8080, PEER, 5000);
	struct fixture *f = *state;
	struct conn *one, *other;

	make_listener(f, 3, KERNEL, 8080);
	one = peer_sends_at(f, TCP_SYN, 0, 0, 5000, 8080);
	make_listener(f, 4, SECOND_ADDR, 8080);
	other = peer_sends_at(f, TCP_SYN, 0, 0, 5000, 8080);
	assert_true(tuple_equal(&one->tuple, &first));
	assert_true(tuple_equal(&other->tuple, &second));
	/* Equal ports: the one under test, else the newest. */
	assert_ptr_equal(peer_sends_at(f, TCP_ACK_FLAG, 1, 1, 5000, 8080), other);
	f->conns.conn_under_test = one;
	assert_ptr_equal(peer_sends_at(f, TCP_ACK_FLAG, 1, 1, 5000, 8080), one);
	f->conns.conn_under_test = NULL;
	assert_ptr_equal(peer_sends_at(f, TCP_ACK_FLAG, 1, 1, 5000, 8080), other);
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, 1, 1, &first), one);
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, 1, 1, &second), other);
}

static void accept_takes_the_connection_of_its_addresses(void **state)
{
	struct wire_tuple first = tuple_of(KERNEL, 8080, PEER, 5000);
	struct wire_tuple second = tuple_of(KERNEL, 8080, PEER, 5001);
	struct fixture *f = *state;
	struct conn *one, *other;

	make_listener(f, 3, KERNEL, 8080);
	one = peer_sends_at(f, TCP_SYN, 0, 0, 5000, 8080);
	other = peer_sends_at(f, TCP_SYN, 0, 0, 5001, 8080);
	kernel_has(f, &first, TCP_ESTABLISHED, 501);
	kernel_has(f, &second, TCP_ESTABLISHED, 502);
	accept_from(f, 4, &first, 501);
	accept_from(f, 5, &second, 502);
	assert_ptr_equal(conn_of(f, 4), one);
	assert_ptr_equal(conn_of(f, 5), other);
	assert_ptr_equal(f->conns.sock_under_test, conns_sock(&f->conns, 5));
}

/* Both ends are the script's: nothing passes the device, and each end has a state of its own. */
static void a_connection_that_does_not_pass_the_device(void **state)
{
	struct wire_tuple client = tuple_of(KERNEL, 33000, KERNEL, 8080);
	struct wire_tuple server = tuple_reverse(&client), tuple;
	struct fixture *f = *state;
	struct errbuf error;
	struct packet script;

	make_listener(f, 3, KERNEL, 8080);
	make_socket(f, 4, SOCK_STREAM, IPPROTO_TCP);
	kernel_has(f, &client, TCP_ESTABLISHED, conns_sock(&f->conns, 4)->cookie);
	kernel_has(f, &server, TCP_ESTABLISHED, 501);
	connect_ends(f, 4, connect_begins(f, 4, KERNEL, 8080), KERNEL, 33000, 0);
	accept_from(f, 5, &server, 501);
	assert_true(tuple_equal(&conn_of(f, 4)->tuple, &client));
	assert_true(tuple_equal(&conn_of(f, 5)->tuple, &server));
	assert_int_equal(conn_state(&f->conns, conn_of(f, 4)), TCP_ESTABLISHED);
	kernel_has(f, &server, TCP_TIME_WAIT, 501);
	kernel_has(f, &client, TCP_CLOSE, 0);
	assert_int_equal(conn_state(&f->conns, conn_of(f, 5)), TCP_TIME_WAIT);
	assert_int_equal(conn_state(&f->conns, conn_of(f, 4)), TCP_CLOSE);
	/* accept() makes nobody's connection the one under test. */
	assert_ptr_equal(f->conns.conn_under_test, conn_of(f, 4));
	/* There is nobody on the device to speak for it. */
	script = test_tcp(INBOUND, 4, TCP_ACK_FLAG, 1, 0, 1);
	assert_null(conns_for_inbound(&f->conns, &script, &tuple, &error));
	assert_non_null(strstr(error.text, "both ends"));
	assert_non_null(peer_sends_at(f, TCP_SYN, 0, 0, 5000, 8080));
}

/* ---- active opens -------------------------------------------------------------------------- */

static void a_syn_finds_who_asked(void **state)
{
	struct wire_tuple first = tuple_of(KERNEL, 33000, PEER, 8080);
	struct wire_tuple second = tuple_of(KERNEL, 33001, PEER, 8080);
	struct fixture *f = *state;
	struct live_packet *one, *other;
	struct conn *conn;

	/* Two calls block, and only then their SYNs are read. */
	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	make_socket(f, 4, SOCK_STREAM, IPPROTO_TCP);
	connect_begins(f, 3, PEER, 8080);
	one = live_packet(f, TCP_SYN, 1000, 0, &first);
	connect_begins(f, 4, PEER, 8080);
	other = live_packet(f, TCP_SYN, 2000, 0, &second);
	conn = conns_take_live(&f->conns, one);
	assert_ptr_equal(conn, conn_of(f, 3));
	conn = conns_take_live(&f->conns, other);
	assert_ptr_equal(conn, conn_of(f, 4));
	assert_ptr_equal(f->conns.conn_under_test, conn_of(f, 4));
}

static void a_syn_must_fit(void **state)
{
	struct wire_tuple bound = tuple_of(SECOND_ADDR, 7000, PEER, 8080);
	struct wire_tuple to = tuple_of(KERNEL, 33000, "192.0.2.7", 9999);
	struct wire_tuple stray = tuple_of(KERNEL, 33001, "192.0.2.9", 80);
	struct fixture *f = *state;
	struct conn *conn;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	bind_to(f, 3, SECOND_ADDR, 7000);
	make_socket(f, 4, SOCK_STREAM, IPPROTO_TCP);
	make_socket(f, 5, SOCK_DGRAM, IPPROTO_UDP);
	connect_begins(f, 3, PEER, 8080);
	connect_begins(f, 4, "192.0.2.7", 9999);
	assert_null(kernel_sends(f, TCP_SYN, 1, 0, &stray));
	conn = kernel_sends(f, TCP_SYN, 2, 0, &bound);
	assert_ptr_equal(conn, conn_of(f, 3));
	conn = kernel_sends(f, TCP_SYN, 3, 0, &to);
	assert_ptr_equal(conn, conn_of(f, 4));
	assert_true(tuple_equal(&conn_of(f, 4)->tuple, &to));
	assert_null(kernel_sends(f, TCP_ACK_FLAG, 4, 0, &stray));
}

/* The SYN of a call that has failed is read after it; one that no call has asked for is not ours.
 */
static void the_time_of_a_call_tells(void **state)
{
	struct wire_tuple tuple = tuple_of(KERNEL, 33000, PEER, 8080);
	struct wire_tuple later = tuple_of(KERNEL, 33001, PEER, 8080);
	struct fixture *f = *state;
	struct live_packet *syn;
	struct call_slot *slot;
	struct conn *conn;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	slot = connect_begins(f, 3, PEER, 8080);
	syn = live_packet(f, TCP_SYN, 1000, 0, &tuple);
	connect_ends(f, 3, slot, ANY_ADDR, 33000, ETIMEDOUT);
	assert_null(conn_of(f, 3));
	conn = conns_take_live(&f->conns, syn);
	assert_ptr_equal(conn, conn_of(f, 3));
	f->now += 100 * MS;
	assert_null(kernel_sends(f, TCP_SYN, 2000, 0, &later));
}

/* Each ends the first attempt; the second comes from another port. */
static void a_socket_connects_again(void **state)
{
	static const int errors[] = {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ECONNABORTED, 0};
	struct fixture *f = *state;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	for (size_t i = 0; i < COUNT(errors); i++) {
		uint16_t port = (uint16_t)(33000 + i);
		struct wire_tuple tuple = tuple_of(KERNEL, port, PEER, 8080);
		struct conn *before = conn_of(f, 3), *conn;

		connect_pending(f, 3, port);
		conn = conn_of(f, 3);
		assert_ptr_not_equal(conn, before);
		assert_ptr_equal(conn, f->conns.conn_under_test);
		assert_ptr_equal(kernel_sends(f, TCP_SYN, 1000, 0, &tuple), conn);
		/* Shows nothing new. */
		connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), KERNEL, port, EALREADY);
		assert_ptr_equal(conn_of(f, 3), conn);
		/* 0: shutdown() disconnects, and no connect() fails. */
		if (errors[i])
			connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), ANY_ADDR, port,
				     errors[i]);
		assert_ptr_equal(conn_of(f, 3), conn);
	}
	connect_pending(f, 3, 34000);
	assert_int_equal(conn_of(f, 3)->tuple.sport, 34000);
}

static void a_finished_connect_is_no_other_connection(void **state)
{
	struct fixture *f = *state;
	struct conn *conn;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	connect_pending(f, 3, 33000);
	conn = conn_of(f, 3);
	kernel_sends(f, TCP_SYN, 1000, 0, &conn->tuple);
	connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), KERNEL, 33000, 0);
	assert_ptr_equal(conn_of(f, 3), conn);
	connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), KERNEL, 33000, EISCONN);
	assert_ptr_equal(conn_of(f, 3), conn);
	connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), KERNEL, 33000, EFAULT);
	connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), KERNEL, 33000, 0);
	assert_ptr_equal(conn_of(f, 3), conn);
	/* Disconnected: still its latest, and what a code block would look at. */
	connect_ends(f, 3, connect_begins(f, 3, NULL, 0), ANY_ADDR, 33000, 0);
	assert_ptr_equal(conn_of(f, 3), conn);
	assert_non_null(sock_descriptor(&f->conns, conn->sock));
	connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), KERNEL, 33001, 0);
	assert_ptr_not_equal(conn_of(f, 3), conn);
}

/* TCP_FASTOPEN_CONNECT: connect() returns 0, and the SYN leaves with the first write. */
static void a_deferred_syn(void **state)
{
	struct wire_tuple tuple = tuple_of(KERNEL, 33000, PEER, 8080);
	struct fixture *f = *state;
	struct conn *conn;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	connect_ends(f, 3, connect_begins(f, 3, PEER, 8080), KERNEL, 33000, 0);
	conn = conn_of(f, 3);
	connect_pending(f, 3, 33000);
	assert_ptr_equal(conn_of(f, 3), conn);
	f->now += 500 * MS;
	assert_ptr_equal(kernel_sends(f, TCP_SYN, 1000, 0, &tuple), conn);
	assert_ptr_equal(kernel_sends(f, TCP_SYN, 1000, 0, &tuple), conn);
}

static void a_client_becomes_a_listener(void **state)
{
	const struct call *call;
	struct fixture *f = *state;
	struct call_slot *slot;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	connect_pending(f, 3, 33000);
	connect_ends(f, 3, connect_begins(f, 3, NULL, 0), ANY_ADDR, 33000, 0);
	call = call_of(f, "0 listen(3, 1) = 0");
	slot = slot_new(f, 3);
	call_begins(f, call, slot);
	slot->local = sockaddr_v4(ANY_ADDR, 33000);
	call_ends(f, call, slot, 0);
	assert_null(conn_of(f, 3));
	assert_true(peer_sends(f, TCP_SYN, 0, 0)->passive);
	assert_int_equal(f->conns.conn_under_test->tuple.sport, 33000);
}

/* ---- datagrams ----------------------------------------------------------------------------- */

static void send_datagram(struct fixture *f, int fd, const char *target, uint16_t port)
{
	const struct call *call = call_of(f, "0 sendto(3, ..., 100, 0, ..., ...) = 100");
	struct call_slot *slot = slot_new(f, fd);

	slot->target = sockaddr_v4(target, port);
	call_begins(f, call, slot);
	slot->local = sockaddr_v4(ANY_ADDR, 5353);
	call_ends(f, call, slot, 0);
}

/* The source address is known once a datagram was seen; each destination is a peer of its own. */
static void datagrams(void **state)
{
	struct wire_tuple first = tuple_of(SECOND_ADDR, 5353, PEER, 8080);
	struct wire_tuple second = tuple_of(SECOND_ADDR, 5353, "192.0.2.9", 53);
	struct fixture *f = *state;
	struct live_packet *live;
	struct conn *conn;

	make_socket(f, 3, SOCK_DGRAM, IPPROTO_UDP);
	send_datagram(f, 3, PEER, 8080);
	conn = conn_of(f, 3);
	live = live_packet(f, 0, 0, 0, &first);
	live->wire.packet = (struct packet){.direction = OUTBOUND, .kind = PACKET_UDP};
	assert_ptr_equal(conns_take_live(&f->conns, live), conn);
	assert_true(tuple_equal(&conn->tuple, &first));
	send_datagram(f, 3, "192.0.2.9", 53);
	assert_ptr_not_equal(conn_of(f, 3), conn);
	live = live_packet(f, 0, 0, 0, &second);
	live->wire.packet = (struct packet){.direction = OUTBOUND, .kind = PACKET_UDP};
	assert_ptr_equal(conns_take_live(&f->conns, live), conn_of(f, 3));
	send_datagram(f, 3, PEER, 8080);
	conns_sample(&f->conns);
	assert_int_equal(f->n_asked, 0); /* they have no states */
}

/* ---- descriptors --------------------------------------------------------------------------- */

static void descriptors_of_one_socket(void **state)
{
	struct fixture *f = *state;
	struct sock *sock;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	sock = conns_sock(&f->conns, 3);
	make_descriptor(f, 5, &sock->kind, sock->cookie);
	assert_ptr_equal(conns_sock(&f->conns, 5), sock);
	descriptors_close(f->table, 3, 7);
	assert_int_equal(sock_descriptor(&f->conns, sock)->script_fd, 5);
	assert_ptr_equal(conns_sock(&f->conns, 3), sock);
	descriptors_close(f->table, 5, 8);
	assert_null(sock_descriptor(&f->conns, sock));
	/* The label's next bearer, once the call that makes it has been seen. */
	make_descriptor(f, 3, &sock->kind, 999);
	assert_ptr_equal(conns_sock(&f->conns, 3), sock);
	make_descriptor(f, 3, &(struct socket_kind){AF_UNSPEC, 0, 0}, 0);
	assert_null(conns_sock(&f->conns, 3));
}

static void the_program_ends(void **state)
{
	struct fixture *f = *state;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	assert_non_null(sock_descriptor(&f->conns, conns_sock(&f->conns, 3)));
	conns_program_ended(&f->conns);
	assert_null(sock_descriptor(&f->conns, conns_sock(&f->conns, 3)));
}

static void kinds_of_sockets(void **state)
{
	static const struct {
		struct socket_kind kind;
		bool known;
		enum packet_kind packets;
	} rows[] = {
		{{AF_INET, SOCK_STREAM, 0}, true, PACKET_TCP},
		{{AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP}, true, PACKET_TCP},
		{{AF_INET, SOCK_STREAM, 262}, true, PACKET_TCP}, /* MPTCP */
		{{AF_INET, SOCK_DGRAM, 0}, true, PACKET_UDP},
		{{AF_INET6, SOCK_DGRAM, IPPROTO_UDP}, true, PACKET_UDP},
		{{AF_INET, SOCK_DGRAM, IPPROTO_ICMP}, true, PACKET_ICMP},
		{{AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6}, true, PACKET_ICMP},
		{{AF_INET, SOCK_RAW, IPPROTO_TCP}, false, PACKET_TCP},
		{{AF_UNIX, SOCK_STREAM, 0}, false, PACKET_TCP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sock sock = {.kind = rows[i].kind};
		enum packet_kind kind = PACKET_TCP;

		assert_int_equal(sock_packet_kind(&sock, &kind), rows[i].known);
		if (rows[i].known)
			assert_int_equal(kind, rows[i].packets);
	}
}

/* ---- states -------------------------------------------------------------------------------- */

static void a_connection_that_is_gone_is_not_asked_for(void **state)
{
	struct wire_tuple tuple = tuple_of(KERNEL, 33000, PEER, 8080);
	static const uint8_t path[] = {TCP_SYN_SENT, TCP_ESTABLISHED, TCP_CLOSE};
	struct fixture *f = *state;
	struct conn *conn;
	unsigned before;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	connect_pending(f, 3, 33000);
	conn = conn_of(f, 3);
	kernel_has(f, &tuple, TCP_SYN_SENT, conn->cookie);
	kernel_has(f, &tuple, TCP_ESTABLISHED, conn->cookie);
	/* Not found just once: the kernel was putting one socket in another's place. */
	f->misses = 1;
	assert_int_equal(conn_state(&f->conns, conn), TCP_ESTABLISHED);
	kernel_has(f, &tuple, TCP_CLOSE, 0);
	before = f->n_asked;
	conns_sample(&f->conns);
	assert_int_equal(conn_state(&f->conns, conn), TCP_CLOSE);
	assert_int_equal(f->n_asked, before);
	assert_int_equal(conn->n_path, sizeof(path) + 1);
	assert_memory_equal(conn->path + 1, path, sizeof(path));
}

static void a_state_that_is_not_known(void **state)
{
	struct fixture *f = *state;
	struct conn *conn;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	connect_pending(f, 3, 33000);
	conn = conn_of(f, 3);
	f->error = -ENOBUFS;
	assert_int_equal(conn_state(&f->conns, conn), -ENOBUFS);
	f->error = -EPERM;
	conns_sample(&f->conns);
	assert_int_equal(conn->state_error, -ENOBUFS);
	f->error = 0;
	assert_int_equal(conn_state(&f->conns, conn), TCP_CLOSE);
}

/* Closed inside an accept(), it is there until that returns. */
static void a_listener_after_close(void **state)
{
	struct wire_tuple bound = tuple_of(SECOND_ADDR, 8080, "-", 0);
	struct fixture *f = *state;
	struct sock *sock;

	make_listener(f, 3, SECOND_ADDR, 8080);
	sock = conns_sock(&f->conns, 3);
	assert_int_equal(sock_closed_state(&f->conns, sock), TCP_CLOSE);
	kernel_has(f, &bound, TCP_LISTEN, sock->cookie);
	assert_int_equal(sock_closed_state(&f->conns, sock), TCP_LISTEN);
	kernel_has(f, &bound, TCP_LISTEN, sock->cookie + 1); /* another one's */
	assert_int_equal(sock_closed_state(&f->conns, sock), TCP_CLOSE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, conns_set_up, conns_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_child_has_the_address_of_its_listener),
		TEST(listeners_on_two_addresses),
		TEST(accept_takes_the_connection_of_its_addresses),
		TEST(a_connection_that_does_not_pass_the_device),
		TEST(a_syn_finds_who_asked),
		TEST(a_syn_must_fit),
		TEST(the_time_of_a_call_tells),
		TEST(a_socket_connects_again),
		TEST(a_finished_connect_is_no_other_connection),
		TEST(a_deferred_syn),
		TEST(a_client_becomes_a_listener),
		TEST(datagrams),
		TEST(descriptors_of_one_socket),
		TEST(the_program_ends),
		TEST(kinds_of_sockets),
		TEST(a_connection_that_is_gone_is_not_asked_for),
		TEST(a_state_that_is_not_known),
		TEST(a_listener_after_close),
	};

	return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
