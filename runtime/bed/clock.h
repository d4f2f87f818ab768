/* The host's clock. All times are int64_t nanoseconds of CLOCK_MONOTONIC. */
#ifndef FINWAIT_RUNTIME_BED_CLOCK_H
#define FINWAIT_RUNTIME_BED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_now(void);
/* Sleeps until `deadline_ns`; returns at once if that has passed. It never spins, so an idle
 * processor wakes up 50 to 150 us late, or more. */
void clock_sleep_until(int64_t deadline_ns);

/* How a precise wait ends: its last part is spent awake. */
struct clock_watch {
	int64_t ns; /* length of that part; 0: sleep to the end */
	bool yield; /* at real-time priority: let threads of the same priority run meanwhile */
};

/* Sleeps until watch.ns before `deadline_ns`, and then polls the clock until the deadline. */
void clock_wait_until(int64_t deadline_ns, struct clock_watch watch);
/* The length of a tick of the kernel's jiffies clock, in ns: 1 s / CONFIG_HZ. Most kernel timers
 * count in ticks. */
int64_t clock_tick(void);
/* True if ticks come at multiples of their length, as they do since Linux 6.4
 * (kernel/time/tick-common.c: tick_setup_device()). Sleeps up to two ticks to observe one; on a
 * busy machine the answer may be a wrong false. */
bool clock_ticks_at_multiples(void);
/* Sleeps to `eighths`/8 after a jiffies tick and returns that time. As time zero it makes what
 * depends on jiffies reproducible. Sleeps up to one tick if ticks come at multiples, else up to
 * three. */
int64_t clock_align_to_tick(unsigned eighths, bool multiples, struct clock_watch watch);
/* CLOCK_REALTIME minus CLOCK_MONOTONIC at this moment, in ns. */
int64_t clock_realtime_offset(void);

#endif
