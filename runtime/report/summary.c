#include "runtime/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/report/text.h"
#include "runtime/report/words.h"

#define NAMED 10 /* of the runs that were not run for one reason */

static void print_name(FILE *out, const struct run_result *result)
{
	char *name = words_name(result);

	fputs(name, out);
	free(name);
}

static bool same_mismatch(const struct mismatch *a, const struct mismatch *b)
{
	return a->field == b->field && a->index == b->index && a->live_index == b->live_index &&
	       a->item == b->item && a->outer == b->outer &&
	       a->next_segment == b->next_segment && a->number == b->number &&
	       !strcmp(a->name, b->name) && !strcmp(a->actual, b->actual);
}

static bool same_mismatches(const struct mismatches *a, const struct mismatches *b)
{
	if (!a || !b || a->n != b->n)
		return a == b;
	for (unsigned i = 0; i < mismatches_kept(a); i++)
		if (!same_mismatch(&a->at[i], &b->at[i]))
			return false;
	return true;
}

static bool same_record(const struct record *a, const struct record *b)
{
	return a->kind == b->kind && a->event == b->event && a->line == b->line &&
	       a->fault == b->fault && (record_off_ns(a) < 0) == (record_off_ns(b) < 0) &&
	       a->error == b->error && a->signal == b->signal &&
	       a->exit_status == b->exit_status &&
	       same_mismatches(a->mismatches, b->mismatches);
}

/* A script that fails in the same way in another mode: no second block. */
static bool same_failure(const struct run_result *a, const struct run_result *b)
{
	const struct record *x = run_result_failed(a), *y = run_result_failed(b);

	return a->verdict == VERDICT_FAIL && b->verdict == VERDICT_FAIL && x && y && a->mode &&
	       b->mode && !strcmp(a->path, b->path) && same_record(x, y);
}

/* The modes of all that fail as the first does, one run of each, marked as `shown`: malloc'd,
 * "ipv4, ipv6". */
static char *join_modes(const struct run_result *const *results, size_t n, bool *shown)
{
	const char *last = results[0]->mode;
	char *modes = NULL;
	size_t size;
	FILE *out = open_memstream(&modes, &size);

	if (!out)
		abort();
	fputs(last, out);
	for (size_t i = 1; i < n && !strcmp(results[i]->path, results[0]->path); i++) {
		const char *mode = results[i]->mode;

		/* Equal modes, of --repeat, stand together. */
		if (shown[i] || !same_failure(results[0], results[i]) || !strcmp(mode, last))
			continue;
		fprintf(out, ", %s", mode);
		last = mode;
		shown[i] = true;
	}
	fclose(out);
	return modes;
}

static void print_failure(FILE *out, const struct run_result *const *results, size_t n, bool *shown,
			  bool color)
{
	struct run_result joined = *results[0];
	char *modes = joined.mode ? join_modes(results, n, shown) : NULL;

	joined.mode = modes;
	report_failure(out, &joined, color);
	putc('\n', out);
	free(modes);
}

/* With `quiet` a line for each. */
static void print_failures(FILE *out, const struct run_result *const *results, size_t n,
			   const struct summary_options *options)
{
	bool *shown = calloc(n + 1, sizeof(*shown));

	if (!shown)
		abort();
	for (size_t i = 0; i < n; i++) {
		char *text;

		if (shown[i] || !verdict_is_failure(results[i]->verdict) ||
		    results[i]->verdict == VERDICT_NOT_RUN)
			continue;
		if (!options->quiet) {
			print_failure(out, results + i, n - i, shown + i, options->color);
			continue;
		}
		text = report_failure_text(results[i]);
		fprintf(out, "%.*s\n", (int)strcspn(text, "\n"), text);
		free(text);
	}
	free(shown);
}

static void print_heading(FILE *out, const char *text, bool color)
{
	fprintf(out, "%s%s%s\n", text_paint(PAINT_BOLD, color), text,
		text_paint(PAINT_PLAIN, color));
}

static void print_flaky(FILE *out, const struct run_result *const *results, size_t n, bool color)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		char *lateness;

		if (!run_result_is_flaky(results[i]))
			continue;
		if (!any)
			print_heading(out, "flaky, passed at a later try:", color);
		any = true;
		lateness = words_lateness(results[i]);
		fputs("  ", out);
		print_name(out, results[i]);
		fprintf(out, ", try %u; before, %s\n", results[i]->attempts, lateness);
		free(lateness);
	}
}

static void print_late(FILE *out, const struct run_result *const *results, size_t n, bool color)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (results[i]->verdict != VERDICT_LATE)
			continue;
		if (!any)
			print_heading(out,
				      "inconclusive, failed but late itself in every try:", color);
		any = true;
		fputs("  ", out);
		print_name(out, results[i]);
		fprintf(out, ", %u %s, up to %s late itself\n", results[i]->attempts,
			results[i]->attempts == 1 ? "try" : "tries",
			text_duration(results[i]->max_late_ns).text);
	}
}

static void print_reasons(FILE *out, const struct run_result *const *results, size_t n,
			  enum verdict verdict, const char *heading, bool color)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		char *reason;

		if (results[i]->verdict != verdict)
			continue;
		if (!any)
			print_heading(out, heading, color);
		any = true;
		reason = text_clean(results[i]->reason, false);
		fputs("  ", out);
		print_name(out, results[i]);
		fprintf(out, "%s%s\n", *reason ? ": " : "", reason);
		free(reason);
	}
}

/* Of a run that had begun. */
static void print_line_reached(FILE *out, const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);

	if (failed && failed->line)
		fprintf(out, ", at line %u", record_place(failed).line);
	putc('\n', out);
}

static void print_not_run(FILE *out, const struct run_result *const *results, size_t n, bool color)
{
	struct report_causes causes = report_causes(results, n);

	if (causes.n)
		print_heading(out, "not run:", color);
	for (size_t i = 0; i < causes.n; i++) {
		const struct report_cause *cause = &causes.items[i];
		char *reason = text_clean(cause->reason, false);

		fprintf(out, "  %zu run%s: %s\n", cause->n, cause->n == 1 ? "" : "s", reason);
		for (size_t j = 0; j < cause->n && j < NAMED; j++) {
			fputs("    ", out);
			print_name(out, cause->items[j]);
			print_line_reached(out, cause->items[j]);
		}
		if (cause->n > NAMED)
			fprintf(out, "    and %zu more\n", cause->n - NAMED);
		free(reason);
	}
	report_causes_free(&causes);
}

static bool is_listed(const struct run_result *result)
{
	return verdict_is_failure(result->verdict) && result->verdict != VERDICT_NOT_RUN &&
	       result->verdict != VERDICT_LATE;
}

/* " (ipv4, ipv6)": of the script's runs that failed, which stand together; skips them. */
static size_t print_failed_modes(FILE *out, const struct run_result *const *results, size_t n)
{
	const char *last = "";
	size_t i;

	for (i = 0; i < n && !strcmp(results[i]->path, results[0]->path); i++) {
		const char *mode = run_result_mode(results[i]);

		if (!is_listed(results[i]) || !strcmp(mode, last))
			continue;
		fprintf(out, "%s%s", *last ? ", " : " (", mode);
		last = mode;
	}
	fputs(*last ? ")\n" : "\n", out);
	return i;
}

/* A line for each script: what stands above in full may have scrolled away. */
static void print_failed(FILE *out, const struct run_result *const *results, size_t n, bool color)
{
	bool any = false;

	for (size_t i = 0; i < n;) {
		char *path;

		if (!is_listed(results[i])) {
			i++;
			continue;
		}
		if (!any)
			print_heading(out, "failed:", color);
		any = true;
		path = text_clean(results[i]->path, false);
		fprintf(out, "  %s", path);
		free(path);
		i += print_failed_modes(out, results + i, n - i);
	}
}

static int64_t duration(const struct run_result *result)
{
	return result->setup_ns + result->run_ns;
}

/* The longest first; equal ones as they came. */
static int by_duration(const void *a, const void *b)
{
	const struct run_result *const *x = *(const struct run_result *const *const *)a;
	const struct run_result *const *y = *(const struct run_result *const *const *)b;

	if (duration(*x) != duration(*y))
		return duration(*x) < duration(*y) ? 1 : -1;
	return x < y ? -1 : x > y;
}

static void print_slowest(FILE *out, const struct run_result *const *results, size_t n,
			  const struct summary_options *options)
{
	const struct run_result *const **order = calloc(n, sizeof(*order));

	if (!order)
		abort();
	for (size_t i = 0; i < n; i++)
		order[i] = &results[i];
	qsort(order, n, sizeof(*order), by_duration);
	print_heading(out, "slowest:", options->color);
	for (size_t i = 0; i < n && i < options->slowest; i++) {
		fprintf(out, "  %10s  ", text_duration(duration(*order[i])).text);
		print_name(out, *order[i]);
		putc('\n', out);
	}
	free(order);
}

void report_summary(FILE *out, const struct run_result *const *results, size_t n,
		    const struct summary_options *options)
{
	struct report_counts counts = report_count(results, n);

	if (options->level >= LEVEL_FAIL)
		print_failures(out, results, n, options);
	if (!options->quiet && options->level >= LEVEL_SKIP) {
		print_reasons(out, results, n, VERDICT_SKIP, "skipped:", options->color);
		print_reasons(out, results, n, VERDICT_XFAIL,
			      "expected failures:", options->color);
	}
	if (options->level >= LEVEL_FAIL)
		print_not_run(out, results, n, options->color);
	if (options->level >= LEVEL_FLAKY)
		print_flaky(out, results, n, options->color);
	if (options->level >= LEVEL_FAIL)
		print_late(out, results, n, options->color);
	if (!options->quiet && options->slowest > 0 && n > 1)
		print_slowest(out, results, n, options);
	if (!options->quiet && options->level >= LEVEL_FAIL && n > 1)
		print_failed(out, results, n, options->color);
	words_counts(out, &counts, options->color);
	if (options->wall_ns > 0)
		fprintf(out, " in %s", text_duration(options->wall_ns).text);
	putc('\n', out);
}
