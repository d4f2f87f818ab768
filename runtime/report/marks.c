#include "runtime/report/marks.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/report/text.h"

/* A line being written, and how many columns it has so far. */
struct line {
	FILE *out;
	char *text;
	size_t size, width;
};

static void line_open(struct line *line)
{
	line->width = 0;
	line->out = open_memstream(&line->text, &line->size);
	if (!line->out)
		abort();
}

/* Without the blanks at its end. */
static char *line_close(struct line *line)
{
	size_t size;

	fclose(line->out);
	for (size = line->size; size && line->text[size - 1] == ' ';)
		size--;
	line->text[size] = '\0';
	return line->text;
}

static void line_fill(struct line *line, char c, size_t column)
{
	for (; line->width < column; line->width++)
		putc(c, line->out);
}

/* One of the two texts on its way into its line. */
struct side {
	struct line line;
	char *text; /* clean */
	size_t at, size;
};

/* False: the text is not shown as it is, so nothing of it has a place. */
static bool side_open(struct side *side, const char *text)
{
	side->text = text_clean(text, false);
	side->size = strlen(side->text);
	side->at = 0;
	line_open(&side->line);
	return !text || !strcmp(side->text, text);
}

static char *side_close(struct side *side)
{
	free(side->text);
	return line_close(&side->line);
}

static void put_until(struct side *side, size_t end)
{
	const char *text = side->text + side->at;

	fwrite(text, 1, end - side->at, side->line.out);
	side->line.width += text_width(text, end - side->at);
	side->at = end;
}

/* ---- what lies between two marks ----------------------------------------------------------- */

static size_t common(const struct side *a, size_t a_end, const struct side *b, size_t b_end)
{
	size_t n = 0;

	while (a->at + n < a_end && b->at + n < b_end && a->text[a->at + n] == b->text[b->at + n])
		n++;
	while (n && ((unsigned char)a->text[a->at + n] & 0xc0) == 0x80) /* a character is whole */
		n--;
	return n;
}

/* What is the same in both stands in the same columns. */
static void put_same(struct side *a, struct side *b, size_t size)
{
	size_t width = a->line.width > b->line.width ? a->line.width : b->line.width;

	line_fill(&a->line, ' ', width);
	line_fill(&b->line, ' ', width);
	put_until(a, a->at + size);
	put_until(b, b->at + size);
}

/* Both end in the same column: the shorter one has a gap behind what is the same in both. */
static void put_between(struct side *a, size_t a_end, struct side *b, size_t b_end)
{
	size_t a_width, b_width, width;

	put_same(a, b, common(a, a_end, b, b_end));
	a_width = text_width(a->text + a->at, a_end - a->at);
	b_width = text_width(b->text + b->at, b_end - b->at);
	width = a->line.width + (a_width > b_width ? a_width : b_width);
	line_fill(&a->line, ' ', width - a_width);
	line_fill(&b->line, ' ', width - b_width);
	put_until(a, a_end);
	put_until(b, b_end);
}

/* So short an end of both says nothing. */
#define LEAST_ALIKE 3

/* The rest of both: in the same columns where one is the end of the other. */
static void put_rest(struct side *a, struct side *b)
{
	size_t a_left = a->size - a->at, b_left = b->size - b->at;
	size_t left = a_left < b_left ? a_left : b_left;
	bool alike = !memcmp(a->text + a->size - left, b->text + b->size - left, left);

	if (alike && (a_left == b_left || left >= LEAST_ALIKE))
		put_between(a, a->size, b, b->size);
	put_until(a, a->size);
	put_until(b, b->size);
}

/* ---- marks --------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* A mismatch whose field both have. */
static void put_pair(struct side *a, struct stretch in_a, struct side *b, struct stretch in_b,
		     struct line *marks)
{
	put_between(a, in_a.begin, b, in_b.begin);
	line_fill(marks, ' ', a->line.width);
	put_until(a, in_a.begin + in_a.length);
	put_until(b, in_b.begin + in_b.length);
	line_fill(marks, '^', larger(a->line.width, b->line.width));
}

/* Where `b` would go on as `a` does at `end`: behind the longest stretch of what leads to it there
 * that `b` has too. */
static size_t counterpart(const struct side *a, size_t end, const struct side *b)
{
	size_t same = b->at + common(a, end, b, b->size), at;
	const char *found;

	for (size_t size = end - a->at; size >= LEAST_ALIKE; size--) {
		found = memmem(b->text + b->at, b->size - b->at, a->text + end - size, size);
		at = found ? (size_t)(found - b->text) + size : 0;
		if (at > same)
			return at;
	}
	return same;
}

/* One whose field only `a` has: the other has a gap there. */
static void put_single(struct side *a, struct stretch in_a, struct side *b, struct line *marks)
{
	size_t end = in_a.begin;

	while (end > a->at && strchr(", ", a->text[end - 1]))
		end--;
	put_between(a, end, b, counterpart(a, end, b));
	put_until(a, in_a.begin);
	line_fill(marks, ' ', a->line.width);
	put_until(a, in_a.begin + in_a.length);
	line_fill(&b->line, ' ', a->line.width);
	line_fill(marks, '~', a->line.width);
}

static bool fits(const struct side *side, struct stretch in)
{
	return in.begin >= side->at && in.begin + (size_t)in.length <= side->size;
}

static void put_mismatch(struct side *expected, struct side *actual, const struct mismatch *m,
			 struct line *marks)
{
	bool in_expected = m->expected_at.length && fits(expected, m->expected_at);
	bool in_actual = m->actual_at.length && fits(actual, m->actual_at);

	if (in_expected && in_actual)
		put_pair(expected, m->expected_at, actual, m->actual_at, marks);
	else if (in_expected && !m->actual_at.length)
		put_single(expected, m->expected_at, actual, marks);
	else if (in_actual && !m->expected_at.length)
		put_single(actual, m->actual_at, expected, marks);
}

/* The order of the texts. Two of which each side has one come as they were found. */
static bool is_before(const struct mismatch *x, const struct mismatch *y)
{
	if (x->expected_at.length && y->expected_at.length)
		return x->expected_at.begin < y->expected_at.begin;
	return x->actual_at.length && y->actual_at.length &&
	       x->actual_at.begin < y->actual_at.begin;
}

static unsigned sorted(const struct mismatches *list, const struct mismatch **order)
{
	unsigned n = list ? mismatches_kept(list) : 0;

	for (unsigned i = 0, j; i < n; i++) {
		for (j = i; j > 0 && is_before(&list->at[i], order[j - 1]); j--)
			order[j] = order[j - 1];
		order[j] = &list->at[i];
	}
	return n;
}

struct marked marked_new(const struct record *record)
{
	const struct mismatch *order[MAX_MISMATCHES];
	unsigned n = sorted(record->mismatches, order);
	struct side expected, actual;
	struct line marks;
	bool same = side_open(&expected, record->expected);

	same = side_open(&actual, record->actual) && same;
	line_open(&marks);
	for (unsigned i = 0; i < n && same; i++)
		put_mismatch(&expected, &actual, order[i], &marks);
	if (marks.width)
		put_rest(&expected, &actual);
	put_until(&expected, expected.size);
	put_until(&actual, actual.size);
	return (struct marked){side_close(&expected), side_close(&actual), line_close(&marks)};
}

void marked_free(struct marked *marked)
{
	free(marked->expected);
	free(marked->actual);
	free(marked->marks);
}

/* ---- the source ---------------------------------------------------------------------------- */

/* Columns of the beginning of a line: tabs and UTF-8 are wider or narrower than their bytes. */
static size_t columns_of(const char *line, size_t size)
{
	char *piece = strndup(line, size), *clean = text_clean(piece, false);
	size_t width = text_width(clean, strlen(clean));

	free(clean);
	free(piece);
	return width;
}

static void mark_place(char *marks, const char *line, struct place place)
{
	size_t size = strlen(line), begin = place.column - 1, end = begin + place.length;

	if (!place.column || begin > size)
		return;
	begin = columns_of(line, begin);
	end = columns_of(line, end < size ? end : size);
	marks[begin] = '^';
	for (size_t i = begin + 1; i < end; i++)
		marks[i] = '~';
}

char *marks_of_source(const struct record *record, const char *line)
{
	struct place shown = record_place(record);
	size_t width = columns_of(line, strlen(line)) + 1;
	char *marks = malloc(width + 1);

	if (!marks)
		abort();
	memset(marks, ' ', width);
	mark_place(marks, line, shown);
	for (unsigned i = 0; record->mismatches && i < mismatches_kept(record->mismatches); i++)
		if (record->mismatches->at[i].place.line == shown.line)
			mark_place(marks, line, record->mismatches->at[i].place);
	while (width && marks[width - 1] == ' ')
		width--;
	marks[width] = '\0';
	return marks;
}
