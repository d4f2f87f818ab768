/* The play loop on a bed without a machine: what it does at which time, and what it records. */
#include "tests/unit/fake_bed.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SYN_ACK                                                                                    \
	{                                                                                          \
		.event = 3, .delay = US(20), .packet = "S. 0:0(0) ack 1 <mss 1460>"                \
	}

static struct run_result *result;

static int forget(void **state)
{
	(void)state;
	run_result_free(result);
	result = NULL;
	return 0;
}

static const struct record *failed(enum record_fault fault)
{
	const struct record *record = run_result_failed(result);

	assert_non_null(record);
	assert_int_equal(result->verdict, VERDICT_FAIL);
	assert_int_equal(record->fault, fault);
	return record;
}

static size_t count(enum record_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < result->n_records; i++)
		n += result->records[i]->kind == kind;
	return n;
}

static const struct record *last(void)
{
	assert_true(result->n_records > 0);
	return result->records[result->n_records - 1];
}

/* ---- a good run ---------------------------------------------------------------------------- */

static void a_close(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK,
		{.event = 7, .delay = US(10), .packet = "F. 1:1(0) ack 1"},
		{.event = 9, .delay = US(10), .packet = ". 2:2(0) ack 2"},
		{0},
	};
	static const enum record_kind kinds[] = {
		RECORD_CALL,	RECORD_CALL,   RECORD_CALL,    RECORD_INJECT,
		RECORD_SEGMENT, RECORD_INJECT, RECORD_CALL,    RECORD_CALL,
		RECORD_SEGMENT, RECORD_INJECT, RECORD_SEGMENT,
	};

	(void)state;
	result = fake_play(OPENED "+.1 close(4) = 0\n"
				  "+0 > F. 1:1(0) ack 1\n"
				  "+.2 < F. 1:1(0) ack 2 win 65535\n"
				  "+0 > . 2:2(0) ack 2\n",
			   rows);
	assert_int_equal(result->verdict, VERDICT_PASS);
	assert_int_equal(result->n_records, sizeof(kinds) / sizeof(kinds[0]));
	for (size_t i = 0; i < result->n_records; i++) {
		assert_int_equal(result->records[i]->kind, kinds[i]);
		assert_int_equal(result->records[i]->event, i);
		assert_int_equal(result->records[i]->line, i + 1);
	}
	assert_string_equal(result->records[8]->actual, "> F. 1:1(0) ack 1 win 0");
	/* The call is due 0.1 s after the one before was complete, and the FIN comes from it. */
	assert_int_equal(result->records[7]->actual_ns, result->records[7]->due_ns);
	assert_int_equal(result->records[8]->actual_ns - result->records[7]->actual_ns, US(10));
	assert_int_equal(result->records[9]->actual_ns - result->records[8]->actual_ns, MS(200));
	assert_int_equal(result->max_late_ns, 0);
	assert_int_equal(result->n_lateness, 3);
}

/* ---- segments ------------------------------------------------------------------------------ */

static void another_number(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK, {.event = 7, .delay = US(10), .packet = "F. 1:1(0) ack 1"}, {0}};
	const struct record *record;

	(void)state;
	result = fake_play(OPENED "+.1 close(4) = 0\n"
				  "+0 > F. 1:1(0) ack 2\n",
			   rows);
	record = failed(FAULT_DIFFERS);
	assert_int_equal(record->line, 9);
	assert_int_equal(record->mismatches->n, 1);
	assert_int_equal(record->mismatches->at[0].field, FIELD_tcp_ack);
	assert_string_equal(record->mismatches->at[0].actual, "1");
}

static void no_segment(void **state)
{
	static const struct fake_row rows[] = {SYN_ACK, {0}};
	const struct record *record;

	(void)state;
	result = fake_play(OPENED "+.1 close(4) = 0\n"
				  "+.5 > F. 1:1(0) ack 1\n",
			   rows);
	record = failed(FAULT_NO_PACKET);
	assert_null(record->actual);
	assert_int_equal(record->actual_ns - record->due_ns, NSEC_PER_SEC * 2);
}

/* Timed by when it was sent, in ns, and not by when it was read. */
static void another_time(void **state)
{
	static const struct {
		int64_t delay;
		bool good;
		bool tick; /* so near that ticks may explain it */
	} times[] = {
		/* Due when the call was complete, 1 us after it began; 4 ms are tolerated. */
		{US(4001), true, false},
		{US(4001) + 1, false, true},
		{MS(13), false, true},
		{MS(30), false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const struct fake_row rows[] = {
			SYN_ACK,
			{.event = 7, .delay = times[i].delay, .packet = "F. 1:1(0) ack 1"},
			{0}};

		result = fake_play("--tolerance_percent=0\n" OPENED "+.1 close(4) = 0\n"
				   "+0 > F. 1:1(0) ack 1\n",
				   rows);
		if (times[i].good) {
			assert_int_equal(result->verdict, VERDICT_PASS);
		} else {
			assert_true(failed(FAULT_TIME)->late);
			assert_int_equal(result->tick_ns, times[i].tick ? MS(4) : 0);
		}
		run_result_free(result);
		result = NULL;
	}
}

static void segments_that_continue(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK,
		{.event = 7, .delay = US(10), .packet = ". 1:1001(1000) ack 1"},
		{.event = 7, .delay = US(15), .packet = ". 1001:2001(1000) ack 1"},
		{0},
	};

	(void)state;
	result = fake_play(OPENED "+.1 write(4, ..., 2000) = 2000\n"
				  "+0 > . 1:2001(2000) ack 1\n",
			   rows);
	assert_int_equal(result->verdict, VERDICT_PASS);
	assert_string_equal(last()->actual, "> . 1:2001(2000) ack 1 win 0");
	run_result_free(result);
	result = fake_play(OPENED "+.1 write(4, ..., 3000) = 3000\n"
				  "+0 > . 1:3001(3000) ack 1\n",
			   rows);
	assert_int_equal(failed(FAULT_INCOMPLETE)->bytes, 2000);
}

static void the_device_fails(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK, {.event = 8, .receive_error = ENOBUFS}, {0}};

	(void)state;
	result = fake_play(OPENED "+.1 close(4) = 0\n"
				  "+0 > F. 1:1(0) ack 1\n",
			   rows);
	assert_non_null(run_result_failed(result));
	assert_int_equal(run_result_failed(result)->fault, FAULT_DEVICE);
}

/* ---- what no event expects ----------------------------------------------------------------- */

static const struct fake_row fin_twice[] = {
	SYN_ACK,
	{.event = 5, .state = TCP_ESTABLISHED},
	{.event = 7, .delay = US(10), .packet = "F. 1:1(0) ack 1"},
	{.event = 7, .delay = MS(200), .packet = "F. 1:1(0) ack 1"},
	{.event = 7, .state = TCP_FIN_WAIT1},
	{0},
};

static void extras_are_recorded(void **state)
{
	(void)state;
	result = fake_play(OPENED "+.1 close(4) = 0\n"
				  "+.5 tcp_state(4) = TCP_FIN_WAIT1\n",
			   fin_twice);
	assert_int_equal(result->verdict, VERDICT_PASS);
	assert_int_equal(count(RECORD_EXTRA), 2);
	/* In the order of times, before the event that they came before. */
	assert_int_equal(last()->kind, RECORD_STATE);
	assert_int_equal(result->records[8]->actual_ns - result->records[7]->actual_ns, US(10));
	assert_int_equal(result->records[9]->actual_ns - result->records[7]->actual_ns, MS(200));
}

static void extras_break_strict(void **state)
{
	(void)state;
	result = fake_play("--strict\n" OPENED "+.1 close(4) = 0\n"
			   "+.5 tcp_state(4) = TCP_FIN_WAIT1\n",
			   fin_twice);
	assert_int_equal(failed(FAULT_UNEXPECTED)->kind, RECORD_EXTRA);
}

/* What failed is the event; what a later one expects has come already, and is no extra. */
static void a_failure_is_the_events_own(void **state)
{
	(void)state;
	result = fake_play("--strict\n" OPENED "+.1 close(4) = 0\n"
			   "+0 tcp_state(4) = TCP_CLOSE\n"
			   "+0 > F. 1:1(0) ack 1\n",
			   fin_twice);
	assert_int_equal(failed(FAULT_STATE)->event, 8);
}

static void extras_follow_a_failure(void **state)
{
	(void)state;
	result = fake_play("--tolerance_usecs=300000\n" OPENED "+.1 close(4) = 0\n"
			   "+0 > F. 1:1(0) ack 7\n"
			   "+9 < F. 1:1(0) ack 2 win 65535\n",
			   fin_twice);
	assert_int_equal(failed(FAULT_DIFFERS)->event, 8);
	assert_int_equal(last()->kind, RECORD_EXTRA);
}

static void quiet(void **state)
{
	(void)state;
	result = fake_play(OPENED "+.1 close(4) = 0\n"
				  "+0 > F. 1:1(0) ack 1\n"
				  "+0~+.1 quiet\n",
			   fin_twice);
	assert_int_equal(result->verdict, VERDICT_PASS);
	run_result_free(result);
	result = fake_play(OPENED "+.1 close(4) = 0\n"
				  "+0 > F. 1:1(0) ack 1\n"
				  "+0~+.3 quiet\n",
			   fin_twice);
	assert_int_equal(failed(FAULT_UNEXPECTED)->kind, RECORD_QUIET);
}

/* ---- calls --------------------------------------------------------------------------------- */

static void a_call_differs(void **state)
{
	static const struct fake_row rows[] = {SYN_ACK, {.event = 7, .call_errno = EPIPE}, {0}};

	(void)state;
	result = fake_play(OPENED "+.1 write(4, ..., 10) = 10\n", rows);
	assert_int_equal(failed(FAULT_DIFFERS)->error, EPIPE);
	assert_int_equal(last()->result, -1);
}

static void a_call_blocks(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK, {.event = 7, .call_time = 10 * NSEC_PER_SEC}, {0}};

	(void)state;
	result = fake_play(OPENED "+.1 read(4, ..., 10) = 10\n", rows);
	failed(FAULT_BLOCKS);
	assert_false(last()->returned);
	run_result_free(result);
	result =
		fake_play(OPENED "+.1 read(4, ..., 10) = -1 EAGAIN (Resource unavailable)\n", rows);
	assert_int_equal(failed(FAULT_BLOCKS)->cause, CAUSE_BLOCKING_SOCKET);
}

static void a_blocking_call(void **state)
{
	static const struct fake_row rows[] = {SYN_ACK, {0}};
	const struct record *end;

	(void)state;
	result = fake_play(OPENED "+.1...0.3 read(4, ..., 10) = 10\n"
				  "+.1 < P. 1:11(10) ack 1 win 65535\n"
				  "+.5 close(4) = 0\n",
			   rows);
	assert_int_equal(result->verdict, VERDICT_PASS);
	assert_string_equal(result->records[7]->actual, "read(4, ..., 10)");
	assert_false(result->records[7]->returned);
	end = result->records[9];
	assert_int_equal(end->kind, RECORD_CALL_END);
	assert_true(end->returned);
	/* END counts from where the call's time counts from. */
	assert_int_equal(end->due_ns - result->records[7]->due_ns, MS(200));
}

/* ---- lateness ------------------------------------------------------------------------------ */

static void late_of_its_own(void **state)
{
	static const struct {
		struct fake_row row;
		enum verdict verdict;
	} rows[] = {
		/* The answer comes too late since the injection did. */
		{{.event = 7, .oversleep = MS(2), .delay = MS(6), .packet = ". 1:1(0) ack 101"},
		 VERDICT_LATE},
		/* Off the processor right after the injection: the answer seems to come too early.
		 */
		{{.event = 7, .slow_send = MS(12), .delay = US(30), .packet = ". 1:1(0) ack 101"},
		 VERDICT_LATE},
		/* Late, but not why the kernel is wrong by so little. */
		{{.event = 7, .oversleep = US(50), .delay = MS(6), .packet = ". 1:1(0) ack 101"},
		 VERDICT_FAIL},
		{{.event = 7, .oversleep = MS(2), .delay = US(30), .packet = ". 1:1(0) ack 101"},
		 VERDICT_PASS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_row table[] = {SYN_ACK, rows[i].row, {0}};

		result = fake_play("--tolerance_percent=0\n" OPENED
				   "+.1 < P. 1:101(100) ack 1 win 65535\n"
				   "+0 > . 1:1(0) ack 101\n",
				   table);
		assert_int_equal(result->verdict, rows[i].verdict);
		run_result_free(result);
		result = NULL;
	}
}

/* ---- states, start-up, the end ------------------------------------------------------------- */

static void states(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK,
		{.event = 3, .state = TCP_SYN_RECV},
		{.event = 5, .state = TCP_ESTABLISHED},
		{.event = 7, .state = TCP_FIN_WAIT1},
		{.event = 8, .state = TCP_TIME_WAIT},
		{0},
	};

	(void)state;
	result = fake_play(OPENED
			   "+.1 close(4) = 0\n"
			   "+.1 tcp_state(4) = TCP_TIME_WAIT\n"
			   "+0 tcp_states(4) = [TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_TIME_WAIT]\n"
			   "+0~+1 tcp_state(4) = TCP_CLOSE\n",
			   rows);
	assert_int_equal(failed(FAULT_STATE)->event, 10);
	assert_int_equal(last()->mismatches->at[0].field, FIELD_state);
	/* It was looked at until the window had closed. */
	assert_true(last()->actual_ns >= last()->until_ns + last()->tolerance_ns);
}

static void start_up_fails(void **state)
{
	static const struct fake_row rows[] = {{0}};

	(void)state;
	result = fake_play("--sysctl=net.ipv4.no_such=1\n" OPENED, rows);
	assert_int_equal(failed(FAULT_SYSTEM)->kind, RECORD_SETUP);
	assert_int_equal(result->n_records, 1);
	assert_int_equal(last()->line, 1);
}

static void the_program_ends(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK, {.event = 8, .delay = US(10), .packet = "R. 1:1(0) ack 1"}, {0}};

	(void)state;
	result = fake_play(OPENED "+.1...9 read(4, ..., 10) = 10\n"
				  "+.1 kill(SIGKILL)\n"
				  "+0 > R. 1:1(0) ack 1\n",
			   rows);
	/* The call that was under way died with it. */
	assert_int_equal(result->verdict, VERDICT_PASS);
	assert_int_equal(count(RECORD_CALL_END), 0);
}

static void unknown_state(enum verdict verdict, const char *detail)
{
	const struct record *record = run_result_failed(result);

	assert_int_equal(result->verdict, verdict);
	assert_non_null(record);
	assert_int_equal(record->fault, FAULT_STATE_UNKNOWN);
	assert_string_equal(record->detail, detail);
	run_result_free(result);
	result = NULL;
}

/* No state is told that is not known: where the kernel does not tell, there is no verdict on it. */
static void states_that_are_not_known(void **state)
{
	static const struct fake_row refused[] = {
		SYN_ACK, {.event = 7, .state_error = ENOBUFS}, {0}};
	static const struct fake_row mute[] = {{.event = 3, .mute = true}, {0}};

	(void)state;
	result = fake_play(OPENED "+0 tcp_state(4) = TCP_CLOSE\n", refused);
	unknown_state(VERDICT_NOT_RUN, "sock_diag: No buffer space available");
	/* Of the path one was missed. */
	result = fake_play(OPENED "+0 write(4, ..., 1) = 1\n"
				  "+0 tcp_states(4) = [TCP_CLOSE]\n",
			   refused);
	unknown_state(VERDICT_NOT_RUN,
		      "after one of the events sock_diag said: No buffer space available");
	result = fake_play("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
			   "+0 bind(3, ..., ...) = 0\n"
			   "+0 listen(3, 1) = 0\n"
			   "+0 tcp_state(3) = TCP_CLOSE\n",
			   mute);
	unknown_state(VERDICT_FAIL, "the program under test did not answer");
	result = fake_play("0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n"
			   "+0 tcp_state(3) = TCP_CLOSE\n",
			   mute);
	unknown_state(VERDICT_FAIL, "descriptor 3, made at line 1, is no TCP socket");
	result = fake_play("0 tcp_state(9) = TCP_CLOSE\n", mute);
	failed(FAULT_NO_DESCRIPTOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_close, forget),
		cmocka_unit_test_teardown(another_number, forget),
		cmocka_unit_test_teardown(no_segment, forget),
		cmocka_unit_test_teardown(another_time, forget),
		cmocka_unit_test_teardown(segments_that_continue, forget),
		cmocka_unit_test_teardown(the_device_fails, forget),
		cmocka_unit_test_teardown(extras_are_recorded, forget),
		cmocka_unit_test_teardown(extras_break_strict, forget),
		cmocka_unit_test_teardown(a_failure_is_the_events_own, forget),
		cmocka_unit_test_teardown(extras_follow_a_failure, forget),
		cmocka_unit_test_teardown(quiet, forget),
		cmocka_unit_test_teardown(a_call_differs, forget),
		cmocka_unit_test_teardown(a_call_blocks, forget),
		cmocka_unit_test_teardown(a_blocking_call, forget),
		cmocka_unit_test_teardown(late_of_its_own, forget),
		cmocka_unit_test_teardown(states, forget),
		cmocka_unit_test_teardown(states_that_are_not_known, forget),
		cmocka_unit_test_teardown(start_up_fails, forget),
		cmocka_unit_test_teardown(the_program_ends, forget),
	};

	return cmocka_run_group_tests_name("play", tests, NULL, NULL);
}
