/* The clock is a seam: the host's now, a guest's or a fake one later. int64_t nanoseconds,
 * CLOCK_MONOTONIC. */
#ifndef FINWAIT_RUNTIME_BED_CLOCK_H
#define FINWAIT_RUNTIME_BED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_now(void);
/* Sleeps until `deadline_ns`; returns at once when that has passed. Never spins: the processor, if
 * idle, takes 50 to 150 us to be back, or more. */
void clock_sleep_until(int64_t deadline_ns);

/* How a wait ends that is to be on time: the last of it awake. */
struct clock_watch {
	int64_t ns; /* so long; 0: sleep to the end */
	bool yield; /* at real-time priority: let those of the same priority go first */
};

/* Sleeps until so long before `deadline_ns` and then looks at the clock until it has come. */
void clock_wait_until(int64_t deadline_ns, struct clock_watch watch);
/* The tick of the kernel's jiffies clock, which most of its timers count in: 1 s / CONFIG_HZ. */
int64_t clock_tick(void);
/* Whether ticks come at multiples of their length (Linux 6.4, kernel/time/tick-common.c:
 * tick_setup_device()). Sleeps up to two ticks, to see one; on a busy machine it may not see it. */
bool clock_ticks_at_multiples(void);
/* A good moment to call time zero: so many eighths of a tick after one, so that what depends on
 * jiffies is reproducible. Sleeps up to a tick when they come at multiples, else up to three.
 * Returns the time. */
int64_t clock_align_to_tick(unsigned eighths, bool multiples, struct clock_watch watch);
/* CLOCK_REALTIME minus CLOCK_MONOTONIC now. */
int64_t clock_realtime_offset(void);

#endif
