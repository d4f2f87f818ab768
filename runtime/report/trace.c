#include "runtime/report/trace.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/report/report.h"
#include "runtime/report/text.h"
#include "runtime/report/words.h"

/* Columns: of the time, with two between it and the next; of what lies left of the text; of a usual
 * text, which longer ones of no terminal's width push right; of a state. */
#define INDENT	      19
#define TEXT_COLUMNS  47
#define STATE_COLUMNS 12
#define LEAST_COLUMNS 20

static const char *const marks[] = {
	[RECORD_INJECT] = "<",	  [RECORD_SEGMENT] = ">",     [RECORD_EXTRA] = ">",
	[RECORD_CALL] = "call",	  [RECORD_CALL_END] = "end",  [RECORD_COMMAND] = "sh",
	[RECORD_CODE] = "code",	  [RECORD_STATE] = "state",   [RECORD_STATES] = "state",
	[RECORD_COUNTER] = "count", [RECORD_TIMER] = "timer",
	[RECORD_RESET_REASON] = "why",
	[RECORD_DROP_REASON] = "why",
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

	if (!strncmp(cells.state, "TCP_", 4))
		cells.state += 4;

	if (at_ns == INT64_MIN)
		snprintf(cells.time, sizeof(cells.time), "%10s", "");
	else
		snprintf(cells.time, sizeof(cells.time), "%10.6f", (double)at_ns / 1e9);
	return cells;
}

void trace_cells_free(struct trace_cells *cells)
{
	free(cells->text);
}

void report_output(FILE *out, const char *output)
{
	char *clean = text_clean(output, true), *save = NULL;

	for (char *line = strtok_r(clean, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fprintf(out, "%*s| %s\n", INDENT, "", line);
	free(clean);
}

/* What is said of a record behind its state, clean; malloc'd. */
static char *note_of(const struct record *record)
{
	const char *message = record->message ? record->message : "";
	const char *note = "";
	char *text, *clean;

	if (record->kind == RECORD_CALL && record->actual && !record->returned)
		note = "(blocks)";
	else if (record->kind == RECORD_CODE)
		note = "(evaluated at the end)";
	else if (record->kind == RECORD_EXTRA)
		note = "(not in the script)";
	if (record->status == RECORD_OK)
		return text_clean(note, false);
	if (asprintf(&text, "%s%s%s", statuses[record->status].word, *message ? ": " : "",
		     message) < 0)
		abort();
	clean = text_clean(text, false);
	free(text);
	return clean;
}

/* The word of the status is painted. */
static void put_note(FILE *out, const struct record *record, const char *note, size_t size,
		     bool color)
{
	size_t word = strlen(statuses[record->status].word);

	word = word < size ? word : size;
	fprintf(out, "%s%.*s%s%.*s", text_paint(statuses[record->status].paint, color), (int)word,
		note, text_paint(PAINT_PLAIN, color), (int)(size - word), note + word);
}

/* The rest of a text that is broken, and a note that found no place, in lines of their own. */
static void put_below(FILE *out, const struct record *record, const char *text, const char *note,
		      size_t columns, bool color)
{
	const char *line, *first = note + strspn(note, " ");
	size_t size;

	while ((line = text_line(&text, columns, &size)))
		fprintf(out, "%*s%.*s\n", INDENT, "", (int)size, line);
	while ((line = text_line(&note, columns + STATE_COLUMNS, &size))) {
		fprintf(out, "%*s", INDENT, "");
		if (line == first)
			put_note(out, record, line, size, color);
		else
			fprintf(out, "%.*s", (int)size, line);
		putc('\n', out);
	}
}

/* Columns for the text where the terminal has `width`. */
static size_t room_for_text(unsigned width)
{
	if (!width)
		return SIZE_MAX;
	return width > INDENT + 2 + STATE_COLUMNS + LEAST_COLUMNS
		       ? width - INDENT - 2 - STATE_COLUMNS
		       : LEAST_COLUMNS;
}

void report_trace_line(FILE *out, const struct record *record, unsigned width, bool color)
{
	struct trace_cells cells __attribute__((cleanup(trace_cells_free))) = trace_cells(record);
	size_t room = room_for_text(width), pad = room < TEXT_COLUMNS ? room : TEXT_COLUMNS;
	const char *rest = cells.text, *text;
	char *note = note_of(record), *line;
	size_t size = 0, used;
	bool beside;

	text = text_line(&rest, room, &size);
	line = strndup(text ? text : "", size);
	used = text_width(line, size);
	used = INDENT + 2 + (used > pad ? used : pad) + 2 + strlen(cells.state);
	beside = !width || used + text_width(note, strlen(note)) < width;
	fprintf(out, "%s%s%s  %-5s  ", text_paint(PAINT_DIM, color), cells.time,
		text_paint(PAINT_PLAIN, color), cells.mark);
	text_pad(out, line, *cells.state || (beside && *note) ? pad : 0);
	if (*cells.state)
		fprintf(out, "  %s%s%s", text_paint(PAINT_DIM, color), cells.state,
			text_paint(PAINT_PLAIN, color));
	if (beside && *note) {
		fputs("  ", out);
		put_note(out, record, note, strlen(note), color);
	}
	putc('\n', out);
	put_below(out, record, rest, beside ? "" : note, room, color);
	if (record->output)
		report_output(out, record->output);
	free(line);
	free(note);
}

void report_trace(FILE *out, const struct run_result *result, unsigned width, bool color)
{
	char *name = words_name(result);

	fprintf(out, "%s%s%s\n", text_paint(PAINT_BOLD, color), name,
		text_paint(PAINT_PLAIN, color));
	for (size_t i = 0; i < result->n_records; i++)
		report_trace_line(out, result->records[i], width, color);
	free(name);
}
