/* The timeline runs at real-time priority if that is allowed; start-up and clean-up do not. */
#ifndef FINWAIT_RUNTIME_BED_PRIORITY_H
#define FINWAIT_RUNTIME_BED_PRIORITY_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

/* Gives SCHED_FIFO to this process and to all threads of `program`, and moves them to the processor
 * that this process is on: a wake-up of one by the other then needs no interrupt between
 * processors. If that is not allowed, gives them the best nice value allowed and the shortest
 * slice, and returns false. Children inherit the priority, so that they start promptly on a busy
 * machine; they then give SCHED_FIFO up (command.c) and keep the best nice value. Sets `cpus` to
 * the processors that this process could use before. */
bool priority_raise(pid_t program, cpu_set_t *cpus);
/* Returns to SCHED_OTHER and the nice value for start-ups, on all of `cpus`. */
void priority_lower(const cpu_set_t *cpus);

#endif
