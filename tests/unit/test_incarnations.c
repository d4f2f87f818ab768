/* Connections that follow each other between the same addresses and ports: without a kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/conn_fixture.h"

#define SYN_ACK (TCP_SYN | TCP_ACK_FLAG)
#define ISS	1000000u /* the kernel's first initial sequence number */
#define NEW_ISS 5000000u

static const struct wire_tuple *server_tuple(void)
{
	static struct wire_tuple tuple;

	tuple = tuple_of(KERNEL, 8080, PEER, 40001);
	return &tuple;
}

static const struct wire_tuple *client_tuple(void)
{
	static struct wire_tuple tuple;

	tuple = tuple_of(KERNEL, 7000, PEER, 8080);
	return &tuple;
}

/* A connection to the listener 3, accepted as 4; the peer's numbers begin at 0. */
static struct conn *accepted(struct fixture *f)
{
	struct conn *conn;

	make_listener(f, 3, KERNEL, 8080);
	conn = peer_sends(f, TCP_SYN, 0, 0);
	kernel_has(f, server_tuple(), TCP_SYN_RECV, 501);
	assert_ptr_equal(kernel_sends(f, SYN_ACK, ISS, 1, server_tuple()), conn);
	assert_int_equal(number_of_next(f, conn, SYN_ACK, 0), 0);
	peer_sends(f, TCP_ACK_FLAG, 1, 1);
	kernel_has(f, server_tuple(), TCP_ESTABLISHED, 501);
	accept_from(f, 4, server_tuple(), 501);
	assert_ptr_equal(conn_of(f, 4), conn);
	return conn;
}

/* The peer's SYN with this number, and the kernel's answer to it. */
static struct conn *again(struct fixture *f, uint32_t peer, uint32_t iss)
{
	peer_sends(f, TCP_SYN, peer, 0);
	return kernel_sends(f, SYN_ACK, iss, peer + 1, server_tuple());
}

static void the_peer_comes_again_after_its_reset(void **state)
{
	struct fixture *f = *state;
	struct conn *old = accepted(f), *conn;

	peer_sends(f, TCP_RST, 1, 0);
	kernel_has(f, server_tuple(), TCP_CLOSE, 0);
	peer_sends(f, TCP_SYN, 7000, 0);
	/* The kernel's new socket is not the old connection, before anything of it has been read.
	 */
	kernel_has(f, server_tuple(), TCP_SYN_RECV, 502);
	assert_int_equal(conn_state(&f->conns, old), TCP_CLOSE);
	conn = kernel_sends(f, SYN_ACK, NEW_ISS, 7001, server_tuple());
	assert_ptr_not_equal(conn, old);
	assert_ptr_equal(f->conns.conn_under_test, conn);
	assert_ptr_equal(conn->older, old);
	assert_int_equal(number_of_next(f, conn, SYN_ACK, 0), 0);
	accept_from(f, 5, server_tuple(), 502);
	assert_ptr_equal(conn_of(f, 5), conn);
	assert_ptr_equal(conn_of(f, 4), old);
	kernel_has(f, server_tuple(), TCP_ESTABLISHED, 502);
	assert_int_equal(conn_state(&f->conns, conn), TCP_ESTABLISHED);
	assert_int_equal(conn_state(&f->conns, old), TCP_CLOSE);
	assert_int_equal(old->path[old->n_path - 1], TCP_CLOSE);
	/* Numbers from 0, in both directions. */
	assert_ptr_equal(peer_sends(f, TCP_ACK_FLAG, 1, 1), conn);
	kernel_sends(f, TCP_ACK_FLAG, NEW_ISS + 1, 7001, server_tuple());
	assert_int_equal(number_of_next(f, conn, TCP_ACK_FLAG, 1), 1);
}

static void other_answers_begin_nothing(void **state)
{
	struct fixture *f = *state;
	struct conn *old = accepted(f);

	peer_sends(f, TCP_SYN, 7000, 0);
	/* A challenge ACK, RSTs, the old SYN-ACK again, one that acknowledges another number. */
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, ISS + 1, 1, server_tuple()), old);
	assert_ptr_equal(kernel_sends(f, TCP_RST | TCP_ACK_FLAG, 0, 7001, server_tuple()), old);
	assert_ptr_equal(kernel_sends(f, SYN_ACK, ISS, 1, server_tuple()), old);
	assert_ptr_equal(kernel_sends(f, SYN_ACK, ISS, 7001, server_tuple()), old);
	assert_ptr_equal(kernel_sends(f, SYN_ACK, NEW_ISS, 8001, server_tuple()), old);
	assert_null(old->newer);
	assert_ptr_equal(f->conns.conn_under_test, old);
}

/* A SYN cookie is the same number again within a minute. */
static void the_same_number_after_the_end(void **state)
{
	struct fixture *f = *state;
	struct conn *old = accepted(f), *conn;

	kernel_has(f, server_tuple(), TCP_CLOSE, 0);
	conn = again(f, 0, ISS);
	assert_ptr_not_equal(conn, old);
	assert_int_equal(conn_state(&f->conns, old), TCP_CLOSE);
}

static void data_in_the_syn(void **state)
{
	struct packet script = test_tcp(INBOUND, 4, TCP_SYN, 7000, 10, 0);
	struct errbuf error;
	struct wire_tuple tuple;
	struct fixture *f = *state;
	struct conn *old = accepted(f), *conn;

	assert_ptr_equal(conns_for_inbound(&f->conns, &script, &tuple, &error), old);
	conn = kernel_sends(f, SYN_ACK, NEW_ISS, 7011, server_tuple());
	assert_ptr_equal(conn->older, old);
}

/* What the old connection sent, read late: its own, and not overtaken. */
static void segments_in_flight(void **state)
{
	struct fixture *f = *state;
	struct conn *old = accepted(f), *conn;

	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, ISS + 1, 1, server_tuple()), old);
	conn = again(f, 7000, ISS + 65539);
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, ISS + 100, 1, server_tuple()), old);
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, ISS + 65540, 7001, server_tuple()), conn);
	assert_ptr_equal(conn_first_in_line(conn), old);
	conn_dequeue(old);
	assert_ptr_equal(conn_first_in_line(old), conn);
	conn_dequeue(conn);
	assert_ptr_equal(conn_first_in_line(conn), old);
	conn_dequeue(old);
	conn_dequeue(conn);
	assert_null(conn_first_in_line(conn));
	assert_true(conn_is_incarnation_of(old, conn));
	/* What the script sends is the new one's, even if the last packet was the old one's. */
	f->conns.conn_under_test = old;
	assert_ptr_equal(peer_sends(f, TCP_ACK_FLAG, 1, 1), conn);
}

/* Numbers wrap: below 2^32 is the old one, above 0 the new one. */
static void the_nearest_number_below(void **state)
{
	struct fixture *f = *state;
	struct conn *old, *conn;

	make_listener(f, 3, KERNEL, 8080);
	old = peer_sends(f, TCP_SYN, 0, 0);
	kernel_sends(f, SYN_ACK, 0xffff0000u, 1, server_tuple());
	kernel_has(f, server_tuple(), TCP_TIME_WAIT, 501);
	conn = again(f, 9000, 5000);
	assert_ptr_not_equal(conn, old);
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, 0xffffff00u, 1, server_tuple()), old);
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, 10, 1, server_tuple()), old);
	assert_ptr_equal(kernel_sends(f, TCP_ACK_FLAG, 5001, 1, server_tuple()), conn);
}

/* RSTs have the numbers of what they answer. */
static void resets(void **state)
{
	struct fixture *f = *state;
	struct conn *old = accepted(f), *conn;
	struct packet script, live;
	struct errbuf error;

	conn = again(f, 7000, NEW_ISS);
	/* To `. 1:1(0) ack 1` of the new one. */
	peer_sends(f, TCP_ACK_FLAG, 1, 1);
	assert_ptr_equal(kernel_sends(f, TCP_RST, NEW_ISS + 1, 0, server_tuple()), conn);
	/* A segment without ACK: number 0. */
	peer_sends(f, TCP_FIN, 5, 0);
	assert_ptr_equal(kernel_sends(f, TCP_RST | TCP_ACK_FLAG, 0, 7006, server_tuple()), conn);
	/* Injected into the old one, before it was known to be replaced. */
	script = test_tcp(INBOUND, 4, TCP_ACK_FLAG, 1, 0, 3);
	seqmap_to_live(old->seqmap, &script, &live, f->arena, false, &error);
	seqmap_remember(old->seqmap, &live);
	assert_ptr_equal(kernel_sends(f, TCP_RST, ISS + 3, 0, server_tuple()), old);
	/* The kernel's own. */
	assert_ptr_equal(kernel_sends(f, TCP_RST | TCP_ACK_FLAG, NEW_ISS + 9, 7001, server_tuple()),
			 conn);
}

/* packetdrill learns initial numbers once: where a script writes those, they go on. */
static void the_old_numbering_goes_on(void **state)
{
	struct fixture *f = *state;
	struct conn *conn;
	struct live_packet *live;

	accepted(f);
	conn = again(f, 1000, ISS + 65539);
	assert_int_equal(number_of_next(f, conn, SYN_ACK, 65539), 65539);
	peer_sends(f, TCP_ACK_FLAG, 1001, 65540);
	live = live_packet(f, TCP_ACK_FLAG, ISS + 65540, 1001, server_tuple());
	assert_ptr_equal(conns_take_live(&f->conns, live), conn);
	assert_int_equal(number_of_next(f, conn, TCP_ACK_FLAG, 65540), 65540);
}

/* No event expects the SYN-ACK: what the script acknowledges tells. */
static void a_beginning_that_is_not_expected(void **state)
{
	static const struct {
		uint32_t peer, ack, live;
	} rows[] = {{1001, 65540, ISS + 65540}, {1, 1, ISS + 65540}};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		struct packet script =
			test_tcp(INBOUND, 4, TCP_ACK_FLAG, rows[i].peer, 0, rows[i].ack);
		struct packet live;
		struct errbuf error;

		if (i) {
			conns_tear_down(state);
			conns_set_up(state);
		}
		accepted(f);
		assert_true(seqmap_to_live(again(f, 1000, ISS + 65539)->seqmap, &script, &live,
					   f->arena, false, &error));
		assert_int_equal(live.tcp.seq, 1001);
		assert_int_equal(live.tcp.ack, rows[i].live);
	}
}

/* Neither 0 nor the old numbering's: it is not taken for a beginning. */
static void a_wrong_number_is_wrong(void **state)
{
	struct fixture *f = *state;

	accepted(f);
	assert_int_equal(number_of_next(f, again(f, 1000, ISS + 65539), SYN_ACK, 65538), 65539);
}

/* The first one's request may have been refused before accept(): the second one is accepted. */
static void accept_takes_its_own(void **state)
{
	struct fixture *f = *state;
	struct conn *first, *second, *third;

	make_listener(f, 3, KERNEL, 8080);
	first = peer_sends(f, TCP_SYN, 0, 0);
	kernel_sends(f, SYN_ACK, ISS, 1, server_tuple());
	kernel_has(f, server_tuple(), TCP_SYN_RECV, 501);
	kernel_has(f, server_tuple(), TCP_CLOSE, 0);
	second = again(f, 7000, NEW_ISS);
	kernel_has(f, server_tuple(), TCP_ESTABLISHED, 502);
	accept_from(f, 4, server_tuple(), 502);
	assert_ptr_equal(conn_of(f, 4), second);
	assert_ptr_equal(second->older, first);
	/* A third, whose SYN-ACK has not been read when accept() returns. */
	kernel_has(f, server_tuple(), TCP_CLOSE, 0);
	peer_sends(f, TCP_SYN, 9000, 0);
	kernel_has(f, server_tuple(), TCP_ESTABLISHED, 503);
	accept_from(f, 5, server_tuple(), 503);
	third = conn_of(f, 5);
	assert_ptr_equal(third->older, second);
	assert_int_equal(conn_state(&f->conns, third), TCP_ESTABLISHED);
	assert_int_equal(conn_state(&f->conns, second), TCP_CLOSE);
	assert_ptr_equal(kernel_sends(f, SYN_ACK, 8000000, 9001, server_tuple()), third);
	assert_int_equal(number_of_next(f, third, SYN_ACK, 0), 0);
	assert_ptr_equal(peer_sends(f, TCP_ACK_FLAG, 1, 1), third);
}

static void first_connect(struct fixture *f)
{
	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	bind_to(f, 3, KERNEL, 7000);
	connect_pending(f, 3, 7000);
	kernel_has(f, client_tuple(), TCP_SYN_SENT, conn_of(f, 3)->cookie);
	assert_ptr_equal(kernel_sends(f, TCP_SYN, ISS, 0, client_tuple()), conn_of(f, 3));
	assert_int_equal(number_of_next(f, conn_of(f, 3), TCP_SYN, 0), 0);
}

/* The same socket from its bound port: known by connect()'s result. */
static void a_bound_client_again(void **state)
{
	struct fixture *f = *state;
	struct conn *old, *conn;

	first_connect(f);
	old = conn_of(f, 3);
	connect_pending(f, 3, 7000);
	conn = conn_of(f, 3);
	assert_ptr_equal(conn->older, old);
	/* One socket of the kernel's, two connections. */
	assert_int_equal(conn->cookie, old->cookie);
	assert_int_equal(conn_state(&f->conns, conn), TCP_SYN_SENT);
	assert_int_equal(conn_state(&f->conns, old), TCP_CLOSE);
	assert_ptr_equal(kernel_sends(f, TCP_SYN, ISS, 0, client_tuple()), old);
	assert_ptr_equal(kernel_sends(f, TCP_SYN, NEW_ISS, 0, client_tuple()), conn);
	assert_int_equal(number_of_next(f, conn, TCP_SYN, 0), 0);
}

/* The same in a blocking call: known by its SYN. Any number the script gives it. */
static void a_bound_client_again_by_its_syn(void **state)
{
	struct fixture *f = *state;
	struct conn *old, *conn;

	first_connect(f);
	old = conn_of(f, 3);
	connect_begins(f, 3, PEER, 8080);
	conn = kernel_sends(f, TCP_SYN, NEW_ISS, 0, client_tuple());
	assert_ptr_equal(conn->older, old);
	assert_ptr_equal(conn_of(f, 3), conn);
	assert_ptr_equal(f->conns.conn_under_test, conn);
	assert_int_equal(number_of_next(f, conn, TCP_SYN, 300), 300);
}

/* Another socket takes over the ports of one in TIME_WAIT. */
static void another_socket(void **state)
{
	struct fixture *f = *state;
	struct conn *old, *conn;

	first_connect(f);
	old = conn_of(f, 3);
	kernel_has(f, client_tuple(), TCP_TIME_WAIT, old->cookie);
	make_socket(f, 4, SOCK_STREAM, IPPROTO_TCP);
	bind_to(f, 4, KERNEL, 7000);
	connect_pending(f, 4, 7000);
	conn = conn_of(f, 4);
	kernel_has(f, client_tuple(), TCP_SYN_SENT, conn->cookie);
	assert_ptr_equal(kernel_sends(f, TCP_SYN, NEW_ISS, 0, client_tuple()), conn);
	assert_ptr_equal(conn_of(f, 3), old);
	assert_int_equal(conn_state(&f->conns, old), TCP_CLOSE);
	assert_int_equal(conn_state(&f->conns, conn), TCP_SYN_SENT);
}

/* Two attempts, the SYNs of both read late. */
static void syns_read_late(void **state)
{
	struct fixture *f = *state;
	struct live_packet *first, *second;
	struct conn *old;

	make_socket(f, 3, SOCK_STREAM, IPPROTO_TCP);
	bind_to(f, 3, KERNEL, 7000);
	connect_pending(f, 3, 7000);
	old = conn_of(f, 3);
	first = live_packet(f, TCP_SYN, ISS, 0, client_tuple());
	connect_ends(f, 3, connect_begins(f, 3, NULL, 0), KERNEL, 7000, 0);
	connect_pending(f, 3, 7000);
	second = live_packet(f, TCP_SYN, NEW_ISS, 0, client_tuple());
	assert_ptr_not_equal(conn_of(f, 3), old);
	assert_ptr_equal(conns_take_live(&f->conns, first), old);
	assert_ptr_equal(conns_take_live(&f->conns, second), conn_of(f, 3));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, conns_set_up, conns_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_peer_comes_again_after_its_reset),
		TEST(other_answers_begin_nothing),
		TEST(the_same_number_after_the_end),
		TEST(data_in_the_syn),
		TEST(segments_in_flight),
		TEST(the_nearest_number_below),
		TEST(resets),
		TEST(the_old_numbering_goes_on),
		TEST(a_beginning_that_is_not_expected),
		TEST(a_wrong_number_is_wrong),
		TEST(accept_takes_its_own),
		TEST(a_bound_client_again),
		TEST(a_bound_client_again_by_its_syn),
		TEST(another_socket),
		TEST(syns_read_late),
	};

	return cmocka_run_group_tests_name("incarnations", tests, NULL, NULL);
}
