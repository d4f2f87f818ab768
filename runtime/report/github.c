/* Workflow commands and job summaries as docs.github.com describes them ("Workflow commands for
 * GitHub Actions"; the escapes are those of the actions toolkit). */
#include "runtime/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/report/text.h"
#include "runtime/report/words.h"

#define DETAILED_FAILURES 50 /* a summary may hold 1 MiB */
#define REPORT_BYTES	  16384

static const char *const commands[] = {
	[VERDICT_PASS] = NULL,	    [VERDICT_FAIL] = "error",  [VERDICT_SKIP] = NULL,
	[VERDICT_XFAIL] = NULL,	    [VERDICT_XPASS] = "error", [VERDICT_ERROR] = "error",
	[VERDICT_LATE] = "warning", [VERDICT_NOT_RUN] = NULL, /* told by their reasons */
};

/* ---- annotations --------------------------------------------------------------------------- */

/* Properties end at ',' and ':'; data does not. */
static void print_escaped(FILE *out, const char *text, bool property)
{
	static const char special[] = "%\r\n:,";

	for (; *text; text++) {
		const char *at = strchr(special, *text);

		if (at && (property || at < special + 3))
			fprintf(out, "%%%02X", (unsigned char)*text);
		else
			putc(*text, out);
	}
}

static void print_property(FILE *out, const char *name, const char *text)
{
	char *clean = text_clean(text, false);

	fputs(name, out);
	print_escaped(out, clean, true);
	free(clean);
}

/* One for all that have the same reason. */
static void print_causes(FILE *out, const struct run_result *const *results, size_t n)
{
	struct report_causes causes = report_causes(results, n);

	for (size_t i = 0; i < causes.n; i++) {
		const struct report_cause *cause = &causes.items[i];
		char *reason = text_clean(cause->reason, false);

		fputs("::error ", out);
		print_property(out, "file=", cause->items[0]->path);
		fprintf(out, ",title=%zu run%s not run::", cause->n, cause->n == 1 ? "" : "s");
		print_escaped(out, reason, false);
		putc('\n', out);
		free(reason);
	}
	report_causes_free(&causes);
}

static void print_annotation(FILE *out, const char *command, const char *path, struct place place,
			     const char *title, const char *text)
{
	fprintf(out, "::%s ", command);
	print_property(out, "file=", path);
	if (place.line)
		fprintf(out, ",line=%u,col=%u", place.line, place.column);
	print_property(out, ",title=", title);
	fputs("::", out);
	print_escaped(out, text, false);
	putc('\n', out);
}

/* "PATH:LINE:COLUMN: LEVEL: TEXT" begins a diagnostic; behind the level there may be a code, "[FW0037]".
 */
struct diagnostic {
	struct place place;
	char level[16];
	int title; /* where its text begins; 0: it is none */
};

static struct diagnostic read_diagnostic(const char *line, const char *path)
{
	struct diagnostic diagnostic = {0};
	size_t size = strlen(path);

	if (!strncmp(line, path, size) &&
	    sscanf(line + size, ":%u:%u: %15[a-z]: %n", &diagnostic.place.line,
		   &diagnostic.place.column, diagnostic.level, &diagnostic.title) == 3 &&
	    !diagnostic.title)
		sscanf(line + size, ":%*u:%*u: %*[a-z][%*[A-Z0-9]]: %n", &diagnostic.title);
	if (diagnostic.title)
		diagnostic.title += (int)size;
	return diagnostic;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* One for each message about a bad script. False: there are none with a place. */
static bool print_diagnostics(FILE *out, const struct run_result *result)
{
	bool any = false;

	for (const char *line = result->diagnostics, *end; line && *line; line = end) {
		struct diagnostic diagnostic = read_diagnostic(line, result->path);
		char *title, *raw, *text;

		end = next_line(line);
		if (!diagnostic.title)
			continue;
		while (*end && !read_diagnostic(end, result->path).title)
			end = next_line(end);
		raw = strndup(line, (size_t)(end - line));
		title = strndup(line + diagnostic.title, strcspn(line, "\n") - (size_t)diagnostic.title);
		if (!raw || !title)
			abort();
		text = text_clean(raw, true);
		print_annotation(out, !strcmp(diagnostic.level, "error") ? "error" : "warning",
				 result->path, diagnostic.place, title, text);
		free(text);
		free(title);
		free(raw);
		any = true;
	}
	return any;
}

/* Another mode of the same script has said the same. */
static bool is_said(const struct run_result *const *results, size_t i)
{
	return i && results[i]->diagnostics && results[i - 1]->diagnostics &&
	       !strcmp(results[i]->path, results[i - 1]->path) &&
	       !strcmp(results[i]->diagnostics, results[i - 1]->diagnostics);
}

void report_github(FILE *out, const struct run_result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct record *failed = run_result_failed(results[i]);
		const char *command = commands[results[i]->verdict];
		char headline[1024], *report;

		if (!command || is_said(results, i) || print_diagnostics(out, results[i]))
			continue;
		report_headline(headline, sizeof(headline), results[i]);
		report = report_failure_text(results[i]);
		print_annotation(out, command, results[i]->path,
				 failed ? record_place(failed) : (struct place){0}, headline,
				 report);
		free(report);
	}
	print_causes(out, results, n);
}

/* ---- step summary -------------------------------------------------------------------------- */

/* As HTML, and nothing that Markdown or a table would take for its own. */
static void print_html(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size && text[i]; i++) {
		if (strchr("&<>|`*_[]\\~", text[i]))
			fprintf(out, "&#%d;", text[i]);
		else
			putc(text[i], out);
	}
}

static void print_cell(FILE *out, const char *text)
{
	char *clean = text_clean(text, false);

	fputs(" | ", out);
	print_html(out, clean, SIZE_MAX);
	free(clean);
}

static void print_row(FILE *out, const struct run_result *result, const char *said)
{
	const struct record *failed = run_result_failed(result);
	char path[4096];

	if (failed && record_place(failed).line)
		snprintf(path, sizeof(path), "%s:%u", result->path, record_place(failed).line);
	else
		snprintf(path, sizeof(path), "%s", result->path);
	fprintf(out, "| %s", verdict_name(result->verdict));
	print_cell(out, path);
	print_cell(out, result->mode ? result->mode : "");
	print_cell(out, said);
	fputs(" |\n", out);
}

static bool has_row(const struct run_result *result)
{
	return result->verdict != VERDICT_NOT_RUN &&
	       (verdict_is_failure(result->verdict) || run_result_is_flaky(result));
}

static void print_table(FILE *out, const struct run_result *const *results, size_t n)
{
	fputs("| verdict | script | mode | |\n| --- | --- | --- | --- |\n", out);
	for (size_t i = 0; i < n; i++) {
		char said[1024];

		if (!has_row(results[i]))
			continue;
		if (run_result_is_flaky(results[i]))
			snprintf(said, sizeof(said), "flaky: passed at try %u",
				 results[i]->attempts);
		else
			report_headline(said, sizeof(said), results[i]);
		print_row(out, results[i], said);
	}
	putc('\n', out);
}

static void print_details(FILE *out, const struct run_result *result)
{
	char *report = report_failure_text(result);
	size_t size = strlen(report), shown = size;

	if (size > REPORT_BYTES)
		for (shown = REPORT_BYTES; shown > 0 && report[shown] != '\n';)
			shown--;
	fputs("<details><summary>", out);
	print_html(out, report, strcspn(report, "\n"));
	fputs("</summary>\n\n<pre>", out);
	/* An empty line would end the block for Markdown. */
	for (size_t i = 0; i < shown; i++) {
		print_html(out, report + i, 1);
		if (report[i] == '\n' && report[i + 1] == '\n')
			putc(' ', out);
	}
	fprintf(out, "%s</pre>\n\n</details>\n\n", shown < size ? "\n..." : "");
	free(report);
}

static void print_not_run(FILE *out, const struct run_result *const *results, size_t n)
{
	struct report_causes causes = report_causes(results, n);

	if (causes.n)
		fputs("| not run | first | |\n| --- | --- | --- |\n", out);
	for (size_t i = 0; i < causes.n; i++) {
		const struct report_cause *cause = &causes.items[i];

		fprintf(out, "| %zu", cause->n);
		print_cell(out, cause->items[0]->path);
		print_cell(out, cause->reason);
		fputs(" |\n", out);
	}
	if (causes.n)
		putc('\n', out);
	report_causes_free(&causes);
}

void report_github_summary(FILE *out, const struct run_result *const *results, size_t n)
{
	struct report_counts counts = report_count(results, n);
	size_t rows = 0, detailed = 0;

	size_t not_run = counts.by_verdict[VERDICT_NOT_RUN];
	size_t failures = counts.failures - not_run;

	fprintf(out, "### finwait: %zu of %zu runs failed", failures, counts.all);
	if (not_run)
		fprintf(out, ", %zu not run", not_run);
	fputs("\n\n", out);
	words_counts(out, &counts, false);
	fputs("\n\n", out);
	for (size_t i = 0; i < n; i++)
		rows += has_row(results[i]);
	print_not_run(out, results, n);
	if (rows > 0)
		print_table(out, results, n);
	for (size_t i = 0; i < n && detailed < DETAILED_FAILURES; i++) {
		if (!verdict_is_failure(results[i]->verdict) ||
		    results[i]->verdict == VERDICT_NOT_RUN)
			continue;
		print_details(out, results[i]);
		detailed++;
	}
	if (failures > detailed)
		fprintf(out, "and %zu more failures\n", failures - detailed);
}
