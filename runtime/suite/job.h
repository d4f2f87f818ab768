/* A run is a process of its own, with a process above it, the keeper.
 *
 * The keeper is PID 1 of a pid namespace: however it exits, the kernel kills everything below it.
 * It dies with the runner (parent-death signal, prctl(2)). If the run cannot say itself how it
 * ended, the keeper does. The run plays the script. Inside the namespace it has the process id that
 * its keeper has outside, so that file names made from $PPID are unique among concurrent runs.
 *
 * The run writes lines to a pipe: "R" it is ready; "F" the timeline is over; "C" and "c" a command
 * begins and ends; "P" the capture is complete; each record as one line of JSON; and at the end the
 * result, without records. The run makes its records in memory that it shares with the keeper, and
 * sends them while it waits or when it is over. If it dies or is ended before, the keeper sends the
 * rest. */
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
	JOB_READY,    /* it waits for job_release() */
	JOB_RUNNING,  /* the timeline is played */
	JOB_ENDING,   /* the clean-up command, code blocks */
	JOB_DONE,     /* its processes have ended or are about to */
};

/* Memory that the runner shares with the run's processes. */
struct job_slot {
	atomic_uint go; /* futex: 1 once released */
	unsigned event; /* index of the event being played; UINT_MAX: none yet */
	pid_t pid;	/* the keeper's in the runner's pid namespace */
	/* Why the run is told to end, written before it is told. limit_ns > 0: it reached this
	 * limit in `phase`. limit_ns 0: the runner itself ends, by `signal`, or (0) since enough
	 * runs have failed. */
	int64_t limit_ns;
	enum job_phase phase;
	int signal;
};

/* Values that stand in place of the index of an event. */
#define JOB_BEFORE_EVENTS UINT_MAX
#define JOB_AFTER_EVENTS  (UINT_MAX - 1)

/* What to play, and how. The new process gets its copy by fork; a struct job keeps no pointer to
 * it. */
struct job_spec {
	const char *path;
	const struct script *script; /* NULL: it could not be read; such a job is never started */
	int mode;		     /* enum ip_mode */
	const char *pcap_path;	     /* NULL: no capture is saved */
	bool pcap_of_failures;	     /* the capture is kept only if the run fails */
	bool pcap_classic;	     /* --pcap-format=pcap */
	bool own_directory;	     /* commands run in the script's directory, unless --cwd */
	bool cleanup_needs_init;     /* see struct run_env */
	struct mounts outside;	     /* the runner's mount namespace */
	bool sandbox;		     /* it gets pid and mount namespaces of its own */
	bool keep_netns;	     /* it stays in the runner's network namespace */
	const struct tracepoints *tracepoints; /* NULL: without --reasons, or not available */
	bool reasons_optional;	     /* see struct run_env */
	unsigned tick_eighths;	     /* time zero lies this many eighths of a tick after a tick */
	bool alone;		     /* no other run goes on at the same time */
	bool private_tmp;	     /* it gets an empty /tmp of its own */
	bool all_records;	     /* records are sent even if the run passes */
	bool live;		     /* each record is sent at once, not only at the end */
	const char *tmpdir;	     /* a directory to make for $TMPDIR; NULL: none */
	bool show_output;	     /* commands write to the runner's stdout and stderr */
};

struct job {
	struct job_slot *slot;
	struct outfile pcap; /* the run writes it, the runner commits it; may be not open */
	bool captured;	     /* the capture is complete */
	int fd;		     /* the pipe from the run; -1: closed */
	enum job_phase phase;
	int64_t since_ns;	   /* when it entered the phase, CLOCK_MONOTONIC */
	int64_t command_since_ns;  /* when the command now running began; 0: none is running */
	int64_t commands_ns;	   /* time that earlier commands took in this phase */
	bool ended;		   /* job_end() or job_interrupt() was called */
	char *text;		   /* the beginning of a line that is not complete yet */
	size_t used, size, looked; /* bytes in text, its capacity, bytes known to hold no newline */
	struct run_result *result; /* filled from the lines: the records, then the rest */
	bool complete;		   /* the line of the result has come */
};

/* Starts a run. `alive_fd` is a pidfd of the runner; it becomes readable when the runner has ended.
 * 0, or -errno with err. */
int job_start(struct job *job, const struct job_spec *spec, struct job_slot *slot, int alive_fd,
	      struct errbuf *err);

/* Lets a ready run begin its timeline. */
void job_release(struct job *job);

/* Reads the lines that the run has written, without blocking, and updates the phase. */
void job_read(struct job *job);

/* How long commands have taken in this phase, in ns. */
int64_t job_commands_ns(const struct job *job, int64_t now);

/* Ends a run that is past a limit; its keeper says where it was. A second call kills the keeper as
 * well. */
void job_end(struct job *job, int64_t limit_ns);

/* Ends a run because the runner ends, by `signal`, or (0) since enough runs have failed; its keeper
 * says where it was. */
void job_interrupt(struct job *job, int signal);

/* Reaps a run that is JOB_DONE. The caller owns the result, which is never NULL, and then calls
 * job_keep_capture() or job_drop_capture(). */
struct run_result *job_finish(struct job *job, const struct job_spec *spec);

/* Commits the capture if it is complete and a result like this one is to leave it. An error goes
 * into `result`. */
void job_keep_capture(struct job *job, const struct job_spec *spec, struct run_result *result);
void job_drop_capture(struct job *job);

/* Kills a run at once, without a result. */
void job_abandon(struct job *job);

/* ---- the run's side, job_child.c ------------------------------------------------------------ */

/* The keeper's main function: starts the run, waits for it and reports how it ended, to `fd`. `job`
 * is the keeper's own copy. Returns when the run is over. */
void job_keep(const struct job_spec *spec, struct job *job, struct job_slot *slot, int fd,
	      int alive_fd);

/* ---- verdicts that both sides give, job_verdict.c ------------------------------------------- */

/* Turns a pass or a failure into xpass or xfail if the script says --xfail. */
void job_expect_failure(const struct job_spec *spec, struct run_result *result);
/* Adds to `result` a record that the run ended by `fault` while `event` was played. Returns the
 * record, so that the caller can add details. */
struct record *job_broken(const struct job_spec *spec, struct run_result *result, unsigned event,
			  enum record_fault fault);
/* Adds a record that this machine could not do `what`. `code`: -errno; 0 if there is none; 1 if the
 * script asks for something impossible. */
void job_refuse(const struct job_spec *spec, struct run_result *result, int code, const char *what);
/* Makes the result of a run that could not be started; `code`: -errno, or 0. */
struct run_result *job_not_run(const struct job_spec *spec, int code, const char *detail);

#endif
