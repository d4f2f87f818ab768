/* Sentences about where script and kernel part (runtime/play/play_align.c), and the lines of the script
 * around it. */
#include "runtime/report/align.h"

#include <stdlib.h>
#include <string.h>

#include "parser/tables.h"
#include "runtime/report/text.h"

typedef void (*sentence)(FILE *out, const struct record *record);

/* ---- what is wrong ------------------------------------------------------------------------- */

static const char *expected_of(const struct record *record)
{
	return record->expected ? record->expected : "the segment";
}

static void say_insertion(FILE *out, const struct record *record)
{
	fputs("the kernel sent a segment that the script does not have", out);
	if (record->fault == FAULT_UNEXPECTED)
		fputs(" (--strict)", out);
}

static void say_deletion(FILE *out, const struct record *record)
{
	fprintf(out, "`%s` was never sent; what came is the segment of line %u",
		expected_of(record), record->fits_line);
}

static void say_repeated(FILE *out, const struct record *record)
{
	fprintf(out, "`%s` was never sent; what came is a retransmission (line %u)",
		expected_of(record), record->cause_line);
}

static void say_swapped(FILE *out, const struct record *record)
{
	fprintf(out, "the segments of lines %u and %u came in the other order", record->line,
		record->fits_line);
}

static void say_split(FILE *out, const struct record *record)
{
	fprintf(out, "the segment came in %u pieces", record->pieces);
}

static void say_joined(FILE *out, const struct record *record)
{
	fprintf(out, "the segments of lines %u to %u came as one", record->line,
		record->fits_line);
}

static const sentence sentences[N_ALIGNMENTS] = {
	[ALIGNMENT_INSERTION] = say_insertion, [ALIGNMENT_DELETION] = say_deletion,
	[ALIGNMENT_REPEATED] = say_repeated,
	[ALIGNMENT_SWAPPED] = say_swapped,     [ALIGNMENT_SPLIT] = say_split,
	[ALIGNMENT_JOINED] = say_joined,
};

bool words_of_alignment(FILE *out, const struct record *record)
{
	/* Where nothing came, or another claim is wrong, the fault says so. */
	bool other = record->kind == RECORD_QUIET || record->kind == RECORD_INJECT ||
		     (record->alignment == ALIGNMENT_DELETION && !record->fits_line);

	if (other || !sentences[record->alignment])
		return false;
	sentences[record->alignment](out, record);
	return true;
}

/* ---- what to do ---------------------------------------------------------------------------- */

static void advise_insertion(FILE *out, const struct record *record)
{
	fprintf(out, "if the kernel is right, add behind line %u: %s", record->after_line,
		record->missing);
}

static void advise_deletion(FILE *out, const struct record *record)
{
	fprintf(out, "if the kernel is right, remove line %u", record->line);
}

static void advise_swapped(FILE *out, const struct record *record)
{
	fprintf(out, "if the kernel is right, let lines %u and %u change places", record->line,
		record->fits_line);
}

static void advise_split(FILE *out, const struct record *record)
{
	(void)record;
	fputs("if the kernel is right, write a line for each piece", out);
}

static void advise_joined(FILE *out, const struct record *record)
{
	fprintf(out, "if the kernel is right, write one line for them: %s", record->missing);
}

char *words_advice(const struct record *record)
{
	static const sentence advices[N_ALIGNMENTS] = {
		[ALIGNMENT_INSERTION] = advise_insertion, [ALIGNMENT_DELETION] = advise_deletion,
		[ALIGNMENT_REPEATED] = advise_deletion,	  [ALIGNMENT_SWAPPED] = advise_swapped,
		[ALIGNMENT_SPLIT] = advise_split,	  [ALIGNMENT_JOINED] = advise_joined,
	};
	/* A line of its own needs a text to paste. */
	static const bool pastes[N_ALIGNMENTS] = {
		[ALIGNMENT_INSERTION] = true,
		[ALIGNMENT_JOINED] = true,
	};
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!advices[record->alignment] || (pastes[record->alignment] && !record->missing))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	advices[record->alignment](out, record);
	fclose(out);
	return text;
}

bool report_compares(const struct record *record)
{
	static const bool is_another[N_ALIGNMENTS] = {
		[ALIGNMENT_INSERTION] = true,
		[ALIGNMENT_DELETION] = true,
		[ALIGNMENT_REPEATED] = true,
		[ALIGNMENT_SWAPPED] = true,
	};

	return !is_another[record->alignment];
}

/* ---- the lines around it ------------------------------------------------------------------- */

struct lines {
	char *text[3];
	size_t width;
};

static void take(struct lines *lines, unsigned which, const char *text)
{
	char *clean = text_clean(text, false);
	size_t width = text_width(clean, strlen(clean));

	lines->text[which] = clean;
	lines->width = width > lines->width ? width : lines->width;
}

/* In front of a text: its line, or a mark for one that is not there yet. */
static void put_line(FILE *out, unsigned number, const char *text, size_t width, bool color)
{
	const char *dim = text_paint(PAINT_DIM, color), *plain = text_paint(PAINT_PLAIN, color);
	char clean[12];

	snprintf(clean, sizeof(clean), "%u", number);
	fprintf(out, "%s%9s %c%s %s", dim, number ? clean : "", number ? '|' : '+', plain,
		text_paint(number ? PAINT_PLAIN : PAINT_GOOD, color));
	text_pad(out, text, width);
	fputs(plain, out);
}

static bool is_in_window(const struct record *record)
{
	return record->due_ns == INT64_MIN ||
	       (record->met_ns >= record->due_ns - record->tolerance_ns &&
		record->met_ns <= record->until_ns + record->tolerance_ns);
}

bool report_insertion(FILE *out, const struct run_result *result, const struct record *record,
		      bool color)
{
	unsigned line = record_place(record).line;
	bool then = result->source_line && line != record->after_line;
	bool met = then && record->met_ns != INT64_MIN;
	struct lines lines = {0};

	if (record->alignment != ALIGNMENT_INSERTION || record->kind == RECORD_INJECT ||
	    !record->missing || !result->source_before)
		return false;
	take(&lines, 0, result->source_before);
	take(&lines, 1, record->missing);
	take(&lines, 2, then ? result->source_line : "");
	put_line(out, record->after_line, lines.text[0], 0, color);
	putc('\n', out);
	put_line(out, 0, lines.text[1], lines.width + 2, color);
	fprintf(out, "<- sent at %.6f s\n", (double)record->actual_ns / 1e9);
	if (then)
		put_line(out, line, lines.text[2], met ? lines.width + 2 : 0, color);
	if (met)
		fprintf(out, "(came%s at %.6f s)", is_in_window(record) ? ", as expected," : "",
			(double)record->met_ns / 1e9);
	if (then)
		putc('\n', out);
	for (size_t i = 0; i < 3; i++)
		free(lines.text[i]);
	return true;
}
