#include "runtime/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "parser/diag.h"
#include "runtime/report/align.h"
#include "runtime/report/kernel.h"
#include "runtime/report/marks.h"
#include "runtime/report/text.h"
#include "runtime/report/trace.h"
#include "runtime/report/words.h"

#define EVENTS_BEFORE 5
#define EVENTS_AFTER  5
#define OUTPUT_LINES  20
#define OTHERS	      5
#define EVENT_COLUMNS 46

/* Of these, what the run's commands and code printed may explain the failure. */
static const bool prints[N_RECORD_KINDS] = {
	[RECORD_COMMAND] = true,
	[RECORD_CODE] = true,
	[RECORD_SETUP] = true,
	[RECORD_CLEANUP] = true,
};

/* ---- headline ------------------------------------------------------------------------------ */

static char *record_headline(const struct record *record)
{
	char *message = record->message ? NULL : words_message(record);
	char *clean = text_clean(message ? message : record->message, false);

	free(message);
	return clean;
}

void report_headline(char *out, size_t size, const struct run_result *result)
{
	char *said = words_headline(result), *clean = text_clean(said, false);
	char *mode = text_clean(result->mode, false);

	snprintf(out, size, "%s%s%s%s", clean, *mode ? " (" : "", mode, *mode ? ")" : "");
	free(mode);
	free(clean);
	free(said);
}

/* Of a record (NULL: none): where, what kind of message it is, what is wrong. */
static void print_headline(FILE *out, const struct run_result *result, const struct record *record,
			   const char *level, enum paint paint, const char *said, bool color)
{
	struct place place = record ? record_place(record) : (struct place){0};
	char *path = words_path(result);

	fputs(text_paint(PAINT_BOLD, color), out);
	fputs(path, out);
	if (place.line)
		fprintf(out, ":%u:%u", place.line, place.column);
	fprintf(out, ": %s%s%s:%s %s\n", text_paint(PAINT_PLAIN, color),
		text_paint(paint, color), level, text_paint(PAINT_PLAIN, color), said);
	free(path);
}

/* ---- the parts below it -------------------------------------------------------------------- */

static void print_source(FILE *out, const struct record *record, const char *line, bool color)
{
	char *shown = text_clean(line, false), *marks = marks_of_source(record, line);

	fprintf(out, "%s%9u |%s %s\n", text_paint(PAINT_DIM, color), record_place(record).line,
		text_paint(PAINT_PLAIN, color), shown);
	if (*marks)
		fprintf(out, "%s%9s |%s %s%s%s\n", text_paint(PAINT_DIM, color), "",
			text_paint(PAINT_PLAIN, color), text_paint(PAINT_BAD, color), marks,
			text_paint(PAINT_PLAIN, color));
	free(marks);
	free(shown);
}

static void print_painted(FILE *out, const char *label, enum paint paint, const char *text,
			  bool color)
{
	fprintf(out, LABEL "%s%s%s\n", label, text_paint(paint, color), text,
		text_paint(PAINT_PLAIN, color));
}

/* What came is what the script wants, so the time says what is wrong; else both, marked. */
static void print_both(FILE *out, const struct record *record, bool color)
{
	const char *absent = record->expected ? words_absent(record) : NULL;
	bool same = record->fault == FAULT_TIME;
	struct marked marked = marked_new(record);

	if (record->expected)
		print_painted(out,
			      same			 ? words_label(record->kind)
			      : record->actual || absent ? "expected"
							 : "event",
			      same ? PAINT_PLAIN : PAINT_GOOD, marked.expected, color);
	if ((record->actual || absent) && !(same && record->expected))
		print_painted(out, "actual", PAINT_WARN, record->actual ? marked.actual : absent,
			      color);
	if (*marked.marks)
		print_painted(out, "", PAINT_BAD, marked.marks, color);
	marked_free(&marked);
}

/* An empty `expected` only reports a value, that of a variable in an assertion. */
static void print_mismatches(FILE *out, const struct mismatches *list)
{
	unsigned kept = mismatches_kept(list);
	size_t width = 8, size;
	char name[MISMATCH_NAME_SIZE];

	for (unsigned i = 0; i < kept; i++) {
		mismatch_field_name(&list->at[i], name);
		size = text_width(name, strlen(name));
		width = size > width ? size : width;
	}
	for (unsigned i = 0; i < kept; i++) {
		const struct mismatch *m = &list->at[i];
		char *field = text_clean(mismatch_field_name(m, name), false);
		char *expected = text_clean(m->expected, false);
		char *actual = text_clean(m->actual, false);

		fputs("      ", out);
		text_pad(out, field, width);
		if (*expected && *actual)
			fprintf(out, "  expected %s, actual %s\n", expected, actual);
		else
			fprintf(out, "  %s\n", *actual ? actual : expected);
		free(field);
		free(expected);
		free(actual);
	}
	if (list->n > kept)
		fprintf(out, "      and %u more\n", list->n - kept);
}

/* ---- what happened around it --------------------------------------------------------------- */

struct moment {
	const struct record *record;
	int64_t ns; /* one without a time: that of the record before it */
	size_t at;  /* its index */
	int side;   /* before (-1) or after (1) the failed one, which has 0 */
};

static int by_time(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* All records, malloc'd. They are in the order in which the run came to them: what came while a call
 * blocked may stand before its end, though it was later. Where nothing came there is no time to
 * compare with, so that order counts. */
static struct moment *moments_new(const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	bool by_order = !failed || failed->actual_ns == INT64_MIN || record_is_given_up(failed);
	size_t at = failed ? (size_t)result->failed_record : result->n_records;
	struct moment *moments = calloc(result->n_records + 1, sizeof(*moments));
	int64_t ns = INT64_MIN;

	if (!moments)
		abort();
	for (size_t i = 0; i < result->n_records; i++) {
		const struct record *record = result->records[i];
		bool before = i < at;

		if (record->actual_ns != INT64_MIN || record->due_ns != INT64_MIN)
			ns = record->actual_ns != INT64_MIN ? record->actual_ns : record->due_ns;
		if (!by_order && ns != failed->actual_ns)
			before = ns < failed->actual_ns;
		moments[i] = (struct moment){record, ns, i, i == at ? 0 : before ? -1 : 1};
	}
	qsort(moments, result->n_records, sizeof(*moments), by_time);
	return moments;
}

/* Lines as in a trace, columns as narrow as these lines allow. A long text pushes its state right. */
static void print_events(FILE *out, const struct moment *moments, size_t n, const char *label,
			 bool color)
{
	struct trace_cells cells[EVENTS_BEFORE + EVENTS_AFTER];
	size_t text = 0, mark = 0, size;

	for (size_t i = 0; i < n; i++) {
		cells[i] = trace_cells(moments[i].record);
		size = text_width(cells[i].text, strlen(cells[i].text));
		text = size > text && size <= EVENT_COLUMNS ? size : text;
		mark = strlen(cells[i].mark) > mark ? strlen(cells[i].mark) : mark;
	}
	if (n > 0)
		fprintf(out, "  %s:\n", label);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "  %s  %-*s  ", cells[i].time, (int)mark, cells[i].mark);
		text_pad(out, cells[i].text, *cells[i].state ? text : 0);
		if (*cells[i].state)
			fprintf(out, "  %s%s%s", text_paint(PAINT_DIM, color), cells[i].state,
				text_paint(PAINT_PLAIN, color));
		putc('\n', out);
		trace_cells_free(&cells[i]);
	}
}

static void print_around(FILE *out, const struct run_result *result, bool color)
{
	const struct record *failed = run_result_failed(result);
	bool missing = failed && record_is_given_up(failed);
	struct moment *moments = moments_new(result);
	size_t n = result->n_records, at = 0, from, rest;

	while (at < n && moments[at].side < 0)
		at++;
	from = at > EVENTS_BEFORE ? at - EVENTS_BEFORE : 0;
	print_events(out, moments + from, at - from, failed ? "before it" : "last events", color);
	rest = at < n ? n - at - 1 : 0;
	print_events(out, moments + at + 1, rest < EVENTS_AFTER ? rest : EVENTS_AFTER,
		     missing ? "instead" : "after it", color);
	free(moments);
}

/* The end of what commands and code printed, where that may explain the failure. */
static void print_output(FILE *out, const char *text)
{
	char *clean = text_clean(text, true), *line = clean, *save = NULL;
	size_t lines = 0, skip;

	for (const char *at = clean; *at; at++)
		lines += *at == '\n' || !at[1];
	skip = lines > OUTPUT_LINES ? lines - OUTPUT_LINES : 0;
	if (lines > 0)
		fprintf(out, skip ? "  output, the last %u lines:\n" : "  output:\n", OUTPUT_LINES);
	for (size_t i = 0; i < skip; i++)
		line = strchr(line, '\n') + 1;
	for (line = strtok_r(line, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fprintf(out, "    | %s\n", line);
	free(clean);
}

static void print_line(FILE *out, const char *label, const char *text)
{
	char *clean = text_clean(text, false);

	if (*clean)
		fprintf(out, LABEL "%s\n", label, clean);
	free(clean);
}

static void print_time(FILE *out, const struct record *record)
{
	char *when = words_time(record);

	if (*when)
		fprintf(out, LABEL "%s\n", "time", when);
	free(when);
}

static void print_state(FILE *out, const struct record *record)
{
	char *connection = text_clean(record->connection, false);

	fprintf(out, LABEL "%s%s%s\n", "state",
		record->state ? record_state_name(record) : "unknown", *connection ? ", " : "",
		connection);
	free(connection);
}

static void print_difference(FILE *out, const struct run_result *result,
			     const struct record *record, bool color)
{
	if (result->source_line && record_place(record).line)
		print_source(out, record, result->source_line, color);
	print_both(out, record, color);
	if (record->mismatches && report_compares(record) && !words_tell_mismatch(record))
		print_mismatches(out, record->mismatches);
}

static void print_record(FILE *out, const struct run_result *result, const struct record *record,
			 bool color)
{
	if (!report_insertion(out, result, record, color)) {
		print_difference(out, result, record, color);
		print_time(out, record);
	}
	if (record->state || record->connection)
		print_state(out, record);
	print_line(out, "why", record->why);
	kernel_reasons(out, result, record);
	print_line(out, "hint", record->hint);
	kernel_counters(out, result);
}

/* What else went wrong, or only raised an eyebrow. */
static void print_others(FILE *out, const struct run_result *result, bool color)
{
	size_t shown = 0;

	for (size_t i = 0; i < result->n_records && shown < OTHERS; i++) {
		const struct record *record = result->records[i];
		char *text;

		if ((int)i == result->failed_record || record->status == RECORD_OK)
			continue;
		text = record_headline(record);
		fprintf(out, LABEL "%s", record->status == RECORD_FAILED ? "also" : "warning",
			text_paint(PAINT_WARN, color));
		if (record->line)
			fprintf(out, "line %u: ", record->line);
		fprintf(out, "%s%s\n", text, text_paint(PAINT_PLAIN, color));
		free(text);
		shown++;
	}
}

/* Why there were several tries, of which the last is shown, or is no verdict. */
static void print_tries(FILE *out, const struct run_result *result)
{
	char *lateness = words_lateness(result);

	fprintf(out, LABEL, result->attempts > 1 ? "tries" : "lateness");
	if (result->attempts > 1)
		fprintf(out, "%u: ", result->attempts);
	fprintf(out, "%s%s\n", lateness,
		result->verdict == VERDICT_LATE
			? ", which may be why; not a verdict on the kernel"
			: "");
	free(lateness);
}

static void print_run(FILE *out, const struct run_result *result, const struct record *failed)
{
	if (failed && result->reason && result->verdict == VERDICT_XFAIL)
		print_line(out, "reason", result->reason);
	if (result->verdict == VERDICT_LATE || result->attempts > 1)
		print_tries(out, result);
}

void report_failure(FILE *out, const struct run_result *result, bool color)
{
	const struct verdict_words *words = words_of_verdict(result->verdict);
	const struct record *failed = run_result_failed(result);
	char headline[1024], *clean;

	if (result->verdict == VERDICT_PASS)
		return;
	if (result->diagnostics && !failed) {
		clean = text_clean(result->diagnostics, true);
		diag_paint(out, clean, color);
		free(clean);
		return;
	}
	report_headline(headline, sizeof(headline), result);
	print_headline(out, result, failed, words->level, words->paint, headline, color);
	if (failed)
		print_record(out, result, failed, color);
	print_others(out, result, color);
	print_run(out, result, failed);
	if (failed || result->verdict == VERDICT_ERROR || result->verdict == VERDICT_FAIL ||
	    result->verdict == VERDICT_LATE)
		print_around(out, result, color);
	if (result->output && (!failed || prints[failed->kind]))
		print_output(out, result->output);
}

void report_warnings(FILE *out, const struct run_result *result, bool color)
{
	char *mode = text_clean(result->mode, false), *text, said[1024];

	for (size_t i = 0; i < result->n_records; i++) {
		const struct record *record = result->records[i];

		if (record->status != RECORD_WARNING)
			continue;
		text = record_headline(record);
		snprintf(said, sizeof(said), "%s%s%s%s", text, *mode ? " (" : "", mode,
			 *mode ? ")" : "");
		print_headline(out, result, record, "warning", PAINT_WARN, said, color);
		print_both(out, record, color);
		free(text);
	}
	free(mode);
}

char *report_failure_text(const struct run_result *result)
{
	char *text = NULL, *clean;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	report_failure(out, result, false);
	fclose(out);
	clean = text_clean(text, true);
	free(text);
	return clean;
}
