/* Scanner, grammar, packets, messages and printing, through the one door. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "parser/ast_print.h"
#include "parser/script.h"
#include "parser/tables.h"

struct parsed {
	struct arena *arena;
	struct source source;
	struct diags *diags;
	struct script *script;
	char *messages, *printed;
};

static void parse_bytes(struct parsed *parsed, const char *text, size_t size,
			const struct cli_option *options, size_t n_options, int mode)
{
	size_t length;
	parsed->arena = arena_new();
	parsed->source = (struct source){"t.pkt", text, size};
	parsed->diags = diags_new(&parsed->source);
	parsed->script = script_parse(parsed->arena, &parsed->source, options, n_options, mode,
				      parsed->diags);
	FILE *out = open_memstream(&parsed->messages, &length);
	diags_print(parsed->diags, out, false);
	fclose(out);
	out = open_memstream(&parsed->printed, &length);
	if (!diags_errors(parsed->diags))
		script_print(out, parsed->script);
	fclose(out);
}

static void parse(struct parsed *parsed, const char *text)
{
	parse_bytes(parsed, text, strlen(text), NULL, 0, -1);
}

static void drop(struct parsed *parsed)
{
	free(parsed->messages);
	free(parsed->printed);
	diags_free(parsed->diags);
	arena_free(parsed->arena);
}

/* A script prints as `expected`, and that prints as itself. */
static void prints(const char *text, const char *expected, int mode)
{
	struct parsed first, second;
	parse_bytes(&first, text, strlen(text), NULL, 0, mode);
	assert_string_equal(first.messages, "");
	assert_string_equal(first.printed, expected);
	parse_bytes(&second, first.printed, strlen(first.printed), NULL, 0, mode);
	assert_string_equal(second.messages, "");
	assert_string_equal(second.printed, expected);
	drop(&second);
	drop(&first);
}

static void says(const char *text, const char *message, int mode)
{
	struct parsed parsed;
	parse_bytes(&parsed, text, strlen(text), NULL, 0, mode);
	if (!strstr(parsed.messages, message))
		print_message("'%s' says:\n%sand not: %s\n", text, parsed.messages, message);
	assert_non_null(strstr(parsed.messages, message));
	assert_true(diags_errors(parsed.diags) > 0);
	drop(&parsed);
}

/* ---- layout and words -------------------------------------------------------------------------
 */

#define SOCKET "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"

static void test_layout(void **state)
{
	(void)state;
	prints("--mtu = 1400 --tolerance_usecs=10000 // two\n--xfail=\"a b\"\n`init \\` it\n`\n"
	       "0 `now`/* x **/ +0 %{ \t a = {}\nb }% `cleanup`// no newline",
	       "--mtu=1400\n--tolerance_usecs=10000\n--xfail=\"a b\"\n`init \\` it\n`\n"
	       "0 `now`\n+0 %{ a = {}\nb }%\n`cleanup`\n",
	       -1);
	prints("\xef\xbb\xbf" SOCKET "\r\n+0 %{ {{1}}}%\r\n", SOCKET "+0 %{ {{1}} }%\n", -1);
	prints("--sysctl=net.ipv4.tcp_rmem=\"1 2 3\"\n--sysctl=net.ipv4.tcp_rfc1337=1\n0 `x`",
	       "--sysctl=\"net.ipv4.tcp_rmem=1 2 3\"\n--sysctl=net.ipv4.tcp_rfc1337=1\n0 `x`\n",
	       -1);
	says("", "t.pkt:1:1: error: the script has no events", -1);
	says("0 `a`\n`b`\n`c`\n", "t.pkt:3:1: error: a second cleanup command", -1);
	says("`a`\n`b`\n0 `c`\n", "t.pkt:2:1: error: a second init command", -1);
	says("0 `a`\n`b`\n+0 `c`\n", "t.pkt:2:1: error: the cleanup command comes after", -1);
	says("0 `a`\n--mtu=1400\n", "t.pkt:2:1: error: option lines come before the first event",
	     -1);
	says("--mtu=\n0 `a`\n", "t.pkt:1:7: error: option without the value", -1);
	says("0 `a`\n# no comment\n", "t.pkt:2:1: error: unexpected '#'", -1);
}

static void test_time_forms(void **state)
{
	static const struct {
		const char *text;
		enum time_kind kind;
		int64_t at, until;
	} rows[] = {
		{"1", TIME_ABSOLUTE, NSEC_PER_SEC, NSEC_PER_SEC},
		{".01", TIME_ABSOLUTE, 10000000, 10000000},
		{"+.1", TIME_RELATIVE, 100000000, 100000000},
		{"+ 0.000000001", TIME_RELATIVE, 1, 1},
		{"+0.0000000019", TIME_RELATIVE, 1, 1},
		{"*", TIME_ANY, 0, 0},
		{"1.5~2", TIME_ABSOLUTE_RANGE, 1500000000, 2 * NSEC_PER_SEC},
		{"+1~+1.25", TIME_RELATIVE_RANGE, NSEC_PER_SEC, 1250000000},
		{"2147483647.999999999", TIME_ABSOLUTE, 2147483647999999999, 2147483647999999999},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[200];
		snprintf(text, sizeof(text), SOCKET "%s > . 1:1(0) ack 1\n", rows[i].text);
		struct parsed parsed;
		parse(&parsed, text);
		assert_string_equal(parsed.messages, "");
		const struct event_time *time = &parsed.script->events[1]->time;
		assert_int_equal(time->kind, rows[i].kind);
		assert_int_equal(time->at, rows[i].at);
		assert_int_equal(time->until, rows[i].until);
		prints(parsed.printed, parsed.printed, -1);
		drop(&parsed);
	}
	prints(SOCKET "0...0.2 connect(3, ..., ...) = 0\n",
	       SOCKET "0...0.2 connect(3, ..., ...) = 0\n", -1);
	says(SOCKET "-1 close(3) = 0\n", "t.pkt:2:1: error: a time cannot be negative", -1);
	says(SOCKET "99999999999 close(3) = 0\n", "t.pkt:2:1: error: a time too large", -1);
	says(SOCKET "2~1 > . 1:1(0) ack 1\n", "t.pkt:2:1: error: the time range runs backwards",
	     -1);
	says(SOCKET "0x1 close(3) = 0\n", "t.pkt:2:1: error: ", -1);
	says(SOCKET "1. close(3) = 0\n", "t.pkt:2:2: error: unexpected '.'", -1);
	says(SOCKET "1...+2 close(3) = 0\n", "t.pkt:2:5: error: unexpected '+'", -1);
	says(SOCKET "+0...1 > . 1:1(0) ack 1\n", "only a call has an end time", -1);
}

static void test_strings(void **state)
{
	(void)state;
	struct parsed parsed;
	parse(&parsed, SOCKET "+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, \"a\\x00\\n\" "
			      "\"\\\\\\\"\n\"..., 6) = 0\n");
	assert_string_equal(parsed.messages, "");
	const struct expr *value = parsed.script->events[1]->call->args[3];
	assert_int_equal(value->kind, EXPR_STRING);
	assert_int_equal(value->size, 6);
	assert_memory_equal(value->text, "a\0\n\\\"\n", 6);
	prints(parsed.printed, parsed.printed, -1);
	drop(&parsed);
	says("0 open(\"a\\q\", 0) = 3\n", "t.pkt:1:8: error: unknown escape '\\q'", -1);
	says("0 open(\"a, 0) = 3\n+0 nonsense(5) = 0\n", "t.pkt:1:8: error: string without", -1);
	says("0 open(\"a, 0) = 3\n+0 nonsense(5) = 0\n", "t.pkt:2:4: error: unknown system call",
	     -1);
	says("0 `a\n", "t.pkt:1:3: error: command without its closing backquote", -1);
	says("0 %{ a }\n", "t.pkt:1:3: error: code without }%", -1);
	says("0 `a` /* b\n", "t.pkt:1:7: error: comment without */", -1);
}

static void test_defines(void **state)
{
	static const struct cli_option options[] = {
		{"define", "FD=7"},	   {"define", "COOKIE=de4f"}, {"define", "HEX=0x10"},
		{"define", "CC=\"reno\""}, {"define", "CMD=`true`"},  {"define", "ack=oops"},
	};
	static const char text[] =
		"--define=FD=3 --define=LEN=\"x\" --define=LEN=4 --define=ERR=EPIPE\n"
		"0 CMD\n+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = FD\n"
		"+0 setsockopt(FD, SOL_TCP, TCP_CONGESTION, CC, LEN) = -1 ERR (no FD here)\n"
		"+0 < . 1:1(0) ack 1 win HEX <FO COOKIE>\n";
	struct parsed parsed;
	(void)state;
	parse_bytes(&parsed, text, strlen(text), options, 6, -1);
	assert_string_equal(parsed.messages, "");
	assert_non_null(strstr(
		parsed.printed,
		"0 `true`\n+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 7\n"
		"+0 setsockopt(7, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = -1 EPIPE (no 7 here)\n"
		"+0 < . 1:1(0) ack 1 win 16 <FO de4f>\n"));
	drop(&parsed);
	says("--define=X=a+b\n0 X", "t.pkt:2:3: error: the define's value 'a+b'", -1);
}

static void test_ifdef(void **state)
{
	(void)state;
	prints("#ifdef Linux\n0 `a`\n#endif\n#ifdef FreeBSD\n0 \"?#\n#endif\n+0 `b`\n",
	       "0 `a`\n+0 `b`\n", -1);
	prints("--define=X=1\n#ifdef X\n0 `a`\n#endif", "--define=X=1\n0 `a`\n", -1);
	says("#ifdef Linux\n0 `a`\n", "t.pkt:1:1: error: #ifdef without #endif", -1);
	says("#ifdef Nope\n0 `a`\n", "t.pkt:1:1: error: #ifdef without #endif", -1);
	says("0 `a`\n#endif\n", "t.pkt:2:1: error: #endif without #ifdef", -1);
}

/* ---- packets
 * ------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *printed; /* NULL: the same */
	bool ipv6;
} packets[] = {
	{"< S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>", NULL, 0},
	{"> S. 0:0(0) ack 1 <...>", NULL, 0},
	{"< . 1:1001(1000) ack 1 win 257 urg 5", NULL, 0},
	{"> - 0:0(0)", NULL, 0},
	{"> FPU. 1:2(1) ack 4294967295", "> FPU. 1:2(1) ack 4294967295", 0},
	{"> SWE 0:0(0)", "> SEW 0:0(0)", 0},
	{"> S.EW 0:0(0)", "> SEW. 0:0(0)", 0},
	{"> EAP. 0:0(0)", "> PEA. 0:0(0)", 0},
	{"> P5. 0:0(0)", "> P.5 0:0(0)", 0},
	{"> .5 0:0(0)", NULL, 0},
	{"> S5 0:0(0)", NULL, 0},
	{"> S .0 0:0(0)", "> S.0 0:0(0)", 0},
	{"> 8080 > 80 . 1:1(0) ack 1", NULL, 0},
	{"< . 5:6(1)! ack 1 win 5", NULL, 0},
	{"> . ...(100) ack 1", NULL, 0},
	{"> . 1:1(0) ack 1 <nop, nop, sack 1:2 3:4>", "> . 1:1(0) ack 1 <nop,nop,sack 1:2 3:4>", 0},
	{"> . 1:1(0) ack 1 <TS val ... ecr 5!,nop,nop>", NULL, 0},
	{"> . 1:1(0) ack 1 <md5 000102030405060708090a0b0c0d0e0f,eol,nop>", NULL, 0},
	{"> . 1:1(0) ack 1 <md5 valid,nop,nop>", NULL, 0},
	{"> S 0:0(0) <FO,nop,nop>", NULL, 0},
	{"> S 0:0(0) <FO 1234567890123456,nop,nop>", NULL, 0},
	{"> S 0:0(0) <FOEXP,FOEXP DE4f234f,nop,nop,nop,nop>",
	 "> S 0:0(0) <FOEXP,FOEXP de4f234f,nop,nop,nop,nop>", 0},
	{"> . 1:1(0) <ECN e1b 1 ceb 2 e0b 3,nop>", NULL, 0},
	{"> . 1:1(0) <AccECN0 ee0b 16777215,nop,nop,nop>",
	 "> . 1:1(0) <ECN e0b 16777215,nop,nop,nop>", 0},
	{"> . 1:1(0) <AccECN1,nop,nop>", "> . 1:1(0) <gen-174,nop,nop>", 0},
	{"> . 1:1(0) <gen-30 0102,gen-0x1f,nop,nop>", "> . 1:1(0) <gen-30 0102,gen-31,nop,nop>", 0},
	{"> . 1:1(0) <exp-0a1B 01,nop,nop,nop>", "> . 1:1(0) <exp-0a1b 01,nop,nop,nop>", 0},
	{"> . 1:1(0) <exp-FO,exp-F989 beef,nop,nop>", "> . 1:1(0) <FOEXP,FOEXP beef,nop,nop>", 0},
	{"> . 1:1(0) <020405b4,gen-3 07,01,050a0000000100000002,nop,nop>",
	 "> . 1:1(0) <mss 1460,wscale 7,nop,sack 1:2,nop,nop>", 0},
	{"> . 1:1(0) <gen-2 01,nop>", NULL, 0},
	{"> [ect01] . 1:1(0)", NULL, 0},
	{"> ( ect0 ) . 1:1(0)", "> [ect0] . 1:1(0)", 0},
	{"> [noecn, flowlabel 0x12] . 1:1(0)", "> [noecn, flowlabel 0x00012] . 1:1(0)", 1},
	{"> [class 0x12, hlim 5] . 1:1(0)", "> [tos 0x12, ttl 5] . 1:1(0)", 1},
	{"> [dscp af11, ect0, ttl 64] P. 1:2(1)", "> [tos 0x2a, ttl 64] P. 1:2(1)", 0},
	{"> [dscp voice-admit] P. 1:2(1)", "> [dscp 0x2c] P. 1:2(1)", 0},
	{"> [dscp le, ecn ect01] P. 1:2(1)", "> [dscp 0x01, ect01] P. 1:2(1)", 0},
	{"< udp(50)", "< udp (50)", 0},
	{"> [ttl 1] udp 53 > 54 (100)", NULL, 0},
	{"< icmp unreachable host_unreachable [1:1461(1460)]", NULL, 0},
	{"< icmp unreachable code_1", "< icmp unreachable host_unreachable", 0},
	{"< icmp type_250 code_7", NULL, 0},
	{"< [1:1461(1460)] icmp unreachable frag_needed mtu 1200",
	 "< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]", 0},
	{"< icmp packet_too_big mtu 70000 [udp (8)]", NULL, 1},
	{"< icmp unreachable port_unreachable [raw (8)]", NULL, 1},
	{"< icmp unreachable net_unreachable", "< icmp unreachable no_route", 1},
	{"> icmp echo_request id 7 [raw (64)]", NULL, 0},
	{"< ipv4 [ect1] 1.2.3.4 > 2.3.4.5: ipv6 (ttl 5) ::1 > 2001:db8::2: gre: . 1:1(0) win 5",
	 "< ipv4 [ect1] 1.2.3.4 > 2.3.4.5: ipv6 [ttl 5] ::1 > 2001:db8::2: gre: . 1:1(0) win 5", 0},
	{"> GREv0, flags[key present, sequence# present], sum 0, off 0, key=0x5, seq 6: - 1:1(0)",
	 "> gre flags 0x3000, sum 0, off 0, key 5, seq 6: - 1:1(0)", 0},
	{"> gre flags[none] sum 1 off 2 key 3 seq 4: - 1:1(0)",
	 "> gre flags 0x0000, sum 1, off 2, key 3, seq 4: - 1:1(0)", 0},
	{"> mpls (label 1048575, tc 7, ttl 3) (label 2, tc 0, [S], ttl 255): . 1:1(0)", NULL, 0},
};

static void test_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
		char text[400], expected[400];
		const char *printed = packets[i].printed ? packets[i].printed : packets[i].text;
		snprintf(text, sizeof(text), "0 `a`\n+0%s\n", packets[i].text);
		snprintf(expected, sizeof(expected), "0 `a`\n+0 %s\n", printed);
		prints(text, expected, packets[i].ipv6 ? IP_V6 : IP_V4);
	}
}

static const struct {
	const char *packet, *message; /* the packet begins in column 4 */
} bad_packets[] = {
	{"> Q 1:1(0)", ":6: error: unknown TCP flag 'Q'"},
	{"> ct 1:1(0)", ":6: error: unknown TCP flag 'c'"},
	{"> E5. 1:1(0)", ":6: error: an AccECN digit stands for"},
	{"> S5W 1:1(0)", ":6: error: an AccECN digit stands for"},
	{"> 5.6 1:1(0)", ":6: error: more than one AccECN digit"},
	{"> . 1:1(1)", ":8: error: sequence numbers and length differ: 1 + 1 is 2, not 1"},
	{"> . 4294967295:0(1)", ":8: error: sequence numbers and length differ"},
	{"> . 4294967296:4294967296(0)", "out of range: 0 to 4294967295"},
	{"> . 1:70001(70000)", "out of range: 0 to 65535"},
	{"> . 1:65536(65535)", "too long for IP"},
	{"> . -1:1(2)", "out of range"},
	{"> . 1:0x1(0)", "unexpected '0x1', expected number"},
	{"> . 1:1(0) ack", "the event breaks off, expected number"},
	{"> . 1:1(0) win 65536", ":19: error: win 65536 is out of range"},
	{"> . 1:1(0) win 99999999999999999999999",
	 ":19: error: win 99999999999999999999999 is out of range"},
	{"> . 1:1(0) win 5 ack 1", ":21: error: unexpected 'ack'"},
	{"< . 1:1(0) ack 1", ":8: error: an injected segment needs a window"},
	{"< . ...(5) ack 1 win 5", "needs a sequence number"},
	{"< . 1:1(0) ack 1 win 5 <...>", ":27: error: <...> is for expected segments only"},
	{"> . 1:1(0) <>", ":16: error: unexpected '>'"},
	{"> . 1:1(0) <mss 1460,nop>", ":15: error: the options take 5 bytes"},
	{"> . 1:1(0) <mss 65536>", "mss 65536 is out of range"},
	{"> . 1:1(0) <mss 0x10>", "mss is a decimal number, not '0x10'"},
	{"> . 1:1(0) <mss>", "mss needs a number"},
	{"> . 1:1(0) <mss 1 2>", "unexpected '2' in mss"},
	{"> . 1:1(0) <wscale 256,nop>", "wscale 256 is out of range"},
	{"> . 1:1(0) <SACKok,nop,nop>", "did you mean sackOK?"},
	{"> . 1:1(0) <sack 1:2 3:4 5:6 7:8 9:10>", "at most 4 blocks fit"},
	{"> . 1:1(0) <sack 1>", "a block is LEFT:RIGHT"},
	/* what a broken option leaves behind must not reach the next */
	{"> . 1:1(0) <sack 1:2 3:4 5:6 7:8 9:10,TS val 1 ecr 70000000000>",
	 "ecr 70000000000 is out of range"},
	{"> . 1:1(0) <FO 00112233,FO 0,md5 000102030405060708090a0b0c0d0e0f,x>",
	 "unknown TCP option 'x'"},
	{"> . 1:1(0) <TS val 1>", "TS needs ecr N"},
	{"> . 1:1(0) <FO abc>", "an odd number of hexadecimal digits"},
	{"> . 1:1(0) <FO xyz0>", "'xyz0' is not hexadecimal"},
	{"> . 1:1(0) <md5 000102030405060708090a0b0c0d0e0f00>", "too long: at most 16"},
	{"> . 1:1(0) <ECN>", "ECN needs a counter"},
	{"> . 1:1(0) <ECN e0b 1 e1b 2,nop,nop>", "unexpected 'e1b' in ECN"},
	{"> . 1:1(0) <ECN e0b 16777216,nop,nop,nop>", "out of range: 0 to 16777215"},
	{"> . 1:1(0) <gen-256>", "a kind is a number from 0 to 255"},
	{"> . 1:1(0) <exp-12 00>", "an experiment has four hexadecimal digits"},
	{"> . 1:1(0) <0205ffff>", "the option's length byte says 5, but 4 bytes are written"},
	{"> . 1:1(0) <TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,nop>",
	 "take more than 40 bytes"},
	{"< [ect01] . 1:1(0) win 5", "ect01 is for expected packets only"},
	{"> [ttl 256] . 1:1(0)", "ttl 256 is out of range"},
	{"> [ttl] . 1:1(0)", "ttl needs a value"},
	{"> [tos 16] . 1:1(0)", "tos is a hexadecimal number"},
	{"> [tos 0x100] . 1:1(0)", "out of range"},
	{"> [tos 0x10, ect0] . 1:1(0)", "tos is the whole byte"},
	{"> [ect0 ttl 5] . 1:1(0)", "expected ',' before 'ttl'"},
	{"> [ect0, ce] . 1:1(0)", "a second ECN word"},
	{"> [ect0,] . 1:1(0)", "nothing after ','"},
	{"> [flowlabel 0x100000] . 1:1(0)", "out of range"},
	{"> [nonsense] . 1:1(0)", "unknown IP field 'nonsense'"},
	{"> 70000 > 80 . 1:1(0)", "a port 70000 is out of range"},
	{"> [1:2(1)] . 1:1(0)", "an echoed packet belongs to ICMP"},
	{"> udp (65530)", "out of range"},
	{"< icmp unreachable frag_neded", "did you mean frag_needed?"},
	{"< icmp packet_too_big", "unknown ICMPv4 type 'packet_too_big'"},
	{"< icmp type_256", "unknown ICMPv4 type 'type_256'"},
	{"< icmp unreachable mtu 5", "mtu goes with unreachable frag_needed only"},
	{"< icmp unreachable id 5", "id goes with requests and replies only"},
	{"< icmp unreachable [raw (7)]", "at least 8"},
	{"< icmp unreachable [1:1(0)] [1:1(0)]", "a second echoed packet"},
	{"> ipv4 ::1 > 1.2.3.4: . 1:1(0)", "::1 is no IPv4 address"},
	{"> ipv4 1.2.3.400 > 1.2.3.4: . 1:1(0)", "'1.2.3.400' is no address"},
	{"> gre: gre: gre: gre: gre: gre: gre: . 1:1(0)", "too many outer headers"},
	{"> gre flags 0x1 sum 0 off 0 key 0 seq 0: . 1:1(0)", "only version 0 of GRE"},
	{"> gre flags[none] sum 0 off 0: . 1:1(0)", "malformed GRE header"},
	{"> mpls (label 1, tc 0): . 1:1(0)", "an MPLS label is"},
	{"> mpls (label 1048576, tc 0, ttl 1): . 1:1(0)", "label is out of range"},
	{"> encap psp spi 5 . 1:1(0)", "PSP encapsulation is not supported yet"},
	{"> . 1:1(0)/udp(5 > 6)", "UDP encapsulation is not supported yet"},
	{"> sctp: INIT[]", "SCTP packets are not supported"},
};

static void test_bad_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_packets) / sizeof(*bad_packets); i++) {
		char text[400];
		snprintf(text, sizeof(text), "0 `a`\n+0 %s\n+0 `b`\n", bad_packets[i].packet);
		says(text, bad_packets[i].message, IP_V4);
		says(text, "t.pkt:2:", IP_V4);
	}
}

/* What is written in wire order ends up in wire order. */
static void test_option_values(void **state)
{
	struct parsed parsed;
	(void)state;
	parse(&parsed,
	      "0 `a`\n+0 > . 1:1(0) <ECN e1b 1 ceb 2,nop,nop,nop,FOEXP 0102,nop,nop,nop>\n");
	assert_string_equal(parsed.messages, "");
	const struct tcp_segment *tcp = &parsed.script->events[1]->packet->tcp;
	assert_int_equal(tcp->n_options, 8);
	assert_int_equal(tcp->options[0].kind, 174);
	assert_int_equal(tcp->options[0].length, 8);
	assert_int_equal(tcp->options[0].value[0], 1);
	assert_int_equal(tcp->options[0].value[1], 2);
	assert_int_equal(tcp->options[4].kind, 254);
	assert_int_equal(tcp->options[4].length, 6);
	assert_int_equal(tcp->options[4].n_bytes, 2);
	assert_memory_equal(tcp->options[4].bytes, "\x01\x02", 2);
	drop(&parsed);
}

static void test_option_rows(void **state)
{
	static const uint8_t fast_open[] = {0xf9, 0x89, 1}, other[] = {0xf9, 0x88, 1};
	(void)state;
	assert_string_equal(tcp_option_by_kind(2, 4, fast_open)->name, "mss");
	assert_null(tcp_option_by_kind(2, 3, fast_open));
	assert_string_equal(tcp_option_by_kind(254, 5, fast_open)->name, "FOEXP");
	assert_null(tcp_option_by_kind(254, 5, other));
	assert_null(tcp_option_by_kind(254, 3, fast_open));
	assert_null(tcp_option_by_kind(30, 4, other));
	assert_null(tcp_option_by_kind(5, 2, other));
	assert_string_equal(tcp_option_by_kind(5, 34, other)->name, "sack");
	assert_null(tcp_option_by_kind(5, 42, other));
}

/* ---- calls
 * ---------------------------------------------------------------------------------------- */

static void test_calls(void **state)
{
	static const char text[] = SOCKET
		"+0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR | O_NONBLOCK)\n"
		"+0 bind(3, ..., ...) = -1 EADDRINUSE (Address already in use)\n"
		"+0 sendmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 4}, {..., 5}], msg_flags=0}, "
		"MSG_OOB|0x4) = 9\n"
		"+0 poll([{fd=3, events=POLLIN|POLLOUT, revents=0}], 1, 0) = 0\n"
		"+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n";
	(void)state;
	prints(text, text, -1);
	says(SOCKET "+0 close(3 = 0\n+0 close(5)) = 0\n+0 < x\n",
	     "t.pkt:2:12: error: unexpected '='", -1);
	says(SOCKET "+0 close(3 = 0\n+0 close(5)) = 0\n+0 < x\n",
	     "t.pkt:3:12: error: unexpected ')'", -1);
	says(SOCKET "+0 close(3 = 0\n+0 close(5)) = 0\n+0 < x\n",
	     "t.pkt:4:7: error: the event breaks off", -1);
	says(SOCKET "+0 close(99999999999999999999) = 0\n", "t.pkt:2:10: error: the number", -1);
}

static void test_words(void **state)
{
	static const char text[] = SOCKET "+0 tcp_state(3) = TCP_FIN_WAIT2\n"
					  "+0~+61 tcp_state(...) = TCP_CLOSE\n"
					  "+0 tcp_states(3) = [TCP_ESTABLISHED, TCP_CLOSING]\n"
					  "+0~+0.5 quiet\n+0 kill(SIGKILL)\n";
	(void)state;
	prints(text, text, -1);
}

/* ---- messages
 * ----------------------------------------------------------------------------------------- */

static void test_carets(void **state)
{
	struct parsed parsed;
	(void)state;
	parse(&parsed, "0\t`\xe4\xb8\x89` +0 > . 1:2(0)\r\n");
	assert_string_equal(
		parsed.messages,
		"t.pkt:1:16: error: sequence numbers and length differ: 1 + 0 is 1, not 2\n"
		"  0\t`\xe4\xb8\x89` +0 > . 1:2(0)\n"
		"   \t            ^~~~~~\n");
	drop(&parsed);
}

static void test_order(void **state)
{
	struct parsed parsed;
	(void)state;
	/* Found by check, grammar, packet check and scanner, printed from top to bottom. */
	parse(&parsed, "0 nonsense(1) = 0\n+0 close( = 0\n+0 > Q 1:1(0)\n+0 @ `a`\n");
	const char *at = parsed.messages;
	for (int line = 1; line <= 4; line++) {
		char where[20];
		snprintf(where, sizeof(where), "t.pkt:%d:", line);
		at = strstr(at, where);
		assert_non_null(at);
	}
	assert_int_equal(diags_errors(parsed.diags), 4);
	drop(&parsed);
}

/* ---- anything at all
 * ------------------------------------------------------------------------------------ */

static void test_library_reprints(void **state)
{
	glob_t found;
	(void)state;
	assert_int_equal(glob("scripts/*/*.pkt", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct arena *arena = arena_new();
		struct source source;
		struct parsed first;
		assert_int_equal(source_load(arena, found.gl_pathv[i], &source), 0);
		parse_bytes(&first, source.text, source.size, NULL, 0, -1);
		assert_string_equal(first.messages, "");
		prints(first.printed, first.printed, -1);
		drop(&first);
		arena_free(arena);
	}
	globfree(&found);
}

/* Every beginning of a script, and the script without any one byte: no crash (run it under ASan).
 */
static void test_truncated(void **state)
{
	char text[400], copy[400];
	(void)state;
	snprintf(text, sizeof(text),
		 "--mtu=5 `i`\n" SOCKET "+0...1 read(3, {a=\"\\x01\"}, [1|B]) = -1 E (n)\n"
		 "+0~+1 > ipv4 1.2.3.4 > 1.2.3.4: [ttl 5] S. 1:2(1) ack 1 <FO 12,TS val 1 ecr 2>\n"
		 "* < icmp type_1 mtu 5 [1:2(1)] %%{ a }%% /* b */\n");
	size_t n = strlen(text);
	for (size_t i = 0; i < n; i++) {
		struct parsed parsed;
		memcpy(copy, text, i);
		copy[i] = 0;
		parse(&parsed, copy);
		drop(&parsed);
		strcpy(copy + i, text + i + 1);
		parse(&parsed, copy);
		drop(&parsed);
	}
}

static void repeat(const char *head, const char *piece, size_t n, const char *tail)
{
	size_t size;
	char *text;
	struct parsed parsed;
	FILE *out = open_memstream(&text, &size);
	fputs(head, out);
	for (size_t i = 0; i < n; i++)
		fputs(piece, out);
	fputs(tail, out);
	fclose(out);
	parse_bytes(&parsed, text, size, NULL, 0, -1);
	drop(&parsed);
	free(text);
}

/* Each of these took minutes, or all memory, if anything in it were quadratic. */
static void test_long(void **state)
{
	static const size_t many = 5000;
	(void)state;
	repeat("0 `a`\n", "+0 < . 1:1001(1000) ack 1 win 5 <nop,nop,TS val 1 ecr 2>\n", many, "");
	repeat("0 `a`\n", "+0 close(3 = 0\n", many, "");
	repeat("0 a(", "[", many, "");
	repeat("0 a(", "\"x\" ", many, ") = 0\n");
	repeat("0 a(1", "|1", many, ") = 0\n");
	repeat("0 a(1) = 0 (", "x ", many, ")\n");
	repeat("0 ", "\\\"", many, "");
	repeat("0 ", "/* ", many, "");
	repeat("0 ", "`\\", many, "");
	repeat("", "--define=A=1\n", many, "0 A");
	repeat("0 > . 1:1(0) <", "nop,", many, "nop>\n");
	repeat("0 > ", "gre:", many, ". 1:1(0)\n");
	repeat("0 ", "\n#", many, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),	    cmocka_unit_test(test_time_forms),
		cmocka_unit_test(test_strings),	    cmocka_unit_test(test_defines),
		cmocka_unit_test(test_ifdef),	    cmocka_unit_test(test_packets),
		cmocka_unit_test(test_bad_packets), cmocka_unit_test(test_option_values),
		cmocka_unit_test(test_option_rows), cmocka_unit_test(test_calls),
		cmocka_unit_test(test_words),	    cmocka_unit_test(test_carets),
		cmocka_unit_test(test_order),	    cmocka_unit_test(test_library_reprints),
		cmocka_unit_test(test_truncated),   cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests_name("parser", tests, NULL, NULL);
}
