/* What the files of the scheduler share. */
#ifndef FINWAIT_RUNTIME_SUITE_SCHED_INTERNAL_H
#define FINWAIT_RUNTIME_SUITE_SCHED_INTERNAL_H

#include <signal.h>

#include "runtime/suite/budget.h"
#include "runtime/suite/job.h"
#include "runtime/suite/queue.h"
#include "runtime/suite/sandbox.h"
#include "runtime/suite/scarcity.h"
#include "runtime/suite/suite.h"

#define ID_SIGNAL UINT32_MAX /* epoll data; smaller: an active run */

struct active {
	struct job job;
	struct job_spec spec;
	struct entry entry;
	size_t shown; /* records that people have seen */
	bool used;
};

struct sched {
	const struct settings *settings;
	const struct plan *plan;
	struct results *results;
	struct teller *teller;
	struct arena *arena;

	struct queue queues[TURNS];
	struct active *active;
	struct job_slot *slots;
	unsigned cap, n_active, workers;
	unsigned count[JOB_DONE + 1]; /* active runs by phase */
	unsigned *ready;	      /* ring of cap: released in the order in which they came */
	unsigned ready_head;
	bool gate_open; /* --at-once */
	int64_t next_release;
	struct budget budget;
	struct scarcity scarcity;

	struct progress_counts progress;
	int64_t begin_ns, next_tick;
	sigset_t mask;		    /* of signals, as it was */
	int epoll, signals, runner; /* runner: pidfd of this process */
	struct mounts outside;	    /* this process's */
	bool pcap_as_it_is;	    /* --pcap is a device, which takes all captures */
	struct sandbox_means means;
	char *tmpdir; /* where /tmp is shared: of this process, with one in it for each run */
	unsigned n_started;
	bool keep_netns, stopping;
	int interrupted;
};

/* sched_setup.c: all that is needed before the first start; 0, or -errno with err. */
int sched_prepare(struct sched *sched, struct errbuf *err);
/* The end: what is still under way is ended, and told why; `code` and `err` as sched_prepare() left
 * them. */
void sched_tidy(struct sched *sched, int code, const struct errbuf *err);

/* sched.c: one more result. */
void sched_settle(struct sched *sched, struct run_result *result);

#endif
