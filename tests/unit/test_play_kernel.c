/* What the kernel says of itself, on a bed without a machine: counters, timers, reasons. */
#include "tests/unit/fake_bed.h"

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
	assert_int_equal(record->fault, fault);
	return record;
}

static void play(const char *text, const struct fake_row *rows)
{
	run_result_free(result);
	result = fake_play(text, rows);
}

/* ---- counters ------------------------------------------------------------------------------ */

static const struct fake_row aborted[] = {
	SYN_ACK,
	{.event = 7, .counter = "TcpExtTCPAbortOnClose"},
	{.event = 7, .counter = "TcpOutRsts"},
	{.event = 7, .counter = "TcpInSegs"},
	{0},
};

static void a_failure_tells_them(void **state)
{
	(void)state;
	play(OPENED "+.1 close(4) = 0\n"
		    "+0 > F. 1:1(0) ack 1\n",
	     aborted);
	failed(FAULT_NO_PACKET);
	/* What merely came is not told. */
	assert_int_equal(result->n_counters, 2);
	assert_string_equal(result->counters[0].name, "TcpOutRsts");
	assert_int_equal(result->counters[0].by, 1);
	assert_string_equal(result->counters[1].name, "TcpExtTCPAbortOnClose");
}

static void counters(void **state)
{
	static const struct fake_row rows[] = {SYN_ACK, {0}};
	const struct record *record;

	(void)state;
	play(OPENED "+0 counter(TcpExtTCPAbortOnClose) = 0\n"
		    "+.1 counter(TcpExtTCPAbortOnClose) = 0\n",
	     rows);
	assert_int_equal(result->verdict, VERDICT_PASS);
	play(OPENED "+.1 close(4) = 0\n"
		    "+0 counter(TcpExtTCPAbortOnClose) = 1\n"
		    "+0~+.1 counter(TcpExtTCPAbortOnClose) = 2\n",
	     aborted);
	record = failed(FAULT_CLAIM);
	assert_int_equal(record->event, 9);
	assert_string_equal(record->actual, "counter(TcpExtTCPAbortOnClose) = 1");
	assert_int_equal(record->mismatches->at[0].expected_number, 2);
	assert_int_equal(record->mismatches->at[0].actual_at.length, 1);
	assert_true(record->actual_ns >= record->until_ns + record->tolerance_ns);
	/* The table knows it, and this kernel does not have it. */
	play(OPENED "+0 counter(TcpExtTSEcrRejected) = 0\n", aborted);
	failed(FAULT_CLAIM_UNKNOWN);
}

/* ---- timers -------------------------------------------------------------------------------- */

static void timers(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK,
		{.event = 3, .state = TCP_ESTABLISHED},
		{.event = 7, .timer = 3, .left = MS(60000)},
		{0},
	};
	static const struct {
		const char *claim;
		const char *wrong; /* member; NULL: it holds */
	} claims[] = {
		{"{timer=TIME_WAIT, left=60, retrans=0}", NULL},
		{"{left=60.015}", NULL}, /* tolerance and three ticks: 16 ms */
		{"{left=60.017}", "left"},
		{"{left=59.985}", NULL},
		{"{left=59.983}", "left"},
		{"{timer=NONE}", "timer"},
		{"{retrans=1, timer=TIME_WAIT}", "retrans"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			 OPENED "+.1 close(4) = 0\n+0 tcp_timer(4) = %s\n", claims[i].claim);
		play(text, rows);
		if (claims[i].wrong)
			assert_string_equal(failed(FAULT_CLAIM)->mismatches->at[0].name,
					    claims[i].wrong);
		else
			assert_int_equal(result->verdict, VERDICT_PASS);
	}
	play(OPENED "+0 tcp_timer(7) = {timer=NONE}\n", rows);
	failed(FAULT_NO_DESCRIPTOR);
	play(OPENED "+0 tcp_timer(3) = {timer=NONE}\n", rows);
	failed(FAULT_NO_CONNECTION);
}

/* ---- reasons ------------------------------------------------------------------------------- */

#define RESET                                                                                      \
	OPENED "+.1 < P. 1:11(10) ack 9 win 65535\n"                                               \
	       "+0 drop_reason(4) = TCP_ACK_UNSENT_DATA\n"                                         \
	       "+.1 close(4) = 0\n"                                                                \
	       "+0 > R. 1:1(0) ack 11\n"                                                           \
	       "+0 reset_reason(4) = TCP_ABORT_ON_CLOSE\n"

static void reasons(void **state)
{
	static const struct fake_row rows[] = {
		SYN_ACK,
		{.event = 7, .reason = "TCP_ACK_UNSENT_DATA"},
		{.event = 9, .delay = US(10), .packet = "R. 1:1(0) ack 11"},
		{.event = 10, .reason = "TCP_ABORT_ON_CLOSE"},
		{0},
	};
	const struct record *record;

	(void)state;
	play(RESET, rows);
	assert_int_equal(result->verdict, VERDICT_PASS);
	assert_string_equal(result->records[7]->drop_reason, "TCP_ACK_UNSENT_DATA");
	assert_string_equal(result->records[10]->reset_reason, "TCP_ABORT_ON_CLOSE");
	play(OPENED "+0 drop_reason(4) = TCP_OLD_DATA\n", rows);
	record = failed(FAULT_CLAIM);
	assert_string_equal(record->actual, "drop_reason(4) = NONE");
	assert_int_equal(record->mismatches->at[0].actual_at.length, 4);
	play(OPENED "+0 reset_reason(4) = TCP_STATE\n", rows);
	failed(FAULT_CLAIM_UNKNOWN);
}

/* Who cannot tell them does not fail. */
static void no_reasons(void **state)
{
	static const struct fake_row rows[] = {SYN_ACK, {0}};

	(void)state;
	play(RESET, rows);
	assert_int_equal(result->verdict, VERDICT_SKIP);
	assert_string_equal(result->reason, "the kernel's reasons: run as root");
	assert_int_equal(result->n_records, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_failure_tells_them, forget),
		cmocka_unit_test_teardown(counters, forget),
		cmocka_unit_test_teardown(timers, forget),
		cmocka_unit_test_teardown(reasons, forget),
		cmocka_unit_test_teardown(no_reasons, forget),
	};

	return cmocka_run_group_tests_name("play_kernel", tests, NULL, NULL);
}
