/* The threads of the program under test. */
#ifndef FINWAIT_RUNTIME_CALLS_SERVER_H
#define FINWAIT_RUNTIME_CALLS_SERVER_H

#include "runtime/calls/call.h"

#define SCRATCH_SIZE (64 * 1024)

/* The program's main function, which never returns; see serve_calls in runtime/bed/program.h. */
_Noreturn void server_main(const struct program_env *env, struct share *share, pid_t parent);

/* Gives the calling thread the capabilities that cap_set() calls have asked for (cap.c). */
void capabilities_apply(struct worker *worker);

/* Reads TCP_INFO, TCP_CC_INFO and SO_MEMINFO of a live descriptor (snapshot.c). */
void snapshot_take(int fd, struct sock_snapshot *snapshot);

#endif
