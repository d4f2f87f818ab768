/* The clock is a seam: the host's now, a guest's or a fake one later. int64_t nanoseconds,
 * CLOCK_MONOTONIC. */
#ifndef FINWAIT_RUNTIME_CLOCK_H
#define FINWAIT_RUNTIME_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);
/* Sleeps until `deadline_ns`; returns at once when that has passed. Never spins. */
void clock_sleep_until(int64_t deadline_ns);
/* A good moment to call time zero: just after a tick of the kernel's jiffies clock, so that what
 * depends on jiffies is reproducible. Sleeps up to one tick. */
int64_t clock_align_to_tick(void);
/* CLOCK_REALTIME minus CLOCK_MONOTONIC now. */
int64_t clock_realtime_offset(void);

#endif
