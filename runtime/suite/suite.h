/* Plays many scripts: chooses what to play (discover.c, select.c, plan.c, shard.c), plays it
 * (sched.c), reports it (tell.c), and keeps what the next run needs to know (history.c). */
#ifndef FINWAIT_RUNTIME_SUITE_SUITE_H
#define FINWAIT_RUNTIME_SUITE_SUITE_H

#include "runtime/suite/settings.h"
#include "runtime/record/record.h"
#include "base/errbuf.h"

/* One script in one mode. */
struct test {
	const char *path;
	const struct source *source; /* the text, if it can be read only once; NULL: a file */
	enum ip_mode mode;
	const struct cli_option *options; /* options of the command line for this mode */
	size_t n_options;
	int64_t scripted_ns;
	struct arena *arena;	     /* owns `script` */
	const struct script *script; /* NULL while it has no users */
	unsigned users;
	struct run_result *known; /* the result of a test that is not played: bad, or skipped; owned
				   * here until the results take it */
};

struct plan {
	struct arena *arena;
	struct test *tests; /* in the order of the paths */
	size_t n;
	size_t runs; /* number of runs of the whole suite, before a shard was chosen */
};

/* Lists the scripts: files as they are given, directories recursively for *.pkt, sorted. 0, or
 * -errno with err. */
int discover(struct arena *arena, const struct name_list *paths, struct name_list *files,
	     struct errbuf *err);

/* True if --filter and --exclude let this path through. A pattern is a glob over the whole path or
 * its last part, or a text within it. */
bool select_path(const struct settings *settings, const char *path);

/* True if the kernel version `major.minor` meets the requirement. */
bool requirement_met(const struct requirement *requirement, unsigned major, unsigned minor);

/* The modes to play a script in, as a bit set: that of --ip_version on the command line; else the
 * script's own --ip_versions or --ip_version; else --ip_versions of the command line; else IPv4.
 * `config` NULL: the script could not be read that far. */
unsigned select_modes(const struct settings *settings, const struct config *config,
		      const char *path);

/* Sets *modes to those named by --ip_versions on the command line, 0 if there are none. Returns
 * what is wrong with the option, or NULL. */
const char *select_command_line(const struct settings *settings, unsigned *modes);

/* Reads and checks all the files. A file that cannot be read becomes a test whose result is known.
 */
void plan_make(struct plan *plan, const struct settings *settings, const struct name_list *files);
void plan_free(struct plan *plan);

/* The script of a test, which is read again for its first user. NULL: it cannot be read (*code is
 * -errno), or it has changed since it was checked (*code is 0). Each success needs a
 * test_release(). Forked processes inherit the script. */
const struct script *test_script(struct test *test, int *code);
void test_release(struct test *test);

/* The path at which one of many runs saves its packets: FILE-DIRECTORY-SCRIPT-MODE.pcap for
 * FILE.pcap, and FOLDER/DIRECTORY-SCRIPT-MODE.pcap for FOLDER/.pcap. With --repeat the number of
 * the round (from 0) follows the mode. */
const char *test_pcap_path(const struct test *test, const char *path, unsigned round,
			   struct arena *arena);

/* Keeps the tests of shard k of n. The longest test goes first, each to the shard with the least
 * total so far; ties are broken by path and mode. So all machines with the same scripts and
 * durations agree on the shards. */
void shard_plan(struct plan *plan, unsigned k, unsigned n, const int64_t *durations_ns);
/* Reads durations (ns) from a JSON report; a test that it does not have gets its script's. The
 * array is in the plan's order and owned by its arena. 0, or -errno with err. */
int shard_durations(const struct plan *plan, const char *path, int64_t **durations_ns,
		    struct errbuf *err);

/* The tests that failed last are kept in $XDG_STATE_HOME/finwait/last-failed. */
struct name_list history_paths(struct arena *arena);
void history_keep_failed(struct plan *plan);
void history_save(struct run_result *const *results, size_t n);

/* All results of a suite, in the order in which the runs ended. */
struct results {
	struct run_result **items;
	size_t n, size;
	size_t failures;    /* verdict_is_failure() */
	size_t not_run;	    /* failures that are VERDICT_NOT_RUN */
	size_t interrupted; /* not run to their end, since they were interrupted */
	size_t missing;	    /* runs that a shard left out because it ended early */
};

void results_add(struct results *results, struct run_result *result);
void results_free(struct results *results);
/* The exit status: 1 if a run failed; else 2 if a script was bad; else 4 if a run that was to be
 * played was not. With --bisect: 1 if the kernel did not do what a script says; else 125 if a
 * result says nothing about the kernel, or if all runs were skipped. */
enum exit_status results_status(const struct results *results, bool bisect);

/* Writes what people see during the suite and at its end, and the report files. */
struct teller;
struct progress_counts {
	size_t all, running;
	int64_t all_ns, elapsed_ns;
};

/* Checks that the requested reports can be written. 0, or -errno with err. */
int teller_check(const struct settings *settings, struct errbuf *err);
/* True if a requested report needs the records of passed runs too. */
bool teller_wants_records(const struct settings *settings);
/* `shard`: which part of a suite this is; n 0, or NULL: the whole suite. */
struct report_shard;
struct teller *teller_new(const struct settings *settings, size_t n_tests,
			  const struct report_shard *shard, struct errbuf *err);
/* True if there is only one run and its events are to be printed as they happen. False if a report
 * goes to standard output. */
bool teller_live(const struct teller *teller, size_t n_runs);
/* Prints record `i` of a run that is going on; only if teller_live(). */
void teller_record(struct teller *teller, struct run_result *result, size_t i);
void teller_result(struct teller *teller, const struct results *results,
		   const struct progress_counts *counts);
void teller_tick(struct teller *teller, const struct results *results,
		 const struct progress_counts *counts);
/* Writes the summary and the reports, and frees the teller. False if a report could not be written;
 * standard error then says why. */
bool teller_end(struct teller *teller, struct results *results, int64_t wall_ns);

/* Plays the tests of a plan. Returns 0; the signal that ended it early; or -errno with err. */
int sched_play(const struct settings *settings, const struct plan *plan, struct results *results,
	       struct teller *teller, struct errbuf *err);

/* `finwait run` and `packetdrill`. Returns the exit status, 128 + N after signal N. */
int suite_run(struct settings *settings);
/* merge.c: `finwait merge FILE...` makes one report from the JSON reports of shards. Returns the
 * exit status. */
int suite_merge(struct settings *settings);

#endif
