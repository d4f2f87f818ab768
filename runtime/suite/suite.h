/* Many scripts: what to play (discover.c, select.c, plan.c, shard.c), playing it (sched.c), telling
 * (tell.c), and what the next time needs to know (history.c). */
#ifndef FINWAIT_RUNTIME_SUITE_SUITE_H
#define FINWAIT_RUNTIME_SUITE_SUITE_H

#include "runtime/suite/settings.h"
#include "runtime/record/record.h"
#include "base/errbuf.h"

/* One script in one mode. */
struct test {
	const char *path;
	const struct source *source; /* standard input; NULL: a file */
	enum ip_mode mode;
	const struct cli_option *options; /* those of the command line for this mode */
	size_t n_options;
	int64_t scripted_ns;
	struct arena *arena;	     /* of `script` */
	const struct script *script; /* while it has users */
	unsigned users;
	struct run_result
		*known; /* not to be played: bad, or skipped. Until the results take it. */
};

struct plan {
	struct arena *arena;
	struct test *tests; /* in the order of the paths */
	size_t n;
	size_t runs; /* of the whole, before a shard was chosen */
};

/* Files as they are, directories recursively for *.pkt, sorted. 0, or -errno with err. */
int discover(struct arena *arena, const struct name_list *paths, struct name_list *files,
	     struct errbuf *err);

/* --filter and --exclude: a glob over the whole path or its last part, or a text within it. */
bool select_path(const struct settings *settings, const char *path);

/* Does `major.minor` meet it? */
bool requirement_met(const struct requirement *requirement, unsigned major, unsigned minor);

/* Modes of a script (bit set): the one of --ip_version on the command line, else its own
 * --ip_versions or --ip_version, else --ip_versions of the command line, else IPv4. `config` NULL:
 * a script that could not be read so far. */
unsigned select_modes(const struct settings *settings, const struct config *config,
		      const char *path);

/* Modes named by --ip_versions on the command line; 0: none. What is wrong with it, or NULL. */
const char *select_command_line(const struct settings *settings, unsigned *modes);

/* Reads and checks all the files; what cannot be read is a test whose result is known. */
void plan_make(struct plan *plan, const struct settings *settings, const struct name_list *files);
void plan_free(struct plan *plan);

/* The script of a test, read again for its first user; NULL: it cannot be (*code: -errno), or is no
 * longer what was checked (*code 0). Each success wants a test_release(). Forked processes inherit
 * it. */
const struct script *test_script(struct test *test, int *code);
void test_release(struct test *test);

/* Where one of many runs saves its packets: FILE-DIRECTORY-SCRIPT-MODE.pcap for FILE.pcap, and
 * FOLDER/DIRECTORY-SCRIPT-MODE.pcap for FOLDER/.pcap, with the round (from 0) behind it if there are
 * more than one. */
const char *test_pcap_path(const struct test *test, const char *path, unsigned round,
			   struct arena *arena);

/* Keeps the tests of shard k of n: longest first to the lightest shard, ties by path and mode, so
 * that all who have the same scripts and durations agree. */
void shard_plan(struct plan *plan, unsigned k, unsigned n, const int64_t *durations_ns);
/* Durations from a JSON report, those of unknown tests from the script. Arena array. */
int shard_durations(const struct plan *plan, const char *path, int64_t **durations_ns,
		    struct errbuf *err);

/* Which tests failed last, in $XDG_STATE_HOME/finwait/last-failed. */
struct name_list history_paths(struct arena *arena);
void history_keep_failed(struct plan *plan);
void history_save(struct run_result *const *results, size_t n);

/* All results of a suite, in the order in which runs ended. */
struct results {
	struct run_result **items;
	size_t n, size;
	size_t failures;    /* verdict_is_failure(), */
	size_t not_run;	    /* of them those that were not run, */
	size_t interrupted; /* of those the ones that were under way */
	size_t missing;	    /* left out of a shard that ended early */
};

void results_add(struct results *results, struct run_result *result);
void results_free(struct results *results);
/* Exit status: 1 a run failed; else 2 a script was bad; else 4 a run was not run that should be. With
 * --bisect: 1 the kernel did otherwise than a script says; else 125 where one says nothing of it, or
 * all are skipped. */
enum exit_status results_status(const struct results *results, bool bisect);

/* What people see while it goes on and at its end, and the files for CI. */
struct teller;
struct progress_counts {
	size_t all, running;
	int64_t all_ns, elapsed_ns;
};

/* Can the reports that are asked for be written? 0, or -errno with err. */
int teller_check(const struct settings *settings, struct errbuf *err);
/* Does a report want to show what happened in runs that passed too? */
bool teller_wants_records(const struct settings *settings);
/* `shard`: what this is of a suite; n 0, or NULL: the whole. */
struct report_shard;
struct teller *teller_new(const struct settings *settings, size_t n_tests,
			  const struct report_shard *shard, struct errbuf *err);
/* Is each event of the one run there is printed when it happens? Not where standard output is a
 * report's. */
bool teller_live(const struct teller *teller, size_t n_runs);
/* A record of a run that is under way, where teller_live(). */
void teller_record(struct teller *teller, struct run_result *result, size_t i);
void teller_result(struct teller *teller, const struct results *results,
		   const struct progress_counts *counts);
void teller_tick(struct teller *teller, const struct results *results,
		 const struct progress_counts *counts);
/* The end: false, and said on standard error, if a report could not be written. Frees the teller.
 */
bool teller_end(struct teller *teller, struct results *results, int64_t wall_ns);

/* Plays the tests of a plan. Returns the signal that ended it early, else 0; -errno with err. */
int sched_play(const struct settings *settings, const struct plan *plan, struct results *results,
	       struct teller *teller, struct errbuf *err);

/* finwait run and packetdrill; 128 + N after signal N. */
int suite_run(struct settings *settings);
/* merge.c: finwait merge FILE...: one report from the JSON reports of shards. */
int suite_merge(struct settings *settings);

#endif
