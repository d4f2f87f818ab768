/* What happened, as data: one record per event. The run loop appends them and prints nothing;
 * every report is a reader of them. Serialisable (record_json.c): times are ns relative to the
 * script's start, text is script notation. Strings are owned by the struct run_result's arena. */
#ifndef FINWAIT_RUNTIME_RECORD_RECORD_H
#define FINWAIT_RUNTIME_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "runtime/record/mismatch.h"

enum record_kind {
	RECORD_INJECT,	/* inbound packet */
	RECORD_SEGMENT, /* expected outbound packet, or the lack of it */
	RECORD_EXTRA,	/* a segment the script did not expect (--strict, quiet, trace) */
	RECORD_CALL,
	RECORD_CALL_END, /* a blocking call returned */
	RECORD_COMMAND,
	RECORD_CODE,
	RECORD_STATE,
	RECORD_STATES,
	RECORD_QUIET,
	RECORD_KILL,
	RECORD_EXIT,
	RECORD_SETUP, /* init command, start-up */
	RECORD_CLEANUP,
};

enum record_status { RECORD_OK, RECORD_WARNING, RECORD_FAILED };

struct record {
	enum record_kind kind;
	enum record_status status;
	int event;	       /* index in the script; -1: none */
	unsigned line, column; /* of the event; 0: none */
	int64_t due_ns;	       /* when it was due; INT64_MIN: any time */
	int64_t until_ns;      /* end of its window; == due_ns unless a range */
	int64_t actual_ns;     /* when it happened; INT64_MIN: never */
	int64_t tolerance_ns;
	bool late; /* actual_ns outside [due - tolerance, until + tolerance] */
	/* Both in one notation, so that they can stand one under the other: "> F. 1:1(0) ack 1",
	 * "read(4, ..., 10) = 10", "tcp_state(4) = TCP_CLOSE", "tcp_states(4) = [...]". */
	const char *expected;	/* script form */
	const char *actual;	/* live form, in script numbers; NULL: nothing came */
	const char *state;	/* TCP state after it, "TCP_FIN_WAIT1"; NULL: no connection */
	const char *connection; /* "192.168.0.1:8080 > 192.0.2.1:40000" (kernel first); NULL */
	const char *message;	/* one line, if failed or a warning: what is wrong */
	const char *hint;	/* what to do, or what it usually means; NULL */
	struct mismatches *mismatches; /* NULL: none */
};

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,  /* a requirement is not met, or cannot run here */
	VERDICT_XFAIL, /* failed as expected */
	VERDICT_XPASS, /* passed though --xfail: counts as a failure */
	VERDICT_ERROR, /* bad script, crash of the run */
	VERDICT_LATE,  /* failed, and its own lateness could explain it */
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
	const char *source_line;  /* the failed record's line of the script; NULL: unknown */
	int64_t scripted_ns;	  /* duration the script asks for */
	int64_t setup_ns, run_ns; /* wall time before and of the timeline */
	int64_t cpu_ns;		  /* CPU of the run's processes */
	int64_t max_late_ns;	  /* worst lateness of the run's own injections, calls and reads */
	int64_t tick_ns;	  /* the failure is one of time, and the kernel's tick, which is so
				   * long, may explain it; 0: it is not, or may not */
	int64_t *lateness;	  /* of each injection, ns */
	size_t n_lateness;
	struct record **records;
	size_t n_records;
	int failed_record; /* index of the first failed record; -1 */
	unsigned attempts; /* filled by the suite: 1 or more */
};

struct run_result *run_result_new(const char *path, const char *mode);
void run_result_free(struct run_result *result); /* accepts NULL */

/* Appends a zeroed record with due, until and actual time INT64_MIN and event -1. */
struct record *run_result_add(struct run_result *result, enum record_kind kind);

/* Appends the lateness of one injection and raises max_late_ns to it. */
void run_result_add_lateness(struct run_result *result, int64_t late_ns);

/* Marks a record as failed; the first one marked becomes failed_record. */
void run_result_fail(struct run_result *result, struct record *record);

/* Copies the failed record's line out of the script's text into source_line, so that reports work
 * without the script (other processes, merged shards). */
void run_result_quote(struct run_result *result, const char *text);

/* The failed record; NULL: none. */
const struct record *run_result_failed(const struct run_result *result);

/* Does it make a suite fail: fail, xpass, error, late? And: passed, but not at once? */
bool verdict_is_failure(enum verdict verdict);
bool run_result_is_flaky(const struct run_result *result);

/* "" where it has none. */
const char *run_result_mode(const struct run_result *result);
const char *verdict_name(enum verdict verdict);		   /* "pass", "fail", ... */
const char *record_kind_name(enum record_kind kind);	   /* "inject", ... */
const char *record_status_name(enum record_status status); /* "ok", "warning", "failed" */

/* JSON text (one object, no newline inside; docs/json.md), malloc'd; and back, without loss.
 * Without records, failed_record and n_records are lost. NULL on nonsense. */
char *run_result_to_json(const struct run_result *result, bool with_records);
struct run_result *run_result_from_json(const char *text, size_t size);

#endif
