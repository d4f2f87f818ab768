/* Timelines run at real-time priority where that is allowed, everything else does not. */
#ifndef FINWAIT_RUNTIME_PRIORITY_H
#define FINWAIT_RUNTIME_PRIORITY_H

#include <stdbool.h>
#include <sys/types.h>

/* SCHED_FIFO for this process and all threads of `program`; else the best nice value allowed.
 * False: neither was allowed. Children inherit it, so that they do start on a busy machine; they
 * then give SCHED_FIFO up (command.c) and keep the best nice value. */
bool priority_raise(pid_t program);
/* Back to SCHED_OTHER, and nice. */
void priority_lower(void);

#endif
