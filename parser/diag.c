/* Messages wait in a queue and are printed in the order of their places, so that errors found by
 * different stages read from top to bottom. */
#include "parser/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define WIDEST	 200 /* longer source lines are shown in part */
#define LEFT_OF	 60  /* so many bytes before the caret then */
#define TEXT_MAX 512

struct message {
	struct message *next;
	enum diag_level level;
	struct loc loc;
	size_t number; /* order of arrival: keeps the sort stable */
	const char *text, *hint;
};

struct diags {
	const struct source *source;
	struct arena *arena;
	struct message *first, **last;
	size_t n, n_errors;
};

struct diags *diags_new(const struct source *source)
{
	struct diags *diags = calloc(1, sizeof(*diags));

	if (!diags)
		abort();
	diags->source = source;
	diags->arena = arena_new();
	diags->last = &diags->first;
	return diags;
}

void diags_free(struct diags *diags)
{
	if (!diags)
		return;
	arena_free(diags->arena);
	free(diags);
}

size_t diags_errors(const struct diags *diags)
{
	return diags->n_errors;
}

/* What a script's bytes brought into a message must not steer a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = *text == '\n' || *text == '\t' ? ' ' : '?';
}

void diag_add(struct diags *diags, enum diag_level level, struct loc loc, const char *hint,
	      const char *format, ...)
{
	struct message *message = arena_new_of(diags->arena, struct message);
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	message->level = level;
	message->loc = loc;
	message->number = diags->n++;
	message->text = arena_strndup(diags->arena, text, strlen(text));
	if (hint)
		message->hint = arena_strndup(diags->arena, hint, strlen(hint));
	*diags->last = message;
	diags->last = &message->next;
	diags->n_errors += level == DIAG_ERROR;
}

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

/* The bytes of the character at `text`, and the columns a terminal gives it. 0: not UTF-8. */
static unsigned utf8_length(const char *text, size_t size, unsigned *columns)
{
	unsigned char lead = *text;
	unsigned length = lead < 0x80		  ? 1
			  : (lead & 0xe0) == 0xc0 ? 2
			  : (lead & 0xf0) == 0xe0 ? 3
			  : (lead & 0xf8) == 0xf0 ? 4
						  : 0;
	uint32_t code = length < 2 ? lead : lead & (0x7f >> length);
	bool wide;

	if (!length || length > size)
		return 0;
	for (unsigned i = 1; i < length; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (length > 1 && code < 0xa0) /* overlong, or a C1 control */
		return 0;
	/* East Asian wide blocks and emoji. */
	wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
	       (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
	       (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) ||
	       (code >= 0x20000 && code <= 0x3fffd);
	*columns = wide ? 2 : 1;
	return length;
}

/* Writes bytes first .. last of a line; with `blank`, spaces of the same width instead. */
static void put_line(FILE *out, const char *line, size_t first, size_t last, bool blank)
{
	while (first < last) {
		unsigned columns = 1;
		unsigned length = utf8_length(line + first, last - first, &columns);
		bool control = (unsigned char)line[first] < ' ' || line[first] == 0x7f;

		if (line[first] == '\t')
			fputc('\t', out);
		else if (blank)
			fprintf(out, "%*s", (int)columns, "");
		else if (!length || control)
			fputc('?', out);
		else
			fwrite(line + first, 1, length, out);
		first += length ? length : 1;
	}
}

static void put_carets(FILE *out, const char *line, size_t first, size_t last)
{
	bool caret = true;

	while (first < last) {
		unsigned columns = 1;
		unsigned length = utf8_length(line + first, last - first, &columns);

		for (; columns; columns--, caret = false)
			fputc(caret ? '^' : '~', out);
		first += length ? length : 1;
	}
	if (caret)
		fputc('^', out);
}

static void put_source(FILE *out, struct cursor *cursor, struct loc loc, bool color)
{
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
	put_line(out, cursor->line, from, to, false);
	fprintf(out, "%s\n  %*s", to < length ? "..." : "", (int)strlen(dots), "");
	put_line(out, cursor->line, from, first, true);
	fputs(color ? "\033[1;32m" : "", out);
	put_carets(out, cursor->line, first, last);
	fputs(color ? "\033[0m\n" : "\n", out);
}

static void put_message(FILE *out, const struct message *message, const char *path, bool color)
{
	static const struct {
		const char *word, *color;
	} levels[] = {
		[DIAG_ERROR] = {"error", "\033[1;31m"},
		[DIAG_WARNING] = {"warning", "\033[1;35m"},
	};

	fputs(color ? "\033[1m" : "", out);
	if (message->loc.line)
		fprintf(out, "%s:%u:%u: ", path, message->loc.line, message->loc.column);
	else
		fprintf(out, "%s: ", path);
	fprintf(out, "%s%s:%s %s\n", color ? levels[message->level].color : "",
		levels[message->level].word, color ? "\033[0m" : "", message->text);
}

void diags_print(const struct diags *diags, FILE *out, bool color)
{
	struct message **sorted = arena_alloc(diags->arena, (diags->n + 1) * sizeof(*sorted));
	const struct source *source = diags->source;
	struct cursor cursor = {source->text, source->text + source->size, 1};
	size_t n = 0;

	for (struct message *message = diags->first; message; message = message->next)
		sorted[n++] = message;
	qsort(sorted, n, sizeof(*sorted), by_place);
	for (size_t i = 0; i < n; i++) {
		put_message(out, sorted[i], source->path, color);
		put_source(out, &cursor, sorted[i]->loc, color);
		if (sorted[i]->hint)
			fprintf(out, "  hint: %s\n", sorted[i]->hint);
	}
}
