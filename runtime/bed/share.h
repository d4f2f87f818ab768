/* The memory that the run loop and the program share, and the futexes in it. */
#ifndef FINWAIT_RUNTIME_BED_SHARE_H
#define FINWAIT_RUNTIME_BED_SHARE_H

#include "runtime/bed/program.h"

enum control_request {
	CONTROL_NONE,
	CONTROL_SNAPSHOT, /* take a snapshot of the live descriptor `argument` */
	CONTROL_SIGNAL,	  /* end by the signal `argument` */
	CONTROL_EXIT,	  /* exit with the status `argument` */
};

/* The name of a thread in the mounted procfs, "PID/task/TID". Its numbers may differ from those in
 * the threads' own pid namespace. */
struct thread_name {
	char path[48];
};

struct share {
	atomic_uint ready;   /* number of threads that are up; futex */
	atomic_uint control; /* enum control_request; futex; NONE again once it is answered */
	atomic_uint tail;    /* number of requests ever put into `queue`; futex */
	int argument;	     /* of the control request */
	int start_error;     /* errno that kept the program from starting; 0: none */
	int64_t start_monotonic_ns, start_realtime_ns;
	struct sock_snapshot snapshot;

	/* The arrays lie behind the struct, see share_new(). */
	size_t size;
	unsigned n_threads; /* without the control thread */
	unsigned *queue; /* event indices of non-blocking calls, append-only: a call is made once */
	struct thread_name *threads; /* [0] serves, [1..] one per blocking call in script order */
	struct call_slot *slots;     /* script->n_calls */
	struct descriptors *descriptors;
};

/* Makes one shared mapping with everything in it. NULL: failed, with errno set. */
struct share *share_new(const struct script *script);
void share_free(struct share *share);

/* Sleeps while *word == value, until the absolute CLOCK_MONOTONIC deadline (INT64_MAX: for ever).
 */
void futex_wait(atomic_uint *word, unsigned value, int64_t deadline_ns);
void futex_wake(atomic_uint *word);

#endif
