/* The clock is a seam: the host's now, a guest's or a fake one later. int64_t nanoseconds,
 * CLOCK_MONOTONIC. */
#ifndef FINWAIT_RUNTIME_BED_CLOCK_H
#define FINWAIT_RUNTIME_BED_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);
/* Sleeps until `deadline_ns`; returns at once when that has passed. Never spins. */
void clock_sleep_until(int64_t deadline_ns);
/* The tick of the kernel's jiffies clock, which most of its timers count in: 1 s / CONFIG_HZ. */
int64_t clock_tick(void);
/* A good moment to call time zero: so many eighths of a tick after one, so that what depends on
 * jiffies is reproducible. Sleeps up to two ticks. Returns the time. */
int64_t clock_align_to_tick(unsigned eighths);
/* CLOCK_REALTIME minus CLOCK_MONOTONIC now. */
int64_t clock_realtime_offset(void);

#endif
