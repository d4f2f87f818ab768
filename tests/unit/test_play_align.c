/* Where script and kernel part, on a bed without a machine: a segment too many, one too few, two in the other
 * order, one in pieces, an earlier one again, really another one. */
#include "tests/unit/fake_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/report/words.h"

/* Line 1 is an option, OPENED lines 2 to 8; the script goes on at line 9 with event 7. */
#define SYN_ACK                                                                                    \
	{                                                                                          \
		.event = 3, .delay = US(20), .packet = "S. 0:0(0) ack 1 win 1000 <mss 1460>"       \
	}
#define MOST_ROWS 6

struct sample {
	const char *option; /* line 1 */
	const char *rest;
	struct fake_row rows[MOST_ROWS];
	enum record_alignment alignment;
	unsigned line;			  /* at which it failed */
	unsigned after, fits, pieces, cause; /* lines, and how many */
	const char *missing;
	const char *shown; /* some of the report */
};

static void compare_text(const struct sample *sample, const char *actual, const char *expected)
{
	if (!actual != !expected || (actual && strcmp(actual, expected)))
		fail_msg("%s: %s, not %s", sample->rest, actual, expected);
}

static void play(const struct sample *sample)
{
	struct fake_row rows[MOST_ROWS + 2] = {SYN_ACK};
	const struct record *record;
	struct run_result *result;
	char text[2048], *report;

	memcpy(rows + 1, sample->rows, sizeof(sample->rows));
	snprintf(text, sizeof(text), "%s\n" OPENED "%s", sample->option, sample->rest);
	result = fake_play(text, rows);
	words_complete(result);
	run_result_quote(result, text);
	record = run_result_failed(result);
	if (!record)
		fail_msg("%s: passed", sample->rest);
	compare_text(sample, record_alignment_name(record->alignment),
		     record_alignment_name(sample->alignment));
	compare_text(sample, record->missing, sample->missing);
	assert_int_equal(record->line, sample->line);
	assert_int_equal(record->after_line, sample->after);
	assert_int_equal(record->fits_line, sample->fits);
	assert_int_equal(record->pieces, sample->pieces);
	assert_int_equal(record->cause_line, sample->cause);
	report = report_failure_text(result);
	if (!strstr(report, sample->shown))
		fail_msg("no \"%s\" in\n%s", sample->shown, report);
	free(report);
	run_result_free(result);
}

static void play_all(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++)
		play(&samples[i]);
}

#define PLAY_ALL(samples) play_all(samples, sizeof(samples) / sizeof(samples[0]))
#define AFTER(index, ns, text)                                                                     \
	{                                                                                          \
		.event = (index), .delay = (ns), .packet = (text)                                  \
	}

/* ---- too many ------------------------------------------------------------------------------ */

#define ACK_LEFT_OUT                                                                               \
	"+.1 < P. 1:101(100) ack 1 win 65535\n"                                                    \
	"// nothing here\n"                                                                        \
	"+.1 close(4) = 0\n"                                                                       \
	"+0 > F. 1:1(0) ack 101\n"

static void insertions(void **state)
{
	static const struct sample samples[] = {
		/* What was expected came behind it. */
		{"", ACK_LEFT_OUT,
		 {AFTER(7, US(10), ". 1:1(0) ack 101 win 900"), AFTER(8, US(10), "F. 1:1(0) ack 101")},
		 ALIGNMENT_INSERTION, 12, 9, 0, 0, 0, "+0 > . 1:1(0) ack 101",
		 "        9 | +.1 < P. 1:101(100) ack 1 win 65535\n"
		 "          + +0 > . 1:1(0) ack 101                <- sent at 0.1"},
		{"", ACK_LEFT_OUT,
		 {AFTER(7, US(10), ". 1:1(0) ack 101 win 900"), AFTER(8, US(10), "F. 1:1(0) ack 101")},
		 ALIGNMENT_INSERTION, 12, 9, 0, 0, 0, "+0 > . 1:1(0) ack 101",
		 "       12 | +0 > F. 1:1(0) ack 101               (came, as expected, at 0.2"},
		/* It comes only later, and in its window. */
		{"", "+.1 close(4) = 0\n+.4 > F. 1:1(0) ack 1\n",
		 {AFTER(7, MS(150), ". 1:1(0) ack 1"), AFTER(7, MS(400), "F. 1:1(0) ack 1")},
		 ALIGNMENT_INSERTION, 10, 9, 0, 0, 0, "+.15 > . 1:1(0) ack 1",
		 "the kernel sent a segment that the script does not have"},
		/* A retransmission without a line; the next one is as long after it as its line says. */
		{"", "+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.4 > F. 1:1(0) ack 1\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1"), AFTER(7, MS(200), "F. 1:1(0) ack 1"),
		  AFTER(7, MS(600), "F. 1:1(0) ack 1")},
		 ALIGNMENT_INSERTION, 11, 10, 0, 0, 0, "+.2 > F. 1:1(0) ack 1", "+.2 > F. 1:1(0) ack 1"},
		/* In the manner of the script: a window, any options. */
		{"", "+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1 win 7 <...>\n",
		 {AFTER(7, US(10), ". 1:1(0) ack 1 win 5 <nop,nop,sack 2:3>"),
		  AFTER(7, US(20), "F. 1:1(0) ack 1 win 7")},
		 ALIGNMENT_INSERTION, 10, 9, 0, 0, 0, "+0 > . 1:1(0) ack 1 win 5 <...>",
		 "add behind line 9: +0 > . 1:1(0) ack 1 win 5 <...>"},
		/* Silence, and the end. */
		{"", "+.1 close(4) = 0\n+0~+.1 quiet\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1")}, ALIGNMENT_INSERTION, 10, 9, 0, 0, 0,
		 "+0 > F. 1:1(0) ack 1", "a segment came though silence was expected"},
		{"--strict", "+.1 close(4) = 0\n+.1 close(3) = 0\n", {AFTER(7, US(10), "F. 1:1(0) ack 1")},
		 ALIGNMENT_INSERTION, 9, 9, 0, 0, 0, "+0 > F. 1:1(0) ack 1",
		 "t.pkt:9:5: error: the kernel sent a segment that the script does not have (--strict)"},
	};

	(void)state;
	PLAY_ALL(samples);
}

/* ---- too few ------------------------------------------------------------------------------- */

static void deletions(void **state)
{
	static const struct sample samples[] = {
		{"", "+.1 close(4) = 0\n+0 > . 1:1(0) ack 1\n+0 > F. 1:1(0) ack 1\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1")}, ALIGNMENT_DELETION, 10, 0, 11, 0, 0, NULL,
		 "`> . 1:1(0) ack 1` was never sent; what came is the segment of line 11"},
		{"", "+.1 close(4) = 0\n+0 > . 1:1(0) ack 1\n", {{0}}, ALIGNMENT_DELETION, 10, 0, 0, 0,
		 0, NULL, "if the kernel is right, remove line 10"},
		/* What fits only after something else has been done is no answer to it. */
		{"", "+.1 close(4) = 0\n+0 > . 1:1(0) ack 1\n+0 close(3) = 0\n+0 > F. 1:1(0) ack 1\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1")}, ALIGNMENT_SUBSTITUTION, 10, 0, 0, 0, 0, NULL,
		 "the segment differs in flags: expected ., got F."},
		/* Nor what would be far too early. */
		{"", "+.1 close(4) = 0\n+0 > F. 1:1(0) ack 2\n+.2 > F. 1:1(0) ack 1\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1")}, ALIGNMENT_SUBSTITUTION, 10, 0, 0, 0, 0, NULL,
		 "the segment differs in ack: expected 2, got 1"},
		{"", "+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+0 > . 2:2(0) ack 1\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1"), AFTER(7, MS(300), "F. 1:1(0) ack 1")},
		 ALIGNMENT_REPEATED, 11, 0, 0, 0, 10, NULL,
		 "`> . 2:2(0) ack 1` was never sent; what came is a retransmission (line 10)"},
		/* The same line twice. */
		{"", "+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+0 > F. 1:1(0) ack 1\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1"), AFTER(7, MS(300), "F. 1:1(0) ack 1")},
		 ALIGNMENT_REPEATED, 11, 0, 0, 0, 10, NULL, "if the kernel is right, remove line 11"},
		/* A retransmission that is expected is only late. */
		{"", "+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.2 > F. 1:1(0) ack 1\n",
		 {AFTER(7, US(10), "F. 1:1(0) ack 1"), AFTER(7, MS(300), "F. 1:1(0) ack 1")},
		 ALIGNMENT_NONE, 11, 0, 0, 0, 0, NULL, "the segment came 100.0 ms late"},
	};

	(void)state;
	PLAY_ALL(samples);
}

/* ---- otherwise ----------------------------------------------------------------------------- */

#define TWO_PARTS "+.1 write(4, ..., 20) = 20\n+0 > P. 1:11(10) ack 1\n+0 > P. 11:21(10) ack 1\n"
#define ONE	  "+.1 write(4, ..., 20) = 20\n+0 > P. 1:21(20) ack 1\n"

static void others(void **state)
{
	static const struct sample samples[] = {
		{"", TWO_PARTS,
		 {AFTER(7, US(10), "P. 11:21(10) ack 1"), AFTER(7, US(20), "P. 1:11(10) ack 1")},
		 ALIGNMENT_SWAPPED, 10, 0, 11, 0, 0, NULL,
		 "the segments of lines 10 and 11 came in the other order"},
		{"", TWO_PARTS, {AFTER(7, US(10), "P. 1:21(20) ack 1")}, ALIGNMENT_JOINED, 10, 0, 11, 0,
		 0, "+0 > P. 1:21(20) ack 1", "the segments of lines 10 to 11 came as one"},
		{"--strict_segments", ONE,
		 {AFTER(7, US(10), ". 1:11(10) ack 1"), AFTER(7, US(20), "P. 11:21(10) ack 1")},
		 ALIGNMENT_SPLIT, 10, 0, 0, 2, 0, NULL, "the segment came in 2 pieces"},
		{"", ONE, {AFTER(7, US(10), "P. 1:21(20) ack 2")}, ALIGNMENT_SUBSTITUTION, 10, 0, 0, 0,
		 0, NULL, "the segment differs in ack: expected 1, got 2"},
		{"", ONE, {AFTER(7, MS(100), "P. 1:21(20) ack 1")}, ALIGNMENT_NONE, 10, 0, 0, 0, 0, NULL,
		 "the segment came 100.0 ms late"},
	};

	(void)state;
	PLAY_ALL(samples);
}

/* A part that did not go on with what came is told, as everything that the kernel sent. */
static void nothing_is_lost(void **state)
{
	static const struct fake_row rows[] = {SYN_ACK, AFTER(7, US(10), ". 1:11(10) ack 1"),
					       AFTER(7, US(20), "P. 15:25(10) ack 1"), {0}};
	struct run_result *result = fake_play("\n" OPENED ONE, rows);
	const struct record *last = result->records[result->n_records - 1];

	(void)state;
	assert_int_equal(last->kind, RECORD_EXTRA);
	assert_string_equal(last->actual, "> P. 15:25(10) ack 1 win 0");
	run_result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(insertions),
		cmocka_unit_test(deletions),
		cmocka_unit_test(others),
		cmocka_unit_test(nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
