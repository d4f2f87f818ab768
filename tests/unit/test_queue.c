/* Tests which runs are tried again, and in which queue they wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/bed/clock.h"
#include "runtime/suite/queue.h"

#define MS(n) ((n)*NSEC_PER_SEC / 1000)

static void late_runs_are_tried_again(void **state)
{
	static const struct {
		enum verdict verdict;
		int64_t tick_ns;
		unsigned late, by_tick; /* tries before */
		bool again;
		enum turn turn; /* of the next try */
	} rows[] = {
		{VERDICT_PASS, 0, 0, 0, false, 0},
		{VERDICT_FAIL, 0, 0, 0, false, 0},
		{VERDICT_XFAIL, 4000000, 0, 0, false, 0},
		{VERDICT_ERROR, 0, 0, 0, false, 0},
		{VERDICT_LATE, 0, 0, 0, true, TURN_LATE},
		{VERDICT_LATE, 0, 2, 0, true, TURN_ALONE},
		{VERDICT_LATE, 0, 3, 0, false, 0},
		{VERDICT_LATE, 4000000, 0, 0, true, TURN_LATE},
		{VERDICT_LATE, 4000000, 0, 3, true, TURN_LATE}, /* each kind has its own */
		{VERDICT_FAIL, 4000000, 0, 0, true, TURN_TICK},
		{VERDICT_FAIL, 4000000, 0, 5, true, TURN_TICK},
		{VERDICT_FAIL, 4000000, 0, 6, false, 0},
		{VERDICT_FAIL, 4000000, 1, 0, true, TURN_LATE},
		{VERDICT_FAIL, 4000000, 3, 2, true, TURN_ALONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_result *result = run_result_new("a.pkt", "ipv4");
		struct entry entry = {.attempt = 1 + rows[i].late + rows[i].by_tick,
				      .late = rows[i].late,
				      .by_tick = rows[i].by_tick,
				      .worst_late_ns = 7},
			     next;
		bool late = rows[i].verdict == VERDICT_LATE;

		result->verdict = rows[i].verdict;
		result->tick_ns = rows[i].tick_ns;
		result->max_late_ns = 9;
		assert_int_equal(entry_again(&entry, result, 3, &next), rows[i].again);
		if (rows[i].again) {
			assert_int_equal(next.attempt, entry.attempt + 1);
			assert_int_equal(next.late, entry.late + late);
			assert_int_equal(next.by_tick, entry.by_tick + !late);
			assert_int_equal(next.worst_late_ns, 9);
			assert_int_equal(entry_turn(&next, 3), rows[i].turn);
			assert_true((entry_tick_eighths(&next) == entry_tick_eighths(&entry)) ==
				    late);
		}
		run_result_free(result);
	}
}

static void time_zero_moves_by_what_is_missing(void **state)
{
	static const struct {
		int64_t due_us, until_us, actual_us;
		unsigned eighths; /* of 4 ms, of the try after; the first is at 3 */
	} rows[] = {
		{10000, 10000, 14100, 4}, /* tolerance 4 ms: 0.1 ms late */
		{10000, 10000, 14600, 5}, {10000, 12000, 16600, 5},
		{10000, 10000, 18600, 5}, /* and a tick */
		{10000, 10000, 17900, 4}, {10000, 10000, 5900, 2},
		{10000, 12000, 5400, 1},  {10000, 10000, 1400, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_result *result = run_result_new("a.pkt", "ipv4");
		struct record *record = run_result_add(result, RECORD_SEGMENT);
		struct entry entry = {.attempt = 1}, next;

		result->verdict = VERDICT_FAIL;
		result->tick_ns = MS(4);
		record->due_ns = rows[i].due_us * NSEC_PER_USEC;
		record->until_ns = rows[i].until_us * NSEC_PER_USEC;
		record->actual_ns = rows[i].actual_us * NSEC_PER_USEC;
		record->tolerance_ns = MS(4);
		run_result_fail(result, record);
		assert_int_equal(entry_tick_eighths(&entry), 3);
		assert_true(entry_again(&entry, result, 3, &next));
		assert_int_equal(entry_tick_eighths(&next), rows[i].eighths);
		run_result_free(result);
	}
}

/* Also with no quiet try at all it comes to an end. */
static void tries_come_to_an_end(void **state)
{
	struct run_result *result = run_result_new("a.pkt", "ipv4");
	struct entry entry = {.attempt = 1}, next;
	unsigned tries = 1;

	(void)state;
	assert_int_equal(entry_turn(&entry, 3), TURN_FIRST);
	result->tick_ns = 4000000;
	for (;; tries++) {
		result->verdict = entry.late < entry.by_tick ? VERDICT_LATE : VERDICT_FAIL;
		if (!entry_again(&entry, result, 3, &next))
			break;
		entry = next;
	}
	assert_in_range(tries, 2, entry_most(3));
	run_result_free(result);
}

#define MS(n) ((n)*NSEC_PER_SEC / 1000)

static struct run_result *late_result(enum record_fault fault, int64_t actual_ns, int64_t late_ns)
{
	struct run_result *result = run_result_new("a.pkt", "ipv4");
	struct record *record = run_result_add(result, RECORD_SEGMENT);

	result->verdict = VERDICT_LATE;
	result->max_late_ns = late_ns;
	record->event = 3;
	record->fault = fault;
	record->actual_ns = actual_ns;
	run_result_fail(result, record);
	return result;
}

#define SAME  FAULT_DIFFERS
#define OTHER FAULT_NO_PACKET

/* Times differ between tries and say nothing. */
static void what_fails_the_same_way_each_time_failed(void **state)
{
	static const struct {
		enum record_fault faults[3];
		int64_t late_ns[3];
		bool failed;
	} rows[] = {
		{{SAME, SAME, SAME}, {MS(9), MS(9), MS(3)}, true},
		{{SAME, SAME, SAME}, {MS(3), MS(9), MS(5)}, true},
		{{SAME, SAME, SAME}, {MS(9), MS(4), MS(5)}, true},
		{{SAME, SAME, SAME}, {MS(9), MS(5), MS(5)}, false}, /* later than the tolerance */
		{{OTHER, SAME, SAME}, {MS(3), MS(3), MS(3)}, false},
		{{SAME, OTHER, SAME}, {MS(3), MS(3), MS(3)}, false},
		{{SAME, SAME, OTHER}, {MS(3), MS(3), MS(3)}, false},
	};
	struct config config = {.tolerance_usecs = 4000};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct entry entry = {.attempt = 1};
		struct run_result *result;

		for (unsigned j = 0; j < 2; j++) {
			struct entry next;

			result = late_result(rows[i].faults[j], MS(j), rows[i].late_ns[j]);
			assert_false(entry_failed(&entry, result, &config));
			assert_true(entry_again(&entry, result, 2, &next));
			run_result_free(result);
			entry = next;
		}
		result = late_result(rows[i].faults[2], MS(7), rows[i].late_ns[2]);
		assert_int_equal(entry_failed(&entry, result, &config), rows[i].failed);
		run_result_free(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_runs_are_tried_again),
		cmocka_unit_test(time_zero_moves_by_what_is_missing),
		cmocka_unit_test(tries_come_to_an_end),
		cmocka_unit_test(what_fails_the_same_way_each_time_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
