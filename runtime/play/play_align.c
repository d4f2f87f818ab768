/* Where script and kernel part. What came in the place of an expectation, what came after it and what
 * the script expects from there on are laid side by side as a diff does: a segment too many, one too
 * few, two in the other order, one in pieces, or really another one. Only a failure is worth it, and
 * nothing is learned from it: numbers are tried in a copy. */
#include "runtime/play/play_internal.h"

#include <stdio.h>

#include "parser/tree.h"
#include "runtime/conn/match.h"
#include "runtime/conn/transport.h"

/* So many of each side are looked at. */
#define REACH 4

/* A packet that came, and whose it is. */
struct arrival {
	const struct live_packet *live;
	struct conn *conn;
};

struct parting {
	struct run *run;
	struct record *record;
	struct conn *conn;
	const struct event *wanted; /* what failed */
	/* That, and the expectations that follow with nothing between that makes the kernel act. */
	const struct event *wants[REACH];
	unsigned n_wants;
	/* What was held against it (of several parts the first), and what came after that. */
	struct arrival came[REACH];
	unsigned n_came;
};

/* ---- what fits what ------------------------------------------------------------------------ */

static bool fits(const struct parting *p, const struct event *want, const struct arrival *came)
{
	const struct live_packet *live = came->live;
	struct run *run = p->run;
	enum match_result result = MATCH_MORE;
	struct matching trial = {
		.config = run->config,
		.arena = run->arena,
		.seqmap = seqmap_copy(run->arena, came->conn->seqmap),
		.expected = want->packet,
	};

	for (; live && result == MATCH_MORE; live = live->next)
		result = match_live(&trial, &live->wire, live->time_ns - run->start);
	return result == MATCH_SAME;
}

static int64_t time_of(const struct parting *p, unsigned which)
{
	return p->came[which].live->time_ns - p->run->start;
}

static bool is_relative(const struct event_time *time)
{
	return time->kind == TIME_RELATIVE || time->kind == TIME_RELATIVE_RANGE;
}

/* The event behind which a packet came, going by the records; NULL: none. */
static const struct record *record_before(const struct run *run, int64_t time, int event)
{
	const struct run_result *result = run->result;
	const struct record *found = NULL;

	for (size_t i = 0; i < result->n_records; i++) {
		const struct record *record = result->records[i];

		if (record->event < 0 || record->event >= event || record->actual_ns > time ||
		    record->actual_ns == INT64_MIN || record->kind == RECORD_CALL_END)
			continue;
		if (!found || record->event > found->event)
			found = record;
	}
	return found;
}

/* Is a packet in time for what failed, as its line is written or, if the line of another that came
 * right before it were there, after that? */
static bool in_time(const struct parting *p, int64_t time, int64_t before)
{
	const struct record *record = p->record, *last;
	const struct event_time *written = &p->wanted->time;
	int64_t tolerance = record->tolerance_ns;

	if (written->kind == TIME_ANY || (time >= record->due_ns - tolerance &&
					  time <= record->until_ns + tolerance))
		return true;
	last = record_before(p->run, before, record->event);
	return is_relative(written) && last && last->event == record->event - 1 &&
	       time >= before + written->at - tolerance &&
	       time <= before + written->until + tolerance;
}

/* ---- what there is ------------------------------------------------------------------------- */

static bool is_expectation(const struct event *event)
{
	return event->kind == EVENT_PACKET && event->packet->direction == OUTBOUND;
}

/* What comes after it may be for what it does. */
static bool makes_kernel_act(const struct event *event)
{
	static const bool only_looks[N_EVENT_KINDS] = {
		[EVENT_STATE] = true,	[EVENT_STATES] = true, [EVENT_CODE] = true,
		[EVENT_COUNTER] = true, [EVENT_TIMER] = true,  [EVENT_QUIET] = true,
	};

	return !is_expectation(event) && !only_looks[event->kind];
}

static void take_wants(struct parting *p)
{
	const struct script *script = p->run->script;

	for (size_t i = p->wanted->index; i < script->n_events && p->n_wants < REACH; i++) {
		const struct event *event = script->events[i];

		if (makes_kernel_act(event))
			return;
		if (!is_expectation(event) ||
		    (p->conn && !conn_has_ports(p->conn, event->packet)))
			continue;
		p->wants[p->n_wants++] = event;
	}
}

/* In the order in which they were sent. */
static void add_arrival(struct parting *p, const struct live_packet *live, struct conn *conn)
{
	unsigned at = p->n_came;

	while (at > 0 && p->came[at - 1].live->time_ns > live->time_ns)
		at--;
	if (at == REACH)
		return;
	if (p->n_came < REACH)
		p->n_came++;
	for (unsigned i = p->n_came - 1; i > at; i--)
		p->came[i] = p->came[i - 1];
	p->came[at] = (struct arrival){live, conn};
}

/* What was held against the expectation goes on in what is queued; others between the same addresses
 * and ports may have come as well. */
static void take_came(struct parting *p, const struct moment *moment)
{
	const struct live_packet *live;
	struct conn *conn;

	p->n_came = 0;
	moment->last->next = p->conn->queue;
	for (live = moment->first; live; live = live->next)
		add_arrival(p, live, p->conn);
	for (conn = p->run->conns.conns; conn; conn = conn->next) {
		if (conn == p->conn || !conn_is_incarnation_of(conn, p->conn))
			continue;
		for (live = conn->queue; live; live = live->next)
			add_arrival(p, live, conn);
	}
}

/* The first that came after what failed and is what was expected; 0: none. */
static unsigned met_by(const struct parting *p)
{
	bool by_time = p->record->fault == FAULT_TIME;

	for (unsigned i = 1; i < p->n_came; i++)
		if (fits(p, p->wanted, &p->came[i]) &&
		    (!by_time ||
		     in_time(p, time_of(p, i), time_of(p, i - 1))))
			return i;
	return 0;
}

/* What was expected may come yet: waits for one tolerance after its window, or after where its window
 * is if what came instead should have had a line of its own. */
static void await_rest(struct parting *p, const struct moment *moment)
{
	struct run *run = p->run;
	int64_t now = run_now(run), until = p->record->until_ns, limit = now + GRACE_NS;
	struct errbuf error = {""};

	take_came(p, moment);
	if (is_relative(&p->wanted->time) && time_of(p, 0) + p->wanted->time.until > until)
		until = time_of(p, 0) + p->wanted->time.until;
	until = until > now ? until : now;
	until += run->tolerance;
	while (!met_by(p) &&
	       run_read(run, run->start + (until < limit ? until : limit), &error) == READ_PACKET)
		take_came(p, moment);
}

/* ---- how they part ------------------------------------------------------------------------- */

static struct place place_of_event(const struct run *run, const struct event *event)
{
	struct subject all = {.field = FIELD_none};
	struct loc loc = event_field_loc(run->script, event, &all);

	return (struct place){loc.line, loc.column, loc.end - loc.begin};
}

/* "+0", "+.206" */
static const char *time_text(struct run *run, int64_t after, char text[32])
{
	int64_t ms = (after + NSEC_PER_MSEC / 2) / NSEC_PER_MSEC;
	int n;

	if (after <= run->config->tolerance_usecs * NSEC_PER_USEC)
		return "+0";
	n = snprintf(text, 32, "+%.0lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
	while (text[n - 1] == '0')
		text[--n] = '\0';
	if (text[n - 1] == '.')
		text[--n] = '\0';
	return text;
}

/* A packet that the kernel sent as a line of the script, in the manner of another one there. */
static void write_line(struct run *run, struct record *record, const struct packet *actual,
		       const struct packet *like, int64_t after)
{
	const struct transport *transport = transport_of(actual->kind);
	struct packet written = *actual;
	char text[32];

	if (like && like->kind == actual->kind) {
		written.has_ports = like->has_ports;
		written.sport = like->sport;
		written.dport = like->dport;
		if (transport->write_like)
			transport->write_like(like, &written);
	}
	record->missing = arena_printf(run->result->arena, "%s %s", time_text(run, after, text),
				       run_packet_text(run, &written));
}

static struct packet in_script(const struct parting *p, unsigned which)
{
	const struct arrival *came = &p->came[which];
	struct packet packet;

	seqmap_to_script(seqmap_copy(p->run->arena, came->conn->seqmap), NULL,
			 &came->live->wire.packet, &packet, p->run->arena);
	return packet;
}

static void insert(struct run *run, struct record *record, const struct packet *actual,
		   const struct packet *like, int64_t time)
{
	int event = record->event < 0 ? INT32_MAX : record->event;
	const struct record *before = record_before(run, time, event);

	record->alignment = ALIGNMENT_INSERTION;
	record->after_line = before ? before->line : 0;
	write_line(run, record, actual, like, before ? time - before->actual_ns : time);
}

static bool is_insertion(struct parting *p)
{
	unsigned met = met_by(p);
	struct packet actual;

	if (!met)
		return false;
	actual = in_script(p, 0);
	insert(p->run, p->record, &actual, p->wanted->packet, time_of(p, 0));
	p->record->met_ns = time_of(p, met);
	return true;
}

static bool is_swapped(struct parting *p)
{
	if (p->record->fault != FAULT_DIFFERS || p->n_came < 2 || p->n_wants < 2 ||
	    !fits(p, p->wants[1], &p->came[0]) || !fits(p, p->wants[0], &p->came[1]))
		return false;
	p->record->fits_line = p->wants[1]->loc.line;
	return true;
}

/* Is what came in time for a later expectation, with and without the time of what was never sent? */
static bool in_time_for(const struct parting *p, const struct event *want)
{
	const struct script *script = p->run->script;
	const struct record *record = p->record;
	bool relative = is_relative(&p->wanted->time);
	int64_t from = relative ? record->due_ns - p->wanted->time.at : record->due_ns;
	int64_t until = record->until_ns, time = time_of(p, 0), tolerance;

	if (record->due_ns == INT64_MIN)
		return true;
	tolerance = run_tolerance(p->run, time - from);
	for (size_t i = p->wanted->index + 1; i <= want->index; i++) {
		const struct event_time *next = &script->events[i]->time;

		if (next->kind == TIME_ANY)
			return time >= from - tolerance;
		from = is_relative(next) ? from + next->at : next->at;
		until = is_relative(next) ? until + next->until : next->until;
	}
	return time >= from - tolerance && time <= until + tolerance;
}

static bool is_deletion(struct parting *p)
{
	if (p->record->fault == FAULT_NO_PACKET)
		return !p->record->cause;
	if (p->record->fault != FAULT_DIFFERS && !p->record->late)
		return false;
	for (unsigned i = 1; p->n_came && i < p->n_wants; i++)
		if (in_time_for(p, p->wants[i]) && fits(p, p->wants[i], &p->came[0])) {
			p->record->fits_line = p->wants[i]->loc.line;
			return true;
		}
	return false;
}

/* Do these packets together have the data of that one, in order? Nothing more, nothing less. */
static bool make_up(const struct packet *whole, const struct packet *parts, unsigned n)
{
	const struct transport *transport = transport_of(whole->kind);
	uint32_t seq, sum = 0;

	if (!transport->seq)
		return false;
	seq = transport->seq(whole);
	for (unsigned i = 0; i < n; i++) {
		if (parts[i].kind != whole->kind || transport->seq(&parts[i]) != seq + sum ||
		    !transport->len(&parts[i]))
			return false;
		sum += transport->len(&parts[i]);
	}
	return sum == transport->len(whole);
}

static bool is_split(struct parting *p)
{
	struct packet parts[REACH];

	for (unsigned i = 0; i < p->n_came; i++) {
		parts[i] = in_script(p, i);
		if (i && make_up(p->wanted->packet, parts, i + 1)) {
			p->record->pieces = i + 1;
			return true;
		}
	}
	return false;
}

static bool is_joined(struct parting *p)
{
	struct packet parts[REACH], whole;
	struct record *record = p->record;

	if (!p->n_came)
		return false;
	whole = in_script(p, 0);
	for (unsigned i = 0; i < p->n_wants; i++) {
		parts[i] = *p->wants[i]->packet;
		if (!i || !make_up(&whole, parts, i + 1))
			continue;
		record->fits_line = p->wants[i]->loc.line;
		write_line(p->run, record, &whole, p->wanted->packet,
			   record->due_ns == INT64_MIN ? 0 : p->wanted->time.at);
		return true;
	}
	return false;
}

/* What was never sent, if it is expected before the kernel could send the other again. */
static bool is_repeated(struct parting *p)
{
	struct record *record = p->record;
	bool by_time = record->fault == FAULT_TIME;

	if (!p->n_came || (by_time && !record->late) ||
	    !run_explain_again(p->run, record, p->conn))
		return false;
	if (!by_time || record->due_ns - record->tolerance_ns <=
				record->actual_ns - record->cause_ago_ns)
		return true;
	record->cause = CAUSE_NONE;
	record->cause_line = record->cause_column = 0;
	record->cause_ago_ns = 0;
	return false;
}

static bool is_substitution(struct parting *p)
{
	return p->record->fault == FAULT_DIFFERS;
}

void run_align(struct run *run, const struct moment *moment)
{
	/* The first that holds. */
	static const struct {
		enum record_alignment alignment;
		bool (*holds)(struct parting *p);
	} rules[] = {
		{ALIGNMENT_SWAPPED, is_swapped},   {ALIGNMENT_INSERTION, is_insertion},
		{ALIGNMENT_DELETION, is_deletion}, {ALIGNMENT_REPEATED, is_repeated},
		{ALIGNMENT_SPLIT, is_split},	   {ALIGNMENT_JOINED, is_joined},
		{ALIGNMENT_SUBSTITUTION, is_substitution},
	};
	static const bool of_order[N_FAULTS] = {
		[FAULT_DIFFERS] = true, [FAULT_TIME] = true, [FAULT_NO_PACKET] = true,
		[FAULT_INCOMPLETE] = true};
	/* Which fields of two segments that have nothing to do with each other differ is of no
	 * interest. */
	static const bool of_whole_line[N_ALIGNMENTS] = {
		[ALIGNMENT_INSERTION] = true,
		[ALIGNMENT_DELETION] = true,
		[ALIGNMENT_REPEATED] = true,
		[ALIGNMENT_SWAPPED] = true,
	};
	struct record *record = moment->record;
	struct parting p = {
		.run = run, .record = record, .conn = moment->conn, .wanted = moment->event};

	if (record->status != RECORD_FAILED || record->kind != RECORD_SEGMENT ||
	    !of_order[record->fault])
		return;
	take_wants(&p);
	if (moment->first)
		await_rest(&p, moment);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !record->alignment; i++)
		if (rules[i].holds(&p))
			record->alignment = rules[i].alignment;
	if (of_whole_line[record->alignment])
		record->place = place_of_event(run, moment->event);
}

void run_align_extra(struct run *run, struct record *record, const struct packet *actual,
		     int64_t time)
{
	const struct packet *like = NULL;
	const struct record *before;

	if (run->last_expected != SIZE_MAX)
		like = run->script->events[run->last_expected]->packet;
	insert(run, record, actual, like, time);
	before = record_before(run, time, INT32_MAX);
	if (before && record->event < 0)
		record->place = place_of_event(run, run->script->events[before->event]);
}
