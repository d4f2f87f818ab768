/* Timelines run at real-time priority where that is allowed, everything else does not. */
#ifndef FINWAIT_RUNTIME_BED_PRIORITY_H
#define FINWAIT_RUNTIME_BED_PRIORITY_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

/* SCHED_FIFO for this process and all threads of `program`, all on the processor we are on: what
 * one hands to the other then needs no interrupt between processors. Where that is not allowed, the
 * best nice value that is and the shortest slice, and false. Children inherit it, so that they do
 * start on a busy machine; they then give SCHED_FIFO up (command.c) and keep the best nice value.
 * `cpus`: where we could run before. */
bool priority_raise(pid_t program, cpu_set_t *cpus);
/* Back to SCHED_OTHER, and nice, on all of `cpus`. */
void priority_lower(const cpu_set_t *cpus);

#endif
