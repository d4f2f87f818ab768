/* Readers of the records. None of them includes run.h, keeps state or prints anywhere but to the
 * stream it is given. Those over many results take them in the order to be shown. */
#ifndef FINWAIT_RUNTIME_REPORT_REPORT_H
#define FINWAIT_RUNTIME_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/record/record.h"
#include "base/errbuf.h"

/* diff.c: everything about a failed run: FILE:LINE:COLUMN, the source line and expected and actual one
 * under the other with every differing field marked, how late or early, the state, the last events
 * before it. For a pass it prints nothing. */
void report_failure(FILE *out, const struct run_result *result, bool color);

/* The same as malloc'd text that is valid UTF-8 without control characters, for files. */
char *report_failure_text(const struct run_result *result);

/* diff.c: a run's warnings, of --non_fatal: they are shown whatever came of it. */
void report_warnings(FILE *out, const struct run_result *result, bool color);

/* classic.c: what packetdrill says of such a failure, for wrappers that look for its words. */
void report_classic(FILE *out, const struct run_result *result);

/* packet_comment.c: what a capture file says of a packet: where it stands in the script and what became
 * of it. `record`: the struct record that tells of it; NULL: none does. */
void report_packet_comment(const void *record, char *text, size_t size);

/* The first line of that without its position, "ack differs (ipv4)": for annotations, lists. Writes
 * at most `size` bytes with the NUL. */
void report_headline(char *out, size_t size, const struct run_result *result);

/* trace.c: one line per record as it happened: time, direction, segment, state. What is longer than a
 * terminal's `width` (0: none) goes on below. The whole has a heading. */
void report_trace_line(FILE *out, const struct record *record, unsigned width, bool color);
void report_trace(FILE *out, const struct run_result *result, unsigned width, bool color);
/* What commands printed, as it stands in a trace. */
void report_output(FILE *out, const char *output);

/* ladder_text.c: the exchange as a picture: program, kernel and peer, what passed between them, and the
 * states of both ends. Nothing if the result has no records. */
struct ladder_options {
	bool color;
	bool ascii;	/* no other characters */
	unsigned width; /* columns of the terminal; 0: 80 */
};

void report_ladder(FILE *out, const struct run_result *result,
		   const struct ladder_options *options);
/* svg.c, mermaid.c: the same pictures as SVG, one below the other, and in Mermaid's notation. False if
 * they could not be written. */
bool report_svg(FILE *out, const struct run_result *const *results, size_t n);
bool report_mermaid(FILE *out, const struct run_result *const *results, size_t n);
/* html.c: one page that needs nothing else. `began`: seconds since 1970. Scripts are read again, where
 * they still are. False if it could not be written. */
bool report_html(FILE *out, const struct run_result *const *results, size_t n, int64_t began);
/* Do the user's locale, and so the terminal, have more characters than ASCII? */
bool report_can_utf8(void);

/* How many of each verdict, and how many of the passes were flaky. */
struct report_counts {
	size_t all, failures; /* failures: those that make a suite fail, late ones included */
	size_t bad; /* of those with errors: bad scripts, which were not played */
	size_t by_verdict[N_VERDICTS];
	size_t flaky;
	int64_t run_ns; /* sum of set-up and timeline */
};

struct report_counts report_count(const struct run_result *const *results, size_t n);

/* Why runs were not run. Most have one reason, which is then told once. */
struct report_cause {
	const char *reason;		       /* "" when there is none */
	const struct run_result *const *items; /* the runs, as they were given */
	size_t n;
};

struct report_causes {
	struct report_cause *items;
	size_t n;
	const struct run_result **all; /* what the items point into */
};

/* In the order of their first runs. */
struct report_causes report_causes(const struct run_result *const *results, size_t n);
void report_causes_free(struct report_causes *causes);

/* tap.c: TAP 14, or the kernel's KTAP 1. */
/* TAP_KSELFTEST: KTAP as the output of one of the kernel's selftests has it. Its runner puts "# " in front
 * of each line; netdev's CI looks behind it for "TAP version" and for times, and takes some words for a
 * failure wherever they stand, so that they never stand in what is told of runs that passed. */
enum tap_flavour { TAP_14, TAP_KERNEL, TAP_KSELFTEST };

void report_tap(FILE *out, const struct run_result *const *results, size_t n,
		enum tap_flavour flavour);
/* The same in pieces, for printing as runs end; `number` counts from 1. */
void report_tap_plan(FILE *out, size_t n, enum tap_flavour flavour);
void report_tap_point(FILE *out, size_t number, const struct run_result *result,
		      enum tap_flavour flavour);
void report_tap_end(FILE *out, const struct report_counts *counts, enum tap_flavour flavour);

/* junit.c: JUnit XML as Jenkins, GitLab and Ant's readers take it, a suite per folder. False if it
 * could not be written. */
struct junit_options {
	int64_t timestamp;    /* seconds since 1970 the runs began; shown as UTC */
	const char *hostname; /* NULL: "localhost" */
};

bool report_junit(FILE *out, const struct run_result *const *results, size_t n,
		  const struct junit_options *options);

/* case_name.c: "finwait.close.active-close.ipv4", of letters, digits, '-', '_' and dots alone; malloc'd. */
char *report_case_name(const struct run_result *result);

/* lava.c: "NAME pass", "NAME fail" or "NAME skip", a line each. False if it could not be written. */
bool report_lava(FILE *out, const struct run_result *const *results, size_t n);

/* kcidb.c: one JSON object for KCIDB, of which the tests are these runs. False if it could not be
 * written. */
struct kcidb_options {
	const char *build;    /* id of the build that is tested, report_kcidb_is_id() */
	int64_t timestamp;    /* seconds since 1970 the runs began */
	const char *hostname; /* NULL: "localhost" */
	long process;	      /* ours: with the two above it makes ids that are no other report's */
};

/* "ORIGIN:ANYTHING" */
bool report_kcidb_is_id(const char *text);
bool report_kcidb(FILE *out, const struct run_result *const *results, size_t n,
		  const struct kcidb_options *options);

/* json.c: JSON Lines, one object a run, records of the failed ones only (docs/json.md). False if
 * it could not be written. */
bool report_json(FILE *out, const struct run_result *const *results, size_t n);

/* Of a shard, a line of its own before its results says which it is, so that none is missed. */
struct report_shard {
	unsigned k, n;	/* the k-th of n, from 1 */
	size_t runs;	/* that it was to play */
	size_t planned; /* that all of them were to play together */
	/* when read */
	const char *path;    /* of the file it stood in */
	size_t first, after; /* its results are those from `first` to before `after` */
};

bool report_json_shard(FILE *out, const struct report_shard *shard);

/* What was read of such files; all zero before the first. */
struct report_read {
	struct run_result **results;
	size_t n;
	struct report_shard *shards;
	size_t n_shards;
};

/* Reads a file to its end and appends what it holds, also if an error comes after it. `path` is for
 * report_shard. 0, or a negative errno and a line in `err`. */
int report_json_read(FILE *in, const char *path, struct report_read *read, struct errbuf *err);
/* The same of a file that is not open, which an error then names. */
int report_json_load(const char *path, struct report_read *read, struct errbuf *err);
/* Frees all but results that were taken out (NULL). */
void report_read_free(struct report_read *read);

/* github.c: workflow commands for the log (::error ...), and markdown for the file that
 * $GITHUB_STEP_SUMMARY names, to be opened for appending. */
void report_github(FILE *out, const struct run_result *const *results, size_t n);
void report_github_summary(FILE *out, const struct run_result *const *results, size_t n);

/* What is told of runs, each with those before it (progress.c). */
enum report_level {
	LEVEL_NONE,
	LEVEL_FAIL,  /* all that make a suite fail */
	LEVEL_FLAKY, /* passes at a later try */
	LEVEL_SKIP,  /* what was not to be played, or is expected to fail */
	LEVEL_ALL,
	N_LEVELS
};

/* From which level on a run is told. */
enum report_level report_level_of(const struct run_result *result);
/* By its name, "none" ... "all"; N_LEVELS: there is none such. */
enum report_level report_level_named(const char *name);

/* summary.c: what a terminal shows at the end: failures in full, then what was late, flaky,
 * skipped, the slowest, the names of those that failed, and the counts. */
struct summary_options {
	bool color;
	bool quiet;	  /* counts and failures only, a line for each failure */
	enum report_level level;
	int64_t wall_ns;  /* of the whole suite; 0: not shown */
	unsigned slowest; /* how many to list, usually 5 */
};

void report_summary(FILE *out, const struct run_result *const *results, size_t n,
		    const struct summary_options *options);

/* progress.c: one live line, "[####----] 120/481, 2 failed, 40 running, 12 s left". */
struct report_progress {
	size_t all, done, failed, not_run, running;
	int64_t done_ns, all_ns; /* scripted durations of the runs done, of all */
	int64_t elapsed_ns;	 /* since the first began */
	const char *last;	 /* what ended last; NULL: nothing yet */
};

/* Columns of the terminal behind `out`; 0: it is not one (or TERM=dumb, given as `term`). */
unsigned report_terminal_width(FILE *out, const char *term);
/* Rewrites the live line; report_progress_clear() before anything else is printed. */
void report_progress_draw(FILE *out, const struct report_progress *progress, unsigned width,
			  bool color);
void report_progress_clear(FILE *out);
/* When piped, now and then: "... 100/481, 2 failed". */
void report_progress_note(FILE *out, const struct report_progress *progress);
/* At which runs: multiples of this, about ten of them. */
size_t report_progress_step(size_t all);
/* When asked for: "[120/481] pass  a.pkt (ipv4)  0.512 s", a line for each run as it ends; none for one
 * that was not run. */
void report_progress_line(FILE *out, const struct report_progress *progress,
			  const struct run_result *result, bool color);

#endif
