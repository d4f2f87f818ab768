/* The ladder in a terminal: columns as wide as what stands in them, wrapped where that is too wide.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/report/ladder.h"
#include "runtime/report/report.h"
#include "runtime/report/text.h"

#define WIDTH_USUAL   80
#define PROGRAM_LEAST 13
#define ARROW_LEAST   16
#define ARROW_USUAL   24
#define ARROW_EXTRA   6 /* what an arrow needs beside its label */
#define LINES_MOST    4 /* of a call that is longer; its whole text stands in the trace */

/* Signs of the picture, for either kind of terminal. */
struct signs {
	const char *life, *gap, *line, *broken, *right, *left, *lost, *more;
};

static const struct signs ascii = {"|", ":", "-", ".", ">", "<", "x", "..."};
static const struct signs utf8 = {"│", "┊", "─", "╌", "►", "◄", "×", "…"};

enum column { TIME, NUMBER, PROGRAM, KERNEL, ARROW, PEER, N_COLUMNS };

struct printer {
	FILE *out;
	const struct signs *signs;
	bool color;
	size_t width; /* of all of it */
	size_t columns[N_COLUMNS];
};

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t columns_of(const char *text)
{
	return text_width(text, strlen(text));
}

static void put(struct printer *p, enum paint paint, const char *text, size_t size)
{
	bool paints = p->color && paint != PAINT_PLAIN && size > 0;

	fprintf(p->out, "%s%.*s%s", text_paint(paint, paints), (int)size, text,
		text_paint(PAINT_PLAIN, paints));
}

static void blanks(struct printer *p, size_t n)
{
	fprintf(p->out, "%*s", (int)n, "");
}

/* One line of a cell and blanks up to its width. */
static void put_cell(struct printer *p, enum paint paint, const char **at, size_t width)
{
	size_t size = 0;
	const char *line = text_line(at, width, &size);

	if (line)
		put(p, paint, line, size);
	blanks(p, width - (line ? text_width(line, size) : 0));
}

static void put_right(struct printer *p, enum paint paint, const char *text, size_t width)
{
	size_t used = columns_of(text);

	blanks(p, width > used ? width - used : 0);
	put(p, paint, text, strlen(text));
}

/* ---- arrows ------------------------------------------------------------------------------------
 */

static void repeat(struct printer *p, const char *sign, size_t n)
{
	while (n-- > 0)
		fputs(sign, p->out);
}

static enum paint paint_of(const struct ladder_row *row)
{
	return row->missing || row->status == RECORD_FAILED  ? PAINT_BAD
	       : row->extra || row->status == RECORD_WARNING ? PAINT_WARN
							     : PAINT_PLAIN;
}

/* "── FIN 1 ack 1 ────►", with as much of the label as fits. */
static void put_arrow(struct printer *p, const struct ladder_row *row, const char **label)
{
	const struct signs *signs = p->signs;
	const char *line = row->missing ? signs->broken : signs->line;
	size_t width = p->columns[ARROW], size = 0, used;
	const char *text = ladder_label_line(label, width - ARROW_EXTRA, &size);
	bool in = row->kind == LADDER_IN;
	enum paint paint = paint_of(row);

	used = text ? text_width(text, size) : 0;
	fputs(text_paint(paint, p->color && paint), p->out);
	fputs(in ? row->missing ? signs->lost : signs->left : line, p->out);
	fprintf(p->out, "%s %.*s ", line, (int)size, text ? text : "");
	repeat(p, line, width - used - 5);
	fputs(in ? line : row->missing ? signs->lost : signs->right, p->out);
	fputs(text_paint(PAINT_PLAIN, p->color && paint), p->out);
}

/* What stands below an arrow: the rest of its label, then the notes. */
static void put_below(struct printer *p, const struct ladder_row *row, const char **label,
		      const char **note)
{
	const char **at = **label ? label : note;

	blanks(p, 3);
	put_cell(p, at == note ? paint_of(row) : PAINT_PLAIN, at, p->columns[ARROW] - 4);
	blanks(p, 1);
}

/* ---- rows --------------------------------------------------------------------------------------
 */

/* What is left of a row's cells while its lines are printed. */
struct cells {
	const char *time, *number, *program, *kernel, *label, *note, *peer;
};

static bool is_over(const struct cells *cells)
{
	return !*cells->program && !*cells->kernel && !*cells->label && !*cells->note &&
	       !*cells->peer;
}

/* Where the kernel's state does not change, a call may have that column too. */
static size_t program_width(const struct printer *p, const struct ladder_row *row)
{
	return p->columns[PROGRAM] + (*row->kernel ? 0 : 2 + p->columns[KERNEL]);
}

static void put_life(struct printer *p, const char *sign)
{
	put(p, PAINT_DIM, sign, strlen(sign));
}

static void put_line(struct printer *p, const struct ladder_row *row, struct cells *cells,
		     bool first)
{
	const char *peer;
	size_t size;

	put_right(p, PAINT_DIM, cells->time, p->columns[TIME]);
	cells->time = "";
	blanks(p, 2);
	if (p->columns[NUMBER]) {
		put_cell(p, PAINT_DIM, &cells->number, p->columns[NUMBER]);
		blanks(p, 2);
	}
	put_cell(p, row->status == RECORD_FAILED ? PAINT_BAD : PAINT_BOLD, &cells->program,
		 program_width(p, row));
	if (*row->kernel) {
		blanks(p, 2);
		put_cell(p, PAINT_PLAIN, &cells->kernel, p->columns[KERNEL]);
	}
	blanks(p, 1);
	put_life(p, p->signs->life);
	if (row->kind == LADDER_EVENT)
		blanks(p, p->columns[ARROW]);
	else if (first)
		put_arrow(p, row, &cells->label);
	else
		put_below(p, row, &cells->label, &cells->note);
	put_life(p, p->signs->life);
	peer = ladder_state(&cells->peer, &size);
	if (peer)
		fprintf(p->out, " %.*s", (int)size, peer);
	putc('\n', p->out);
}

/* A text that a picture of some lines has no room for is cut. */
static const char *cut(struct printer *p, struct ladder *ladder, const char *text, size_t width)
{
	size_t room = width * LINES_MOST - columns_of(p->signs->more), fits;

	if (columns_of(text) <= width * LINES_MOST)
		return text;
	fits = text_fit(text, room);
	return arena_printf(ladder->arena, "%.*s%s", (int)fits, text, p->signs->more);
}

static void put_message(struct printer *p, const struct ladder_row *row)
{
	size_t indent = p->columns[TIME] + 2 + (p->columns[NUMBER] ? p->columns[NUMBER] + 2 : 0);
	size_t width = p->width > indent + PROGRAM_LEAST ? p->width - indent : PROGRAM_LEAST;
	size_t word = strcspn(row->message, " "), size;
	const char *at = row->message, *line;

	while ((line = text_line(&at, width, &size))) {
		blanks(p, indent);
		put(p, paint_of(row), line, line == row->message ? word : 0);
		fprintf(p->out, "%.*s\n", (int)(size - (line == row->message ? word : 0)),
			line + (line == row->message ? word : 0));
	}
}

static void put_gap(struct printer *p, const struct ladder_row *row)
{
	size_t before = (p->columns[NUMBER] ? p->columns[NUMBER] + 2 : 0) + 2 +
			p->columns[PROGRAM] + 2 + p->columns[KERNEL] + 1;

	put_right(p, PAINT_DIM, row->time, p->columns[TIME]);
	blanks(p, before);
	put_life(p, p->signs->gap);
	blanks(p, p->columns[ARROW]);
	put_life(p, p->signs->gap);
	putc('\n', p->out);
}

static void put_row(struct printer *p, struct ladder *ladder, const struct ladder_row *row)
{
	struct cells cells = {
		.time = row->time,
		.number = row->connection && p->columns[NUMBER]
				  ? arena_printf(ladder->arena, "#%u", row->connection)
				  : "",
		.program = cut(p, ladder, row->program, program_width(p, row)),
		.kernel = row->kernel,
		.label = row->label,
		.note = row->note,
		.peer = row->peer,
	};
	bool first = true;

	if (row->kind == LADDER_GAP) {
		put_gap(p, row);
		return;
	}
	do {
		put_line(p, row, &cells, first);
		first = false;
	} while (!is_over(&cells));
	put_message(p, row);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

/* What the cells would like to have. */
static void measure(struct printer *p, const struct ladder *ladder)
{
	size_t *columns = p->columns;

	columns[TIME] = strlen("time");
	columns[NUMBER] = ladder->n_connections > 9 ? 3 : ladder->n_connections > 1 ? 2 : 0;
	columns[PROGRAM] = strlen("program");
	columns[KERNEL] = strlen("kernel");
	columns[ARROW] = ARROW_USUAL;
	columns[PEER] = strlen("peer");
	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];
		const char *at = row->peer, *state;
		size_t size;

		columns[TIME] = larger(columns[TIME], columns_of(row->time));
		columns[KERNEL] = larger(columns[KERNEL], columns_of(row->kernel));
		while ((state = ladder_state(&at, &size)))
			columns[PEER] = larger(columns[PEER], size);
		columns[ARROW] = larger(columns[ARROW], columns_of(row->label) + ARROW_EXTRA);
	}
	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];
		size_t width = columns_of(row->program),
		       over = program_width(p, row) - columns[PROGRAM];

		columns[PROGRAM] = larger(columns[PROGRAM], width > over ? width - over : 0);
	}
}

/* What they can have. */
static void fit(struct printer *p)
{
	size_t *columns = p->columns, number = columns[NUMBER] ? columns[NUMBER] + 2 : 0;
	size_t fixed = columns[TIME] + 2 + number + 2 + columns[KERNEL] + 4 + columns[PEER];
	size_t left = PROGRAM_LEAST + ARROW_LEAST, program = columns[PROGRAM];

	if (p->width > fixed + left)
		left = p->width - fixed;
	if (columns[PROGRAM] + columns[ARROW] <= left)
		return;
	program = program < PROGRAM_LEAST ? program : PROGRAM_LEAST;
	if (columns[ARROW] > left - program)
		columns[ARROW] = left - program;
	if (columns[PROGRAM] > left - columns[ARROW])
		columns[PROGRAM] = left - columns[ARROW];
}

static void put_title(struct printer *p, const struct ladder *ladder)
{
	put(p, PAINT_BOLD, ladder->title, strlen(ladder->title));
	fprintf(p->out, ": %s\n", ladder->verdict);
	for (size_t i = 0; i < ladder->n_connections; i++) {
		const struct ladder_connection *connection = &ladder->connections[i];

		if (ladder->n_connections > 1)
			fprintf(p->out, "#%zu  ", i + 1);
		fprintf(p->out, "kernel %s, peer %s\n", connection->kernel, connection->peer);
	}
}

static void put_header(struct printer *p)
{
	fprintf(p->out, "\n%s%*s  ", text_paint(PAINT_DIM, p->color), (int)p->columns[TIME],
		"time");
	if (p->columns[NUMBER])
		fprintf(p->out, "%*s  ", (int)p->columns[NUMBER], "");
	fprintf(p->out, "%-*s  %-*s  %*s  peer%s\n", (int)p->columns[PROGRAM], "program",
		(int)p->columns[KERNEL], "kernel", (int)p->columns[ARROW], "",
		text_paint(PAINT_PLAIN, p->color));
}

bool report_can_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool can = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");

	if (locale)
		freelocale(locale);
	return can;
}

static bool was_played(const struct run_result *result)
{
	return !result->diagnostics && result->verdict != VERDICT_SKIP &&
	       result->verdict != VERDICT_NOT_RUN;
}

void report_ladder(FILE *out, const struct run_result *result, const struct ladder_options *options)
{
	struct ladder *ladder = ladder_new(result);
	struct printer p = {
		.out = out,
		.signs = options->ascii ? &ascii : &utf8,
		.color = options->color,
		.width = options->width ? options->width : WIDTH_USUAL,
	};

	if (ladder->n_rows) {
		measure(&p, ladder);
		fit(&p);
		put_title(&p, ladder);
		put_header(&p);
		for (size_t i = 0; i < ladder->n_rows; i++)
			put_row(&p, ladder, &ladder->rows[i]);
		putc('\n', out);
	} else if (was_played(result)) {
		put_title(&p, ladder);
		fputs("no picture: the result holds no records\n\n", out);
	}
	ladder_free(ladder);
}
