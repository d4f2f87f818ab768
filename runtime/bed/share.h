/* The memory that run loop and program share, and the futexes in it. */
#ifndef FINWAIT_RUNTIME_BED_SHARE_H
#define FINWAIT_RUNTIME_BED_SHARE_H

#include "runtime/bed/program.h"

enum control_request {
	CONTROL_NONE,
	CONTROL_SNAPSHOT, /* of the live descriptor `argument` */
	CONTROL_SIGNAL,	  /* end by signal `argument` */
	CONTROL_EXIT,	  /* with status `argument` */
};

/* A thread as procfs names it, "PID/task/TID": in the numbers of the mounted procfs, which need
 * not be those of the threads' own PID namespace. */
struct thread_name {
	char path[48];
};

struct share {
	atomic_uint ready;   /* threads that are up; futex */
	atomic_uint control; /* enum control_request; futex, back to NONE when answered */
	atomic_uint tail;    /* requests ever put into `queue`; futex of the serving thread */
	int argument;
	int start_error; /* errno that kept the program from starting; 0 */
	int64_t start_monotonic_ns, start_realtime_ns;
	struct sock_snapshot snapshot;

	/* Arrays behind the struct, see share_new(). */
	size_t size;
	unsigned n_threads; /* all but the control thread */
	unsigned *queue; /* event indices of non-blocking calls, append-only: a call is made once */
	struct thread_name *threads; /* [0] serves, [1..] one per blocking call in script order */
	struct call_slot *slots;     /* script->n_calls */
	struct descriptors *descriptors;
};

/* One shared mapping with everything in it; NULL with errno set. */
struct share *share_new(const struct script *script);
void share_free(struct share *share);

/* Sleeps while *word == value, until the absolute CLOCK_MONOTONIC deadline (INT64_MAX: for ever).
 */
void futex_wait(atomic_uint *word, unsigned value, int64_t deadline_ns);
void futex_wake(atomic_uint *word);

#endif
