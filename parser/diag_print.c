/* Messages in the order of their places, so that errors found by different stages read from top to
 * bottom. */
#include <stdlib.h>
#include <string.h>

#include "parser/diag_queue.h"
#include "parser/utf8.h"

#define WIDEST	200 /* longer source lines are shown in part */
#define LEFT_OF 60  /* so many bytes before the caret then */

static int by_place(const void *a, const void *b)
{
	const struct message *x = *(struct message *const *)a, *y = *(struct message *const *)b;

	if (x->loc.line != y->loc.line)
		return x->loc.line < y->loc.line ? -1 : 1;
	if (x->loc.column != y->loc.column)
		return x->loc.column < y->loc.column ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

/* A place in the source that only moves forward: messages are sorted. */
struct cursor {
	const char *line, *end; /* of the line; end of the source */
	uint32_t number;
};

static size_t line_length(const struct cursor *cursor)
{
	size_t left = cursor->end - cursor->line;
	const char *end = left ? memchr(cursor->line, '\n', left) : NULL;

	return end ? (size_t)(end - cursor->line) : left;
}

static bool move_to_line(struct cursor *cursor, uint32_t number)
{
	while (cursor->number < number) {
		cursor->line += line_length(cursor);
		if (cursor->line == cursor->end)
			return false;
		cursor->line++;
		cursor->number++;
	}
	return true;
}

/* A line on its way to a terminal: tabs become blanks and what cannot be seen '?', so that a line
 * of blanks and carets below it has the same columns. */
struct pen {
	FILE *out;
	unsigned column; /* of the source line */
};

static void put_times(struct pen *pen, char c, unsigned n)
{
	pen->column += n;
	for (; n; n--)
		fputc(c, pen->out);
}

/* Writes bytes first .. last of a line, or as many columns of `instead`; the first of them may
 * differ: `lead`. */
static void put_line(struct pen *pen, const char *line, size_t first, size_t last, char lead,
		     char instead)
{
	while (first < last) {
		uint32_t code;
		unsigned length = utf8_next(line + first, last - first, &code);
		unsigned columns = length ? utf8_columns(code) : 1;
		bool seen = length && columns && code >= ' ' && code != 0x7f;

		if (line[first] == '\t')
			columns = 8 - pen->column % 8;
		else if (!seen)
			columns = columns || code < 0x300 || code > 0x36f;
		if (instead) {
			put_times(pen, lead, columns != 0);
			put_times(pen, instead, columns ? columns - 1 : 0);
			lead = columns ? instead : lead;
		} else if (line[first] == '\t') {
			put_times(pen, ' ', columns);
		} else if (!seen) {
			put_times(pen, '?', columns);
		} else {
			fwrite(line + first, 1, length, pen->out);
			pen->column += columns;
		}
		first += length ? length : 1;
	}
}

static void put_source(FILE *out, struct cursor *cursor, struct loc loc)
{
	struct pen pen = {out, 0};
	size_t length, first, last, from, to;
	const char *dots;

	if (!loc.line || !move_to_line(cursor, loc.line))
		return;
	length = line_length(cursor);
	if (length && cursor->line[length - 1] == '\r')
		length--;
	first = loc.column ? loc.column - 1 : 0;
	if (first > length)
		first = length;
	last = loc.end - loc.begin < length - first ? first + loc.end - loc.begin : length;
	from = length > WIDEST && first > LEFT_OF ? first - LEFT_OF : 0;
	to = length - from > WIDEST ? from + WIDEST : length;
	if (last > to)
		last = to;
	dots = from ? "..." : "";
	fprintf(out, "  %s", dots);
	put_line(&pen, cursor->line, from, to, 0, 0);
	fprintf(out, "%s\n  %*s", to < length ? "..." : "", (int)strlen(dots), "");
	pen.column = 0;
	put_line(&pen, cursor->line, from, first, ' ', ' ');
	if (first < last)
		put_line(&pen, cursor->line, first, last, '^', '~');
	else
		fputc('^', out);
	fputc('\n', out);
}

static const char *const level_words[] = {[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning"};

static void put_message(FILE *out, const struct message *message, const char *path)
{
	if (message->loc.line)
		fprintf(out, "%s:%u:%u: ", path, message->loc.line, message->loc.column);
	else
		fprintf(out, "%s: ", path);
	fputs(level_words[message->level], out);
	if (message->code)
		fprintf(out, "[FW%04u]", diag_code_rows[message->code].number);
	fprintf(out, ": %s\n", message->text);
}

static void print_plain(const struct diags *diags, FILE *out)
{
	struct message **sorted = arena_alloc(diags->arena, (diags->n + 1) * sizeof(*sorted));
	const struct source *source = diags->source;
	struct cursor cursor = {source->text, source->text + source->size, 1};
	size_t n = 0, printed = 0;

	for (struct message *message = diags->first; message; message = message->next)
		sorted[n++] = message;
	qsort(sorted, n, sizeof(*sorted), by_place);
	for (size_t i = 0; i < n && printed < MAX_PRINTED; i++) {
		put_message(out, sorted[i], source->path);
		put_source(out, &cursor, sorted[i]->loc);
		if (sorted[i]->hint)
			fprintf(out, "  hint: %s\n", sorted[i]->hint);
		printed += sorted[i]->level == DIAG_ERROR;
	}
	if (diags->n_errors > printed)
		fprintf(out, "%s: and %zu more error%s%s\n", source->path,
			diags->n_errors - printed, diags->n_errors - printed == 1 ? "" : "s",
			diags->n_errors >= MAX_ERRORS ? "; the rest is not read" : "");
}

void diags_print(const struct diags *diags, FILE *out, bool color)
{
	char *text = NULL;
	size_t size;
	FILE *plain = color ? open_memstream(&text, &size) : NULL;

	print_plain(diags, plain ? plain : out);
	if (!plain)
		return;
	fclose(plain);
	if (text)
		diag_paint(out, text, true);
	free(text);
}

/* ---- colours ----------------------------------------------------------------------------------
 */

#define BOLD  "\033[1m"
#define RED   "\033[1;31m"
#define PINK  "\033[1;35m"
#define GREEN "\033[1;32m"
#define CYAN  "\033[1;36m"
#define PLAIN "\033[0m"

/* "FILE:1:2: error[FW0012]: what", whose first `head` bytes are the place. */
static void paint_message(FILE *out, const char *line, size_t length, size_t head)
{
	const char *word = line + head;
	const char *end = memchr(word, ':', line + length - word);
	size_t size = end ? (size_t)(end + 1 - word) : 0;

	fprintf(out, BOLD "%.*s%s%.*s" PLAIN BOLD "%.*s" PLAIN "\n", (int)head, line,
		*word == 'e' ? RED : PINK, (int)size, word, (int)(length - head - size),
		word + size);
}

/* Where the level begins in a message's first line; 0: it is none. */
static size_t head_of(const char *line, size_t length)
{
	for (size_t level = 0; level < sizeof(level_words) / sizeof(*level_words); level++) {
		const char *word = level_words[level];
		const char *at = memmem(line, length, word, strlen(word));

		if (*line != ' ' && at && at - line > 1 && at[-1] == ' ' && at[-2] == ':')
			return at - line;
	}
	return 0;
}

void diag_paint(FILE *out, const char *text, bool color)
{
	static const char hint[] = "  hint:";
	unsigned since = 0; /* lines since a message's first */

	if (!color) {
		fputs(text, out);
		return;
	}
	while (*text) {
		size_t length = strcspn(text, "\n");
		size_t head = head_of(text, length);

		since = head ? 0 : since + 1;
		if (head)
			paint_message(out, text, length, head);
		else if (!strncmp(text, hint, strlen(hint)))
			fprintf(out, CYAN "%s" PLAIN "%.*s\n", hint, (int)(length - strlen(hint)),
				text + strlen(hint));
		else if (since == 2)
			fprintf(out, GREEN "%.*s" PLAIN "\n", (int)length, text);
		else
			fprintf(out, "%.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}
