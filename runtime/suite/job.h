/* One run in a process of its own, and a process above it.
 *
 * The upper process ("keeper") is the first of a pid namespace: when it goes, however, the kernel
 * ends everything below it, and it goes with the runner (parent-death signal). It tells how its run
 * ended if the run cannot do so itself. The lower one plays the script; its process id is the
 * keeper's outside, so that file names made from $PPID are unique over runs at the same time.
 *
 * The run writes lines to a pipe: "R" ready, "F" timeline over, "C" and "c" a command begins and
 * ends, "P" the capture is whole, records as one line of JSON each, and last its result, without
 * them. It makes its records in memory that it shares with the keeper, and sends them while it
 * waits or when it is over; what it could not send before it died, or was ended, the keeper sends.
 */
#ifndef FINWAIT_RUNTIME_SUITE_JOB_H
#define FINWAIT_RUNTIME_SUITE_JOB_H

#include <limits.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/outfile.h"
#include "parser/script.h"
#include "runtime/record/record.h"
#include "base/errbuf.h"
#include "tun/mounts.h"

enum job_phase {
	JOB_STARTING, /* namespaces, device, init commands */
	JOB_READY,    /* waits for job_release() */
	JOB_RUNNING,  /* the timeline */
	JOB_ENDING,   /* clean-up, code */
	JOB_DONE,     /* its processes are gone or about to be */
};

/* Shared with the run's processes. */
struct job_slot {
	atomic_uint go; /* futex: 1 once released */
	unsigned event; /* index of the event being played; UINT_MAX: none yet */
	pid_t pid;	/* the keeper's in the runner's pid namespace */
	/* Why it is told to end, written before: a limit, and in which phase it was reached; or,
	 * with limit 0, that the runner itself was ended, by `signal` (0: enough had failed). */
	int64_t limit_ns;
	enum job_phase phase;
	int signal;
};

/* Instead of the index of an event. */
#define JOB_BEFORE_EVENTS UINT_MAX
#define JOB_AFTER_EVENTS  (UINT_MAX - 1)

/* What to play, and how. Copied into the new process by fork; nothing is kept. */
struct job_spec {
	const char *path;
	const struct script *script; /* NULL: it could not be read, and is not to be started */
	int mode;		     /* enum ip_mode */
	const char *pcap_path;	     /* NULL: none */
	bool pcap_of_failures;	     /* only a run that fails leaves it */
	bool pcap_classic;	     /* --pcap-format=pcap */
	bool own_directory;	     /* commands run in the script's, unless it says otherwise */
	bool cleanup_needs_init;     /* struct run_env */
	struct mounts outside;	     /* the runner's mount namespace */
	bool sandbox;		     /* in pid and mount namespaces of its own */
	bool keep_netns;
	unsigned tick_eighths; /* where time zero lies between two ticks of the kernel */
	bool alone;	       /* no other runs at the same time */
	bool private_tmp;
	bool all_records;   /* records of a pass too */
	bool live;	    /* records are sent as they are closed, not only at the end */
	const char *tmpdir; /* to be made, and named by TMPDIR; NULL: none */
	bool show_output;   /* commands print where we print */
};

struct job {
	struct job_slot *slot;
	struct outfile pcap; /* which the run writes, and we put in its place; or not open */
	bool captured;	     /* it is whole */
	int fd;		     /* its lines; -1: none */
	enum job_phase phase;
	int64_t since_ns;	   /* when it entered the phase, CLOCK_MONOTONIC */
	int64_t command_since_ns;  /* when the command that is running began; 0: none is */
	int64_t commands_ns;	   /* what those before it took, in this phase */
	bool ended;		   /* job_end() or job_interrupt() was called */
	char *text;		   /* of a line not yet complete */
	size_t used, size, looked; /* bytes in text, its room, those that hold no end of a line */
	struct run_result *result; /* what has come of it: records, then the rest */
	bool complete;		   /* the result's own line has come */
};

/* Starts a run. `alive_fd` is a pidfd of the runner: readable once that is gone. 0, or -errno with
 * err. */
int job_start(struct job *job, const struct job_spec *spec, struct job_slot *slot, int alive_fd,
	      struct errbuf *err);

/* Lets a ready run go on. */
void job_release(struct job *job);

/* Reads what it says, without blocking, and follows its phase. */
void job_read(struct job *job);

/* How long commands have taken in this phase. */
int64_t job_commands_ns(const struct job *job, int64_t now);

/* Ends a run that is past a limit; its keeper says where. Called again: ends the keeper as well. */
void job_end(struct job *job, int64_t limit_ns);

/* Ends a run since the runner ends, by `signal` or (0) for enough failures; its keeper says where.
 */
void job_interrupt(struct job *job, int signal);

/* After JOB_DONE: reaps it. The result is the caller's; never NULL. The capture is kept or dropped
 * then. */
struct run_result *job_finish(struct job *job, const struct job_spec *spec);

/* Puts the capture in its place, if it is whole and wanted of such a result. */
void job_keep_capture(struct job *job, const struct job_spec *spec, struct run_result *result);
void job_drop_capture(struct job *job);

/* Ends it at once, without a result. */
void job_abandon(struct job *job);

/* ---- the other side, job_child.c ------------------------------------------------------------ */

/* The keeper, with its copy of the job: starts the run below it, waits, tells. Returns when all is
 * over. */
void job_keep(const struct job_spec *spec, struct job *job, struct job_slot *slot, int fd,
	      int alive_fd);

/* ---- verdicts that both sides give, job_verdict.c ------------------------------------------- */

/* What its verdict becomes where the script says --xfail. */
void job_expect_failure(const struct job_spec *spec, struct run_result *result);
/* Adds to `result` that its run ended in the event being played by `fault`. The record that says
 * so, for its details. */
struct record *job_broken(const struct job_spec *spec, struct run_result *result, unsigned event,
			  enum record_fault fault);
/* Adds that this machine could not do `what`; `code`: -errno, 0, or 1: what the script wants cannot
 * be done. */
void job_refuse(const struct job_spec *spec, struct run_result *result, int code, const char *what);
/* A result for a run that could not be started; `code`: -errno, or 0. */
struct run_result *job_not_run(const struct job_spec *spec, int code, const char *detail);

#endif
