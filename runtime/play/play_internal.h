/* What the files of the run loop share. */
#ifndef FINWAIT_RUNTIME_PLAY_PLAY_INTERNAL_H
#define FINWAIT_RUNTIME_PLAY_PLAY_INTERNAL_H

#include <sched.h>

#include "runtime/conn/conn.h"
#include "runtime/bed/program.h"
#include "runtime/play/play.h"
#include "tun/device.h"

/* A wait ends this long after its window. */
#define GRACE_NS (2 * NSEC_PER_SEC)
/* A part of the tolerance, or of a shorter wait: own lateness from which a failure may be the
 * machine's, not the kernel's. */
#define LATENESS_SHARE 4
/* However short the wait, actions are often so late. */
#define LATENESS_USUAL_NS (200 * NSEC_PER_USEC)
/* So much longer than a script says the kernel's timers are, in ticks: a time is rounded up to
 * whole ones (usecs_to_jiffies()), counts from the tick after it is set (kernel/time/timer.c,
 * calc_index()), and of an idle processor one in five is seen one later still. By one
 * less it may have been longer where the script was written. */
#define TIMER_TICKS 3
/* A part of a tick: what a timer's segment takes from the tick on. */
#define TICK_SLACK 4
/* So many actions of ours back lateness may explain a failure: of a late ACK the kernel's smoothed
 * round-trip time keeps (7/8)^32, 1.4% (RFC 6298, section 2.3). */
#define LATENESS_REACH 32

struct code; /* code.h */

/* A blocking call that has not been seen to return. */
struct pending {
	struct pending *next;
	const struct event *event;
	int64_t begin_due, end_due; /* ns since start */
};

struct run {
	const struct script *script;
	const struct config *config;
	const struct run_env *env;
	struct run_result *result;
	struct arena *arena; /* scratch: live packets */
	struct link *link;
	struct sockdiag *diag;
	struct program *program;
	struct pcap_file *pcap;
	struct code *code;
	struct conns conns;
	struct pending *pending;

	cpu_set_t cpus; /* where we may run but for the timeline; empty until then */

	const char **texts; /* of each event, without its time */
	uint8_t *buffer;    /* WIRE_MAX_PACKET bytes, for the packet being injected */
	int64_t start;	    /* time zero, CLOCK_MONOTONIC */
	int64_t base; /* what +t is relative to: when the last event was complete, ns since start */
	int64_t span; /* what the last call or the program's end took: what it made the kernel send
		       * may be as much older than base */
	int64_t last_time;	       /* resolved time of the event before this one */
	bool last_inbound;	       /* the event before this one was an inbound packet */
	int64_t due, until, tolerance; /* of the current event, ns since start */
	int64_t wait;		       /* for the current event, as scripted */
	int64_t off_ns; /* the failure is one of time alone, so much late (< 0: early); 0: it is not
			 */
	int64_t lateness[LATENESS_REACH]; /* of our last actions, 0: too little to matter; a ring */
	unsigned n_lateness;		  /* the next goes there */
	bool failed;
};

/* run_setup.c: start-up, up to the point where only the timeline is left; false: it cannot be, and
 * the result says why. Time zero. Teardown; `armed`: the cleanup command is to run. */
bool run_start_up(struct run *run);
void run_start_clock(struct run *run);
void run_clean_up(struct run *run, bool armed);

/* run_record.c. Nanoseconds since start. */
int64_t run_now(const struct run *run);

/* A new record of the current event (NULL event: none), with its times and expected text. */
struct record *run_record(struct run *run, enum record_kind kind, const struct event *event);
/* Closes a record: state, connection; calls env->recorded; marks the run failed if it failed. */
void run_record_done(struct run *run, struct record *record, const struct conn *conn);
/* Gives the record its failure: one line, and a hint or NULL. */
void run_fail(struct run *run, struct record *record, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Checks a record's actual_ns against its window; fails it (or warns) when outside. True: inside.
 */
bool run_check_time(struct run *run, struct record *record, const char *what);
/* Accounts for an action of ours that was due at `due` and happened at `actual` (ns since start).
 */
void run_late(struct run *run, int64_t due, int64_t actual);
/* Something of ours, other than an action, may have been this late. */
void run_late_note(struct run *run, int64_t late);
/* Completes an event: later relative times count from `time`. */
void run_complete(struct run *run, int64_t time);

/* run_packet.c, run_call.c, run_state.c: the kinds of events; each appends its records. */
void run_inbound(struct run *run, const struct event *event);
void run_outbound(struct run *run, const struct event *event);
/* After the script: an RST to every connection, so that nothing of it is left to the next one. */
void run_reset(struct run *run);
void run_quiet(struct run *run, const struct event *event);
void run_drain(struct run *run); /* --strict: after the last event */
void run_call(struct run *run, const struct event *event);
void run_kill(struct run *run, const struct event *event);
void run_state(struct run *run, const struct event *event);
/* Blocking calls: those that have returned; those due by `time`, false when one was wrong, so that
 * the event that waited for it is not reached; all, at the end. */
void run_pending_returned(struct run *run);
bool run_pending_due(struct run *run, int64_t time);
void run_pending_end(struct run *run);

#endif
