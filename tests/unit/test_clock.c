/* Tests that no kind of wait ends early, and that time zero lies where it was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "parser/ast.h"
#include "runtime/bed/clock.h"

static const struct clock_watch watches[] = {
	{0, false},
	{150 * NSEC_PER_USEC, false},
	{150 * NSEC_PER_USEC, true},
	{NSEC_PER_SEC, true}, /* longer than there is to wait */
};

#define N_WATCHES (sizeof(watches) / sizeof(watches[0]))

static void test_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_WATCHES; i++)
		for (int64_t usecs = 10; usecs < 10000; usecs *= 5) {
			int64_t deadline = clock_now() + usecs * NSEC_PER_USEC;

			clock_wait_until(deadline, watches[i]);
			assert_true(clock_now() >= deadline);
			clock_wait_until(deadline, watches[i]);
		}
}

/* From before to after there was a moment so many eighths after a multiple of a tick. */
static void test_align(void **state)
{
	int64_t tick = clock_tick();

	(void)state;
	for (unsigned eighths = 0; eighths < 8; eighths++) {
		int64_t before = clock_now(), moment;
		int64_t at = clock_align_to_tick(eighths, true, watches[eighths % N_WATCHES]);

		moment = at - (at - tick / 8 * eighths) % tick;
		assert_in_range(moment, before, at);
		assert_true(at <= clock_now());
	}
}

/* Wherever the ticks are. */
static void test_align_to_unknown(void **state)
{
	int64_t before = clock_now();
	int64_t at = clock_align_to_tick(3, false, watches[1]);

	(void)state;
	assert_true(at >= before + clock_tick() / 8 * 3);
	clock_ticks_at_multiples(); /* true or not, by kernel and load */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_align),
		cmocka_unit_test(test_align_to_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
