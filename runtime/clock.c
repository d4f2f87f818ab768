#include "runtime/clock.h"

#include <errno.h>
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

/* A socket's receive time-out counts in jiffies (schedule_timeout()), unlike all other sleeps, so
 * it ends at a tick; no clock tells where the ticks are. The kernel's timers count from the tick
 * before they are set, in whole ticks rounded up: set just after a tick they are late by up to a
 * tick or two, just before one early as well as late. Three eighths of a tick in, the least of
 * public scripts, written on kernels of 1000 ticks a second, miss their tolerance at 250. */
int64_t clock_align_to_tick(void)
{
	struct timeval least = {.tv_usec = 1};
	struct timespec tick = {.tv_nsec = 4000000};
	char byte;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0) {
		setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &least, sizeof(least));
		clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
		if (recv(pair[0], &byte, 1, 0) < 0)
			clock_sleep_until(clock_now() + tick.tv_nsec / 8 * 3);
		close(pair[0]);
		close(pair[1]);
	}
	return clock_now();
}

int64_t clock_realtime_offset(void)
{
	return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
}
