/* What people see: trace, summary, progress; files written whole; text measured in columns. */
#include "tests/unit/report_samples.h"

#include <dirent.h>
#include <errno.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/report/text.h"

/* ---- trace --------------------------------------------------------------------------------- */

static void trace(void **state)
{
	struct run_result *result = begin("ipv4");
	struct record *record;
	char *text;

	(void)state;
	record = event(result, RECORD_SETUP, 0, -12 * MS, NULL, "sysctl -q net.ipv4.tcp_ecn=0",
		       NULL);
	record->status = RECORD_WARNING;
	record->message = "took 5 ms";
	record = event(result, RECORD_CALL, 0, 2000 * MS,
		       "write(4, \"\xe6\x8c\xa5\xe6\x89\x8b\", 6) = 6",
		       "write(4, \"\xe6\x8c\xa5\xe6\x89\x8b\", 6) = 6", "TCP_ESTABLISHED");
	event(result, RECORD_EXTRA, 0, INT64_MIN, NULL, "> R 2:2(0)", "TCP_CLOSE")->actual_ns =
		2001 * MS;
	event(result, RECORD_COMMAND, 0, INT64_MIN, "`a\tb\nc`", NULL, NULL);
	record = event(result, RECORD_SEGMENT, 14, 2001 * MS, "> . 2:2(0) ack 2", NULL,
		       "TCP_CLOSE");
	record->message = "nothing came within 2.0 s";
	run_result_fail(result, record);
	text = NEW(report_trace, result, 0, false);
	golden("people-trace.txt", text);
	free(text);
	text = NEW(report_trace, result, 80, false);
	golden("people-trace-80.txt", text);
	free(text);
	run_result_free(result);
}

/* ---- summary ------------------------------------------------------------------------------- */

static void summary(void **state)
{
	struct run_result *suite[N_SUITE];
	const struct run_result *const *results = (const struct run_result *const *)suite;
	struct summary_options options = {
		.wall_ns = 2345 * MS, .slowest = 5, .level = LEVEL_ALL};
	struct report_counts counts;
	char *text;

	(void)state;
	suite_new(suite);
	text = NEW(report_summary, results, N_SUITE, &options);
	golden("people-summary.txt", text);
	free(text);
	options.level = LEVEL_FAIL;
	text = NEW(report_summary, results, N_SUITE, &options);
	golden("people-summary-fail.txt", text);
	free(text);
	options.level = LEVEL_NONE;
	options.slowest = 0;
	text = NEW(report_summary, results, N_SUITE, &options);
	assert_memory_equal(text, "3 passed (1 flaky), 1 failed", 28);
	free(text);
	options.level = LEVEL_ALL;
	options.quiet = true;
	text = NEW(report_summary, results, N_SUITE, &options);
	golden("people-summary-quiet.txt", text);
	free(text);
	text = NEW(report_summary, results, 1, &options);
	assert_string_equal(text, "1 passed, 0 failed, 0 skipped in 2.345 s\n");
	free(text);
	text = NEW(report_summary, results, 0, &options);
	assert_string_equal(text, "0 passed, 0 failed, 0 skipped in 2.345 s\n");
	free(text);
	counts = report_count(results, N_SUITE);
	assert_int_equal(counts.all, N_SUITE);
	assert_int_equal(counts.failures, 7);
	assert_int_equal(counts.by_verdict[VERDICT_NOT_RUN], 3);
	assert_int_equal(counts.flaky, 1);
	assert_int_equal(counts.by_verdict[VERDICT_PASS], 3);
	suite_free(suite);
}

/* One block for the modes that fail in the same way: at the same event, by the same fault, in the same
 * fields. What is repeated has a block of its own. */
static void modes_are_joined(void **state)
{
	static const struct {
		const char *mode;
		enum record_fault fault;
		enum field_id field; /* that differs */
		int64_t at_ns;	     /* of a segment due at 150 ms */
	} rows[] = {
		{"ipv4", FAULT_DIFFERS, FIELD_tcp_ack, 150 * MS},
		{"ipv4", FAULT_DIFFERS, FIELD_tcp_ack, 150 * MS},
		{"ipv6", FAULT_DIFFERS, FIELD_tcp_ack, 160 * MS},
		{"ipv6", FAULT_DIFFERS, FIELD_tcp_window, 150 * MS},
		{"ipv4", FAULT_TIME, FIELD_none, 200 * MS},
		{"ipv6", FAULT_TIME, FIELD_none, 300 * MS},
		{"ipv4", FAULT_TIME, FIELD_none, 100 * MS},
		{"ipv6", FAULT_INCOMPLETE, FIELD_tcp_length, 150 * MS},
	};
	enum { N = sizeof(rows) / sizeof(rows[0]) };
	static const char *const want[] = {
		"error: the segment differs in ack: expected 2, got 1 (ipv4, ipv6)\n",
		"error: the segment differs in ack: expected 2, got 1 (ipv4)\n",
		"error: the segment differs in win: expected 2, got 1 (ipv6)\n",
		"error: the segment came 50.0 ms late (ipv4, ipv6)\n",
		"error: the segment came 50.0 ms early (ipv4)\n",
		"error: only 0 of 0 bytes came (ipv6)\n",
	};
	struct run_result *suite[N];
	struct summary_options options = {.level = LEVEL_ALL};
	const char *at;
	char *text;

	(void)state;
	for (int i = 0; i < N; i++) {
		struct record *record;

		suite[i] = begin(rows[i].mode);
		record = event(suite[i], RECORD_SEGMENT, 14, 150 * MS, "> . 2:2(0) ack 2",
			       "> . 2:2(0) ack 2", "TCP_CLOSING");
		record->fault = rows[i].fault;
		record->late = rows[i].fault == FAULT_TIME;
		record->actual_ns = rows[i].at_ns;
		if (rows[i].field)
			differ(suite[i], record, rows[i].field, "2", "1");
		run_result_fail(suite[i], record);
	}
	at = text = NEW(report_summary, (const struct run_result *const *)suite, N, &options);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		at = strstr(at, "error: ");
		assert_non_null(at);
		assert_memory_equal(at, want[i], strlen(want[i]));
		at++;
	}
	assert_null(strstr(at, "error: "));
	assert_non_null(strstr(text, "\n0 passed, 8 failed, 0 skipped\n"));
	free(text);
	for (int i = 0; i < N; i++)
		run_result_free(suite[i]);
}

/* ---- progress ------------------------------------------------------------------------------ */

/* Columns of what a terminal shows of it: without the codes. */
static size_t visible(const char *text)
{
	char *shown = strdup(text), *to = shown;
	size_t width;

	for (const char *from = text; *from; from++) {
		if (*from == '\033')
			from += strcspn(from, "mK");
		else if (*from != '\r')
			*to++ = *from;
	}
	*to = '\0';
	width = text_width(shown, strlen(shown));
	free(shown);
	return width;
}

static void progress_never_wraps(void **state)
{
	struct report_progress progress = {.all = 481,
					   .done = 120,
					   .failed = 2,
					   .running = 40,
					   .done_ns = 25000 * MS,
					   .all_ns = 100000 * MS,
					   .elapsed_ns = 4000 * MS,
					   .last = "scripts/\xe6\x8c\xa5\xe6\x89\x8b/\x1b[2J/"
						   "a-very-long-name-of-a-script.pkt"};

	(void)state;
	for (unsigned width = 1; width < 160; width++) {
		for (int color = 0; color < 2; color++) {
			char *text = NEW(report_progress_draw, &progress, width, color);

			assert_in_range(visible(text), 0, width - 1);
			free(text);
		}
	}
}

static void progress_says(void **state)
{
	struct report_progress progress = {.all = 481,
					   .done = 120,
					   .failed = 2,
					   .running = 40,
					   .done_ns = 25000 * MS,
					   .all_ns = 100000 * MS,
					   .elapsed_ns = 4000 * MS,
					   .last = "a.pkt"};
	char *text = NEW(report_progress_draw, &progress, 100, false);

	(void)state;
	assert_string_equal(text, "\r\033[K[##########------------------------------] "
				  "120/481, 2 failed, 40 running, 12 s left  a.pkt");
	free(text);
	progress.done = 481;
	progress.done_ns = progress.all_ns;
	progress.running = 0;
	progress.last = NULL;
	text = NEW(report_progress_draw, &progress, 50, false);
	assert_string_equal(text, "\r\033[K[##################] 481/481, 2 failed, 0 running");
	free(text);
	progress = (struct report_progress){0};
	text = NEW(report_progress_draw, &progress, 40, false);
	assert_string_equal(text, "\r\033[K[------------] 0/0, 0 failed, 0 running");
	free(text);
}

static void progress_when_piped(void **state)
{
	static const char *const levels[] = {"none", "fail", "flaky", "skip", "all"};
	struct report_progress progress = {.all = 120, .done = 7};
	struct run_result *suite[N_SUITE];
	char *text;

	(void)state;
	suite_new(suite);
	text = NEW(report_progress_line, &progress, suite[1], false);
	assert_string_equal(text, "[  7/120] pass  scripts/close/a.pkt (ipv6)  303.0 ms"
				  "  flaky: try 3\n");
	free(text);
	text = NEW(report_progress_line, &progress, suite[7], false);
	assert_string_equal(text, "[  7/120] late  g.pkt  503.0 ms\n");
	free(text);
	progress.done = 40;
	text = NEW(report_progress_note, &progress);
	assert_string_equal(text, "... 40/120\n");
	free(text);
	progress.failed = 2;
	progress.not_run = 1;
	text = NEW(report_progress_note, &progress);
	assert_string_equal(text, "... 40/120, 2 failed, 1 not run\n");
	free(text);
	assert_int_equal(report_progress_step(1), 10);
	assert_int_equal(report_progress_step(100), 10);
	assert_int_equal(report_progress_step(120), 20);
	assert_int_equal(report_progress_step(372), 50);
	assert_int_equal(report_progress_step(1001), 200);
	for (enum report_level level = 0; level < N_LEVELS; level++)
		assert_int_equal(report_level_named(levels[level]), level);
	assert_int_equal(report_level_named("pass"), N_LEVELS);
	for (int i = 0; i < N_SUITE; i++)
		assert_int_equal(report_level_of(suite[i]),
				 i == 1					     ? LEVEL_FLAKY
				 : suite[i]->verdict == VERDICT_PASS	     ? LEVEL_ALL
				 : verdict_is_failure(suite[i]->verdict) ? LEVEL_FAIL
									     : LEVEL_SKIP);
	suite_free(suite);
}

static void terminal_width(void **state)
{
	struct winsize size = {.ws_col = 123, .ws_row = 40};
	int parent, child, pipes[2];
	FILE *out;

	(void)state;
	if (openpty(&parent, &child, NULL, NULL, &size)) {
		print_message("skipped: no terminals here: %s; is /dev/pts mounted?\n",
			      strerror(errno));
		skip();
	}
	out = fdopen(child, "w");
	assert_int_equal(report_terminal_width(out, "xterm"), 123);
	assert_int_equal(report_terminal_width(out, "dumb"), 0);
	assert_int_equal(report_terminal_width(out, NULL), 0);
	size.ws_col = 0;
	assert_int_equal(ioctl(child, TIOCSWINSZ, &size), 0);
	assert_int_equal(report_terminal_width(out, "xterm"), 80);
	fclose(out);
	close(parent);
	assert_int_equal(pipe(pipes), 0);
	out = fdopen(pipes[1], "w");
	assert_int_equal(report_terminal_width(out, "xterm"), 0);
	fclose(out);
	close(pipes[0]);
}

/* ---- files --------------------------------------------------------------------------------- */

/* ---- text ---------------------------------------------------------------------------------- */

static void text_is_cleaned(void **state)
{
	static const struct {
		const char *from, *line, *block;
		size_t width; /* of the line */
	} rows[] = {
		{"plain", "plain", "plain", 5},
		{"a\tb", "a       b", "a       b", 9},
		{"a\nb\tc", "a\\nb    c", "a\nb       c", 9},
		{"\xe4\xb8\x89\tx", "\xe4\xb8\x89      x", "\xe4\xb8\x89      x", 9},
		{"e\xcc\x81", "e\xcc\x81", "e\xcc\x81", 1}, /* a combining accent */
		{"\x1b[0m", "\\x1b[0m", "\\x1b[0m", 7},
		{"\xc3", "\\xc3", "\\xc3", 4},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", 12}, /* a surrogate */
		{"\xc2\x9b", "\\xc2\\x9b", "\\xc2\\x9b", 8}, /* CSI in one character */
		{"\x7f\r", "\\x7f\\x0d", "\\x7f\\x0d", 8},
		{NULL, "", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *line = text_clean(rows[i].from, false);
		char *block = text_clean(rows[i].from, true);

		assert_string_equal(line, rows[i].line);
		assert_string_equal(block, rows[i].block);
		assert_int_equal(text_width(line, strlen(line)), rows[i].width);
		assert_int_equal(text_fit(line, rows[i].width), strlen(line));
		free(line);
		free(block);
	}
	assert_int_equal(text_fit("\xe4\xb8\x89\xe4\xb8\x89", 3), 3);
	assert_string_equal(text_duration(-1500).text, "2 us");
	assert_string_equal(text_duration(2 * MS).text, "2.0 ms");
	assert_string_equal(text_duration(2000 * MS).text, "2.000 s");
	assert_string_equal(text_duration(61000 * MS).text, "61.0 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trace),
		cmocka_unit_test(summary),
		cmocka_unit_test(modes_are_joined),
		cmocka_unit_test(progress_never_wraps),
		cmocka_unit_test(progress_says),
		cmocka_unit_test(progress_when_piped),
		cmocka_unit_test(terminal_width),
		cmocka_unit_test(text_is_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
