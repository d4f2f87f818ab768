/* What happened in a run, as data: one record for each happening. The play loop appends records and
 * prints nothing; every report reads them. A record is one line of JSON (record_json.c). Strings
 * are owned by the arena of the struct run_result, or are constant. */
#ifndef FINWAIT_RUNTIME_RECORD_RECORD_H
#define FINWAIT_RUNTIME_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "runtime/record/mismatch.h"

enum record_kind {
#define KIND(id, ...) RECORD_##id,
#include "runtime/record/record.def"
#undef KIND
	N_RECORD_KINDS
};

enum record_status { RECORD_OK, RECORD_WARNING, RECORD_FAILED };

enum record_fault {
#define FAULT(id, ...) FAULT_##id,
#include "runtime/record/record.def"
#undef FAULT
	N_FAULTS
};

enum record_cause {
#define CAUSE(id, ...) CAUSE_##id,
#include "runtime/record/record.def"
#undef CAUSE
	N_CAUSES
};

enum record_alignment {
#define ALIGNMENT(id, ...) ALIGNMENT_##id,
#include "runtime/record/record.def"
#undef ALIGNMENT
	N_ALIGNMENTS
};

/* One happening: the members of record.def, and its mismatches. Times are ns since the script's
 * start, INT64_MIN if there is none. `expected` and `actual` are in the same notation, so that they
 * can be printed one under the other. `state` is a number of netinet/tcp.h, 0: no connection.
 * `message` and `hint` are made from the other members (runtime/report/words.c); the run itself
 * leaves them NULL. */
struct record {
#define C_KIND			    enum record_kind
#define C_STATUS		    enum record_status
#define C_FAULT			    enum record_fault
#define C_CAUSE			    enum record_cause
#define C_ALIGNMENT		    enum record_alignment
#define C_INT			    int
#define C_UNSIGNED		    unsigned
#define C_COUNT			    unsigned
#define C_NS			    int64_t
#define C_NUMBER		    int64_t
#define C_BOOL			    bool
#define C_FLAG			    bool
#define C_STATE			    int
#define C_TEXT			    const char *
#define C_PLACE			    struct place
#define MEMBER(type, name, meaning) C_##type name;
#include "runtime/record/record.def"
#undef MEMBER
	struct mismatches *mismatches; /* NULL: none */
};

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,	 /* not played: a requirement is not met, or --slow was not given */
	VERDICT_XFAIL,	 /* failed as expected */
	VERDICT_XPASS,	 /* passed though --xfail: counts as a failure */
	VERDICT_ERROR,	 /* bad script, crash of the run, its time limit */
	VERDICT_LATE,	 /* failed, and the lateness of the run itself could explain it */
	VERDICT_NOT_RUN, /* could not be played, or not to its end, which says nothing about the
			  * script or the kernel; the failed record says why */
	N_VERDICTS
};

/* By how much a counter of the kernel has grown while a script was played. */
struct growth {
	const char *name; /* as nstat(8) has it */
	int64_t by;
};

/* Everything known about one run of one script in one mode. */
struct run_result {
	struct arena *arena; /* owns all below */
	const char *path;
	const char *mode; /* "ipv4" ... */
	enum verdict verdict;
	const char *reason;	  /* one line; NULL for a plain pass */
	const char *output;	  /* stdout and stderr of commands and code; NULL: none */
	const char *diagnostics;  /* a bad script's messages, as diags_print() writes them; NULL */
	const char *source_line;  /* the line of the failed record's place; NULL: unknown */
	const char *source_before; /* that of the failed record's after_line; NULL: none */
	int64_t scripted_ns;	   /* the duration that the script asks for */
	int64_t setup_ns, run_ns;  /* wall time before the timeline, and of the timeline */
	int64_t cpu_ns;		   /* CPU time of the run's processes */
	int64_t max_late_ns;	   /* worst lateness of its own injections, calls and reads */
	int64_t tick_ns;	   /* length of a kernel tick, if the failure is one of time that
				    * ticks may explain; else 0 */
	int64_t *lateness;	  /* of each injection, ns */
	size_t n_lateness;
	struct record **records;
	size_t n_records;
	struct growth *counters; /* of a failed run: the counters that have grown, without those
				  * that only count traffic */
	size_t n_counters;
	int failed_record; /* index of the first failed record; -1 */
	unsigned attempts; /* filled by the suite: 1 or more */
};

struct run_result *run_result_new(const char *path, const char *mode);
/* The same in an arena, which the result owns from then on. */
struct run_result *run_result_new_in(struct arena *arena, const char *path, const char *mode);
void run_result_free(struct run_result *result); /* accepts NULL */

/* Makes a zeroed record with due, until and actual time INT64_MIN and event -1. It is in no result
 * yet. */
struct record *record_new(struct arena *arena, enum record_kind kind);
/* Appends a record, which must not be changed afterwards. The first one that failed becomes
 * failed_record. */
void run_result_close(struct run_result *result, struct record *record);
/* Makes a record and appends it at once; for readers of JSON and for tests. */
struct record *run_result_add(struct run_result *result, enum record_kind kind);

/* Appends the lateness of one injection and raises max_late_ns to it if it is greater. */
void run_result_add_lateness(struct run_result *result, int64_t late_ns);

/* Appends a counter that has grown. */
void run_result_add_counter(struct run_result *result, const char *name, int64_t by);

/* Marks a record as failed; the first one marked becomes failed_record. */
void run_result_fail(struct run_result *result, struct record *record);

/* Copies the line of the failed record's place out of the script's text into source_line, and that of
 * its after_line into source_before, so that reports work without the script (other processes, merged shards). */
void run_result_quote(struct run_result *result, const char *text);

/* The place in the script of what is wrong; if that is not known, the place of the record's event.
 */
struct place record_place(const struct record *record);

/* Was something waited for in vain, so that its time is when that ended? */
bool record_is_given_up(const struct record *record);

/* How far outside its window it happened, in ns, without the tolerance: late > 0, early < 0, inside
 * 0. */
int64_t record_off_ns(const struct record *record);

/* The failed record; NULL: none. */
const struct record *run_result_failed(const struct run_result *result);

/* verdict_is_failure(): true for verdicts that make a suite fail: fail, xpass, error, late, not
 * run. run_result_is_flaky(): true if the run passed, but not in its first try. */
bool verdict_is_failure(enum verdict verdict);
bool run_result_is_flaky(const struct run_result *result);

/* The name of the mode; "" if the result has none. */
const char *run_result_mode(const struct run_result *result);
const char *verdict_name(enum verdict verdict);		   /* "pass", "fail", ... */
const char *record_kind_name(enum record_kind kind);	   /* "inject", ... */
const char *record_status_name(enum record_status status); /* "ok", "warning", "failed" */
const char *record_fault_name(enum record_fault fault);	   /* "time", ...; "" for none */
const char *record_cause_name(enum record_cause cause);
const char *record_alignment_name(enum record_alignment alignment);
const char *record_state_name(const struct record *record); /* "TCP_FIN_WAIT1"; "" for none */

/* Convert a result to JSON text (one object without a newline inside; docs/json.md), malloced, and
 * back, without loss. Without records, failed_record and n_records are lost. NULL: the text is no
 * such object. */
char *run_result_to_json(const struct run_result *result, bool with_records);
struct run_result *run_result_from_json(const char *text, size_t size);
/* The result without records, malloced: the last line of a stream whose other lines are records. */
char *run_result_to_line(const struct run_result *result);
/* Fills in a result from that line; it may have records already, from lines of their own. */
bool run_result_fill(struct run_result *result, const char *text, size_t size);

/* Convert a record to a line of JSON without its newline, malloced, and append a record from such a
 * line to a result. False: the line is no record, and the result is unchanged. */
char *record_to_json(const struct record *record);
bool record_from_json(struct run_result *result, const char *text, size_t size);

#endif
