#include "runtime/report/trace.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/report/report.h"
#include "runtime/report/text.h"

#define TEXT_COLUMNS 56 /* a usual segment; longer ones push the state right */

static const char *const marks[] = {
	[RECORD_INJECT] = "<",	  [RECORD_SEGMENT] = ">",     [RECORD_EXTRA] = ">",
	[RECORD_CALL] = "call",	  [RECORD_CALL_END] = "end",  [RECORD_COMMAND] = "sh",
	[RECORD_CODE] = "code",	  [RECORD_STATE] = "state",   [RECORD_STATES] = "state",
	[RECORD_COUNTER] = "count", [RECORD_TIMER] = "timer",
	[RECORD_QUIET] = "quiet", [RECORD_KILL] = "kill",     [RECORD_EXIT] = "exit",
	[RECORD_SETUP] = "setup", [RECORD_CLEANUP] = "clean",
};

static const struct {
	const char *word;
	enum paint paint;
} statuses[] = {
	[RECORD_OK] = {"", PAINT_PLAIN},
	[RECORD_WARNING] = {"warning", PAINT_WARN},
	[RECORD_FAILED] = {"FAILED", PAINT_BAD},
};

/* Time and direction have columns of their own. */
static const char *what_happened(const char *text)
{
	if (text && (text[0] == '<' || text[0] == '>') && text[1] == ' ')
		return text + 2;
	return text;
}

struct trace_cells trace_cells(const struct record *record)
{
	const char *text = record->actual		  ? record->actual
			   : record->kind == RECORD_QUIET ? "no segment"
							  : record->expected;
	int64_t at_ns = record->actual_ns != INT64_MIN ? record->actual_ns : record->due_ns;
	struct trace_cells cells = {
		.mark = marks[record->kind],
		.text = text_clean(what_happened(text ? text : record->message), false),
		.state = record_state_name(record),
	};

	if (at_ns == INT64_MIN)
		snprintf(cells.time, sizeof(cells.time), "%12s", "");
	else
		snprintf(cells.time, sizeof(cells.time), "%12.6f", (double)at_ns / 1e9);
	return cells;
}

void trace_cells_free(struct trace_cells *cells)
{
	free(cells->text);
}

/* What a command printed, below it. */
static void print_output(FILE *out, const char *output)
{
	char *clean = text_clean(output, true), *save = NULL;

	for (char *line = strtok_r(clean, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fprintf(out, "                     | %s\n", line);
	free(clean);
}

void report_trace_line(FILE *out, const struct record *record, bool color)
{
	struct trace_cells cells __attribute__((cleanup(trace_cells_free))) = trace_cells(record);
	enum paint paint = statuses[record->status].paint;
	bool note = record->status != RECORD_OK;
	char *message;

	fprintf(out, "%s%s%s  %-5s  ", text_paint(PAINT_DIM, color), cells.time,
		text_paint(PAINT_PLAIN, color), cells.mark);
	if (*cells.state || note)
		text_pad(out, cells.text, TEXT_COLUMNS);
	else
		fputs(cells.text, out);
	if (*cells.state)
		fprintf(out, "  %s%s%s", text_paint(PAINT_DIM, color), cells.state,
			text_paint(PAINT_PLAIN, color));
	if (note) {
		message = text_clean(record->message, false);
		fprintf(out, "  %s%s%s%s%s", text_paint(paint, color),
			statuses[record->status].word, text_paint(PAINT_PLAIN, color),
			*message ? ": " : "", message);
		free(message);
	} else if (record->kind == RECORD_CALL && record->actual && !record->returned) {
		fputs("  (blocks)", out);
	} else if (record->kind == RECORD_CODE) {
		fputs("  (evaluated at the end)", out);
	} else if (record->kind == RECORD_EXTRA) {
		fputs("  (not in the script)", out);
	}
	putc('\n', out);
	if (record->output)
		print_output(out, record->output);
}

void report_trace(FILE *out, const struct run_result *result, bool color)
{
	for (size_t i = 0; i < result->n_records; i++)
		report_trace_line(out, result->records[i], color);
}
