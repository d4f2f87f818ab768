/* Live numbers to script numbers and back (language: sequence numbers, TCP timestamps). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/conn/seqmap.h"
#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SYN_ACK	     (TCP_SYN | TCP_ACK_FLAG)

struct fixture {
	struct arena *arena;
	struct seqmap *seqmap;
	struct errbuf error;
};

static int setup(void **state)
{
	struct arena *arena = arena_new();
	struct fixture *fixture = arena_new_of(arena, struct fixture);

	*fixture = (struct fixture){.arena = arena, .seqmap = seqmap_new(arena)};
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	arena_free(((struct fixture *)*state)->arena);
	return 0;
}

static struct packet inject(struct fixture *fixture, struct packet script)
{
	struct packet live;

	assert_true(seqmap_to_live(fixture->seqmap, &script, &live, fixture->arena, false,
				   &fixture->error));
	return live;
}

static struct packet see(struct fixture *fixture, const struct packet *expected,
			 const struct packet *live)
{
	struct packet actual;

	seqmap_to_script(fixture->seqmap, expected, live, &actual, fixture->arena);
	return actual;
}

static struct packet in(uint16_t flags, uint32_t seq, uint32_t size, uint32_t ack)
{
	return test_tcp(INBOUND, 4, flags, seq, size, ack);
}

static struct packet out(uint16_t flags, uint32_t seq, uint32_t size, uint32_t ack)
{
	return test_tcp(OUTBOUND, 4, flags, seq, size, ack);
}

/* The kernel listens: peer's ISN 5000 in the script, the kernel's 1000000 live and `script_isn`. */
static void accept_connection(struct fixture *fixture, uint32_t script_isn)
{
	struct packet expected = out(SYN_ACK, script_isn, 0, 5001);
	struct packet live = out(SYN_ACK, 1000000, 0, 5001), actual;

	actual = inject(fixture, in(TCP_SYN, 5000, 0, 0));
	assert_int_equal(actual.tcp.seq, 5000);
	assert_int_equal(actual.tcp.ack, 0);
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, script_isn);
	assert_int_equal(actual.tcp.ack, 5001);
}

static void passive(void **state)
{
	struct fixture *fixture = *state;
	struct packet live, expected = out(TCP_ACK_FLAG, 1, 100, 11), actual;

	accept_connection(fixture, 0);
	live = inject(fixture, in(TCP_ACK_FLAG, 1, 10, 1));
	assert_int_equal(live.tcp.seq, 5001);
	assert_int_equal(live.tcp.ack, 1000001);
	live = out(TCP_ACK_FLAG, 1000001, 100, 5011);
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, 1);
	assert_int_equal(actual.tcp.ack, 11);
	/* With the ACK flag and no ack written: relative 0. */
	live = in(TCP_ACK_FLAG, 11, 0, 0);
	live.tcp.has_ack = false;
	live = inject(fixture, live);
	assert_int_equal(live.tcp.ack, 1000000);
	assert_true(live.tcp.has_ack);
	/* Without it the field stays as it is. */
	live = inject(fixture, in(TCP_RST, 11, 0, 0));
	assert_int_equal(live.tcp.ack, 0);
}

static void active_with_script_isn(void **state)
{
	struct fixture *fixture = *state;
	struct packet expected = out(TCP_SYN, 700, 0, 0), live = out(TCP_SYN, 0xfffffff0, 0, 0);
	struct packet actual = see(fixture, &expected, &live);

	assert_int_equal(actual.tcp.seq, 700);
	/* The ack of a SYN-ACK counts from the script's SYN, all others from the ISN. */
	live = inject(fixture, in(SYN_ACK, 0, 0, 701));
	assert_int_equal(live.tcp.ack, 0xfffffff1);
	live = inject(fixture, in(TCP_ACK_FLAG, 1, 0, 1));
	assert_int_equal(live.tcp.ack, 0xfffffff1);
	live = out(TCP_ACK_FLAG, 0xfffffff1, 30, 1);
	expected = out(TCP_ACK_FLAG, 1, 30, 1);
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, 1);
	live = out(TCP_ACK_FLAG, 15, 30, 1); /* wrapped */
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, 31);
}

static void learns_once(void **state)
{
	struct fixture *fixture = *state;
	struct packet expected = out(SYN_ACK, 0, 0, 5001), live, actual;

	accept_connection(fixture, 0);
	live = out(SYN_ACK, 3000000, 0, 5001);
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, 2000000);
	/* Nor does a second SYN of the peer change its ISN. */
	live = inject(fixture, in(TCP_SYN, 9000, 0, 0));
	assert_int_equal(live.tcp.seq, 9000);
	live = inject(fixture, in(TCP_ACK_FLAG, 1, 0, 1));
	assert_int_equal(live.tcp.seq, 5001);
}

/* Of a segment that nothing expected only the kernel's initial sequence number is learned, so that
 * those after it can be shown in script numbers; a later expectation still says the script's own.
 */
static void looking_teaches_the_isn(void **state)
{
	struct fixture *fixture = *state;
	struct packet live = out(SYN_ACK, 1000000, 0, 5001), expected = live, actual;
	struct tcp_option ts = test_ts(123, 0);

	inject(fixture, in(TCP_SYN, 5000, 0, 0));
	test_options(&live, &ts, 1);
	actual = see(fixture, NULL, &live);
	assert_int_equal(actual.tcp.seq, 0);
	live = out(TCP_ACK_FLAG, 1000006, 0, 5001);
	actual = see(fixture, NULL, &live);
	assert_int_equal(actual.tcp.seq, 6);
	assert_int_equal(actual.tcp.ack, 1);
	live = in(TCP_ACK_FLAG, 1, 0, 1);
	ts = test_ts(1, 123);
	test_options(&live, &ts, 1);
	assert_false(seqmap_to_live(fixture->seqmap, &live, &actual, fixture->arena, false,
				    &fixture->error));
	/* The same SYN-ACK again, expected now. */
	live = out(SYN_ACK, 1000000, 0, 5001);
	expected.tcp.seq = 700;
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, 700);
	live = inject(fixture, in(TCP_ACK_FLAG, 1, 0, 1));
	assert_int_equal(live.tcp.ack, 1000001);
}

static void strays(void **state)
{
	struct fixture *fixture = *state;
	struct packet live = inject(fixture, in(TCP_ACK_FLAG, 1, 0, 1)), expected, actual;

	assert_int_equal(live.tcp.seq, 1);
	assert_int_equal(live.tcp.ack, 1);
	live = out(TCP_RST, 1, 0, 0);
	expected = live;
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, 1);
	assert_int_equal(actual.tcp.ack, 0);
}

static void selective_acks(void **state)
{
	struct fixture *fixture = *state;
	struct tcp_option sack = test_sack(1001, 2001);
	struct packet live, expected, actual;

	accept_connection(fixture, 0);
	live = in(TCP_ACK_FLAG, 1, 0, 1);
	test_options(&live, &sack, 1);
	live = inject(fixture, live);
	assert_int_equal(live.tcp.options[0].value[0], 1001001);
	assert_int_equal(live.tcp.options[0].value[1], 1002001);
	assert_int_equal(sack.value[0], 1001); /* the script's own is left alone */
	sack = test_sack(5101, 5201);
	live = out(TCP_ACK_FLAG, 1000001, 0, 5001);
	test_options(&live, &sack, 1);
	expected = out(TCP_ACK_FLAG, 1, 0, 1);
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.options[0].value[0], 101);
	assert_int_equal(actual.tcp.options[0].value[1], 201);
}

static void expect_ts(struct fixture *fixture, uint32_t script, uint32_t live_val, uint32_t told)
{
	struct tcp_option a = test_ts(script, 1), b = test_ts(live_val, 1);
	struct packet expected = out(TCP_ACK_FLAG, 1, 0, 1), live = expected, actual;

	test_options(&expected, &a, 1);
	test_options(&live, &b, 1);
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.options[0].value[0], told);
	assert_int_equal(actual.tcp.options[0].value[1], 1);
}

static bool inject_ts(struct fixture *fixture, uint16_t flags, struct tcp_option ts, bool scaled,
		      uint32_t *ecr)
{
	struct packet script = in(flags, 1, 0, 1), live;
	bool good;

	test_options(&script, &ts, 1);
	good = seqmap_to_live(fixture->seqmap, &script, &live, fixture->arena, scaled,
			      &fixture->error);
	if (good) {
		assert_int_equal(live.tcp.options[0].value[0], ts.value[0]);
		*ecr = live.tcp.options[0].value[1];
	}
	return good;
}

static void timestamps(void **state)
{
	struct fixture *fixture = *state;
	struct tcp_option ts = test_ts(10, 100);
	uint32_t ecr = 0;

	assert_false(inject_ts(fixture, TCP_ACK_FLAG, ts, false, &ecr));
	assert_non_null(strstr(fixture->error.text, "100"));
	assert_false(inject_ts(fixture, TCP_ACK_FLAG, ts, true, &ecr));
	assert_true(inject_ts(fixture, TCP_SYN, ts, false, &ecr));
	assert_int_equal(ecr, 100); /* no ACK flag: literal */

	expect_ts(fixture, 100, 4000000000, 100);
	expect_ts(fixture, 200, 4000000123, 223);
	for (unsigned i = 0; i < 100; i++)
		expect_ts(fixture, 1000 + i, 4000001000 + 2 * i, 1100 + 2 * i);
	assert_true(inject_ts(fixture, TCP_ACK_FLAG, ts, false, &ecr));
	assert_int_equal(ecr, 4000000000);
	assert_true(inject_ts(fixture, TCP_ACK_FLAG, test_ts(1, 1040), true, &ecr));
	assert_int_equal(ecr, 4000001080); /* seen: what it stood for, scaled or not */
	assert_false(inject_ts(fixture, TCP_ACK_FLAG, test_ts(1, 99), false, &ecr));
	assert_true(inject_ts(fixture, TCP_ACK_FLAG, test_ts(1, 99), true, &ecr));
	assert_int_equal(ecr, 3999999999);
	expect_ts(fixture, 200, 4000005000, 5100);
	assert_true(inject_ts(fixture, TCP_ACK_FLAG, test_ts(1, 200), false, &ecr));
	assert_int_equal(ecr, 4000005000); /* the last one counts */
	ts = test_ts(1, 77);
	ts.literal = 2;
	assert_true(inject_ts(fixture, TCP_ACK_FLAG, ts, false, &ecr));
	assert_int_equal(ecr, 77);
}

static void any_options_teach_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct packet expected = out(TCP_ACK_FLAG, 1, 0, 1), live = expected;
	struct tcp_option ts = test_ts(5, 5);
	uint32_t ecr;

	expected.tcp.options_mode = OPTIONS_ANY;
	test_options(&live, &ts, 1);
	see(fixture, &expected, &live);
	assert_false(inject_ts(fixture, TCP_ACK_FLAG, test_ts(1, 5), false, &ecr));
}

static void literal_and_any_numbers(void **state)
{
	struct fixture *fixture = *state;
	struct packet live, expected, actual;

	accept_connection(fixture, 0);
	live = in(TCP_ACK_FLAG, 42, 0, 1);
	live.tcp.seq_literal = true;
	live = inject(fixture, live);
	assert_int_equal(live.tcp.seq, 42);
	live = out(TCP_ACK_FLAG, 42, 0, 5001);
	expected = out(TCP_ACK_FLAG, 42, 0, 1);
	expected.tcp.seq_literal = true;
	actual = see(fixture, &expected, &live);
	assert_int_equal(actual.tcp.seq, 42);
}

static void quoted_in_icmp(void **state)
{
	struct fixture *fixture = *state;
	struct packet script = {.direction = INBOUND,
				.kind = PACKET_ICMP,
				.ip_version = 4,
				.icmp = {.type = 3, .has_echoed = true, .echoed_seq = 1001}};
	struct packet live;

	accept_connection(fixture, 50);
	live = inject(fixture, script);
	assert_int_equal(live.icmp.echoed_seq, 1001001); /* never a SYN's */
}

static void flow_labels(void **state)
{
	static const struct {
		uint32_t script, live;
		bool ok;
	} rows[] = {
		{1, 0, false},	     {1, 0xaaaaa, true}, {1, 0xaaaaa, true},  {1, 0xbbbbb, false},
		{2, 0xaaaaa, false}, {2, 0xbbbbb, true}, {1, 0xbbbbb, false}, {1, 0xaaaaa, true},
	};
	struct fixture *fixture = *state;
	struct packet expected = test_tcp(OUTBOUND, 6, TCP_ACK_FLAG, 1, 0, 1), live = expected;

	for (size_t i = 0; i < COUNT(rows); i++) {
		live.ip.flow_label = rows[i].live;
		expected.ip.has_flow_label = true;
		expected.ip.flow_label = rows[i].script;
		assert_int_equal(seqmap_label_ok(fixture->seqmap, &expected, &live), rows[i].ok);
		if (rows[i].ok)
			seqmap_label_learn(fixture->seqmap, &expected, &live);
	}
	live.ip_version = 4;
	live.ip.flow_label = 0;
	assert_true(seqmap_label_ok(fixture->seqmap, &expected, &live));
}

static void assert_reset(struct fixture *fixture, uint32_t seq, uint32_t ack, uint16_t window)
{
	struct packet reset;

	assert_true(seqmap_reset_packet(fixture->seqmap, PACKET_TCP, false, &reset));
	assert_int_equal(reset.kind, PACKET_TCP);
	assert_int_equal(reset.tcp.flags, TCP_RST | TCP_ACK_FLAG);
	assert_int_equal(reset.tcp.seq, seq);
	assert_int_equal(reset.tcp.ack, ack);
	assert_int_equal(reset.tcp.window, window);
}

static void closing_reset(void **state)
{
	struct fixture *fixture = *state;
	struct packet live = out(TCP_SYN, 1000, 0, 0);

	seqmap_remember(fixture->seqmap, &live);
	assert_reset(fixture, 0, 1001, 0); /* a SYN never answered */
	live = in(TCP_SYN, 500, 0, 0);
	seqmap_remember(fixture->seqmap, &live);
	assert_reset(fixture, 501, 1001, 0);
	live = in(TCP_ACK_FLAG | TCP_FIN, 501, 10, 1001);
	live.tcp.window = 77;
	seqmap_remember(fixture->seqmap, &live);
	assert_reset(fixture, 512, 1001, 77);
	assert_false(seqmap_reset_packet(fixture->seqmap, PACKET_UDP, false, &live));
}

static void notation_of_ip(void **state)
{
	struct fixture *fixture = *state;
	struct packet live = test_tcp(OUTBOUND, 6, TCP_ACK_FLAG, 1, 0, 1), expected = live, actual;

	live.ip = (struct ip_info){.has_tos = true,
				   .tos = 2,
				   .has_ttl = true,
				   .ttl = 64,
				   .has_flow_label = true,
				   .flow_label = 9};
	actual = see(fixture, &expected, &live);
	assert_false(actual.ip.has_tos || actual.ip.has_ecn || actual.ip.has_dscp);
	assert_false(actual.ip.has_ttl || actual.ip.has_flow_label);
	expected.ip.has_dscp = expected.ip.has_ecn = expected.ip.ect01 = true;
	expected.ip.has_ttl = true;
	actual = see(fixture, &expected, &live);
	assert_true(actual.ip.has_dscp && actual.ip.has_ecn && actual.ip.has_ttl);
	assert_false(actual.ip.has_tos || actual.ip.ect01);
	actual = see(fixture, NULL, &live);
	assert_true(actual.ip.has_ecn && !actual.ip.has_tos);
	live.ip.tos = 6;
	actual = see(fixture, NULL, &live);
	assert_true(actual.ip.has_tos && !actual.ip.has_ecn);
	live.ip.tos = 0;
	actual = see(fixture, NULL, &live);
	assert_false(actual.ip.has_tos || actual.ip.has_ecn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passive),
		TEST(active_with_script_isn),
		TEST(learns_once),
		TEST(looking_teaches_the_isn),
		TEST(strays),
		TEST(selective_acks),
		TEST(timestamps),
		TEST(any_options_teach_nothing),
		TEST(literal_and_any_numbers),
		TEST(quoted_in_icmp),
		TEST(flow_labels),
		TEST(closing_reset),
		TEST(notation_of_ip),
	};

	return cmocka_run_group_tests_name("seqmap", tests, NULL, NULL);
}
