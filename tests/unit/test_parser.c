/* Tests scanner, grammar, messages and printing through script_parse(). */
#include <glob.h>

#include "tests/unit/parser_fixture.h"

/* ---- layout and words ------------------------------------------------------------- */

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
		const struct event_time *time;
		struct parsed parsed;
		char text[200];

		snprintf(text, sizeof(text), SOCKET "%s > . 1:1(0) ack 1\n", rows[i].text);
		parse(&parsed, text);
		assert_string_equal(parsed.messages, "");
		time = &parsed.script->events[1]->time;
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
	says(SOCKET "1...+2 close(3) = 0\n", "t.pkt:2:5: error: an end time has no '+'", -1);
	says(SOCKET "+0...1 > . 1:1(0) ack 1\n", "only a call has an end time", -1);
}

static void test_strings(void **state)
{
	const struct expr *value;
	struct parsed parsed;

	(void)state;
	parse(&parsed, SOCKET "+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, \"a\\x00\\n\" "
			      "\"\\\\\\\"\n\"..., 6) = 0\n");
	assert_string_equal(parsed.messages, "");
	value = parsed.script->events[1]->call->args[3];
	assert_int_equal(value->kind, EXPR_STRING);
	assert_int_equal(value->size, 6);
	assert_memory_equal(value->text, "a\0\n\\\"\n", 6);
	prints(parsed.printed, parsed.printed, -1);
	drop(&parsed);
	says("0 open(\"a\\q\", 0) = 3\n", "t.pkt:1:8: error: unknown escape '\\q'", -1);
	says("0 open(\"a, 0) = 3\n+0 nonsense(5) = 0\n", "t.pkt:1:8: error: '\"' is never closed", -1);
	says("0 open(\"a, 0) = 3\n+0 nonsense(5) = 0\n", "t.pkt:2:4: error: unknown system call",
	     -1);
	says("0 `a\n", "t.pkt:1:3: error: '`' is never closed", -1);
	says("0 %{ a }\n", "t.pkt:1:3: error: '%{' is never closed", -1);
	says("0 `a` /* b\n", "t.pkt:1:7: error: '/*' is never closed", -1);
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

/* ---- calls ------------------------------------------------------------------------- */

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
	     "t.pkt:2:9: error: '(' is never closed", -1);
	says(SOCKET "+0 close(3 = 0\n+0 close(5)) = 0\n+0 < x\n",
	     "t.pkt:3:12: error: ')' without '(' before it", -1);
	says(SOCKET "+0 close(3 = 0\n+0 close(5)) = 0\n+0 < x\n",
	     "t.pkt:4:7: error: the event ends too early", -1);
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

/* ---- messages ---------------------------------------------------------------------- */

static void test_carets(void **state)
{
	struct parsed parsed;

	(void)state;
	parse(&parsed, "0\t`\xe4\xb8\x89` +0 > . 1:2(0)\r\n");
	assert_string_equal(
		parsed.messages,
		"t.pkt:1:16: error: sequence numbers and length differ: 1 + 0 is 1, not 2\n"
		"  0       `\xe4\xb8\x89` +0 > . 1:2(0)\n"
		"                      ^~~~~~\n");
	drop(&parsed);
}

static void test_order(void **state)
{
	const char *at;
	struct parsed parsed;

	(void)state;
	/* Found by check, grammar, packet check and scanner, printed from top to bottom. */
	parse(&parsed, "0 nonsense(1) = 0\n+0 close( = 0\n+0 > Q 1:1(0)\n+0 @ `a`\n");
	at = parsed.messages;
	for (int line = 1; line <= 4; line++) {
		char where[20];

		snprintf(where, sizeof(where), "t.pkt:%d:", line);
		at = strstr(at, where);
		assert_non_null(at);
	}
	assert_int_equal(diags_errors(parsed.diags), 4);
	drop(&parsed);
}

/* ---- anything at all --------------------------------------------------------------- */

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
	size_t n;
	char text[400], copy[400];

	(void)state;
	snprintf(text, sizeof(text),
		 "--mtu=5 `i`\n" SOCKET "+0...1 read(3, {a=\"\\x01\"}, [1|B]) = -1 E (n)\n"
		 "+0~+1 > ipv4 1.2.3.4 > 1.2.3.4: [ttl 5] S. 1:2(1) ack 1 <FO 12,TS val 1 ecr 2>\n"
		 "* < icmp type_1 mtu 5 [1:2(1)] %%{ a }%% /* b */\n");
	n = strlen(text);
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
		cmocka_unit_test(test_layout),	  cmocka_unit_test(test_time_forms),
		cmocka_unit_test(test_strings),	  cmocka_unit_test(test_defines),
		cmocka_unit_test(test_ifdef),	  cmocka_unit_test(test_calls),
		cmocka_unit_test(test_words),	  cmocka_unit_test(test_carets),
		cmocka_unit_test(test_order),	  cmocka_unit_test(test_library_reprints),
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("parser", tests, NULL, NULL);
}
