/* The failure report, whole texts: tests/unit/report/diff-*.txt. */
#include "tests/unit/report_samples.h"

static char *report(const struct run_result *result, const char *source, bool color)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_failure(out, result, source, color);
	fclose(out);
	return text;
}

static void expect(struct run_result *result, const char *name)
{
	char *text = report(result, NULL, false);

	golden(name, text);
	free(text);
	run_result_free(result);
}

static void segment_differs(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_SEGMENT, 14, 150 * MS, "0.150 > . 2:2(0) ack 2 <...>",
		      "> . 2:2(0) ack 1 win 65535 <nop,nop,TS val 3 ecr 4>", "TCP_CLOSING");

	(void)state;
	differ(result, record, FIELD_tcp_ack, "2", "1");
	run_result_fail(result, record);
	result->source_line = "0.150 > . 2:2(0) ack 2 <...> // \xe6\x8c\xa5\xe6\x89\x8b";
	expect(result, "diff-segment.txt");
}

static void options_differ(void **state)
{
	struct run_result *result = begin("ipv6");
	struct record *record =
		event(result, RECORD_SEGMENT, 6, 0,
		      "+0 > SE. 0:0(0) ack 1 win 100 <mss 1460,nop,wscale 7>",
		      "> S. 0:0(0) ack 1 win 200 <mss 1440,sackOK,TS val 1 ecr 0,nop,wscale 8>",
		      "TCP_SYN_RECV");

	(void)state;
	differ(result, record, FIELD_tcp_flags, "SE.", "S.");
	differ(result, record, FIELD_tcp_window, "100", "200");
	differ(result, record, FIELD_option_mss, "mss 1460", "mss 1440")->index = 1;
	differ(result, record, FIELD_tcp_option, "nop", "sackOK")->index = 2;
	for (int i = 0; i < MAX_MISMATCHES - 2; i++)
		differ(result, record, FIELD_tcp_option, "wscale 7", "TS val 1 ecr 0")->index = 3;
	record->message = "the segment differs from the expected one in flags and more";
	record->column = 3;
	run_result_fail(result, record);
	result->source_line = "\t\t+0 > SE. 0:0(0) ack 1 win 100 <mss 1460,nop,wscale 7>";
	expect(result, "diff-options.txt");
}

/* Flags, numbers and a field that only the kernel's segment shows. */
static void all_differs(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_SEGMENT, 14, 150 * MS, "+0 > . 2:2(0) ack 9",
				      "> FP. 1:1001(1000) ack 2 win 64239", "TCP_CLOSING");

	(void)state;
	differ(result, record, FIELD_tcp_flags, ".", "FP.");
	differ(result, record, FIELD_tcp_seq, "2", "1");
	differ(result, record, FIELD_tcp_length, "0", "1000");
	differ(result, record, FIELD_tcp_ack, "9", "2");
	run_result_fail(result, record);
	expect(result, "diff-all.txt");
}

/* The end of one range is the length of the other: they do not pair. */
static void one_byte_less(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_SEGMENT, 14, 150 * MS, "+0 > P. 1:12(11) ack 2",
		      "> P. 1:11(10) ack 1 win 64240", "TCP_ESTABLISHED");

	(void)state;
	differ(result, record, FIELD_tcp_length, "11", "10");
	differ(result, record, FIELD_tcp_ack, "2", "1");
	run_result_fail(result, record);
	expect(result, "diff-length.txt");
}

static void segment_late(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_SEGMENT, 14, 150 * MS, "0.150 > . 2:2(0) ack 2",
		      "> . 2:2(0) ack 2 win 65535", "TCP_TIME_WAIT");

	(void)state;
	record->actual_ns = 172300000;
	record->late = true;
	run_result_fail(result, record);
	expect(result, "diff-late.txt");
}

static void segment_early_of_range(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_SEGMENT, 14, 350 * MS, "+0.2~+0.3 > . 2:2(0) ack 2 <...>",
		      "> . 2:2(0) ack 2 win 65535", "TCP_TIME_WAIT");

	(void)state;
	record->until_ns = 450 * MS;
	record->actual_ns = 152 * MS;
	record->late = true;
	run_result_fail(result, record);
	expect(result, "diff-early.txt");
}

static void timed_out(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_SEGMENT, 14, 150 * MS,
				      "0.150 > . 2:2(0) ack 2", NULL, "TCP_FIN_WAIT1");

	(void)state;
	record->message = "nothing came within 2.0 s";
	record->hint = "another connection did send; write its ports before the flags";
	run_result_fail(result, record);
	expect(result, "diff-timeout.txt");
}

static void sent_instead(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_SEGMENT, 14, 150 * MS,
				      "0.150 > . 2:2(0) ack 2", NULL, "TCP_CLOSE");

	(void)state;
	run_result_fail(result, record);
	result->records[5]->status = RECORD_WARNING;
	result->records[5]->message = "close() took 5 ms";
	event(result, RECORD_EXTRA, 0, 160 * MS, NULL, "> R. 2:2(0) ack 1 win 0", "TCP_CLOSE");
	expect(result, "diff-instead.txt");
}

static void call_result(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_CALL, 11, 151 * MS, "+0 read(4, ..., 1000) = 100",
		      "read(4, ..., 1000) = -1 ECONNRESET (Connection reset by peer)", "TCP_CLOSE");

	(void)state;
	differ(result, record, FIELD_call_result, "100", "-1");
	differ(result, record, FIELD_call_errno, "none", "ECONNRESET");
	run_result_fail(result, record);
	result->source_line = "+0 read(4, ..., 1000) = 100";
	expect(result, "diff-call.txt");
}

/* What an errno means stands right behind it, unmarked. */
static void call_errno(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(
		result, RECORD_CALL, 11, 151 * MS,
		"+0 bind(3, ..., ...) = -1 EADDRINUSE (Address already in use)",
		"bind(3, ..., ...) = -1 EADDRNOTAVAIL (Cannot assign requested address)", NULL);

	(void)state;
	differ(result, record, FIELD_call_errno, "EADDRINUSE", "EADDRNOTAVAIL");
	run_result_fail(result, record);
	expect(result, "diff-errno.txt");
}

/* Recorded before the call that blocked has returned, but later than that. */
static void call_returned_before(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record;

	(void)state;
	event(result, RECORD_QUIET, 10, 200 * MS, "+0~+.05 quiet", NULL, "TCP_FIN_WAIT1");
	event(result, RECORD_INJECT, 10, 260 * MS, "+0 < . 1:1(0) ack 2", "< . 1:1(0) ack 2",
	      "TCP_FIN_WAIT2");
	record = event(result, RECORD_CALL_END, 4, 400 * MS, "+.01...0.4 read(4, ..., 9) = 0",
		       "read(4, ..., 9) = 0", "TCP_FIN_WAIT1");
	record->actual_ns = 255 * MS;
	record->late = true;
	run_result_fail(result, record);
	expect(result, "diff-returned.txt");
}

static void call_out_values(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(
		result, RECORD_CALL, 11, 151 * MS,
		"+0 poll([{fd=4, events=POLLIN, revents=POLLIN|POLLHUP}], 1, 0) = 1",
		"poll([{fd=4, events=POLLIN, revents=POLLIN|POLLRDHUP}], 1, 0) = 1", "TCP_CLOSE");

	(void)state;
	differ(result, record, FIELD_poll_revents, "POLLIN|POLLHUP", "POLLIN|POLLRDHUP")->number =
		4;
	run_result_fail(result, record);
	expect(result, "diff-out-values.txt");
}

static void call_blocks(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_CALL, 11, 151 * MS,
				      "+0 read(4, ..., 1000) = 100", NULL, "TCP_ESTABLISHED");

	(void)state;
	record->actual_ns = 151 * MS;
	record->fault = FAULT_BLOCKS;
	record->message = "the call blocks, though it is not marked so";
	record->hint = "write 0.151...END read(...) for a call that may block until END";
	run_result_fail(result, record);
	expect(result, "diff-blocks.txt");
}

static void state_differs(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_STATE, 11, 151 * MS, "+0~+1 tcp_state(4) = TCP_TIME_WAIT",
		      "tcp_state(4) = TCP_FIN_WAIT2", "TCP_FIN_WAIT2");

	(void)state;
	record->message = "expected TCP_TIME_WAIT, is TCP_FIN_WAIT2";
	run_result_fail(result, record);
	expect(result, "diff-state.txt");
}

static void path_differs(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(
		result, RECORD_STATES, 11, 151 * MS,
		"+0 tcp_states(4) = [TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_CLOSING, TCP_TIME_WAIT]",
		"tcp_states(4) = [TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_TIME_WAIT]", "TCP_TIME_WAIT");

	(void)state;
	run_result_fail(result, record);
	expect(result, "diff-path.txt");
}

static void not_quiet(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_QUIET, 11, 150 * MS, "+0~+.5 quiet",
				      "> F. 1:1(0) ack 1 win 65535", "TCP_FIN_WAIT1");

	(void)state;
	record->until_ns = 650 * MS;
	record->actual_ns = 355 * MS;
	run_result_fail(result, record);
	expect(result, "diff-quiet.txt");
}

static void extra_segment(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_EXTRA, 0, INT64_MIN, NULL, "> . 2:2(0) ack 2",
				      "TCP_TIME_WAIT");

	(void)state;
	record->actual_ns = 155 * MS;
	record->message = "a segment that the script does not expect (--strict)";
	run_result_fail(result, record);
	expect(result, "diff-extra.txt");
}

static void command_fails(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_COMMAND, 11, 151 * MS, "+0 `ls /none\nfalse`",
				      NULL, "TCP_ESTABLISHED");
	char output[800] = "";

	(void)state;
	record->actual_ns = 160 * MS;
	record->message = "the command ended with exit status 1";
	run_result_fail(result, record);
	for (int i = 1; i <= 25; i++)
		sprintf(output + strlen(output), "line %d\x1b[31m\t|\n", i);
	result->output = output;
	expect(result, "diff-command.txt");
}

static void code_fails(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_CODE, 11, INT64_MIN, NULL, NULL, NULL);

	(void)state;
	record->message = "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd";
	mismatch_set_name(differ(result, record, FIELD_variable, "", "9"), "tcpi_snd_cwnd");
	run_result_fail(result, record);
	result->source_line = "   assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd";
	expect(result, "diff-code.txt");
}

static void crash(void **state)
{
	struct run_result *result = begin("ipv4");

	(void)state;
	result->verdict = VERDICT_ERROR;
	result->reason = "the run was ended by SIGSEGV";
	expect(result, "diff-crash.txt");
}

static void bad_script(void **state)
{
	struct run_result *result = run_result_new("x.pkt", NULL);

	(void)state;
	result->verdict = VERDICT_ERROR;
	result->reason = "1 error in the script";
	result->diagnostics = "x.pkt:1:3: error: unknown call\n";
	expect(result, "diff-bad-script.txt");
}

static void expected_failure(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_STATE, 11, 151 * MS, "+0 tcp_state(4) = TCP_CLOSING",
		      "tcp_state(4) = TCP_TIME_WAIT", "TCP_TIME_WAIT");

	(void)state;
	run_result_fail(result, record);
	result->verdict = VERDICT_XFAIL;
	result->reason = "kernels before 6.11 do this";
	expect(result, "diff-xfail.txt");

	result = begin("ipv4");
	result->verdict = VERDICT_XPASS;
	expect(result, "diff-xpass.txt");
}

static void late_itself(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record =
		event(result, RECORD_SEGMENT, 14, 150 * MS, "0.150 > . 2:2(0) ack 2",
		      "> . 2:2(0) ack 2", "TCP_TIME_WAIT");

	(void)state;
	record->actual_ns = 190 * MS;
	record->late = true;
	run_result_fail(result, record);
	result->verdict = VERDICT_LATE;
	result->attempts = 4;
	result->max_late_ns = 35500000;
	expect(result, "diff-inconclusive.txt");
}

static void skipped(void **state)
{
	struct run_result *result = run_result_new("x.pkt", "ipv6");

	(void)state;
	result->verdict = VERDICT_SKIP;
	result->reason = "needs kernel>=6.11";
	expect(result, "diff-skip.txt");
}

static void a_pass_says_nothing(void **state)
{
	struct run_result *result = begin("ipv4");
	char *text;

	(void)state;
	result->verdict = VERDICT_PASS;
	text = report(result, NULL, true);
	assert_string_equal(text, "");
	free(text);
	run_result_free(result);
}

/* Without the codes it is the text without colour, and the script's text beats the quoted line. */
static void color_and_source(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_SEGMENT, 2, 150 * MS, "> . 2:2(0) ack 2",
				      "> . 2:2(0) ack 1", "TCP_CLOSING");
	char *plain, *colored, *to;

	(void)state;
	differ(result, record, FIELD_tcp_ack, "2", "1");
	run_result_fail(result, record);
	result->source_line = "an old line";
	plain = report(result, "one\ntwo\r\nthree", false);
	colored = report(result, "one\ntwo\r\nthree", true);
	assert_non_null(strstr(plain, " 2 | two\n"));
	assert_null(strstr(plain, "old"));
	assert_null(strchr(plain, '\033'));
	assert_non_null(strchr(colored, '\033'));
	to = colored;
	for (const char *from = colored; *from; from++) {
		if (*from == '\033')
			from = strchr(from, 'm');
		else
			*to++ = *from;
	}
	*to = '\0';
	assert_string_equal(colored, plain);
	free(plain);
	free(colored);
	plain = report(result, "one line", false);
	assert_non_null(strstr(plain, " 2 | an old line\n"));
	free(plain);
	run_result_free(result);
}

/* Nothing of a script, a path or an output may reach the terminal's interpreter. */
static void terminal_is_safe(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record = event(result, RECORD_CALL, 2, 0, "write(4, \"\x1b[2J\xff\") = 1",
				      "write(4, \"\x9b\x07\") = 2", "TCP_CLOSING");
	char *text;

	(void)state;
	result->path = "evil\x1b]0;x\x07.pkt";
	record->message = "\x1b[1m";
	record->hint = "\r\n\x1b[1m";
	result->output = "\x1b[1m\r\n";
	result->source_line = "\x1b[1m";
	run_result_fail(result, record);
	text = report(result, NULL, false);
	for (const char *c = text; *c; c++)
		if (*c != '\n' && (*c < ' ' || *c > '~'))
			fail_msg("byte %02x in %s", *c & 0xff, text);
	free(text);
	run_result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segment_differs),
		cmocka_unit_test(options_differ),
		cmocka_unit_test(all_differs),
		cmocka_unit_test(one_byte_less),
		cmocka_unit_test(segment_late),
		cmocka_unit_test(segment_early_of_range),
		cmocka_unit_test(timed_out),
		cmocka_unit_test(sent_instead),
		cmocka_unit_test(call_result),
		cmocka_unit_test(call_out_values),
		cmocka_unit_test(call_blocks),
		cmocka_unit_test(state_differs),
		cmocka_unit_test(path_differs),
		cmocka_unit_test(not_quiet),
		cmocka_unit_test(extra_segment),
		cmocka_unit_test(command_fails),
		cmocka_unit_test(code_fails),
		cmocka_unit_test(crash),
		cmocka_unit_test(bad_script),
		cmocka_unit_test(expected_failure),
		cmocka_unit_test(late_itself),
		cmocka_unit_test(skipped),
		cmocka_unit_test(a_pass_says_nothing),
		cmocka_unit_test(color_and_source),
		cmocka_unit_test(terminal_is_safe),
		cmocka_unit_test(call_errno),
		cmocka_unit_test(call_returned_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
