/* What the files of the play loop share. */
#ifndef FINWAIT_RUNTIME_PLAY_PLAY_INTERNAL_H
#define FINWAIT_RUNTIME_PLAY_PLAY_INTERNAL_H

#include "runtime/conn/conn.h"
#include "runtime/play/play.h"

/* A wait ends this long after its window. */
#define GRACE_NS (2 * NSEC_PER_SEC)
/* If we ourselves are late by more than this share of the tolerance (or of the wait, if that is
 * shorter), the machine may be to blame for a failure. */
#define LATENESS_SHARE 4
/* However short the wait, actions are often this late. */
#define LATENESS_USUAL_NS (200 * NSEC_PER_USEC)
/* Kernel timers may fire up to this many ticks late: a time is rounded up to whole ticks
 * (usecs_to_jiffies()), counts from the next tick on (kernel/time/timer.c, calc_index()), and one
 * in five is seen a tick later still where the processor was idle. */
#define TIMER_TICKS 3
/* A segment that a timer sends comes within this share of a tick after it. */
#define TICK_SLACK 4
/* How many of our latest actions may still explain a failure: of a late ACK the kernel's smoothed
 * round-trip time keeps (7/8)^32, 1.4% (RFC 6298, section 2.3). */
#define LATENESS_REACH 32

struct injection;   /* play_packet.c */
struct sighting;    /* play_why.c */
struct code;	    /* code.h */
struct command_end; /* command.h */

/* A blocking call that has not been seen to return. */
struct pending {
	struct pending *next;
	const struct event *event;
	int64_t begin_due, end_due; /* ns since start */
};

/* A packet of no connection that the kernel sent. */
struct stray {
	struct stray *next;
	struct live_packet live;
};

struct run {
	const struct script *script;
	const struct config *config;
	const struct run_env *env;
	struct bed *bed;
	struct run_result *result;
	struct arena *arena; /* scratch: live packets */
	struct pcap_file *pcap;
	struct code *code;
	struct conns conns;
	struct pending *pending;
	struct stray *strays, **strays_tail;
	struct errbuf read_error; /* met while nothing was waited for: told by the next reader */

	const char **texts;	/* of each event, without its time */
	const char **begun;	/* of each blocking call, without its result; NULL for others */
	struct nstat *counters; /* before the timeline; NULL: not known */
	int counters_error;	/* then why: -errno */
	bool reasons;		/* the kernel tells why it resets and drops */
	struct sighting *sightings, **sightings_tail; /* play_why.c; in the order of reading */
	uint8_t *buffer;	/* WIRE_MAX_PACKET bytes, for the packet being injected */
	int64_t start;		/* time zero, on the bed's clock */
	int64_t base; /* what +t is relative to: when the last event was complete, ns since start */
	int64_t call_duration; /* of the last call or the program's end: packets that it triggered
				* may predate `base` by up to this much */
	int64_t last_time;     /* resolved time of the event before this one */
	bool last_inbound;     /* the event before this one was an inbound packet */
	size_t last_expected;  /* index of the script's last expected packet; SIZE_MAX: none */
	int64_t due, until, tolerance; /* of the current event, ns since start */
	int64_t wait;		       /* for the current event, as scripted */
	int64_t off_ns; /* the failure is one of time alone, this much late (< 0: early); 0: not */
	bool off_in_ticks; /* the failure is one of values that the kernel measures in ticks */
	int64_t lateness[LATENESS_REACH]; /* of our last actions, 0: too little to matter; a ring */
	unsigned n_lateness;		  /* the next goes there */
	size_t n_before, event_before; /* so many records were, and the last of their events, when
					* the last packet came that no event expected */
	bool failed;
};

/* ---- the pipeline: play.c ------------------------------------------------------------------ */

/* An event on its way through the loop. */
struct moment {
	const struct event *event;
	struct record *record;
	struct conn *conn; /* whose state is told; NULL: the one under test */
	/* ns since start; INT64_MIN: it was not */
	int64_t begin; /* when it happened */
	int64_t acted; /* when our own action was over, which tells how late we are; not ours: unset
			*/
	int64_t end;   /* when it was complete: later relative times count from here */
	int64_t call_duration;	     /* see struct run */
	bool untimed;		     /* its time is judged otherwise */
	bool non_fatal;		     /* a failure is only a warning */
	struct injection *injection; /* play_packet.c */
	/* What was held against an expectation: the first, and the last; NULL: nothing. */
	struct live_packet *first, *last;
};

/* What a kind of event does: events.def names one for each. The loop does the waiting, looks after
 * blocking calls, judges the time, samples states and closes the record. */
struct player {
	enum record_kind record;
	bool waits;   /* for its time, before act() */
	bool settles; /* blocking calls that are due have returned before it */
	/* What can be done before it is due; NULL: nothing. */
	void (*prepare)(struct run *run, struct moment *moment);
	/* Does it, and fills in the facts. */
	void (*act)(struct run *run, struct moment *moment);
};

#define EVENT(id, name, word, called, least, most, result, times, usage, player_name, ...)         \
	extern const struct player player_##player_name;
#include "parser/events.def"
#undef EVENT
extern const struct player player_expect;

/* ---- start-up and end: play_setup.c -------------------------------------------------------- */

/* Up to the point where only the timeline is left; false: it cannot be, and the result says why. */
bool run_start_up(struct run *run);
/* `armed`: the cleanup command is to run. */
void run_clean_up(struct run *run, bool armed);

/* ---- records and times: play_record.c ------------------------------------------------------ */

/* Nanoseconds since start. */
int64_t run_now(const struct run *run);
/* Waits until `time`, ns since start, when something is to happen. */
void run_wait_until(struct run *run, int64_t time);

/* A record of an event (NULL: none), with its times and expected text; not yet part of the result.
 */
struct record *run_record(struct run *run, enum record_kind kind, const struct event *event);
/* The same for a place in the script that is no event. */
struct record *run_record_at(struct run *run, enum record_kind kind, struct loc loc);
/* Marks it as failed. */
void run_fail(struct run *run, struct record *record, enum record_fault fault);
/* The same with a text that belongs to the fault. */
void run_fail_text(struct run *run, struct record *record, enum record_fault fault,
		   const char *detail);
/* What fails now is for want of something of this machine's, which says nothing of the script or
 * the kernel: the run is one that was not run, unless it has failed before. */
void run_not_run(struct run *run);
/* Closes a record: it becomes part of the result with `conn`'s state, and cannot change any more.
 */
void run_close(struct run *run, struct record *record, const struct conn *conn);

/* Fills in where in script, expectation and what came the fault of a failed record stands. */
void run_locate(struct run *run, struct record *record);

/* Checks a record's actual_ns against its window; fails it when outside. True: inside. */
bool run_check_time(struct run *run, struct record *record);
/* Accounts for an action of ours that was due at `due` and was over at `acted`. */
void run_late(struct run *run, int64_t due, int64_t acted);
/* Something of ours, other than an action, may have been this late. */
void run_late_note(struct run *run, int64_t late);
/* Completes an event: later relative times count from `time`. */
void run_complete(struct run *run, int64_t time);

/* How far from its time an event that comes so long after the one before it is still in time. */
int64_t run_tolerance(const struct run *run, int64_t duration);

/* ---- what the kernel sends: play_packet.c, play_quiet.c ------------------------------------ */

enum run_read { READ_FAILED = -1, READ_NOTHING = 0, READ_PACKET = 1 };

/* Reads one packet, of whatever connection, into its queue, waiting until `deadline` (the bed's
 * clock). On failure `error` says why. */
enum run_read run_read(struct run *run, int64_t deadline, struct errbuf *error);
/* Reads what has come, without waiting. */
void run_drain(struct run *run);
/* `record` tells of the packet with this number in the capture. */
void run_note_packet(struct run *run, size_t saved, const struct record *record);
/* A packet's text in script notation, in the result's memory. */
const char *run_packet_text(struct run *run, const struct packet *packet);
/* Records of the packets captured until `until` (ns since start) that no event expected. */
void run_extras(struct run *run, int64_t until);
/* After the last event: what else came. */
void run_rest(struct run *run);
/* After the script: an RST to every connection, so that nothing of it is left to the next one. */
void run_reset(struct run *run);

/* ---- where script and kernel part: play_align.c -------------------------------------------- */

/* Of an expectation that failed: fills in how what came, and what comes yet, goes with what the script
 * expects from there on. */
void run_align(struct run *run, const struct moment *moment);
/* The same where it is a packet that no event expected, in script numbers, which was sent at that time. */
void run_align_extra(struct run *run, struct record *record, const struct packet *actual,
		     int64_t time);

/* ---- what the kernel says: play_state.c, play_record.c, play_counter.c --------------------- */

/* The connection that a claim speaks of; NULL: there is none, and the record has failed. */
struct conn *run_conn_claimed(struct run *run, struct record *record, bool under_test, int64_t fd);
/* Sleeps until it is time to look again whether a claim with a window holds. `look` is 0 at first.
 * False: the window is over. */
bool run_look_again(struct run *run, int64_t *look);
/* Before the timeline, and once it is over: the counters of the kernel's that say why it failed. */
void run_counters_begin(struct run *run);
void run_counters_end(struct run *run);

/* ---- why it failed: play_why.c -------------------------------------------------------------- */

/* Does the kernel tell its reasons? Then `reasons` is set; false: the run cannot go on. */
bool run_reasons_begin(struct run *run);
/* The word of why an injection at `from` (ns since start) was dropped, a RST of the kernel's was sent; NULL:
 * it was not, or it is not told. Kept with the result. */
const char *run_drop_reason(struct run *run, int64_t from);
const char *run_reset_reason(struct run *run, const struct conn *conn,
			     const struct live_packet *live);
/* What was noted of a connection last: of the kernel's RSTs, or of the peer's segments. */
const char *run_last_reason(const struct run *run, const struct conn *conn, bool inbound,
			    bool *any);

/* A segment was injected (`packet` is the script's) or came (in script numbers; `event` expected it, or
 * NULL). */
void run_note(struct run *run, const struct conn *conn, const struct event *event,
	      const struct packet *packet, int64_t time, const char *reason);
/* Fills in the cause of a record that has failed, where the script's own segments tell it for certain. `conn`
 * is whose it is; NULL: nobody's. */
void run_explain(struct run *run, struct record *record, const struct conn *conn);

/* Is it an earlier one again? Then that is its cause. */
bool run_explain_again(const struct run *run, struct record *record, const struct conn *conn);

/* ---- shell commands: play_command.c -------------------------------------------------------- */

/* Runs a command as command_run() does; `fd`: -1, or one to pass on. */
bool run_command(struct run *run, const char *text, int fd, struct command_end *end);
/* The same; false: it failed, and so has the record. */
bool run_shell(struct run *run, const char *text, struct record *record);

/* ---- calls: play_result.c, play_pending.c ---------------------------------------------------- */

/* Takes a finished call over: what it tells of connections, and whether it did as written. */
void run_take_result(struct run *run, struct record *record, const struct call *call,
		     const struct call_slot *slot);
/* The connection that a call spoke of; NULL: none. */
struct conn *run_conn_of(struct run *run, const struct call_slot *slot);
/* A blocking call is under way. */
void run_pending_add(struct run *run, const struct event *event);
/* Blocking calls: those that have returned; those due by `time`, false when one was wrong, so that
 * the event that waited for it is not reached; all, at the end. */
void run_pending_returned(struct run *run);
bool run_pending_due(struct run *run, int64_t time);
void run_pending_end(struct run *run);
/* A blocking call is given this long to fall asleep or to return. */
#define ASLEEP_NS (1 * NSEC_PER_SEC)

#endif
