/* The inside of the program under test: its threads. */
#ifndef FINWAIT_RUNTIME_CALLS_SERVER_H
#define FINWAIT_RUNTIME_CALLS_SERVER_H

#include "runtime/calls/call.h"

#define SCRATCH_SIZE (64 * 1024)

/* The program: runs in the forked process and never returns; see serve_calls in bed/program.h. */
_Noreturn void server_main(const struct program_env *env, struct share *share, pid_t parent);

/* Brings the calling thread's capabilities up to what cap_set() asked for (cap.c). */
void capabilities_apply(struct worker *worker);

/* TCP_INFO and the like of a live descriptor (snapshot.c). */
void snapshot_take(int fd, struct sock_snapshot *snapshot);

#endif
