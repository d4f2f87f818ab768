/* The ladder as a sequence diagram in Mermaid's notation, in a fence, as issue trackers draw it. */
#include <limits.h>
#include <string.h>

#include "runtime/report/ladder.h"
#include "runtime/report/report.h"

/* Signs that Mermaid or the HTML it makes would take for their own. */
static void put_text(FILE *out, const char *text)
{
	static const char *const entities[UCHAR_MAX + 1] = {
		['#'] = "#35;", [';'] = "#59;",	 ['<'] = "#lt;",
		['>'] = "#gt;", ['&'] = "#amp;", ['"'] = "#quot;",
	};

	for (; *text; text++) {
		const char *entity = entities[(unsigned char)*text];

		if (entity)
			fputs(entity, out);
		else
			putc(*text, out);
	}
}

/* "peer", or "peer2" where there are several. */
static void put_peer(FILE *out, const struct ladder *ladder, unsigned connection)
{
	if (ladder->n_connections > 1)
		fprintf(out, "peer%u", connection ? connection : 1);
	else
		fputs("peer", out);
}

static void put_participants(FILE *out, const struct ladder *ladder)
{
	size_t n = ladder->n_connections ? ladder->n_connections : 1;

	fputs("    participant program\n    participant kernel", out);
	if (ladder->n_connections == 1) {
		fputs(" as kernel<br/>", out);
		put_text(out, ladder->connections[0].kernel);
	}
	for (size_t i = 0; i < n; i++) {
		fputs("\n    participant ", out);
		put_peer(out, ladder, (unsigned)i + 1);
		if (!ladder->n_connections)
			continue;
		fputs(" as peer<br/>", out);
		put_text(out, ladder->connections[i].peer);
	}
	putc('\n', out);
}

static void put_note(FILE *out, const char *over, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "    Note over %s: ", over);
	put_text(out, text);
	putc('\n', out);
}

static void put_arrow(FILE *out, const struct ladder *ladder, const struct ladder_row *row)
{
	const char *line = row->missing ? "--x" : "->>";

	fputs("    ", out);
	if (row->kind == LADDER_IN) {
		put_peer(out, ladder, row->connection);
		fprintf(out, "%skernel: %s ", line, row->time);
	} else {
		fprintf(out, "kernel%s", line);
		put_peer(out, ladder, row->connection);
		fprintf(out, ": %s ", row->time);
	}
	put_text(out, row->label);
	if (*row->note) {
		fputs(" (", out);
		put_text(out, row->note);
		putc(')', out);
	}
	putc('\n', out);
}

static bool is_of_program(const struct ladder_row *row)
{
	static const bool kinds[N_RECORD_KINDS] = {
		[RECORD_CALL] = true,
		[RECORD_CALL_END] = true,
		[RECORD_KILL] = true,
		[RECORD_EXIT] = true,
	};

	return kinds[row->record->kind];
}

static void put_event(FILE *out, const struct ladder_row *row)
{
	fprintf(out,
		is_of_program(row) ? "    program->>kernel: %s " : "    Note over program: %s ",
		row->time);
	put_text(out, row->program);
	putc('\n', out);
}

static void put_row(FILE *out, const struct ladder *ladder, const struct ladder_row *row)
{
	const char *at = row->peer, *state;
	size_t size;

	if (row->kind == LADDER_GAP) {
		put_note(out, "program,kernel", row->time);
		return;
	}
	if (row->kind == LADDER_EVENT)
		put_event(out, row);
	else
		put_arrow(out, ladder, row);
	put_note(out, "kernel", row->kernel);
	while ((state = ladder_state(&at, &size))) {
		fputs("    Note over ", out);
		put_peer(out, ladder, row->connection);
		fprintf(out, ": %.*s\n", (int)size, state);
	}
	put_note(out, "program,kernel", row->message);
}

bool report_mermaid(FILE *out, const struct run_result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ladder *ladder = ladder_new(results[i]);

		if (ladder->n_rows) {
			fputs("```mermaid\nsequenceDiagram\n    title ", out);
			put_text(out, ladder->title);
			fprintf(out, ": %s\n", ladder->verdict);
			put_participants(out, ladder);
			for (size_t at = 0; at < ladder->n_rows; at++)
				put_row(out, ladder, &ladder->rows[at]);
			fputs("```\n", out);
		}
		ladder_free(ladder);
	}
	return !ferror(out);
}
