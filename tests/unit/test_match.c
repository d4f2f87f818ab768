/* Tests that every difference is found and named, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/match_fixture.h"

/* ---- header fields ------------------------------------------------------------------------ */

static void equal_packets(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG, 1, 100, 1), live = expected;

	(void)state;
	/* What the script does not say is not compared. */
	live.tcp.window = 999;
	live.ip = (struct ip_info){.has_tos = true, .tos = 0xff, .has_ttl = true, .ttl = 64};
	assert_string_equal(told(&expected, &live), "");
	expected.ip.has_ttl = true;
	expected.ip.ttl = 255;
	assert_string_equal(told(&expected, &live), "");
}

static void tcp_fields(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG, 1, 100, 1), live;
	struct wire_packet wire = {0};

	(void)state;
	expected.tcp.has_window = true;
	expected.tcp.window = 5;
	live = expected;
	live.tcp.seq = 4000000000;
	assert_string_equal(told(&expected, &live), "seq: 1 / 4000000000");
	live.tcp.ack = 2;
	live.tcp.window = 6;
	live.tcp.urgent = 9;
	live.tcp.len = 99;
	live.tcp.flags |= TCP_PSH | 0x200;
	assert_string_equal(told(&expected, &live),
			    "reserved bits: 0x0 / 0x1; flags: . / P.; seq: 1 / 4000000000; "
			    "payload length: 100 / 99; ack: 1 / 2; win: 5 / 6; urg: none / 9");
	expected.tcp.seq_any = true;
	live = expected;
	live.tcp.seq = 7;
	assert_string_equal(told(&expected, &live), "");
	expected.tcp.has_ack = false;
	assert_string_equal(told(&expected, &live), "ack: none / 1");
	wire.packet = live;
	wire.packet.tcp.ack = 0;
	wire.first_nonzero = 43;
	assert_string_equal(told_wire(&expected, &wire),
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
		struct ip_info said; /* has_tos, has_dscp, has_ecn, ect01 */
		uint8_t expected, live;
		const char *told;
	} rows[] = {
		{{.tos = 0}, 0, 0xff, ""},
		{{.has_ecn = true}, 2, 0xfe, ""},
		{{.has_ecn = true}, 2, 3, "ECN: ect0 / ce"},
		{{.has_ecn = true}, 0, 1, "ECN: noecn / ect1"},
		{{.has_ecn = true, .ect01 = true}, 0, 1, ""},
		{{.has_ecn = true, .ect01 = true}, 0, 2, ""},
		{{.has_ecn = true, .ect01 = true}, 0, 3, "ECN: ect01 / ce"},
		{{.has_tos = true}, 0x28, 0x28, ""},
		{{.has_tos = true}, 0x28, 0x2a, "tos: 0x28 / 0x2a"},
		{{.has_dscp = true}, 0x28, 0x2b, ""},
		{{.has_dscp = true}, 0x28, 0x2c, "dscp: 0x0a / 0x0b"},
		{{.has_dscp = true, .has_ecn = true},
		 0x2a,
		 0x2c,
		 "dscp: 0x0a / 0x0b; ECN: ect0 / noecn"},
		{{.has_dscp = true, .has_ecn = true, .ect01 = true},
		 0x28,
		 0x2c,
		 "dscp: 0x0a / 0x0b; ECN: ect01 / noecn"},
	};
	struct packet expected = out(TCP_ACK_FLAG, 1, 0, 1), live = expected;
	struct wire_packet wire = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		expected.ip = rows[i].said;
		expected.ip.tos = rows[i].expected;
		live.ip.tos = rows[i].live;
		assert_string_equal(told(&expected, &live), rows[i].told);
	}
	expected = live;
	expected.ip.has_ttl = true;
	expected.ip.ttl = 64;
	live.ip.ttl = 63;
	live.ip_version = 6;
	wire.packet = live;
	wire.ip_options = 8;
	assert_string_equal(told_wire(&expected, &wire),
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
	assert_string_equal(match(seqmap, &expected, &live).at[0].actual, "0x00000 (none)");
}

static void udp_and_icmp(void **state)
{
	struct packet a = {.direction = OUTBOUND, .kind = PACKET_UDP, .ip_version = 4}, b = a;
	struct wire_packet wire = {0};

	(void)state;
	a.udp.len = 10;
	assert_string_equal(told(&a, &b), "payload length: 10 / 0");
	a.kind = b.kind = PACKET_ICMP;
	a.icmp = (struct icmp_message){.type = 8};
	b.icmp = (struct icmp_message){.type = 8,
				       .has_echoed = true,
				       .echoed = ICMP_ECHO_RAW,
				       .echoed_length = 8,
				       .has_id = true,
				       .id = 3};
	wire.packet = b;
	wire.first_nonzero = 1;
	assert_string_equal(told_wire(&a, &wire), "");
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
			    "options from the 4th on: <TS val 1 ecr 9,sack 1:3> / none");
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

/* `live_val` where the script says 100, which stood for 100 before. */
static const char *clock_told(uint32_t live_val, bool any)
{
	struct tcp_option before = test_ts(100, 0), a = before, b = test_ts(live_val, 0);
	struct packet first = with(&before, 1), expected = with(&a, 1), live = with(&b, 1);
	struct seqmap *seqmap = seqmap_new(arena);
	struct mismatches mismatches;

	assert_int_equal(match(seqmap, &first, &first).n, 0);
	a.any = any;
	mismatches = match(seqmap, &expected, &live);
	return told_of(&mismatches);
}

static void timestamp_tolerance(void **state)
{
	(void)state;
	assert_string_equal(clock_told(150, false), ""); /* no tick: unchecked */
	config.tcp_ts_tick_usecs = 1000;
	assert_string_equal(clock_told(150, false),
			    "option 1: TS val: TS val 100 ecr 0 / TS val 150 ecr 0");
	since_start_ns = 400 * 1000000LL; /* 12.5 % of 400 ms: 50 ticks */
	assert_string_equal(clock_told(150, false), "");
	assert_string_not_equal(clock_told(151, false), "");
	assert_string_not_equal(clock_told(49, false), "");
	assert_string_equal(clock_told(49, true), "");
}

static void digests(void **state)
{
	const struct tcp_option_row *row = tcp_option_by_name("md5", "");
	struct tcp_option valid = {
		.row = row, .kind = 19, .length = 18, .n_bytes = 16, .computed = true};
	struct tcp_option options[] = {test_nop(), test_nop(), valid};
	struct tcp_option real[] = {test_nop(), test_nop(), valid};
	struct packet expected = with(options, 3);
	struct wire_packet live = {.packet = with(real, 3), .tuple = test_tuple(4)};

	(void)state;
	real[2].computed = false;
	assert_int_equal(match_wire(seqmap_new(arena), &expected, &live).n, 1); /* no secret */
	config.md5_secret = "secret";
	assert_int_equal(match_wire(seqmap_new(arena), &expected, &live).n, 1);
	wire_tcp_md5(&live.packet, &live.tuple, NULL, 0, "secret", real[2].bytes);
	assert_int_equal(match_wire(seqmap_new(arena), &expected, &live).n, 0);
	config.md5_secret = "secreT";
	assert_int_equal(match_wire(seqmap_new(arena), &expected, &live).n, 1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_packets),	   TEST(tcp_fields),
		TEST(ecn_flags),	   TEST(ip_fields),
		TEST(flow_label),	   TEST(udp_and_icmp),
		TEST(outer_headers),	   TEST(options),
		TEST(raw_options),	   TEST(digests),
		TEST(timestamp_tolerance), TEST(many_and_long),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
