#include "runtime/bed/clock.h"

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

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

/* Yields while it polls: the program under test is on the same processor at the same priority, and
 * must be able to return from a blocking call meanwhile. */
void clock_wait_until(int64_t deadline_ns, struct clock_watch watch)
{
	clock_sleep_until(deadline_ns - watch.ns);
	while (watch.ns && clock_now() < deadline_ns)
		if (watch.yield)
			sched_yield();
}

int64_t clock_tick(void)
{
	struct timespec tick = {.tv_nsec = 4000000};

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_nsec;
}

/* Sleeps to the next tick and returns the time. No clock says where the ticks are. A socket's
 * receive timeout counts in jiffies (schedule_timeout()), unlike all other sleeps, so it ends at a
 * tick. */
static int64_t sleep_to_tick(void)
{
	struct timeval least = {.tv_usec = 1};
	char byte;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0) {
		setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &least, sizeof(least));
		recv(pair[0], &byte, 1, 0);
		close(pair[0]);
		close(pair[1]);
	}
	return clock_now();
}

bool clock_ticks_at_multiples(void)
{
	int64_t tick = clock_tick();

	return sleep_to_tick() % tick < tick / 8;
}

/* The kernel's timers count from the tick before they are set, in whole ticks rounded up. One that
 * is set just after a tick fires up to two ticks late; one set just before a tick may also fire
 * early. */
int64_t clock_align_to_tick(unsigned eighths, bool multiples, struct clock_watch watch)
{
	int64_t tick = clock_tick(), after = tick / 8 * eighths, now = clock_now();

	if (multiples)
		/* The next such moment. */
		clock_wait_until((now - after + tick - 1) / tick * tick + after, watch);
	else
		clock_wait_until(sleep_to_tick() + after, watch);
	return clock_now();
}

int64_t clock_realtime_offset(void)
{
	return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
}
