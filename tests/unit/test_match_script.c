/* Tests the way from text to verdict without a kernel: an inbound line of a script is parsed,
 * encoded and decoded again as if the kernel had sent it, and then compared with an outbound line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "parser/ast_print.h"
#include "parser/script.h"
#include "runtime/conn/match.h"
#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct packet *parse(struct arena *arena, const char *line, unsigned version)
{
	struct source source = {.path = "line"};
	struct diags *diags;
	struct script *script;
	const struct packet *packet;

	source.text = arena_printf(arena, "--tcp_md5_secret=secret\n0 %s\n", line);
	source.size = strlen(source.text);
	diags = diags_new(&source);
	script = script_parse(arena, &source, NULL, 0, version == 6 ? IP_V6 : IP_V4, diags);
	diags_print(diags, stderr, false);
	assert_int_equal(diags_errors(diags), 0);
	assert_int_equal(script->n_events, 1);
	packet = script->events[0]->packet;
	diags_free(diags);
	return packet;
}

/* What the kernel would have sent, had it sent this inbound line. */
static struct wire_packet send_line(struct arena *arena, const char *line, unsigned version)
{
	uint8_t *bytes = arena_alloc(arena, WIRE_MAX_PACKET);
	const struct packet *script = parse(arena, line, version);
	size_t size = test_encode(script, bytes);
	struct errbuf error;
	struct wire_packet live;

	assert_int_equal(wire_decode(bytes, size, arena, &live, &error), WIRE_OK);
	return live;
}

static const char *told(struct arena *arena, const char *expected_line, const char *sent_line,
			unsigned version)
{
	struct config config = {
		.tolerance_usecs = 4000, .tcp_ts_tick_usecs = 1000, .md5_secret = "secret"};
	struct wire_packet live = send_line(arena, sent_line, version);
	struct matching matching = {.config = &config,
				    .arena = arena,
				    .seqmap = seqmap_new(arena),
				    .expected = parse(arena, expected_line, version)};
	char field[MISMATCH_NAME_SIZE];
	const char *text = "";
	enum match_result result;

	config.strict_segments = true; /* nothing follows */
	result = match_live(&matching, &live, 0);
	assert_int_equal(result, matching.mismatches.n ? MATCH_DIFFERS : MATCH_SAME);
	for (unsigned i = 0; i < mismatches_kept(&matching.mismatches); i++) {
		const struct mismatch *at = &matching.mismatches.at[i];

		text = arena_printf(arena, "%s%s%s: %s / %s", text, i ? "; " : "",
				    mismatch_field_name(at, field), at->expected, at->actual);
	}
	return text;
}

static const struct {
	const char *expected, *sent, *told;
} rows[] = {
	/* ---- header ---- */
	{"> . 1:1(0) ack 1", "< . 1:1(0) ack 1 win 5", ""},
	{"> . 1:1(0) ack 1 win 5", "< . 1:1(0) ack 1 win 5", ""},
	{"> . 1:1(0) ack 1 win 6", "< . 1:1(0) ack 1 win 5", "win: 6 / 5"},
	{"> P. 1:11(10) ack 1", "< . 1:11(10) ack 1 win 5", "flags: P. / ."},
	{"> F. 1:11(10) ack 2", "< F. 1:10(9) ack 3 win 5", "payload length: 10 / 9; ack: 2 / 3"},
	{"> PU. 1:2(1) ack 1 urg 7", "< PU. 1:2(1) ack 1 win 1 urg 7", ""},
	{"> PU. 1:2(1) ack 1", "< PU. 1:2(1) ack 1 win 1 urg 7", "urg: none / 7"},
	{"> R 5:5(0)", "< R 5:5(0) win 0", ""},
	{"> R 5:5(0)", "< R. 6:6(0) ack 1 win 0", "flags: R / R.; seq: 5 / 6; ack: none / 1"},
	{"> SEW 0:0(0) <...>", "< S 0:0(0) win 1 <mss 1>", "flags: SEW / S"},
	{"> P.5 1:2(1) ack 1", "< P.5 1:2(1) ack 1 win 1", ""},
	{"> P.5 1:2(1) ack 1", "< P.3 1:2(1) ack 1 win 1", "ACE: 5 / 3"},
	{"> P.5 1:2(1) ack 1", "< .5 1:2(1) ack 1 win 1", "flags: P.5 / .5"},
	/* ---- ip ---- */
	{"> [ect0] . 1:1(0) ack 1", "< [ce] . 1:1(0) ack 1 win 5", "ECN: ect0 / ce"},
	{"> [noecn] . 1:1(0) ack 1", "< . 1:1(0) ack 1 win 5", ""},
	{"> [ect01] . 1:1(0) ack 1", "< [ect1] . 1:1(0) ack 1 win 5", ""},
	{"> (tos 0x20) . 1:1(0) ack 1", "< [tos 0x24] . 1:1(0) ack 1 win 5", "tos: 0x20 / 0x24"},
	{"> [ttl 64] . 1:1(0) ack 1", "< [ttl 63] . 1:1(0) ack 1 win 5", "ttl: 64 / 63"},
	{"> [ttl 255] . 1:1(0) ack 1", "< [ttl 63] . 1:1(0) ack 1 win 5", ""},
	/* ---- options ---- */
	{"> S 0:0(0) <mss 1460,nop,nop,sackOK,nop,wscale 7>",
	 "< S 0:0(0) win 1 <mss 1460,nop,nop,sackOK,nop,wscale 7>", ""},
	{"> S 0:0(0) <mss 1460,nop,nop,sackOK,nop,wscale 7>",
	 "< S 0:0(0) win 1 <mss 1000,nop,nop,sackOK,nop,wscale 8>",
	 "option 1: mss: mss 1460 / mss 1000; option 6: wscale: wscale 7 / wscale 8"},
	{"> . 1:1(0) ack 1 <nop,nop,TS val 5 ecr 1>",
	 "< . 1:1(0) ack 1 win 1 <nop,nop,TS val 99 ecr 2>", ""}, /* the first is the baseline */
	{"> . 1:1(0) ack 1 <nop,nop,sack 5:6 8:9>",
	 "< . 1:1(0) ack 1 win 1 <nop,nop,sack 5:6 8:10>",
	 "option 3: sack: sack 5:6 8:9 / sack 5:6 8:10"},
	{"> S 0:0(0) <FO abcd1234,nop,nop>", "< S 0:0(0) win 1 <FO abcd1235,nop,nop>",
	 "option 1: FO: FO abcd1234 / FO abcd1235"},
	{"> S 0:0(0) <FO,nop,nop>", "< S 0:0(0) win 1 <FO,nop,nop>", ""},
	{"> S 0:0(0) <FOEXP abcd,nop,nop>", "< S 0:0(0) win 1 <FOEXP>",
	 "option 1: FOEXP: FOEXP abcd / FOEXP; options from the 2nd on: <nop,nop> / none"},
	{"> . 1:1(0) ack 1 <nop,ECN e0b 5 ceb 6 e1b 7>",
	 "< . 1:1(0) ack 1 win 1 <nop,ECN e0b 5 ceb 6 e1b 7>", ""},
	{"> . 1:1(0) ack 1 <nop,ECN e1b 5 ceb 6 e0b 7>",
	 "< . 1:1(0) ack 1 win 1 <nop,ECN e1b 5 ceb 6 e0b 8>",
	 "option 2: ECN e0b: ECN e1b 5 ceb 6 e0b 7 / ECN e1b 5 ceb 6 e0b 8"},
	{"> S 0:0(0) <uto 300>", "< S 0:0(0) win 1 <uto 300>", ""},
	{"> S 0:0(0) <uto 300>", "< S 0:0(0) win 1 <uto minutes 5>",
	 "option 1: uto minutes: uto 300 / uto minutes 5"},
	{"> S 0:0(0) <uto minutes 5>", "< S 0:0(0) win 1 <uto minutes 6>",
	 "option 1: uto: uto minutes 5 / uto minutes 6"},
	{"> S 0:0(0) <1c048005>", "< S 0:0(0) win 1 <uto minutes 5>", ""},
	{"> . 1:1(0) ack 1 <nop,nop,md5 valid>", "< . 1:1(0) ack 1 win 1 <nop,nop,md5 valid>", ""},
	{"> . 1:1(0) ack 1 <gen-99 abcd>", "< . 1:1(0) ack 1 win 1 <gen-99 abcd>", ""},
	{"> . 1:1(0) ack 1 <gen-99 abcd>", "< . 1:1(0) ack 1 win 1 <gen-99 abce>",
	 "option 1: gen-99 abcd / gen-99 abce"},
	{"> . 1:1(0) ack 1", "< . 1:1(0) ack 1 win 1 <nop,nop,nop,eol>",
	 "options: none / <nop,nop,nop,eol>"},
	/* ---- other kinds ---- */
	{"> udp (100)", "< udp (100)", ""},
	{"> udp (100)", "< udp (99)", "payload length: 100 / 99"},
	{"> udp (1)", "< . 1:1(0) ack 1 win 1", "protocol: udp / tcp"},
	{"> icmp echo_request [raw (20)]", "< icmp echo_request id 5 [raw (20)]", ""},
	{"> icmp echo_request [raw (20)]", "< icmp echo_reply [raw (21)]",
	 "icmp type: echo_request / echo_reply; icmp length: 20 / 21"},
	{"> gre: . 1:1(0) ack 1", "< . 1:1(0) ack 1 win 1", "outer headers: 1 / 0"},
};

static void lines(void **state)
{
	struct arena *arena = arena_new();
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		const char *text =
			told(arena, rows[i / 2].expected, rows[i / 2].sent, i % 2 ? 6 : 4);
		const char *wanted = rows[i / 2].told;

		if (!strcmp(text, wanted))
			continue;
		bad++;
		print_error("%s\n%s\n  told   %s\n  wanted %s\n", rows[i / 2].expected,
			    rows[i / 2].sent, text, wanted);
	}
	arena_free(arena);
	assert_int_equal(bad, 0);
}

static void tunnels(void **state)
{
	static const char ipip[] = "ipv4 10.0.0.1 > 10.0.0.2: ";
	static const char full[] = "ipv6 [tos 0x04] 2001:db8::5 > 2001:db8::6: gre, flags key "
				   "present|sequence# present, sum 0, off 0, key 7, seq 8: "
				   "mpls (label 9, tc 1, [S], ttl 3): ";
	struct arena *arena = arena_new();

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const char *outer = i ? full : ipip;
		const char *expected = arena_printf(arena, "> %s. 1:1(0) ack 1", outer);
		const char *sent = arena_printf(arena, "< %s. 1:1(0) ack 1 win 1", outer);

		assert_string_equal(told(arena, expected, sent, 4), "");
		assert_string_equal(told(arena, expected, sent, 6), "");
		assert_string_equal(told(arena, "> . 1:1(0) ack 1", sent, 4),
				    i ? "outer headers: 0 / 3" : "outer headers: 0 / 1");
	}
	arena_free(arena);
}

/* A live packet printed is a script line that matches it. */
static void printed_and_parsed(void **state)
{
	struct tcp_option options[MAX_TCP_OPTIONS];
	struct config config = {0};
	uint64_t seed = 99;

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		struct arena *arena = arena_new();
		struct packet packet = test_random_packet(&seed, options), actual;
		uint8_t *bytes = arena_alloc(arena, WIRE_MAX_PACKET);
		char line[1024], field[MISMATCH_NAME_SIZE];
		struct errbuf error;
		struct wire_packet live;
		struct matching matching = {
			.config = &config, .arena = arena, .seqmap = seqmap_new(arena)};
		const struct mismatch *first = &matching.mismatches.at[0];
		size_t size;

		packet.tcp.flags &= 0x1ff; /* no notation for the reserved bits */
		packet.tcp.seq >>= 1;	   /* none for a wrap inside a segment */
		if (!(packet.tcp.flags & TCP_ACK_FLAG))
			packet.tcp.ack = 0;
		size = test_encode(&packet, bytes);
		assert_int_equal(wire_decode(bytes, size, arena, &live, &error), WIRE_OK);
		seqmap_to_script(matching.seqmap, NULL, &live.packet, &actual, arena);
		packet_print(line, sizeof(line), &actual);
		matching.expected = parse(arena, line, packet.ip_version);
		if (match_live(&matching, &live, 0) != MATCH_SAME)
			fail_msg("%s\n%s: %s / %s", line, mismatch_field_name(first, field),
				 first->expected, first->actual);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(printed_and_parsed),
	};

	return cmocka_run_group_tests_name("match, scripts", tests, NULL, NULL);
}
