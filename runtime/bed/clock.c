#include "runtime/bed/clock.h"

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

int64_t clock_tick(void)
{
	struct timespec tick = {.tv_nsec = 4000000};

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_nsec;
}

/* A socket's receive time-out counts in jiffies (schedule_timeout()), unlike all other sleeps, so
 * it ends at a tick; no clock tells where the ticks are. The kernel's timers count from the tick
 * before they are set, in whole ticks rounded up: set just after a tick they are late by up to a
 * tick or two, just before one early as well as late. */
int64_t clock_align_to_tick(unsigned eighths)
{
	struct timeval least = {.tv_usec = 1};
	char byte;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0) {
		setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &least, sizeof(least));
		if (recv(pair[0], &byte, 1, 0) < 0)
			clock_sleep_until(clock_now() + clock_tick() / 8 * eighths);
		close(pair[0]);
		close(pair[1]);
	}
	return clock_now();
}

int64_t clock_realtime_offset(void)
{
	return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
}
