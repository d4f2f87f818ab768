#include "runtime/clock.h"

#include <errno.h>
#include <time.h>

#include "parser/ast.h"

static int64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_sleep_until(int64_t deadline_ns)
{
	struct timespec ts = {.tv_sec = deadline_ns / NSEC_PER_SEC,
			      .tv_nsec = deadline_ns % NSEC_PER_SEC};

	if (deadline_ns <= clock_now())
		return;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* The coarse clock stands at the last tick; its resolution is the tick's length. A quarter of a
 * millisecond past the edge, the kernel's own tick work is done. */
int64_t clock_align_to_tick(void)
{
	struct timespec tick;
	int64_t period, edge, now;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	period = tick.tv_sec * NSEC_PER_SEC + tick.tv_nsec;
	now = clock_now();
	edge = read_clock(CLOCK_MONOTONIC_COARSE) + NSEC_PER_SEC / 4000;
	while (edge <= now)
		edge += period;
	clock_sleep_until(edge);
	return clock_now();
}

int64_t clock_realtime_offset(void)
{
	return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
}
