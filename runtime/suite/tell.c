/* Writes the output for people and for CI. The words come from runtime/report. */
#include "base/outfile.h"
#include "runtime/report/report.h"
#include "runtime/report/words.h"
#include "runtime/suite/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct teller {
	const struct settings *settings;
	FILE *out;	/* for people */
	unsigned width; /* columns of the terminal; 0: not a terminal, print lines */
	bool drawn;
	enum report_level lines; /* which runs get a line when they end */
	bool notes;		 /* print progress from time to time, since nothing else would */
	int64_t noted_ns;
	int64_t done_ns; /* sum of the scripted durations of ended runs */
	time_t began;
	struct report_shard shard; /* n 0: none */
};

#define RUNS_LISTED 50
#define NOTE_NS	    (30 * NSEC_PER_SEC)

static bool is_stdout(const char *path)
{
	static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};

	for (size_t i = 0; path && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(path, names[i]))
			return true;
	return false;
}

/* Writes one report into a file. */
typedef bool (*report_writer)(const struct teller *teller, FILE *out,
			      const struct run_result *const *results, size_t n);

static bool write_tap(const struct teller *teller, FILE *out,
		      const struct run_result *const *results, size_t n)
{
	(void)teller;
	report_tap(out, results, n, TAP_14);
	return !ferror(out);
}

static bool write_ktap(const struct teller *teller, FILE *out,
		       const struct run_result *const *results, size_t n)
{
	(void)teller;
	report_tap(out, results, n, TAP_KERNEL);
	return !ferror(out);
}

static bool write_kselftest(const struct teller *teller, FILE *out,
			    const struct run_result *const *results, size_t n)
{
	(void)teller;
	report_tap(out, results, n, TAP_KSELFTEST);
	return !ferror(out);
}

static bool write_junit(const struct teller *teller, FILE *out,
			const struct run_result *const *results, size_t n)
{
	char host[256] = "";
	struct junit_options options = {.timestamp = teller->began};

	if (!gethostname(host, sizeof(host) - 1) && *host)
		options.hostname = host;
	return report_junit(out, results, n, &options);
}

static bool write_kcidb(const struct teller *teller, FILE *out,
			const struct run_result *const *results, size_t n)
{
	char host[256] = "";
	struct kcidb_options options = {.build = teller->settings->kcidb_build,
					.timestamp = teller->began,
					.process = (long)getpid()};

	if (!gethostname(host, sizeof(host) - 1) && *host)
		options.hostname = host;
	return report_kcidb(out, results, n, &options);
}

static bool write_lava(const struct teller *teller, FILE *out,
		       const struct run_result *const *results, size_t n)
{
	(void)teller;
	return report_lava(out, results, n);
}

static bool write_json(const struct teller *teller, FILE *out,
		       const struct run_result *const *results, size_t n)
{
	return (!teller->shard.n || report_json_shard(out, &teller->shard)) &&
	       report_json(out, results, n);
}

static bool write_svg(const struct teller *teller, FILE *out,
		      const struct run_result *const *results, size_t n)
{
	(void)teller;
	return report_svg(out, results, n);
}

static bool write_mermaid(const struct teller *teller, FILE *out,
			  const struct run_result *const *results, size_t n)
{
	(void)teller;
	return report_mermaid(out, results, n);
}

static bool write_html(const struct teller *teller, FILE *out,
		       const struct run_result *const *results, size_t n)
{
	return report_html(out, results, n, teller->began);
}

static const struct {
	const char *option;
	size_t path; /* in struct settings */
	report_writer write;
	const char *failed;
	bool all_records; /* it also shows what happened in runs that passed */
} files[] = {
	{"--tap", offsetof(struct settings, tap), write_tap, "could not be written", false},
	{"--ktap", offsetof(struct settings, ktap), write_ktap, "could not be written", false},
	{"--kselftest", offsetof(struct settings, kselftest), write_kselftest,
	 "could not be written", false},
	{"--junit", offsetof(struct settings, junit), write_junit, "could not be written", false},
	{"--json", offsetof(struct settings, json), write_json, "could not be written", false},
	{"--kcidb", offsetof(struct settings, kcidb), write_kcidb, "could not be written", false},
	{"--lava", offsetof(struct settings, lava), write_lava, "could not be written", false},
	{"--svg", offsetof(struct settings, svg), write_svg, "could not be written", true},
	{"--mermaid", offsetof(struct settings, mermaid), write_mermaid, "could not be written",
	 true},
	{"--html", offsetof(struct settings, html), write_html, "could not be written", true},
};

#define N_FILES (sizeof(files) / sizeof(files[0]))

static const char *file_path(const struct settings *settings, size_t i)
{
	return *(const char *const *)((const char *)settings + files[i].path);
}

bool teller_wants_records(const struct settings *settings)
{
	for (size_t i = 0; i < N_FILES; i++)
		if (files[i].all_records && file_path(settings, i))
			return true;
	return settings->verbose || settings->ladder;
}

/* The file that GitHub Actions names for a summary; NULL: none is wanted. */
static const char *step_summary(const struct settings *settings)
{
	const char *path = settings->github ? getenv("GITHUB_STEP_SUMMARY") : NULL;

	return path && *path ? path : NULL;
}

static bool is_script(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && !strcmp(path + n - 4, ".pkt") && !access(path, F_OK);
}

/* If the value of an option was forgotten, the path of a script stands in its place. */
static int check_path(const char *option, const char *path, struct errbuf *err)
{
	struct errbuf inner;
	int code;

	if (is_script(path))
		return err_set(err, -EEXIST, "%s %.150s would write over a script", option, path);
	code = outfile_check(path, &inner);
	return code ? err_set(err, code, "%s: %.230s", option, inner.text) : 0;
}

int teller_check(const struct settings *settings, struct errbuf *err)
{
	const char *summary = step_summary(settings);
	unsigned n = 0;
	int code = 0;

	for (size_t i = 0; i < N_FILES && !code; i++) {
		const char *path = file_path(settings, i);

		n += is_stdout(path);
		for (size_t j = 0; j < i && path && !is_stdout(path) && !code; j++)
			if (file_path(settings, j) && !strcmp(file_path(settings, j), path))
				code = err_set(err, -EEXIST, "%s and %s have the same file",
					       files[j].option, files[i].option);
		if (path && !is_stdout(path) && !code)
			code = check_path(files[i].option, path, err);
	}
	if (n > 1)
		code = err_set(err, -EEXIST,
			       "only one report can have standard output; give the others a file");
	if (!code && settings->pcap)
		code = check_path("--pcap", settings->pcap, err);
	if (!code && summary)
		code = check_path("GITHUB_STEP_SUMMARY", summary, err);
	return code;
}

/* Of which runs something is told at the end. A log of hundreds is read for what failed. */
static enum report_level lists(const struct teller *teller, size_t n)
{
	const struct settings *settings = teller->settings;

	if (settings->status_level)
		return settings->level;
	return settings->quiet || settings->verbose || n <= RUNS_LISTED ||
			       report_terminal_width(teller->out, getenv("TERM"))
		       ? LEVEL_ALL
		       : LEVEL_FAIL;
}

static void choose_lines(struct teller *teller)
{
	const struct settings *settings = teller->settings;

	teller->lines = settings->status_level ? settings->level
			: settings->verbose    ? LEVEL_ALL
					       : LEVEL_NONE;
	teller->notes = !teller->width && !settings->quiet && teller->lines < LEVEL_ALL;
}

struct teller *teller_new(const struct settings *settings, size_t n_tests,
			  const struct report_shard *shard, struct errbuf *err)
{
	struct teller *teller = calloc(1, sizeof(*teller));

	if (!teller) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	teller->settings = settings;
	if (shard)
		teller->shard = *shard;
	teller->began = time(NULL);
	teller->out = stdout;
	for (size_t i = 0; i < N_FILES; i++)
		if (is_stdout(file_path(settings, i)))
			teller->out = stderr; /* the report has standard output to itself */
	if (!settings->drop_in && !settings->quiet && !teller_live(teller, n_tests))
		teller->width = report_terminal_width(teller->out, getenv("TERM"));
	choose_lines(teller);
	return teller;
}

bool teller_live(const struct teller *teller, size_t n_runs)
{
	return teller->settings->verbose && n_runs == 1 && teller->out == stdout;
}

static void fill_progress(const struct teller *teller, const struct results *results,
			  const struct progress_counts *counts, struct report_progress *progress)
{
	const struct run_result *last = results->n ? results->items[results->n - 1] : NULL;

	*progress = (struct report_progress){
		.all = counts->all,
		.done = results->n,
		.failed = results->failures - results->not_run,
		.not_run = results->not_run,
		.running = counts->running,
		.done_ns = teller->done_ns,
		.all_ns = counts->all_ns,
		.elapsed_ns = counts->elapsed_ns,
		.last = last ? last->path : NULL,
	};
}

static void note(struct teller *teller, const struct results *results,
		 const struct progress_counts *counts)
{
	struct report_progress progress;

	fill_progress(teller, results, counts, &progress);
	report_progress_note(teller->out, &progress);
	fflush(teller->out);
	teller->noted_ns = counts->elapsed_ns;
}

void teller_tick(struct teller *teller, const struct results *results,
		 const struct progress_counts *counts)
{
	struct report_progress progress;

	if (!teller->width) {
		if (teller->notes && counts->elapsed_ns - teller->noted_ns >= NOTE_NS)
			note(teller, results, counts);
		return;
	}
	teller->width = report_terminal_width(teller->out,
					      getenv("TERM")); /* the terminal may be resized */
	fill_progress(teller, results, counts, &progress);
	report_progress_draw(teller->out, &progress, teller->width, teller->settings->use_color);
	fflush(teller->out);
	teller->drawn = true;
}

static void clear(struct teller *teller)
{
	if (teller->drawn)
		report_progress_clear(teller->out);
	teller->drawn = false;
}

/* Under the name packetdrill a pass is silent; a failure is printed in packetdrill's words. */
static void tell_drop_in(const struct teller *teller, const struct run_result *result)
{
	if (!result->diagnostics && result->verdict != VERDICT_SKIP &&
	    !verdict_is_failure(result->verdict))
		return;
	report_failure(stderr, result, teller->settings->use_color);
	report_classic(stderr, result);
}

void teller_record(struct teller *teller, struct run_result *result, size_t i)
{
	words_complete(result);
	report_trace_line(stdout, result->records[i], report_terminal_width(stdout, getenv("TERM")),
			  teller->settings->use_color);
	fflush(stdout);
}

void teller_result(struct teller *teller, const struct results *results,
		   const struct progress_counts *counts)
{
	const struct run_result *result = results->items[results->n - 1];
	const struct settings *settings = teller->settings;
	struct report_progress progress;

	if (!result->diagnostics && result->verdict != VERDICT_SKIP)
		teller->done_ns += result->scripted_ns;
	if (!teller_live(teller, counts->all))
		report_warnings(stderr, result, settings->use_color);
	if (settings->drop_in) {
		tell_drop_in(teller, result);
		return;
	}
	if (settings->verbose && !teller_live(teller, counts->all)) {
		clear(teller);
		report_trace(teller->out, result,
			     report_terminal_width(teller->out, getenv("TERM")),
			     settings->use_color);
		if (result->output)
			report_output(teller->out, result->output);
	}
	if (settings->quiet)
		return;
	if (report_level_of(result) <= teller->lines) {
		clear(teller);
		fill_progress(teller, results, counts, &progress);
		report_progress_line(teller->out, &progress, result, settings->use_color);
		fflush(teller->out);
	}
	if (teller->notes && results->n < counts->all &&
	    results->n % report_progress_step(counts->all) == 0)
		note(teller, results, counts);
}

static bool write_file(const struct teller *teller, size_t i, const struct results *results,
		       struct errbuf *err)
{
	const char *path = file_path(teller->settings, i);
	const struct run_result *const *items = (const struct run_result *const *)results->items;
	struct outfile file;

	if (is_stdout(path)) {
		if (files[i].write(teller, stdout, items, results->n) && !fflush(stdout))
			return true;
		err_set(err, -EIO, "standard output: %s %s", files[i].option, files[i].failed);
		clearerr(stdout); /* the error has been reported */
		return false;
	}
	if (outfile_open(&file, path, err))
		return false;
	if (!files[i].write(teller, file.stream, items, results->n) && !file.error) {
		outfile_abort(&file);
		err_set(err, -EIO, "%s: %s", path, files[i].failed);
		return false;
	}
	return !outfile_commit(&file, err);
}

static bool tell_github(const struct settings *settings, FILE *to, const struct results *results,
			struct errbuf *err)
{
	const struct run_result *const *items = (const struct run_result *const *)results->items;
	const char *path = step_summary(settings);
	FILE *out;

	report_github(to, items, results->n);
	if (!path)
		return true;
	out = fopen(path, "ae");
	if (out)
		report_github_summary(out, items, results->n);
	if (!out || fclose(out)) {
		err_set(err, -errno, "%s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

/* Reports are in the order of paths, not in the order in which runs ended. */
static int by_path(const void *a, const void *b)
{
	const struct run_result *x = *(struct run_result *const *)a;
	const struct run_result *y = *(struct run_result *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : strcmp(run_result_mode(x), run_result_mode(y));
}

/* With --repeat, prints how often each script passed. */
static void tell_rates(FILE *out, const struct results *results)
{
	for (size_t i = 0; i < results->n;) {
		const struct run_result *first = results->items[i];
		char *name = words_name(first);
		size_t n = 0, passed = 0;

		for (; i < results->n && !strcmp(results->items[i]->path, first->path) &&
		       !strcmp(run_result_mode(results->items[i]), run_result_mode(first));
		     i++, n++)
			passed += !verdict_is_failure(results->items[i]->verdict);
		fprintf(out, "%6.1f%%  %zu of %zu  %s\n", 100.0 * (double)passed / (double)n,
			passed, n, name);
		free(name);
	}
}

static bool complain_unless(bool good, const struct errbuf *err)
{
	if (!good)
		fprintf(stderr, "finwait: %s\n", err->text);
	return good;
}

static void tell_ladders(const struct teller *teller, const struct results *results)
{
	const struct ladder_options options = {
		.color = teller->settings->use_color,
		.ascii = teller->settings->ascii || !report_can_utf8(),
		.width = report_terminal_width(teller->out, getenv("TERM")),
	};

	for (size_t i = 0; i < results->n; i++)
		report_ladder(teller->out, results->items[i], &options);
}

bool teller_end(struct teller *teller, struct results *results, int64_t wall_ns)
{
	const struct settings *settings = teller->settings;
	struct summary_options options = {
		.color = settings->use_color,
		.quiet = settings->quiet,
		.level = lists(teller, results->n),
		.wall_ns = wall_ns,
		.slowest = results->n > 10 ? 5 : 0,
	};
	struct errbuf err = {""};
	bool ok = true;

	clear(teller);
	if (results->n)
		qsort(results->items, results->n, sizeof(*results->items), by_path);
	if (settings->ladder)
		tell_ladders(teller, results);
	if (!settings->drop_in)
		report_summary(teller->out, (const struct run_result *const *)results->items,
			       results->n, &options);
	if (settings->repeat > 1 && !settings->quiet)
		tell_rates(teller->out, results);
	fflush(teller->out);
	for (size_t i = 0; i < N_FILES; i++)
		if (file_path(settings, i))
			ok &= complain_unless(write_file(teller, i, results, &err), &err);
	if (settings->github)
		ok &= complain_unless(tell_github(settings, teller->out, results, &err), &err);
	free(teller);
	return ok;
}
