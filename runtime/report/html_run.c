#include "runtime/report/html.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/report/report.h"
#include "runtime/report/svg.h"
#include "runtime/report/text.h"
#include "runtime/report/trace.h"
#include "runtime/report/xml.h"

/* A page is for looking at; a run that goes on for ever is not to fill it. */
#define ROWS_MOST   400
#define TRACE_MOST  1000
#define OUTPUT_MOST 32768

/* A pane that may be wider than the page is scrolled by itself, by keyboard too. */
static void open_pane(FILE *out, const char *title)
{
	fprintf(out,
		"<section><h3>%s</h3>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"%s\">",
		title, title);
}

static void close_pane(FILE *out)
{
	fputs("</div></section>\n", out);
}

static void put_failure(FILE *out, const struct run_result *result)
{
	char *text;

	if (result->verdict == VERDICT_PASS)
		return;
	text = report_failure_text(result);
	if (*text) {
		open_pane(out, "What was wrong");
		fputs("<pre>", out);
		xml_put(out, text, true);
		fputs("</pre>", out);
		close_pane(out);
	}
	free(text);
}

static void put_ladder(FILE *out, const struct run_result *result, unsigned id)
{
	struct ladder *ladder = ladder_new(result);
	struct svg_picture picture;
	size_t rows = ladder->n_rows;

	if (rows > ROWS_MOST)
		ladder->n_rows = ROWS_MOST;
	if (rows) {
		picture = svg_measure(ladder);
		open_pane(out, "The exchange");
		svg_put(out, &picture, 0, true, id);
		close_pane(out);
	}
	if (!result->n_records && !result->diagnostics && result->verdict != VERDICT_SKIP &&
	    result->verdict != VERDICT_NOT_RUN)
		fputs("<p class=\"note\">No picture and no trace: the result holds no "
		      "records.</p>\n",
		      out);
	if (rows > ROWS_MOST)
		fprintf(out, "<p class=\"note\">The first %d of %zu rows.</p>\n", ROWS_MOST, rows);
	ladder_free(ladder);
}

/* ---- the script, with what came of each event in its margin -------------------------------------
 */

static const struct {
	const char *word, *class;
} marks[] = {
	[RECORD_OK] = {"ok", ""},
	[RECORD_WARNING] = {"!!", " class=\"warn\""},
	[RECORD_FAILED] = {"XX", " class=\"bad\""},
};

/* By line, the record that tells how its event went: the worst, else the first. Malloc'd. */
static const struct record **records_by_line(const struct run_result *result, unsigned lines)
{
	const struct record **found = calloc(lines + 1, sizeof(struct record *));

	if (!found)
		abort();
	for (size_t i = 0; i < result->n_records; i++) {
		const struct record *record = result->records[i];

		if (!record->line || record->line > lines || record->kind == RECORD_EXTRA)
			continue;
		if (!found[record->line] || record->status > found[record->line]->status)
			found[record->line] = record;
	}
	return found;
}

/* The line, with what is wrong in it underlined if that is in this line. */
static void put_source(FILE *out, const struct record *record, unsigned number, const char *line)
{
	struct place place = record && record->status != RECORD_OK ? record_place(record)
								   : (struct place){0};
	size_t size = strlen(line), begin = place.column ? place.column - 1 : 0;
	char *part = strdup(line);

	if (!part)
		abort();
	if (place.line != number || begin >= size || !place.length) {
		xml_put(out, line, false);
	} else {
		size_t end = place.length < size - begin ? begin + place.length : size;

		part[begin] = '\0';
		xml_put(out, part, false);
		fputs("<u class=\"bad\">", out);
		memcpy(part, line + begin, end - begin);
		part[end - begin] = '\0';
		xml_put(out, part, false);
		fputs("</u>", out);
		xml_put(out, line + end, false);
	}
	free(part);
}

static void put_script_line(FILE *out, const struct record *record, unsigned number,
			    const char *line)
{
	if (!record)
		fprintf(out, "%16s", "");
	else if (record->actual_ns == INT64_MIN)
		fprintf(out, "%12s <b%s>%s</b> ", "", marks[record->status].class,
			marks[record->status].word);
	else
		fprintf(out, "<i>%12.6f</i> <b%s>%s</b> ", (double)record->actual_ns / 1e9,
			marks[record->status].class, marks[record->status].word);
	fprintf(out, "<i>%4u</i> ", number);
	put_source(out, record, number, line);
	putc('\n', out);
	if (!record || record->status == RECORD_OK || !record->message)
		return;
	fprintf(out, "%22s<span class=\"bad\">", "");
	xml_put(out, record->message, false);
	fputs("</span>\n", out);
}

static void put_lines(FILE *out, const struct run_result *result, char *text)
{
	const struct record **records;
	unsigned lines = 1;
	char *line = text, *end;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	records = records_by_line(result, lines);
	for (unsigned number = 1; line && *line; number++, line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		put_script_line(out, records[number], number, line);
	}
	free(records);
}

static void put_script(FILE *out, const struct run_result *result)
{
	const char *why = NULL;
	char *text = html_source(result, &why);

	if (!text) {
		fputs("<section><h3>The script</h3><p class=\"note\">It is not shown: ", out);
		xml_put(out, why, false);
		fputs(".</p></section>\n", out);
		return;
	}
	open_pane(out, "The script");
	fputs("<pre>", out);
	put_lines(out, result, text);
	fputs("</pre>", out);
	close_pane(out);
	free(text);
}

/* ---- the rest
 * ------------------------------------------------------------------------------------ */

static void put_trace(FILE *out, const struct run_result *result)
{
	size_t shown = result->n_records < TRACE_MOST ? result->n_records : TRACE_MOST, size;
	char *text = NULL;
	FILE *lines;

	if (!shown)
		return;
	lines = open_memstream(&text, &size);
	if (!lines)
		abort();
	for (size_t i = 0; i < shown; i++)
		report_trace_line(lines, result->records[i], 0, false);
	fclose(lines);
	open_pane(out, "Trace");
	fputs("<pre>", out);
	xml_put(out, text, true);
	fputs("</pre>", out);
	close_pane(out);
	if (shown < result->n_records)
		fprintf(out, "<p class=\"note\">The first %zu of %zu records.</p>\n", shown,
			result->n_records);
	free(text);
}

static void put_output(FILE *out, const struct run_result *result)
{
	size_t size = result->output ? strlen(result->output) : 0;

	if (!size)
		return;
	open_pane(out, "Output of commands and code");
	fputs("<pre>", out);
	if (size > OUTPUT_MOST)
		fprintf(out, "<i>(the last %d of %zu bytes)</i>\n", OUTPUT_MOST, size);
	xml_put(out, result->output + (size > OUTPUT_MOST ? size - OUTPUT_MOST : 0), true);
	fputs("</pre>", out);
	close_pane(out);
}

void html_run(FILE *out, const struct run_result *result, unsigned id)
{
	fputs("<div class=\"panes\">\n", out);
	put_failure(out, result);
	fputs("<div class=\"panes two\">\n", out);
	put_ladder(out, result, id);
	put_script(out, result);
	fputs("</div>\n", out);
	put_trace(out, result);
	put_output(out, result);
	fputs("</div>\n", out);
}
