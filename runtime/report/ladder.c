#include "runtime/report/ladder.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/time.h"
#include "parser/tables.h"
#include "runtime/report/peer.h"
#include "runtime/report/segment.h"
#include "runtime/report/text.h"
#include "runtime/report/words.h"

/* So long without anything is shown: longer than what scripts put between events that follow each
 * other, shorter than the kernel's timers. */
#define GAP_NS (30 * NSEC_PER_MSEC)

/* How a kind of record is drawn. */
enum drawing {
	AS_EVENT,
	AS_SEGMENT_IN,
	AS_SEGMENT_OUT,
	IF_WRONG, /* a claim: only where it does not hold */
	N_DRAWINGS,
};

#define DRAW_INJECT   {AS_SEGMENT_IN, ""}
#define DRAW_SEGMENT  {AS_SEGMENT_OUT, ""}
#define DRAW_EXTRA    {AS_SEGMENT_OUT, ""}
#define DRAW_CALL     {AS_EVENT, ""}
#define DRAW_CALL_END {AS_EVENT, ""}
#define DRAW_COMMAND  {AS_EVENT, ""}
#define DRAW_CODE     {IF_WRONG, ""}
#define DRAW_STATE    {IF_WRONG, ""}
#define DRAW_STATES   {IF_WRONG, ""}
#define DRAW_COUNTER  {IF_WRONG, ""}
#define DRAW_TIMER    {IF_WRONG, ""}
#define DRAW_RESET_REASON {IF_WRONG, ""}
#define DRAW_DROP_REASON  {IF_WRONG, ""}
#define DRAW_QUIET    {IF_WRONG, ""}
#define DRAW_KILL     {AS_EVENT, ""}
#define DRAW_EXIT     {AS_EVENT, ""}
#define DRAW_SETUP    {AS_EVENT, "set-up: "}
#define DRAW_CLEANUP  {AS_EVENT, "clean-up: "}

/* A kind without a row above does not compile. */
static const struct {
	enum drawing drawing;
	const char *prefix; /* of the text */
} kinds[] = {
#define KIND(id, ...) [RECORD_##id] = DRAW_##id,
#include "runtime/record/record.def"
#undef KIND
};

static const char *const status_words[] = {
	[RECORD_OK] = "ok",
	[RECORD_WARNING] = "warning",
	[RECORD_FAILED] = "FAILED",
};

/* A record on its way into the picture. */
struct moment {
	const struct record *record;
	int64_t ns;
	size_t at; /* its index */
	unsigned connection;
	int state; /* of the kernel, where this record is the first to tell it; 0: no news */
};

/* What one end of a connection has sent so far. */
struct sender {
	bool any;
	uint32_t end;
};

struct drawing_state {
	struct ladder *ladder;
	struct moment *moments;
	size_t n;
	struct sender (*senders)[2]; /* by connection; 0: the kernel, 1: the peer */
};

static const char *clean(struct arena *arena, const char *text)
{
	char *safe = text_clean(text, false);
	const char *kept = arena_strndup(arena, safe, strlen(safe));

	free(safe);
	return kept;
}

/* ---- connections ----------------------------------------------------------------------------- */

static unsigned connection_of(const struct ladder *ladder, const struct record *record)
{
	for (unsigned i = 0; record->connection && i < ladder->n_connections; i++)
		if (!strcmp(ladder->connections[i].key, record->connection))
			return i + 1;
	return 0;
}

static void find_connections(struct ladder *ladder, const struct run_result *result)
{
	for (size_t i = 0; i < result->n_records; i++) {
		const struct record *record = result->records[i];
		const char *text, *between;
		struct ladder_connection *connection;

		if (!record->connection || connection_of(ladder, record))
			continue;
		text = clean(ladder->arena, record->connection);
		between = strstr(text, " > ");
		connection = array_add(ladder->arena, ladder->connections, ladder->n_connections);
		connection->key = record->connection;
		connection->kernel =
			between ? arena_strndup(ladder->arena, text, (size_t)(between - text))
				: text;
		connection->peer = between ? between + strlen(" > ") : "";
	}
}

/* ---- in the order of times ------------------------------------------------------------------- */

/* Did something that was waited for not happen? Its place is where it was due. */
static bool is_missing(const struct record *record)
{
	return (record->kind == RECORD_SEGMENT && !record->actual) ||
	       record->fault == FAULT_INJECTION;
}

static int by_time(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* A record's state was asked when it was closed. That of a call which returned while other things
 * happened is older than its state, so news go by the order of the records. */
static void find_states(struct drawing_state *s)
{
	int *states =
		arena_alloc(s->ladder->arena, (s->ladder->n_connections + 1) * sizeof(*states));

	for (size_t i = 0; i < s->n; i++) {
		struct moment *moment = &s->moments[i];
		int state = moment->record->state;

		if (!state || !moment->connection || states[moment->connection] == state)
			continue;
		states[moment->connection] = moment->state = state;
	}
}

/* Records are in the order in which the run came to them. One without a time stays behind the one
 * before it. */
static void sort_records(struct drawing_state *s, const struct run_result *result)
{
	int64_t last = INT64_MIN;

	s->n = result->n_records;
	s->moments = arena_alloc(s->ladder->arena, (s->n + 1) * sizeof(*s->moments));
	for (size_t i = 0; i < s->n; i++) {
		const struct record *record = result->records[i];
		int64_t ns = record->actual_ns;

		if (ns == INT64_MIN || (is_missing(record) && record->due_ns != INT64_MIN))
			ns = record->due_ns;
		if (ns == INT64_MIN)
			ns = last;
		last = ns;
		s->moments[i] = (struct moment){.record = record,
						.ns = ns,
						.at = i,
						.connection = connection_of(s->ladder, record)};
	}
	find_states(s);
	qsort(s->moments, s->n, sizeof(*s->moments), by_time);
}

/* ---- cells ------------------------------------------------------------------------------------
 */

/* A call as short as it can be understood: without the words of an error, and with one "..." where
 * there are several. */
static const char *short_call(struct arena *arena, const char *text)
{
	static const char dots[] = ", ...";
	const size_t size = strlen(dots);
	char *short_text = arena_strndup(arena, text, strlen(text)), *to;
	size_t end = strlen(text);

	/* "-1 EPIPE (Broken pipe)" */
	if (end && text[end - 1] == ')' && strstr(text, " = -1 "))
		while (end > 0 && strncmp(text + end, " (", 2) != 0)
			end--;
	to = short_text;
	for (size_t i = 0; i < end; i++) {
		*to++ = text[i];
		if ((size_t)(to - short_text) >= 2 * size && !memcmp(to - size, dots, size) &&
		    !memcmp(to - 2 * size, dots, size))
			to -= size;
	}
	*to = '\0';
	return short_text;
}

static const char *event_text(struct arena *arena, const struct record *record)
{
	bool claim = kinds[record->kind].drawing == IF_WRONG;
	const char *text =
		record->actual && !(claim && record->expected) ? record->actual : record->expected;

	text = clean(arena, text);
	if (record->kind == RECORD_CALL || record->kind == RECORD_CALL_END)
		text = short_call(arena, text);
	if (record->kind == RECORD_CALL && record->actual && !record->returned)
		text = arena_printf(arena, "%s (blocks)", text);
	return arena_printf(arena, "%s%s", kinds[record->kind].prefix, text);
}

/* Notes are one after another. */
static void add_note(struct ladder *ladder, struct ladder_row *row, const char *note)
{
	row->note = *row->note ? arena_printf(ladder->arena, "%s, %s", row->note, note) : note;
}

/* Has all of it been sent before? A SYN with a number of its own begins anew. */
static bool is_again(struct sender *sender, const struct tcp_segment *segment)
{
	uint32_t end = segment_end(segment);
	bool again = sender->any && !seq_before(sender->end, end);

	if (!segment_takes_numbers(segment))
		return false;
	if (!sender->any || !again || ((segment->flags & TCP_SYN) && sender->end != end)) {
		again = false;
		sender->end = end;
	}
	sender->any = true;
	return again;
}

/* What was expected instead of what came. */
static const char *expected_note(struct arena *arena, const struct record *record)
{
	const char *text = clean(arena, record->expected);

	return arena_printf(arena, "expected %s", segment_label(arena, text));
}

static void draw_arrow(struct drawing_state *s, struct ladder_row *row)
{
	const struct record *record = row->record;
	bool in = kinds[record->kind].drawing == AS_SEGMENT_IN;
	struct tcp_segment segment;

	row->kind = in ? LADDER_IN : LADDER_OUT;
	row->extra = record->kind == RECORD_EXTRA;
	row->missing = is_missing(record);
	row->label = segment_label(s->ladder->arena, row->detail);
	if (row->missing) {
		add_note(s->ladder, row, in ? "not sent" : "never came");
		return;
	}
	if (row->connection && segment_read(&segment, row->detail) &&
	    is_again(&s->senders[row->connection - 1][in], &segment))
		add_note(s->ladder, row, "retransmitted");
	if (row->extra)
		add_note(s->ladder, row, "not in the script");
	if (record->fault == FAULT_DIFFERS && record->expected)
		add_note(s->ladder, row, expected_note(s->ladder->arena, record));
}

static const char *state_name(int state)
{
	const char *name = tcp_state_symbol(state);

	return name && !strncmp(name, "TCP_", 4) ? name + 4 : name ? name : "";
}

static struct ladder_row *add_row(struct ladder *ladder, enum ladder_kind kind)
{
	struct ladder_row *row = array_add(ladder->arena, ladder->rows, ladder->n_rows);

	*row = (struct ladder_row){.kind = kind,
				   .at_ns = INT64_MIN,
				   .time = "",
				   .program = "",
				   .kernel = "",
				   .peer = "",
				   .label = "",
				   .note = "",
				   .message = "",
				   .detail = ""};
	return row;
}

static void draw_gap(struct ladder *ladder, int64_t ns)
{
	const struct ladder_row *last = ladder->n_rows ? &ladder->rows[ladder->n_rows - 1] : NULL;
	int64_t gap;

	if (!last || last->at_ns == INT64_MIN || ns == INT64_MIN)
		return;
	gap = ns - last->at_ns;
	if (gap >= GAP_NS)
		add_row(ladder, LADDER_GAP)->time =
			arena_printf(ladder->arena, "%s", text_duration(gap).text);
}

static void draw(struct drawing_state *s, const struct moment *moment)
{
	const struct record *record = moment->record;
	enum drawing drawing = kinds[record->kind].drawing;
	struct ladder *ladder = s->ladder;
	const char *text = record->actual ? record->actual : record->expected;
	struct ladder_row *row;

	if (drawing == IF_WRONG && record->status == RECORD_OK)
		return;
	draw_gap(ladder, moment->ns);
	row = add_row(ladder, LADDER_EVENT);
	row->record = record;
	row->at_ns = moment->ns;
	row->status = record->status;
	row->connection = moment->connection;
	if (moment->ns != INT64_MIN)
		row->time = arena_printf(ladder->arena, "%.6f", (double)moment->ns / 1e9);
	row->detail = clean(ladder->arena, text);
	if (record->status != RECORD_OK)
		row->message = arena_printf(ladder->arena, "%s: %s", status_words[record->status],
					    clean(ladder->arena, record->message));
	if (drawing == AS_SEGMENT_IN || drawing == AS_SEGMENT_OUT)
		draw_arrow(s, row);
	else
		row->program = event_text(ladder->arena, record);
	if (moment->state)
		row->kernel = state_name(moment->state);
}

/* ---- the peer ---------------------------------------------------------------------------------
 */

static const char *peer_states(struct arena *arena, const struct peer_segment *of)
{
	const char *text = "";

	for (unsigned i = 0; i < of->n_states; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? " " : "", state_name(of->states[i]));
	return text;
}

/* Was the expectation met, but perhaps for its time? */
static bool was_seen(const struct record *record)
{
	return record->kind == RECORD_SEGMENT &&
	       (record->fault == FAULT_NONE || record->fault == FAULT_TIME);
}

static void draw_peer(struct ladder *ladder, unsigned connection)
{
	size_t most = ladder->n_rows + 1, n = 0;
	struct peer_segment *segments = arena_alloc(ladder->arena, most * sizeof(*segments));
	struct ladder_row **at = arena_alloc(ladder->arena, most * sizeof(*at));

	for (size_t i = 0; i < ladder->n_rows; i++) {
		struct ladder_row *row = &ladder->rows[i];

		if (row->connection != connection || row->missing ||
		    (row->kind != LADDER_IN && row->kind != LADDER_OUT) ||
		    !segment_read(&segments[n].segment, row->detail))
			continue;
		segments[n].from_kernel = row->kind == LADDER_OUT;
		segments[n].seen = was_seen(row->record);
		at[n++] = row;
	}
	peer_follow(segments, n);
	for (size_t i = 0; i < n; i++)
		at[i]->peer = peer_states(ladder->arena, &segments[i]);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void name_run(struct ladder *ladder, const struct run_result *result)
{
	char *name = words_name(result);

	ladder->title = arena_printf(ladder->arena, "%s", name);
	free(name);
	ladder->verdict = verdict_name(result->verdict);
	ladder->reason = result->reason ? clean(ladder->arena, result->reason) : "";
}

struct ladder *ladder_new(const struct run_result *result)
{
	struct arena *arena = arena_new();
	struct ladder *ladder = arena_new_of(arena, struct ladder);
	struct drawing_state s = {.ladder = ladder};

	ladder->arena = arena;
	name_run(ladder, result);
	find_connections(ladder, result);
	sort_records(&s, result);
	s.senders = arena_alloc(arena, (ladder->n_connections + 1) * sizeof(*s.senders));
	for (size_t i = 0; i < s.n; i++)
		draw(&s, &s.moments[i]);
	for (unsigned i = 1; i <= ladder->n_connections; i++)
		draw_peer(ladder, i);
	return ladder;
}

void ladder_free(struct ladder *ladder)
{
	if (ladder)
		arena_free(ladder->arena);
}

const char *ladder_state(const char **at, size_t *size)
{
	const char *state = *at + strspn(*at, " ");

	*size = strcspn(state, " ");
	*at = state + *size;
	return *size ? state : NULL;
}

const char *ladder_label_line(const char **at, size_t columns, size_t *size)
{
	const char *line = *at + strspn(*at, " "), *ack = strstr(line, " ack ");

	if (!ack || text_width(line, strlen(line)) <= columns ||
	    text_width(line, (size_t)(ack - line)) > columns)
		return text_line(at, columns, size);
	*at = ack;
	*size = (size_t)(ack - line);
	return line;
}
