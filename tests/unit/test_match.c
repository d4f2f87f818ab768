/* Every difference is found and named; nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/conn/match.h"
#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct config config;
static struct match_env env;
static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	config = (struct config){.tolerance_usecs = 4000, .tolerance_percent = 12.5};
	env = (struct match_env){.config = &config};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* Matches `live`, whose numbers are the script's already, and tells what differs. */
static struct mismatches match(struct seqmap *seqmap, const struct packet *expected,
			       const struct packet *live)
{
	struct mismatches mismatches = {0};

	match_packet(&env, seqmap, expected, live, live, &mismatches);
	return mismatches;
}

/* "field: expected / actual" of all, joined by "; ". */
static const char *told(const struct packet *expected, const struct packet *live)
{
	struct mismatches mismatches = match(seqmap_new(arena), expected, live);
	char *text = arena_alloc(arena, 8000);

	for (unsigned i = 0; i < mismatches_kept(&mismatches); i++) {
		const struct mismatch *at = &mismatches.at[i];
		char field[MISMATCH_NAME_SIZE];

		sprintf(text + strlen(text), "%s%s: %s / %s", i ? "; " : "",
			mismatch_field_name(at, field), at->expected, at->actual);
	}
	return text;
}

static struct packet out(uint16_t flags, uint32_t seq, uint32_t size, uint32_t ack)
{
	return test_tcp(OUTBOUND, 4, flags, seq, size, ack);
}

/* ---- header fields ------------------------------------------------------------------------ */

static void equal_packets(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG, 1, 100, 1), live = expected;

	(void)state;
	/* What the script does not say is not compared. */
	live.tcp.window = 999;
	live.ip = (struct ip_info){.tos_check = TOS_BYTE, .tos = 0xff, .has_ttl = true, .ttl = 64};
	assert_string_equal(told(&expected, &live), "");
	expected.ip.has_ttl = true;
	expected.ip.ttl = 255;
	assert_string_equal(told(&expected, &live), "");
}

static void tcp_fields(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG, 1, 100, 1), live;

	(void)state;
	expected.tcp.has_window = true;
	expected.tcp.window = 5;
	live = expected;
	live.tcp.seq = 4000000000;
	assert_string_equal(told(&expected, &live), "seq: 1 / 4000000000");
	live.tcp.ack = 2;
	live.tcp.window = 6;
	live.tcp.urgent = 9;
	live.tcp.payload = 99;
	live.tcp.flags |= TCP_PSH | 0x200;
	assert_string_equal(told(&expected, &live),
			    "reserved bits: 0x000 / 0x200; flags: . / P.; seq: 1 / 4000000000; "
			    "payload length: 100 / 99; ack: 1 / 2; win: 5 / 6; urg: 0 / 9");
	expected.tcp.seq_any = true;
	live = expected;
	live.tcp.seq = 7;
	assert_string_equal(told(&expected, &live), "");
	expected.tcp.has_ack = false;
	assert_string_equal(told(&expected, &live), "ack: none (0) / 1");
	live.dirty = 43;
	live.tcp.ack = 0;
	assert_string_equal(told(&expected, &live),
			    "payload: zeros / a byte that is not zero at offset 42");
}

static void ecn_flags(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG | TCP_AE | TCP_ECE, 1, 0, 1), live = expected;

	(void)state;
	expected.tcp.ace_given = live.tcp.ace_given = true;
	assert_string_equal(told(&expected, &live), "");
	live.tcp.flags = TCP_ACK_FLAG | TCP_CWR;
	assert_string_equal(told(&expected, &live), "ACE: 5 / 2");
	expected = out(TCP_ACK_FLAG | TCP_ECE, 1, 0, 1);
	live = out(TCP_ACK_FLAG, 1, 0, 1);
	assert_string_equal(told(&expected, &live), "flags: E. / .");
}

static void ip_fields(void **state)
{
	static const struct {
		enum tos_check check;
		uint8_t expected, live;
		const char *told;
	} rows[] = {
		{TOS_NONE, 0, 0xff, ""},
		{TOS_ECN, 2, 0xfe, ""},
		{TOS_ECN, 2, 3, "ECN: ect0 / ce"},
		{TOS_ECN, 0, 1, "ECN: noecn / ect1"},
		{TOS_ECT01, 0, 1, ""},
		{TOS_ECT01, 0, 2, ""},
		{TOS_ECT01, 0, 3, "ECN: ect01 / ce"},
		{TOS_BYTE, 0x28, 0x28, ""},
		{TOS_BYTE, 0x28, 0x2a, "tos: 0x28 / 0x2a"},
		{TOS_DSCP, 0x28, 0x2b, ""},
		{TOS_DSCP, 0x28, 0x2c, "dscp: 0x0a / 0x0b"},
		{TOS_DSCP_ECN01, 0x28, 0x2c, "ECN: ect01 / noecn; dscp: 0x0a / 0x0b"},
	};
	struct packet expected = out(TCP_ACK_FLAG, 1, 0, 1), live = expected;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		expected.ip.tos_check = rows[i].check;
		expected.ip.tos = rows[i].expected;
		live.ip.tos = rows[i].live;
		assert_string_equal(told(&expected, &live), rows[i].told);
	}
	expected = live;
	expected.ip.has_ttl = true;
	expected.ip.ttl = 64;
	live.ip.ttl = 63;
	live.ip_version = 6;
	live.ip_options = 8;
	assert_string_equal(told(&expected, &live),
			    "IP version: 4 / 6; IP header: no options / 8 bytes of extension "
			    "headers; ttl: 64 / 63");
	live = (struct packet){
		.direction = OUTBOUND, .kind = PACKET_UDP, .ip_version = 4, .ip = {.ttl = 64}};
	assert_string_equal(told(&expected, &live), "protocol: tcp / udp");
}

static void flow_label(void **state)
{
	struct packet expected = test_tcp(OUTBOUND, 6, TCP_ACK_FLAG, 1, 0, 1), live = expected;
	struct seqmap *seqmap = seqmap_new(arena);

	(void)state;
	expected.ip.has_flow_label = true;
	expected.ip.flow_label = 1;
	live.ip.flow_label = 0xabcde;
	/* A packet that does not match teaches no label. */
	live.tcp.seq = 2;
	assert_int_equal(match(seqmap, &expected, &live).n, 1);
	live.tcp.seq = 1;
	live.ip.flow_label = 0x12345;
	assert_int_equal(match(seqmap, &expected, &live).n, 0);
	live.ip.flow_label = 0xabcde;
	assert_int_equal(match(seqmap, &expected, &live).n, 1);
	expected.ip.flow_label = 2;
	assert_int_equal(match(seqmap, &expected, &live).n, 0);
	live.ip.flow_label = 0;
	assert_string_equal(match(seqmap, &expected, &live).at[0].actual, "none (live 0x00000)");
}

static void udp_and_icmp(void **state)
{
	struct packet a = {.direction = OUTBOUND, .kind = PACKET_UDP, .ip_version = 4}, b = a;

	(void)state;
	a.udp.payload = 10;
	assert_string_equal(told(&a, &b), "payload length: 10 / 0");
	a.kind = b.kind = PACKET_ICMP;
	a.icmp = (struct icmp_message){.type = 8};
	b.icmp = (struct icmp_message){.type = 8,
				       .has_echoed = true,
				       .echoed = ICMP_ECHO_RAW,
				       .echoed_length = 8,
				       .has_id = true,
				       .id = 3};
	b.dirty = 1;
	assert_string_equal(told(&a, &b), "");
	b.icmp.echoed_length = 72;
	b.icmp.code = 1;
	assert_string_equal(told(&a, &b), "icmp code: code_0 / code_1; icmp length: 8 / 72");
	a.icmp = b.icmp;
	a.icmp.type = 0;
	assert_string_equal(told(&a, &b), "icmp type: echo_reply / echo_request");
}

static void outer_headers(void **state)
{
	struct packet a = out(TCP_ACK_FLAG, 1, 0, 1), b;
	struct outer_header ours[3] = {0}, theirs[3];

	(void)state;
	a.outer = ours;
	a.n_outer = 3;
	a.outer[0] = (struct outer_header){
		.kind = HEADER_IPV4, .src = test_addr("1.2.3.4"), .dst = test_addr("1.2.3.5")};
	a.outer[1].kind = HEADER_GRE;
	a.outer[1].gre.flags = 0x3000;
	a.outer[1].gre.key = 5;
	a.outer[2].kind = HEADER_MPLS;
	a.outer[2].n_labels = 1;
	a.outer[2].labels[0] = (struct mpls_label){.label = 3, .bottom = true, .ttl = 9};
	memcpy(theirs, ours, sizeof(theirs));
	b = a;
	b.outer = theirs;
	assert_string_equal(told(&a, &b), "");
	b.outer[0].dst = test_addr("1.2.3.6");
	b.outer[1].gre.key = 6;
	b.outer[1].gre.seq = 1;
	b.outer[1].gre.sum = 1; /* not on the wire */
	b.outer[2].labels[0].tc = 1;
	b.outer[2].labels[0].bottom = false;
	assert_string_equal(told(&a, &b),
			    "outer destination: 1.2.3.5 / 1.2.3.6; gre key: 5 / 6; gre seq: 0 / 1; "
			    "mpls tc: 0 / 1; mpls stack bottom: [S] / none");
	memcpy(theirs, ours, sizeof(theirs));
	b.outer[1].gre.flags = 0x2000;
	b.n_outer = 2;
	assert_string_equal(told(&a, &b), "outer headers: 3 / 2; gre flags: 0x3000 / 0x2000");
}

/* ---- options ------------------------------------------------------------------------------ */

static struct packet with(struct tcp_option *options, unsigned n)
{
	struct packet packet = out(TCP_ACK_FLAG, 1, 0, 1);

	test_options(&packet, options, n);
	return packet;
}

static void options(void **state)
{
	struct tcp_option a[] = {test_mss(1460), test_nop(), test_ts(1, 2), test_sack(1, 2)};
	struct tcp_option b[] = {test_mss(1460), test_nop(), test_ts(1, 9), test_sack(1, 2),
				 test_nop()};
	struct tcp_option c[] = {test_mss(1460), test_nop(), test_nop(), test_ts(1, 9),
				 test_sack(1, 3)};
	struct packet expected = with(a, 4), live = with(b, 4);

	(void)state;
	assert_string_equal(told(&expected, &live), ""); /* ecr is not compared */
	b[0] = test_mss(536);
	b[3] = test_sack(1, 3);
	assert_string_equal(told(&expected, &live), "option 1: mss: mss 1460 / mss 536; option 4: "
						    "sack: sack 1:2 / sack 1:3");
	/* One too many, one too few: the others keep their places. */
	live = with(c, 5);
	assert_string_equal(told(&expected, &live),
			    "option 3: none / nop; option 4: sack: sack 1:2 / sack 1:3");
	expected = with(c, 5);
	live = with(a, 4);
	assert_string_equal(told(&expected, &live),
			    "option 3: nop / none; option 5: sack: sack 1:3 / sack 1:2");
	live = with(c, 3);
	assert_string_equal(told(&expected, &live),
			    "option 4 on: <TS val 1 ecr 9,sack 1:3> / none");
	expected = with(NULL, 0);
	live = with(c, 3);
	assert_string_equal(told(&expected, &live), "options: none / <mss 1460,nop,nop>");
	expected.tcp.options_mode = OPTIONS_ANY;
	assert_string_equal(told(&expected, &live), "");
}

static struct tcp_option raw_option(uint8_t kind, const char *bytes, size_t size)
{
	struct tcp_option option = {
		.kind = kind, .length = (uint8_t)(2 + size), .n_bytes = (uint8_t)size};

	memcpy(option.bytes, bytes, size);
	return option;
}

static void raw_options(void **state)
{
	struct tcp_option a = raw_option(30, "\1\2", 2), b = raw_option(30, "\1\3", 2);
	struct tcp_option mss = test_mss(1460), raw_mss = raw_option(2, "\x05\xb4", 2);
	struct packet expected = with(&a, 1), live = with(&b, 1);

	(void)state;
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 1);
	b = a;
	assert_string_equal(told(&expected, &live), "");
	/* Raw bytes in the script against an option that has a name. */
	expected = with(&raw_mss, 1);
	live = with(&mss, 1);
	assert_string_equal(told(&expected, &live), "");
	mss.value[0] = 1461;
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 1);
}

static void timestamp_tolerance(void **state)
{
	struct tcp_option a = test_ts(100, 0), b = test_ts(150, 0);
	struct packet expected = with(&a, 1), live = with(&b, 1);

	(void)state;
	assert_string_equal(told(&expected, &live), ""); /* no tick: unchecked */
	config.tcp_ts_tick_usecs = 1000;
	assert_string_equal(told(&expected, &live),
			    "option 1: TS val: TS val 100 ecr 0 / TS val 150 ecr 0");
	env.since_start_ns = 400 * 1000000LL; /* 12.5 % of 400 ms: 50 ticks */
	assert_string_equal(told(&expected, &live), "");
	b.value[0] = 151;
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 1);
	b.value[0] = 49;
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 1);
	a.any = 1;
	assert_string_equal(told(&expected, &live), "");
}

static void digests(void **state)
{
	struct wire_tuple tuple = test_tuple(4);
	struct tcp_option valid = {.kind = 19, .length = 18, .n_bytes = 16, .computed = true};
	struct tcp_option options[] = {test_nop(), test_nop(), valid};
	struct tcp_option real[] = {test_nop(), test_nop(), valid};
	struct packet expected = with(options, 3), live = with(real, 3);

	(void)state;
	valid.row = tcp_option_by_name("md5", "");
	assert_non_null(valid.row);
	options[2].row = real[2].row = valid.row;
	real[2].computed = false;
	env.tuple = &tuple;
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 1); /* no secret */
	config.md5_secret = "secret";
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 1);
	wire_tcp_md5(&live, &tuple, "secret", real[2].bytes);
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 0);
	config.md5_secret = "secreT";
	assert_int_equal(match(seqmap_new(arena), &expected, &live).n, 1);
}

/* ---- merging ------------------------------------------------------------------------------ */

static struct packet piece(uint16_t flags, uint32_t seq, uint32_t size)
{
	struct packet packet = out(flags, seq, size, 1);

	packet.n_data = size;
	return packet;
}

static void merging(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG | TCP_FIN | TCP_CWR, 1, 2500, 1);
	struct packet sum = piece(TCP_ACK_FLAG | TCP_CWR, 1, 1000);
	struct packet next = piece(TCP_ACK_FLAG | TCP_PSH, 1001, 1000);
	struct packet last = piece(TCP_ACK_FLAG | TCP_FIN, 2001, 500);
	struct mismatches mismatches = {0};

	(void)state;
	assert_true(match_merge(&expected, &sum, &next, &mismatches));
	assert_int_equal(sum.tcp.payload, 2000);
	assert_int_equal(sum.tcp.seq, 1);
	last.dirty = 3;
	assert_true(match_merge(&expected, &sum, &last, &mismatches));
	assert_string_equal(told(&expected, &sum),
			    "payload: zeros / a byte that is not zero at offset 2002");
	sum.dirty = 0;
	assert_string_equal(told(&expected, &sum), "");
}

static void no_continuation(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG, 1, 5000, 1);
	struct tcp_option options[] = {test_mss(1)};
	struct packet good = piece(TCP_ACK_FLAG, 1001, 1000);
	struct packet bad[] = {good, good, good, good, good, good, good, good};
	static const char *const fields[] = {
		"next segment: seq",
		"next segment: ack",
		"next segment: win",
		"next segment: urg",
		"next segment: flags",
		"next segment: bytes of options",
		"next segment: payload length",
		"next segment: protocol",
	};

	(void)state;
	bad[0].tcp.seq++;
	bad[1].tcp.ack++;
	bad[2].tcp.window++;
	bad[3].tcp.urgent++;
	bad[4].tcp.flags |= TCP_ECE;
	test_options(&bad[5], options, 1);
	bad[6].tcp.payload = 999;
	bad[7] = (struct packet){.kind = PACKET_UDP};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct packet sum = piece(TCP_ACK_FLAG, 1, 1000);
		struct mismatches mismatches = {0};
		char field[MISMATCH_NAME_SIZE];

		assert_false(match_merge(&expected, &sum, &bad[i], &mismatches));
		assert_int_equal(mismatches.n, 1);
		assert_string_equal(mismatch_field_name(&mismatches.at[0], field), fields[i]);
		assert_int_equal(sum.tcp.payload, 1000);
	}
}

static void many_and_long(void **state)
{
	struct mismatches list = {0};
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[399] = '\0';
	for (int i = 0; i < 20; i++)
		mismatch_set_name(mismatch_add(&list, FIELD_variable, text, ""), text);
	assert_int_equal(list.n, 20);
	assert_int_equal(mismatches_kept(&list), MAX_MISMATCHES);
	assert_int_equal(strlen(list.at[15].expected), sizeof(list.at[0].expected) - 1);
	assert_string_equal(list.at[15].expected + 120, "xxxx...");
	list.n = 0;
	mismatch_printf(&list, FIELD_variable, "%s\n%s", "a", "b\nc");
	assert_string_equal(list.at[0].actual, "b\nc");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_packets),	   TEST(tcp_fields),	TEST(ecn_flags),
		TEST(ip_fields),	   TEST(flow_label),	TEST(udp_and_icmp),
		TEST(outer_headers),	   TEST(options),	TEST(raw_options),
		TEST(timestamp_tolerance), TEST(digests),	TEST(merging),
		TEST(no_continuation),	   TEST(many_and_long),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
