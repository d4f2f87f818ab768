#include "runtime/report/svg.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/report/report.h"
#include "runtime/report/text.h"
#include "runtime/report/xml.h"

/* Pixels. Characters are as wide as those of the fonts named below, at 12 pixels. */
#define MARGIN	   16
#define LINE	   16 /* of text */
#define ARROW_GAP  8  /* from a label to what is below its arrow */
#define ROW_GAP	   4
#define SPACE	   14 /* between columns */
#define HEAD_LINES 3

#define PROGRAM_MOST 30 /* characters */
#define LABEL_MOST   34
#define LABEL_LEAST  22

const char svg_style[] =
	".ladder{--bg:#fff;--fg:#1f2328;--dim:#59636e;--life:#8c959f;--bad:#b3261e;--warn:#8a4b00;"
	"font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation "
	"Mono',monospace}"
	"@media(prefers-color-scheme:dark){.ladder{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;"
	"--life:#6e7681;--bad:#ff8a80;--warn:#f0b429}}"
	".ladder text{fill:var(--fg);white-space:pre}.ladder .g{fill:var(--bg)}"
	".ladder .e{paint-order:stroke;stroke:var(--bg);stroke-width:4px}"
	".ladder .t{fill:var(--dim)}.ladder .k{text-anchor:end}.ladder .s{font-weight:600}.ladder "
	".h{font-weight:600}"
	".ladder .l{stroke:var(--life);fill:none}.ladder .d{stroke-dasharray:1 4}"
	".ladder .a{stroke:var(--fg);fill:none;stroke-width:1.2}"
	".ladder .m,.ladder .n{text-anchor:middle}.ladder .n{fill:var(--dim);font-style:italic}"
	".ladder .w .m,.ladder .w .n{fill:var(--warn)}.ladder .w .a{stroke:var(--warn)}"
	".ladder .b .m,.ladder .b .n,.ladder .b .p,.ladder .e{fill:var(--bad)}"
	".ladder .b .a{stroke:var(--bad)}.ladder .x .a{stroke-dasharray:5 4}";

static unsigned pixels(size_t characters)
{
	return (unsigned)(characters * 73 + 9) / 10;
}

static size_t columns_of(const char *text)
{
	return text_width(text, strlen(text));
}

static size_t between(size_t least, size_t n, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* ---- measures ---------------------------------------------------------------------------------
 */

static unsigned label_lines(const struct ladder_row *row, size_t columns)
{
	const char *at = row->label;
	unsigned n = 0;
	size_t size;

	while (ladder_label_line(&at, columns, &size))
		n++;
	return n;
}

static unsigned lines_of(const char *text, size_t columns)
{
	unsigned n = 0;
	size_t size;

	while (text_line(&text, columns, &size))
		n++;
	return n;
}

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static size_t message_columns(const struct svg_picture *picture)
{
	return (picture->width - MARGIN - picture->program) * 10 / 73;
}

/* An event has its lines side by side. An arrow has its label above and its notes below. */
static unsigned row_height(const struct svg_picture *p, const struct ladder_row *row)
{
	unsigned lines, height;

	if (row->kind == LADDER_GAP)
		return 2 * LINE;
	lines = larger(lines_of(row->program, p->program_columns),
		       lines_of(row->peer, p->peer_columns));
	height = larger(lines, 1) * LINE;
	if (row->kind != LADDER_EVENT)
		height = larger((label_lines(row, p->label_columns) +
				 lines_of(row->note, p->label_columns)) *
						LINE +
					ARROW_GAP,
				height);
	if (*row->message)
		height += lines_of(row->message, message_columns(p)) * LINE;
	return height + ROW_GAP;
}

static unsigned head_height(const struct ladder *ladder)
{
	return (unsigned)(HEAD_LINES + ladder->n_connections) * LINE;
}

struct svg_picture svg_measure(const struct ladder *ladder)
{
	struct svg_picture p = {.ladder = ladder, .time = MARGIN};
	size_t time = 4, program = 7, kernel = 6, label = LABEL_LEAST, peer = 11;

	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		time = between(columns_of(row->time), time, SIZE_MAX);
		program = between(columns_of(row->program), program, SIZE_MAX);
		kernel = between(columns_of(row->kernel), kernel, SIZE_MAX);
		label = between(columns_of(row->label), label, SIZE_MAX);
	}
	p.program_columns = between(7, program, PROGRAM_MOST);
	p.label_columns = between(LABEL_LEAST, label, LABEL_MOST);
	p.peer_columns = peer;
	p.number = p.time + pixels(time) + SPACE;
	p.program = p.number + (ladder->n_connections > 1 ? pixels(3) + SPACE : 0);
	p.kernel = p.program + pixels(p.program_columns) + SPACE;
	p.left = p.kernel + pixels(kernel) + SPACE / 2;
	p.right = p.left + pixels(p.label_columns) + 4 * SPACE;
	p.peer = p.right + SPACE / 2;
	p.width = p.peer + pixels(peer) + MARGIN;
	p.height = MARGIN + head_height(ladder) + MARGIN;
	for (size_t i = 0; i < ladder->n_rows; i++)
		p.height += row_height(&p, &ladder->rows[i]);
	return p;
}

/* ---- elements ---------------------------------------------------------------------------------
 */

static void put_text(FILE *out, const char *class, unsigned x, unsigned y, const char *text,
		     size_t size)
{
	char *part;

	if (!size)
		return;
	part = strndup(text, size);
	if (!part)
		abort();
	fprintf(out, "<text%s%s%s x=\"%u\" y=\"%u\">", *class ? " class=\"" : "", class,
		*class ? "\"" : "", x, y);
	xml_put(out, part, false);
	fputs("</text>", out);
	free(part);
}

/* A text in lines; how many pixels below `y` it ends. */
static unsigned put_lines(FILE *out, const char *class, unsigned x, unsigned y, const char *text,
			  size_t columns)
{
	const char *line;
	size_t size;
	unsigned n = 0;

	for (; (line = text_line(&text, columns, &size)); n++)
		put_text(out, class, x, y + n * LINE + LINE - 4, line, size);
	return n * LINE;
}

/* What is on an arrow; how many pixels below `y` it ends. */
static unsigned put_label(FILE *out, const struct svg_picture *p, const struct ladder_row *row,
			  unsigned y)
{
	const char *at = row->label, *line;
	size_t size;
	unsigned n = 0;

	for (; (line = ladder_label_line(&at, p->label_columns, &size)); n++)
		put_text(out, "m", (p->left + p->right) / 2, y + n * LINE + LINE - 4, line, size);
	return n * LINE;
}

static void put_arrow(FILE *out, const struct svg_picture *p, const struct ladder_row *row,
		      unsigned y)
{
	bool in = row->kind == LADDER_IN;
	unsigned from = in ? p->right : p->left, to = in ? p->left : p->right;
	int back = in ? 7 : -7; /* from its head */

	if (row->missing) /* it ends in the middle, with a cross */
		to = (p->left + 2 * p->right) / 3;
	fprintf(out, "<path class=\"a\" d=\"M%u %uH%u\"/><path class=\"a\" d=\"", from, y, to);
	if (row->missing)
		fprintf(out, "M%u %ul8 8m0-8l-8 8", to - 4, y - 4);
	else
		fprintf(out, "M%d %ul%d 4l%d 4", (int)to + back, y - 4, -back, back);
	fputs("\"/>", out);
}

static void put_cells(FILE *out, const struct svg_picture *p, const struct ladder_row *row,
		      unsigned y)
{
	char number[16];

	put_lines(out, "t", p->time, y, row->time, SIZE_MAX);
	if (p->ladder->n_connections > 1 && row->connection) {
		snprintf(number, sizeof(number), "#%u", row->connection);
		put_lines(out, "t", p->number, y, number, SIZE_MAX);
	}
	put_lines(out, "p", p->program, y, row->program, p->program_columns);
	put_lines(out, "s k", p->left - SPACE / 2, y, row->kernel, SIZE_MAX);
	put_lines(out, "s", p->peer, y, row->peer, p->peer_columns);
}

/* Names for the style: a warning, a failure, something that is not there. */
static const char *row_class(const struct ladder_row *row)
{
	if (row->missing)
		return "b x";
	if (row->status == RECORD_FAILED)
		return "b";
	return row->extra || row->status == RECORD_WARNING ? "w" : "";
}

static void put_row(FILE *out, const struct svg_picture *p, const struct ladder_row *row,
		    unsigned y)
{
	const char *class = row_class(row);
	unsigned middle = (p->left + p->right) / 2, label;
	unsigned height = row_height(p, row);

	if (row->kind == LADDER_GAP) {
		put_text(out, "t", p->time, y + LINE + 4, row->time, strlen(row->time));
		return;
	}
	fprintf(out, "<g%s%s%s>", *class ? " class=\"" : "", class, *class ? "\"" : "");
	if (*row->detail) {
		fputs("<title>", out);
		xml_put(out, row->detail, false);
		fputs("</title>", out);
	}
	put_cells(out, p, row, y);
	if (row->kind != LADDER_EVENT) {
		label = put_label(out, p, row, y);
		put_arrow(out, p, row, y + label + 2);
		put_lines(out, "n", middle, y + label + ARROW_GAP - 2, row->note, p->label_columns);
	}
	if (*row->message) {
		size_t columns = message_columns(p);
		unsigned lines = lines_of(row->message, columns) * LINE;

		put_lines(out, "e", p->program, y + height - ROW_GAP - lines, row->message,
			  columns);
	}
	fputs("</g>\n", out);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* Solid where something happens, dotted where nothing did. */
static void put_lifelines(FILE *out, const struct svg_picture *p, unsigned top)
{
	for (int gaps = 0; gaps < 2; gaps++) {
		unsigned y = top;

		fprintf(out, "<path class=\"l%s\" d=\"", gaps ? " d" : "");
		for (size_t i = 0; i < p->ladder->n_rows;) {
			bool gap = p->ladder->rows[i].kind == LADDER_GAP;
			unsigned from = y;

			for (; i < p->ladder->n_rows &&
			       (p->ladder->rows[i].kind == LADDER_GAP) == gap;
			     i++)
				y += row_height(p, &p->ladder->rows[i]);
			if (gap == (gaps == 1))
				fprintf(out, "M%u %uV%uM%u %uV%u", p->left, from, y, p->right, from,
					y);
		}
		fputs("\"/>\n", out);
	}
}

static void put_head(FILE *out, const struct svg_picture *p)
{
	const struct ladder *ladder = p->ladder;
	unsigned y = MARGIN;
	char *line;

	y += put_lines(out, "h", p->time, y, ladder->title, SIZE_MAX);
	for (size_t i = 0; i < ladder->n_connections; i++) {
		const struct ladder_connection *connection = &ladder->connections[i];

		if (asprintf(&line,
			     ladder->n_connections > 1 ? "kernel %s, peer %s (#%zu)"
						       : "kernel %s, peer %s",
			     connection->kernel, connection->peer, i + 1) < 0)
			abort();
		y += put_lines(out, "t", p->time, y, line, SIZE_MAX);
		free(line);
	}
	y = MARGIN + head_height(ladder) - LINE - 4;
	put_lines(out, "t", p->time, y, "time", SIZE_MAX);
	put_lines(out, "t", p->program, y, "program", SIZE_MAX);
	put_lines(out, "t k", p->left - SPACE / 2, y, "kernel", SIZE_MAX);
	put_lines(out, "t", p->peer, y, "peer", SIZE_MAX);
	putc('\n', out);
}

/* What the picture shows, in words, for who cannot see it. */
static void put_description(FILE *out, const struct ladder *ladder)
{
	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		if (row->kind == LADDER_GAP)
			continue;
		fprintf(out, "%s s: ", row->time);
		if (row->kind != LADDER_EVENT)
			fputs(row->kind == LADDER_IN ? "peer to kernel, " : "kernel to peer, ",
			      out);
		xml_put(out, row->kind == LADDER_EVENT ? row->program : row->label, false);
		if (*row->note)
			fputs(", ", out);
		xml_put(out, row->note, false);
		if (*row->kernel)
			fprintf(out, "; kernel %s", row->kernel);
		if (*row->peer)
			fprintf(out, "; peer %s", row->peer);
		if (*row->message)
			fputs("; ", out);
		xml_put(out, row->message, false);
		fputs(".\n", out);
	}
}

void svg_put(FILE *out, const struct svg_picture *p, unsigned y, bool in_page, unsigned id)
{
	unsigned at = MARGIN + head_height(p->ladder);

	fprintf(out,
		"<svg class=\"ladder\" role=\"img\" viewBox=\"0 0 %u %u\" width=\"%u\" "
		"height=\"%u\"",
		p->width, p->height, p->width, p->height);
	if (in_page) {
		fputs(" aria-label=\"", out);
		xml_put(out, p->ladder->title, false);
		fputs(": the exchange of program, kernel and peer\">\n", out);
	} else {
		fprintf(out, " y=\"%u\" aria-labelledby=\"t%u d%u\">\n<title id=\"t%u\">", y, id,
			id, id);
		xml_put(out, p->ladder->title, false);
		fprintf(out, "</title>\n<desc id=\"d%u\">", id);
		put_description(out, p->ladder);
		fputs("</desc>\n", out);
	}
	fprintf(out, "<rect class=\"g\" width=\"%u\" height=\"%u\"/>\n", p->width, p->height);
	put_head(out, p);
	put_lifelines(out, p, at);
	for (size_t i = 0; i < p->ladder->n_rows; i++) {
		put_row(out, p, &p->ladder->rows[i], at);
		at += row_height(p, &p->ladder->rows[i]);
	}
	fputs("</svg>\n", out);
}

bool report_svg(FILE *out, const struct run_result *const *results, size_t n)
{
	unsigned width = 1, height = 0;

	for (int pass = 0; pass < 2; pass++) {
		unsigned y = 0;

		if (pass)
			fprintf(out,
				"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" "
				"width=\"%u\" height=\"%u\">\n<style>%s</style>\n",
				width, larger(height, 1), width, larger(height, 1), svg_style);
		for (size_t i = 0; i < n; i++) {
			struct ladder *ladder = ladder_new(results[i]);
			struct svg_picture picture = svg_measure(ladder);

			if (ladder->n_rows && pass)
				svg_put(out, &picture, y, false, (unsigned)i);
			if (ladder->n_rows)
				y += picture.height;
			width = larger(width, ladder->n_rows ? picture.width : 0);
			ladder_free(ladder);
		}
		height = y;
	}
	fputs("</svg>\n", out);
	return !ferror(out);
}
