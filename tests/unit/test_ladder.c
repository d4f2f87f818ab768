/* The ladder: what becomes a row and what a cell, and its printers. Real runs: tests/suite/ladder.
 */
#include "tests/unit/report_samples.h"

#include "runtime/report/ladder.h"
#include "runtime/report/text.h"

/* A close in which everything is that a picture can hold, and texts that its formats must escape.
 */
static struct run_result *sample(void)
{
	struct run_result *result = begin("ipv4");
	struct record *record;

	result->path = "scripts/<x> & \"#;%\x1b.pkt";
	event(result, RECORD_COMMAND, 11, 160 * MS, "`echo '#;<b>' ```end`", NULL, "TCP_FIN_WAIT1");
	record = event(result, RECORD_EXTRA, 0, 360 * MS, NULL, "> F. 1:1(0) ack 1 win 0",
		       "TCP_FIN_WAIT1");
	record = event(result, RECORD_INJECT, 12, 370 * MS, "< F. 1:1(0) ack 1 win 65535", NULL,
		       "TCP_CLOSING");
	record->actual_ns = 370 * MS;
	record = event(result, RECORD_CALL, 13, 371 * MS, "read(4, ..., 100) = 0",
		       "read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)", NULL);
	record->returned = false;
	event(result, RECORD_QUIET, 13, 372 * MS, "quiet", NULL, "TCP_CLOSING");
	record = event(result, RECORD_SEGMENT, 14, 380 * MS, "> . 2:2(0) ack 2", "> . 2:2(0) ack 1",
		       "TCP_CLOSING");
	differ(result, record, FIELD_tcp_ack, "2", "1");
	record->fault = FAULT_DIFFERS;
	record->status = RECORD_WARNING;
	record->message = "the segment differs in <ack>";
	event(result, RECORD_INJECT, 15, 390 * MS, "< 40001 > 8080 S 0:0(0) win 65535",
	      "< 40001 > 8080 S 0:0(0) win 65535", NULL)
		->connection = "192.168.0.1:8080 > 192.0.2.1:40001";
	event(result, RECORD_KILL, 16, 400 * MS, "kill(SIGKILL)", "kill(SIGKILL)", "TCP_CLOSING");
	record = event(result, RECORD_SEGMENT, 17, 60000 * MS, "> R. 2:2(0) ack 2", NULL,
		       "TCP_CLOSE");
	record->message = "no packet came within 2.0 s of its window";
	run_result_fail(result, record);
	return result;
}

static void pictures(void **state)
{
	const struct ladder_options utf8 = {0}, ascii = {.ascii = true, .width = 100};
	struct run_result *result = sample();
	const struct run_result *all[] = {result};
	char *text;

	(void)state;
	text = NEW(report_ladder, result, &utf8);
	golden("ladder.txt", text);
	free(text);
	text = NEW(report_ladder, result, &ascii);
	golden("ladder-ascii.txt", text);
	free(text);
	text = NEW(report_svg, all, 1);
	golden("ladder.svg", text);
	free(text);
	text = NEW(report_mermaid, all, 1);
	golden("ladder.md", text);
	free(text);
	run_result_free(result);
}

/* No line is wider than the terminal, if that is as wide as the columns' least, and none ends in
 * blanks. */
static void widths(void **state)
{
	struct run_result *result = sample();

	(void)state;
	result->path = "x.pkt";
	for (unsigned width = 1; width < 200; width++) {
		const struct ladder_options options = {.width = width};
		char *text = NEW(report_ladder, result, &options), *save = NULL;
		size_t most = width < 74 ? 74 : width;

		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			assert_in_range(text_width(line, strlen(line)), 1, most);
			assert_true(line[strlen(line) - 1] != ' ');
		}
		free(text);
	}
	run_result_free(result);
}

/* A blocking call that returned while other things happened is older than the state that was asked
 * when its record was closed. */
static void states_by_record(void **state)
{
	struct run_result *result = run_result_new("x.pkt", "ipv4");
	struct ladder *ladder;
	struct record *end;

	(void)state;
	event(result, RECORD_INJECT, 1, 10 * MS, "< . 1:1(0) ack 2", "< . 1:1(0) ack 2",
	      "TCP_FIN_WAIT2");
	event(result, RECORD_INJECT, 2, 20 * MS, "< F. 1:1(0) ack 2", "< F. 1:1(0) ack 2",
	      "TCP_TIME_WAIT");
	end = event(result, RECORD_CALL_END, 3, 11 * MS, "close(4) = 0", "close(4) = 0",
		    "TCP_TIME_WAIT");
	ladder = ladder_new(result);
	assert_int_equal(ladder->n_rows, 3);
	assert_ptr_equal(ladder->rows[1].record, end);
	assert_string_equal(ladder->rows[0].kernel, "FIN_WAIT2");
	assert_string_equal(ladder->rows[1].kernel, "");
	assert_string_equal(ladder->rows[2].kernel, "TIME_WAIT");
	ladder_free(ladder);
	run_result_free(result);
}

static void nothing_to_draw(void **state)
{
	const struct ladder_options options = {0};
	struct run_result *result = run_result_new("x.pkt", NULL);
	const struct run_result *all[] = {result};
	char *text = NEW(report_ladder, result, &options);

	(void)state;
	assert_string_equal(text, "x.pkt: pass\nno picture: the result holds no records\n\n");
	free(text);
	result->verdict = VERDICT_SKIP;
	text = NEW(report_ladder, result, &options);
	assert_string_equal(text, "");
	free(text);
	text = NEW(report_mermaid, all, 1);
	assert_string_equal(text, "");
	free(text);
	text = NEW(report_svg, all, 1);
	assert_non_null(strstr(text, "</svg>"));
	free(text);
	run_result_free(result);
}

static void lines(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *lines;
	} rows[] = {
		{"one two three", 20, "one two three|"},
		{"one two three", 8, "one two|three|"},
		{"one two three", 7, "one two|three|"},
		{"one two three", 6, "one|two|three|"},
		{"onetwothree", 4, "onet|woth|ree|"},
		{"  a  b ", 2, "a|b|"},
		{"\xe6\x8c\xa5\xe6\x89\x8b", 3, "\xe6\x8c\xa5|\xe6\x89\x8b|"},
		{"\xe6\x8c\xa5\xe6\x89\x8b", 1, "\xe6\x8c\xa5|\xe6\x89\x8b|"},
		{"", 5, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = rows[i].text, *line;
		char text[64] = "";
		size_t size;

		while ((line = text_line(&at, rows[i].columns, &size))) {
			strncat(text, line, size);
			strcat(text, "|");
		}
		assert_string_equal(text, rows[i].lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures),
		cmocka_unit_test(widths),
		cmocka_unit_test(states_by_record),
		cmocka_unit_test(nothing_to_draw),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
