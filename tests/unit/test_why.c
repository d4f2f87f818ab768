/* Causes that the script itself tells, on a bed without a machine. Each is told where it holds, and not
 * where it might. */
#include "tests/unit/fake_bed.h"

#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/report/words.h"

#define SYN_ACK                                                                                    \
	{                                                                                          \
		.event = 3, .delay = US(20), .packet = "S. 0:0(0) ack 1 win 1000 <mss 1460>"       \
	}
#define MOST_ROWS 6

struct sample {
	const char *rest; /* of the script, from line 8 and event 7 on */
	struct fake_row rows[MOST_ROWS];
	enum record_cause cause;
	unsigned line; /* of the cause */
	int64_t number, limit;
	const char *why; /* some of its words */
};

static void play(const struct sample *sample)
{
	struct fake_row rows[MOST_ROWS + 2] = {SYN_ACK};
	const struct record *record;
	struct run_result *result;
	char text[2048];

	memcpy(rows + 1, sample->rows, sizeof(sample->rows));
	snprintf(text, sizeof(text), OPENED "%s", sample->rest);
	result = fake_play(text, rows);
	words_complete(result);
	record = run_result_failed(result);
	assert_non_null(record);
	if (record->cause != sample->cause)
		fail_msg("%s%s, not %s, at %s", sample->rest, record_cause_name(record->cause),
			 record_cause_name(sample->cause), record->message);
	assert_int_equal(record->cause_line, sample->line);
	assert_int_equal(record->cause_number, sample->number);
	assert_int_equal(record->cause_limit, sample->limit);
	assert_int_equal(record->why != NULL, sample->why != NULL);
	if (sample->why && !strstr(record->why, sample->why))
		fail_msg("%s", record->why);
	run_result_free(result);
}

static void play_all(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++)
		play(&samples[i]);
}

#define PLAY_ALL(samples) play_all(samples, sizeof(samples) / sizeof(samples[0]))

/* ---- segments of the peer's ---------------------------------------------------------------- */

#define ANSWER(text)                                                                               \
	{                                                                                          \
		{.event = 7, .delay = US(10), .packet = text},                                     \
	}

static void acknowledgments(void **state)
{
	static const struct sample samples[] = {
		{"+.1 < F. 1:1(0) win 65535\n+0 > . 1:1(0) ack 2\n", ANSWER(". 1:1(0) ack 1"),
		 CAUSE_ACK_LEFT_OUT, 8, 0, 0, "no \"ack NUMBER\""},
		{"+.1 < F 1:1(0) win 65535\n+0 > . 1:1(0) ack 2\n", {{0}}, CAUSE_NO_ACK_FLAG, 8, 0,
		 0, "no ACK flag"},
		{"+.1 < P. 1:11(10) ack 5 win 65535\n+0 > . 1:1(0) ack 11\n",
		 ANSWER(". 1:1(0) ack 1"), CAUSE_ACK_NOT_SENT, 8, 5, 1,
		 "acknowledges 5, but the kernel had sent only up to 1"},
		/* A RST needs none of it. */
		{"+.1 < R 1:1(0) win 0\n+0 > . 1:1(0) ack 1\n", {{0}}, CAUSE_NONE, 0, 0, 0, NULL},
		{"+.1 < F. 1:1(0) ack 1 win 65535\n+0 > . 1:1(0) ack 2\n", {{0}}, CAUSE_NONE, 0, 0,
		 0, NULL},
		/* What differs has nothing to do with it. */
		{"+.1 < F. 1:1(0) win 65535\n+0 > . 1:1(0) ack 1 win 77\n",
		 ANSWER(". 1:1(0) ack 1 win 78"), CAUSE_NONE, 0, 0, 0, NULL},
		/* It was answered as expected. */
		{"+.1 < F. 1:1(0) win 65535\n+0 > . 1:1(0) ack 1\n+0 close(4) = 0\n"
		 "+0 > F. 1:1(0) ack 2\n",
		 ANSWER(". 1:1(0) ack 1"), CAUSE_NONE, 0, 0, 0, NULL},
	};

	(void)state;
	PLAY_ALL(samples);
}

static void sequence_numbers(void **state)
{
	static const struct sample samples[] = {
		/* SYN-ACK: ack 1, win 1000. */
		{"+.1 < P. 1002:1012(10) ack 1 win 65535\n+0 > . 1:1(0) ack 11\n", {{0}},
		 CAUSE_BEYOND_WINDOW, 8, 1002, 1001, "beyond the kernel's window"},
		{"+.1 < P. 1001:1011(10) ack 1 win 65535\n+0 > . 1:1(0) ack 11\n", {{0}}, CAUSE_HOLE,
		 8, 1001, 1, "between is missing"},
		{"+.1 < F. 11:11(0) ack 1 win 65535\n+0 > . 1:1(0) ack 12\n", {{0}}, CAUSE_HOLE, 8,
		 11, 1, "the peer had sent only up to 1"},
		/* An ACK that is ahead is no data. */
		{"+.1 < . 11:11(0) ack 1 win 65535\n+0 > . 1:1(0) ack 12\n", {{0}}, CAUSE_NONE, 0, 0,
		 0, NULL},
		/* In any order they are whole. */
		{"+.1 < P. 11:21(10) ack 1 win 65535\n+0 < P. 1:11(10) ack 1 win 65535\n"
		 "+0 < F. 21:21(0) ack 1 win 65535\n+0 > . 1:1(0) ack 23\n",
		 {{.event = 9, .delay = US(10), .packet = ". 1:1(0) ack 22"}}, CAUSE_NONE, 0, 0, 0,
		 NULL},
		{"+.1 < . 0:0(0) ack 1 win 65535\n+0 > . 1:1(0) ack 2\n", {{0}},
		 CAUSE_BEFORE_WINDOW, 8, 0, 1, "had acknowledged up to 1"},
		/* The window has grown. */
		{"+.1 < P. 1:11(10) ack 1 win 65535\n+0 > . 1:1(0) ack 11\n"
		 "+.1 < P. 1500:1510(10) ack 1 win 65535\n+0 > . 1:1(0) ack 21\n",
		 {{.event = 7, .delay = US(10), .packet = ". 1:1(0) ack 11 win 3000"}}, CAUSE_HOLE,
		 10, 1500, 11, "between is missing"},
		/* As written, not mapped: what the numbers mean is not known. */
		{"+.1 < P. 5000:5010(10)! ack 1 win 65535\n+0 > . 1:1(0) ack 21\n", {{0}},
		 CAUSE_NONE, 0, 0, 0, NULL},
	};

	(void)state;
	PLAY_ALL(samples);
}

static void a_window_that_is_scaled(void **state)
{
	static const struct fake_row rows[] = {
		{.event = 3, .delay = US(20), .packet = "S. 0:0(0) ack 1 win 1000 <mss 1460,nop,wscale 7>"},
		{0},
	};
	struct run_result *result;

	(void)state;
	/* How far it reaches is not known before the next segment. */
	result = fake_play(LISTENING "+0 < S 0:0(0) win 65535 <mss 1460,nop,wscale 1>\n"
				     "+0 > S. 0:0(0) ack 1 <...>\n"
				     "+0 < . 1:1(0) ack 1 win 65535\n"
				     "+.1 < . 8000000:8000000(0) ack 1 win 65535\n"
				     "+0 > . 1:1(0) ack 2\n",
			   rows);
	assert_int_equal(run_result_failed(result)->cause, CAUSE_NONE);
	run_result_free(result);
	result = fake_play(LISTENING "+0 < S 0:0(0) win 65535 <mss 1460,nop,wscale 1>\n"
				     "+0 > S. 0:0(0) ack 1 <...>\n"
				     "+0 < . 1:1(0) ack 1 win 65535\n"
				     "+.1 < . 8500000:8500000(0) ack 1 win 65535\n"
				     "+0 > . 1:1(0) ack 2\n",
			   rows);
	assert_int_equal(run_result_failed(result)->cause, CAUSE_BEYOND_WINDOW);
	run_result_free(result);
}

/* ---- segments of the kernel's -------------------------------------------------------------- */

static void retransmissions(void **state)
{
	static const struct sample samples[] = {
		{"+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.5 < F. 1:1(0) ack 2 win 65535\n"
		 "+0 > . 2:2(0) ack 2\n",
		 {{.event = 7, .delay = US(10), .packet = "F. 1:1(0) ack 1"},
		  {.event = 7, .delay = MS(200), .packet = "F. 1:1(0) ack 1"}},
		 CAUSE_RETRANSMISSION, 9, 0, 0, "the segment of line 9 again, 200.0 ms later"},
		{"+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+0~+.5 quiet\n",
		 {{.event = 7, .delay = US(10), .packet = "F. 1:1(0) ack 1"},
		  {.event = 7, .delay = MS(200), .packet = "F. 1:1(0) ack 1"}},
		 CAUSE_RETRANSMISSION, 9, 0, 0, "again"},
		/* An ACK twice is none. */
		{"+.1 < P. 1:11(10) ack 1 win 65535\n+0 > . 1:1(0) ack 11\n+0~+.5 quiet\n",
		 {{.event = 7, .delay = US(10), .packet = ". 1:1(0) ack 11"},
		  {.event = 7, .delay = MS(200), .packet = ". 1:1(0) ack 11"}},
		 CAUSE_NONE, 0, 0, 0, NULL},
		/* More than before is another one. */
		{"+.1 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+0~+.5 quiet\n",
		 {{.event = 7, .delay = US(10), .packet = "P. 1:11(10) ack 1"},
		  {.event = 7, .delay = MS(200), .packet = "P. 1:21(20) ack 1"}},
		 CAUSE_NONE, 0, 0, 0, NULL},
	};

	(void)state;
	PLAY_ALL(samples);
}

/* ---- states -------------------------------------------------------------------------------- */

static void no_simultaneous_close(void **state)
{
#define FIN                                                                                        \
	{                                                                                          \
		{.event = 7, .delay = US(10), .packet = "F. 1:1(0) ack 1"},                        \
		{.event = 9, .state = TCP_TIME_WAIT},                                              \
	}
	static const struct sample samples[] = {
		{"+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.1 < F. 1:1(0) ack 2 win 65535\n"
		 "+0 tcp_state(4) = TCP_CLOSING\n",
		 FIN, CAUSE_FIN_ACKS_OURS, 10, 2, 0, "acknowledges ours (ack 2)"},
		{"+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.1 < F. 1:1(0) ack 1 win 65535\n"
		 "+0 tcp_state(4) = TCP_CLOSING\n",
		 FIN, CAUSE_NONE, 0, 0, 0, NULL},
		{"+.1 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.1 < F. 1:1(0) ack 2 win 65535\n"
		 "+0 tcp_state(4) = TCP_FIN_WAIT2\n",
		 FIN, CAUSE_NONE, 0, 0, 0, NULL},
	};

	(void)state;
	PLAY_ALL(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledgments),	 cmocka_unit_test(sequence_numbers),
		cmocka_unit_test(a_window_that_is_scaled), cmocka_unit_test(retransmissions),
		cmocka_unit_test(no_simultaneous_close),
	};

	return cmocka_run_group_tests_name("why", tests, NULL, NULL);
}
