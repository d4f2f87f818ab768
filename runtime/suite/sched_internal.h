/* Definitions that the files of the scheduler share. */
#ifndef FINWAIT_RUNTIME_SUITE_SCHED_INTERNAL_H
#define FINWAIT_RUNTIME_SUITE_SCHED_INTERNAL_H

#include <signal.h>

#include "runtime/suite/budget.h"
#include "runtime/suite/job.h"
#include "runtime/suite/queue.h"
#include "runtime/suite/sandbox.h"
#include "runtime/suite/scarcity.h"
#include "runtime/suite/suite.h"

#define ID_SIGNAL UINT32_MAX /* epoll data of the signalfd; smaller: index of an active run */

struct active {
	struct job job;
	struct job_spec spec;
	struct entry entry;
	size_t shown; /* number of records already printed */
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
	unsigned retries; /* --retries */
	unsigned count[JOB_DONE + 1]; /* number of active runs in each phase */
	unsigned *ready;	      /* ring of size cap: ready runs in the order they became so */
	unsigned ready_head;
	bool gate_open; /* --at-once: enough runs are ready, see gate() */
	int64_t next_release;
	struct budget budget;
	struct scarcity scarcity;

	struct progress_counts progress;
	int64_t begin_ns, next_tick;
	sigset_t mask;		    /* the signal mask to restore at the end */
	int epoll, signals, runner; /* runner: pidfd of this process */
	struct mounts outside;	    /* the mount namespace of this process */
	bool pcap_as_it_is;	    /* all captures go to the path of --pcap, unchanged */
	struct sandbox_means means;
	struct tracepoints *tracepoints; /* --reasons: held open for all runs; NULL */
	char *tmpdir; /* parent of the runs' directories; NULL: each run has its own /tmp */
	unsigned n_started;
	bool keep_netns, stopping;
	int interrupted;
};

/* sched_setup.c: prepares everything that the first start needs; 0, or -errno with err. */
int sched_prepare(struct sched *sched, struct errbuf *err);
/* Ends the runs that are still active, records their results, and frees everything. `code` and
 * `err` are those of sched_prepare(). */
void sched_tidy(struct sched *sched, int code, const struct errbuf *err);

/* sched.c: adds one result and reports it. Takes ownership of it. */
void sched_settle(struct sched *sched, struct run_result *result);

#endif
