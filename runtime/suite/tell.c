/* What people and CI are told; the words are runtime/report's. */
#include "runtime/report/report.h"
#include "runtime/report/words.h"
#include "runtime/suite/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct teller {
	const struct cli *cli;
	FILE *out;	/* for people */
	unsigned width; /* of a terminal; 0: lines */
	bool drawn;
	int64_t done_ns; /* scripted durations of what is done */
	time_t began;
};

static bool is_stdout(const char *path)
{
	return path && (!strcmp(path, "-") || !strcmp(path, "/dev/stdout"));
}

/* One job each: writes one file. */
typedef bool (*report_writer)(FILE *out, const struct run_result *const *results, size_t n,
			      time_t began);

static bool write_tap(FILE *out, const struct run_result *const *results, size_t n, time_t began)
{
	(void)began;
	report_tap(out, results, n, TAP_14);
	return !ferror(out);
}

static bool write_ktap(FILE *out, const struct run_result *const *results, size_t n, time_t began)
{
	(void)began;
	report_tap(out, results, n, TAP_KERNEL);
	return !ferror(out);
}

static bool write_junit(FILE *out, const struct run_result *const *results, size_t n, time_t began)
{
	char host[256] = "";
	struct junit_options options = {.timestamp = began};

	if (!gethostname(host, sizeof(host) - 1) && *host)
		options.hostname = host;
	return report_junit(out, results, n, &options);
}

static bool write_json(FILE *out, const struct run_result *const *results, size_t n, time_t began)
{
	(void)began;
	return report_json(out, results, n);
}

static const struct {
	size_t path; /* in struct cli */
	report_writer write;
	const char *failed;
} files[] = {
	{offsetof(struct cli, tap), write_tap, "could not be written"},
	{offsetof(struct cli, ktap), write_ktap, "could not be written"},
	{offsetof(struct cli, junit), write_junit, "could not be written"},
	{offsetof(struct cli, json), write_json, "could not be written"},
};

#define N_FILES (sizeof(files) / sizeof(files[0]))

static const char *file_path(const struct cli *cli, size_t i)
{
	return *(const char *const *)((const char *)cli + files[i].path);
}

const char *teller_refuses(const struct cli *cli)
{
	unsigned n = 0;

	for (size_t i = 0; i < N_FILES; i++)
		n += is_stdout(file_path(cli, i));
	return n > 1 ? "only one report can have standard output; give the others a file" : NULL;
}

struct teller *teller_new(const struct cli *cli, size_t n_tests, struct errbuf *err)
{
	struct teller *teller = calloc(1, sizeof(*teller));

	if (!teller) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	teller->cli = cli;
	teller->began = time(NULL);
	teller->out = stdout;
	for (size_t i = 0; i < N_FILES; i++)
		if (is_stdout(file_path(cli, i)))
			teller->out = stderr; /* the report has standard output to itself */
	if (!cli->drop_in && !cli->quiet && !teller_live(teller, n_tests))
		teller->width = report_terminal_width(teller->out, getenv("TERM"));
	return teller;
}

bool teller_live(const struct teller *teller, size_t n_runs)
{
	return teller->cli->verbose && n_runs == 1 && teller->out == stdout;
}

static void fill_progress(const struct teller *teller, const struct results *results,
			  const struct progress_counts *counts, struct report_progress *progress)
{
	const struct run_result *last = results->n ? results->items[results->n - 1] : NULL;

	*progress = (struct report_progress){
		.all = counts->all,
		.done = results->n,
		.failed = results->failures,
		.running = counts->running,
		.done_ns = teller->done_ns,
		.all_ns = counts->all_ns,
		.elapsed_ns = counts->elapsed_ns,
		.last = last ? last->path : NULL,
	};
}

void teller_tick(struct teller *teller, const struct results *results,
		 const struct progress_counts *counts)
{
	struct report_progress progress;

	if (!teller->width)
		return;
	teller->width = report_terminal_width(teller->out, getenv("TERM")); /* it may be resized */
	fill_progress(teller, results, counts, &progress);
	report_progress_draw(teller->out, &progress, teller->width, teller->cli->use_color);
	fflush(teller->out);
	teller->drawn = true;
}

static void clear(struct teller *teller)
{
	if (teller->drawn)
		report_progress_clear(teller->out);
	teller->drawn = false;
}

/* Under the name packetdrill: silence, or what failed. */
static void tell_drop_in(const struct teller *teller, const struct run_result *result)
{
	if (result->diagnostics)
		fputs(result->diagnostics, stderr);
	else if (result->verdict == VERDICT_SKIP)
		fprintf(stderr, "%s: %s\n", result->path, result->reason);
	if (result->diagnostics || !verdict_is_failure(result->verdict))
		return;
	report_failure(stderr, result, NULL, teller->cli->use_color);
	report_classic(stderr, result);
}

void teller_record(struct teller *teller, struct run_result *result, size_t i)
{
	words_complete(result);
	report_trace_line(stdout, result->records[i], teller->cli->use_color);
	fflush(stdout);
}

/* --non_fatal: whatever else is shown of a run, a warning is. */
static void warn(const struct run_result *result)
{
	for (size_t i = 0; i < result->n_records; i++) {
		const struct record *record = result->records[i];

		if (record->status != RECORD_WARNING)
			continue;
		fprintf(stderr, "%s:%u:%u: warning: %s (%s)\n", result->path, record->line,
			record->column, record->message, run_result_mode(result));
		if (record->expected && record->actual)
			fprintf(stderr, "  expected  %s\n  actual    %s\n", record->expected,
				record->actual);
	}
}

void teller_result(struct teller *teller, const struct results *results,
		   const struct progress_counts *counts)
{
	const struct run_result *result = results->items[results->n - 1];
	const struct cli *cli = teller->cli;
	struct report_progress progress;

	if (!result->diagnostics && result->verdict != VERDICT_SKIP)
		teller->done_ns += result->scripted_ns;
	if (!teller_live(teller, counts->all))
		warn(result);
	if (cli->drop_in) {
		tell_drop_in(teller, result);
		return;
	}
	if (cli->verbose && !teller_live(teller, counts->all)) {
		clear(teller);
		report_trace(teller->out, result, cli->use_color);
		if (result->output)
			fprintf(teller->out, "%s", result->output);
	}
	if ((teller->width && !cli->verbose) || cli->quiet)
		return;
	fill_progress(teller, results, counts, &progress);
	report_progress_line(teller->out, &progress, result, cli->use_color);
	fflush(teller->out);
}

static bool write_file(const struct teller *teller, size_t i, const struct results *results,
		       struct errbuf *err)
{
	const char *path = file_path(teller->cli, i);
	const struct run_result *const *items = (const struct run_result *const *)results->items;
	struct report_file file;

	if (is_stdout(path)) {
		if (files[i].write(stdout, items, results->n, teller->began) && !fflush(stdout))
			return true;
		err_set(err, -EIO, "standard output: %s", files[i].failed);
		return false;
	}
	if (report_file_open(&file, path, err))
		return false;
	if (!files[i].write(file.stream, items, results->n, teller->began)) {
		report_file_abort(&file);
		err_set(err, -EIO, "%s: %s", path, files[i].failed);
		return false;
	}
	return !report_file_commit(&file, err);
}

static bool tell_github(FILE *to, const struct results *results, struct errbuf *err)
{
	const struct run_result *const *items = (const struct run_result *const *)results->items;
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	FILE *out;

	report_github(to, items, results->n);
	if (!path || !*path)
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

/* Reports are in the order of paths, whatever the order in which runs ended. */
static int by_path(const void *a, const void *b)
{
	const struct run_result *x = *(struct run_result *const *)a;
	const struct run_result *y = *(struct run_result *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : strcmp(run_result_mode(x), run_result_mode(y));
}

/* How often each passed, for --repeat. */
static void tell_rates(FILE *out, const struct results *results)
{
	for (size_t i = 0; i < results->n;) {
		const struct run_result *first = results->items[i];
		size_t n = 0, passed = 0;

		for (; i < results->n && !strcmp(results->items[i]->path, first->path) &&
		       !strcmp(run_result_mode(results->items[i]), run_result_mode(first));
		     i++, n++)
			passed += !verdict_is_failure(results->items[i]->verdict);
		fprintf(out, "%6.1f%%  %zu of %zu  %s (%s)\n", 100.0 * (double)passed / (double)n,
			passed, n, first->path, run_result_mode(first));
	}
}

bool teller_end(struct teller *teller, struct results *results, int64_t wall_ns, struct errbuf *err)
{
	const struct cli *cli = teller->cli;
	struct summary_options options = {
		.color = cli->use_color,
		.quiet = cli->quiet,
		.wall_ns = wall_ns,
		.slowest = results->n > 10 ? 5 : 0,
	};
	bool ok = true;

	clear(teller);
	if (results->n)
		qsort(results->items, results->n, sizeof(*results->items), by_path);
	if (!cli->drop_in)
		report_summary(teller->out, (const struct run_result *const *)results->items,
			       results->n, &options);
	if (cli->repeat > 1 && !cli->quiet)
		tell_rates(teller->out, results);
	fflush(teller->out);
	for (size_t i = 0; i < N_FILES; i++)
		if (file_path(cli, i))
			ok &= write_file(teller, i, results, err);
	if (cli->github)
		ok &= tell_github(teller->out, results, err);
	free(teller);
	return ok;
}
