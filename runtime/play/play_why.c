/* Why a script failed, where the script itself tells for certain: a segment of the peer's that the kernel
 * must not take, or one of the kernel's that is an earlier one again. Only a failure is worth it; on the
 * timeline segments are but noted. All numbers are the script's. */
#include "runtime/play/play_internal.h"

#include <string.h>

#include "parser/tcp_options.h"

/* A TCP segment as it was injected or came. */
struct sighting {
	struct sighting *next;
	const struct conn *conn;
	const struct event *event; /* NULL: no event expected it */
	bool inbound;
	int64_t time; /* ns since start */
	const char *reason; /* why it was sent, a RST; why it was dropped; NULL: not told */
	struct tcp_segment tcp;
};

void run_note(struct run *run, const struct conn *conn, const struct event *event,
	      const struct packet *packet, int64_t time, const char *reason)
{
	struct sighting *seen;

	if (packet->kind != PACKET_TCP)
		return;
	seen = arena_new_of(run->arena, struct sighting);
	seen->conn = conn;
	seen->event = event;
	seen->inbound = packet->direction == INBOUND;
	seen->time = time;
	seen->reason = reason;
	seen->tcp = packet->tcp;
	*run->sightings_tail = seen;
	run->sightings_tail = &seen->next;
}

static bool has(const struct sighting *seen, unsigned flags)
{
	return (seen->tcp.flags & flags) != 0;
}

const char *run_last_reason(const struct run *run, const struct conn *conn, bool inbound,
			    bool *any)
{
	const struct sighting *seen, *last = NULL;

	for (seen = run->sightings; seen; seen = seen->next)
		if (seen->conn == conn && seen->inbound == inbound &&
		    (inbound || has(seen, TCP_RST)))
			last = seen;
	*any = last;
	return last ? last->reason : NULL;
}

static uint32_t end_of(const struct sighting *seen)
{
	return seen->tcp.seq + seen->tcp.len + has(seen, TCP_SYN) + has(seen, TCP_FIN);
}

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static void raise(uint32_t *to, uint32_t value)
{
	if (is_after(value, *to))
		*to = value;
}

/* ---- what was known when a segment was injected -------------------------------------------- */

enum { OF_KERNEL, OF_PEER };

struct view {
	bool certain;  /* numbers are as written, and both have sent their SYN */
	uint32_t sent; /* the kernel has sent up to here */
	uint32_t taken; /* ... and acknowledged up to here */
	uint32_t edge; /* where the window that it offered ends, at most */
	uint32_t whole; /* the peer has sent all up to here, by now */
};

#define KIND_WSCALE	   3
#define MOST_WINDOW	   65535
#define MOST_SCALE	   14 /* RFC 7323, 2.3 */
#define MOST_CANDIDATES	   64

/* The shift of a SYN; -1: none. */
static int scale_of(const struct tcp_segment *syn)
{
	for (unsigned i = 0; i < syn->n_options; i++)
		if (syn->options[i].kind == KIND_WSCALE)
			return (int)(syn->options[i].value[0] < MOST_SCALE ? syn->options[i].value[0]
									   : MOST_SCALE);
	return -1;
}

static bool is_before(const struct sighting *seen, const struct sighting *other)
{
	return seen->conn == other->conn && seen != other && seen->time < other->time;
}

#define FOR_EARLIER(run, seen, other)                                                              \
	for (const struct sighting *seen = (run)->sightings; seen; seen = seen->next)              \
		if (is_before(seen, other))

/* How far the peer's segments cover its numbers without a hole, in whatever order they were sent. */
static uint32_t whole_of(const struct run *run, const struct conn *conn)
{
	const struct sighting *seen;
	uint32_t whole = 0, before;

	do {
		before = whole;
		for (seen = run->sightings; seen; seen = seen->next)
			if (seen->conn == conn && seen->inbound && !has(seen, TCP_RST) &&
			    !is_after(seen->tcp.seq, whole))
				raise(&whole, end_of(seen));
	} while (whole != before);
	return whole;
}

/* The window of a SYN-ACK is not scaled, and what it stands for may be larger than its field. */
static uint32_t edge_of(const struct sighting *seen, unsigned scale)
{
	uint32_t window = has(seen, TCP_SYN) && scale ? MOST_WINDOW : seen->tcp.window;

	return seen->tcp.ack + (window << scale);
}

static struct view view_of(const struct run *run, const struct sighting *other)
{
	struct view view = {.certain = !other->conn->older && !other->conn->newer};
	int scales[2] = {-1, -1};
	bool syns[2] = {false, false};
	unsigned scale;

	FOR_EARLIER (run, seen, other) {
		if (has(seen, TCP_SYN)) {
			syns[seen->inbound] = true;
			scales[seen->inbound] = scale_of(&seen->tcp);
		}
		view.certain = view.certain && !(seen->inbound && seen->tcp.seq_literal);
	}
	view.certain = view.certain && syns[OF_KERNEL] && syns[OF_PEER] &&
		       !other->tcp.seq_literal && !other->tcp.seq_any;
	scale = scales[OF_KERNEL] < 0 || scales[OF_PEER] < 0 ? 0 : (unsigned)scales[OF_KERNEL];
	FOR_EARLIER (run, seen, other) {
		if (seen->inbound || has(seen, TCP_RST))
			continue;
		raise(&view.sent, end_of(seen));
		if (!has(seen, TCP_ACK_FLAG))
			continue;
		raise(&view.taken, seen->tcp.ack);
		raise(&view.edge, edge_of(seen, scale) + (1u << scale) - 1);
	}
	view.whole = whole_of(run, other->conn);
	return view;
}

/* ---- what is wrong with a segment of the peer's -------------------------------------------- */

struct finding {
	uint32_t number, limit;
};

static bool has_no_ack_flag(const struct sighting *seen, const struct view *view,
			    struct finding *finding)
{
	(void)view;
	(void)finding;
	return !has(seen, TCP_ACK_FLAG | TCP_SYN | TCP_RST);
}

static bool leaves_ack_out(const struct sighting *seen, const struct view *view,
			   struct finding *finding)
{
	(void)view;
	(void)finding;
	return has(seen, TCP_ACK_FLAG) && !seen->tcp.has_ack && !has(seen, TCP_RST);
}

static bool acks_unsent(const struct sighting *seen, const struct view *view,
			struct finding *finding)
{
	*finding = (struct finding){seen->tcp.ack, view->sent};
	return seen->tcp.has_ack && !has(seen, TCP_RST) && is_after(seen->tcp.ack, view->sent);
}

static bool begins_beyond_window(const struct sighting *seen, const struct view *view,
				 struct finding *finding)
{
	*finding = (struct finding){seen->tcp.seq, view->edge};
	return !has(seen, TCP_SYN) && is_after(seen->tcp.seq, view->edge);
}

static bool ends_before_window(const struct sighting *seen, const struct view *view,
			       struct finding *finding)
{
	*finding = (struct finding){end_of(seen), view->taken};
	return !has(seen, TCP_SYN | TCP_RST) && is_after(view->taken, end_of(seen));
}

static bool leaves_hole(const struct sighting *seen, const struct view *view,
			struct finding *finding)
{
	*finding = (struct finding){seen->tcp.seq, view->whole};
	return !has(seen, TCP_SYN | TCP_RST) && (seen->tcp.len || has(seen, TCP_FIN)) &&
	       is_after(seen->tcp.seq, view->whole);
}

static const struct {
	enum record_cause cause;
	bool (*holds)(const struct sighting *seen, const struct view *view,
		      struct finding *finding);
} flaws[] = {
	{CAUSE_NO_ACK_FLAG, has_no_ack_flag},
	{CAUSE_ACK_LEFT_OUT, leaves_ack_out},
	{CAUSE_ACK_NOT_SENT, acks_unsent},
	{CAUSE_BEYOND_WINDOW, begins_beyond_window},
	{CAUSE_BEFORE_WINDOW, ends_before_window},
	{CAUSE_HOLE, leaves_hole},
};

static void tell(struct record *record, enum record_cause cause, const struct sighting *seen)
{
	record->cause = cause;
	record->cause_line = seen->event->loc.line;
	record->cause_column = seen->event->loc.column;
}

static bool has_flaw(const struct run *run, struct record *record, const struct sighting *seen)
{
	struct view view = view_of(run, seen);
	struct finding finding = {0};

	for (size_t i = 0; view.certain && i < sizeof(flaws) / sizeof(flaws[0]); i++) {
		if (!flaws[i].holds(seen, &view, &finding))
			continue;
		tell(record, flaws[i].cause, seen);
		record->cause_number = finding.number;
		record->cause_limit = finding.limit;
		return true;
	}
	return false;
}

/* What the kernel did after its last answer that was as expected it did for what came since then. */
static void blame_peer(const struct run *run, struct record *record, const struct conn *conn)
{
	const struct sighting *first = run->sightings, *seen;
	unsigned n = 0;

	for (seen = first; seen; seen = seen->next)
		if (seen->conn == conn && !seen->inbound && seen->event &&
		    (int)seen->event->index != record->event)
			first = seen->next;
	for (seen = first; seen && n < MOST_CANDIDATES; seen = seen->next)
		if (seen->conn == conn && seen->inbound) {
			n++;
			if (has_flaw(run, record, seen))
				return;
		}
}

/* ---- what is told of a failure ------------------------------------------------------------- */

/* An expected segment that did not come so: may that be for what the kernel was sent? */
static bool is_about_numbers(const struct record *record)
{
	static const bool of_numbers[N_FIELDS] = {
		[FIELD_tcp_seq] = true,	  [FIELD_tcp_end] = true, [FIELD_tcp_length] = true,
		[FIELD_tcp_ack] = true,	  [FIELD_tcp_flags] = true,
		[FIELD_protocol] = true,
	};

	if (record->fault == FAULT_NO_PACKET || record->fault == FAULT_INCOMPLETE)
		return true;
	for (unsigned i = 0; record->fault == FAULT_DIFFERS && record->mismatches &&
			     i < mismatches_kept(record->mismatches);
	     i++)
		if (of_numbers[record->mismatches->at[i].field])
			return true;
	return false;
}

/* Does it begin as that one does, and has all of it been sent by then? The kernel may cut it otherwise. */
static bool is_again(const struct run *run, const struct sighting *seen,
		     const struct sighting *found)
{
	uint32_t sent = end_of(seen);

	if (seen->inbound || !seen->event || seen->tcp.seq != found->tcp.seq ||
	    has(seen, TCP_SYN | TCP_RST) != has(found, TCP_SYN | TCP_RST) ||
	    end_of(found) == found->tcp.seq || end_of(seen) == seen->tcp.seq)
		return false;
	FOR_EARLIER (run, other, found)
		if (!other->inbound)
			raise(&sent, end_of(other));
	return !is_after(end_of(found), sent);
}

/* The last segment of the kernel's that was noted is the one that is wrong. */
bool run_explain_again(const struct run *run, struct record *record, const struct conn *conn)
{
	const struct sighting *found = NULL, *again = NULL, *seen;
	bool same;

	for (seen = run->sightings; seen; seen = seen->next)
		if (seen->conn == conn && !seen->inbound && record->actual &&
		    seen->time == record->actual_ns)
			found = seen;
	for (seen = run->sightings; found && seen; seen = seen->next)
		if (is_before(seen, found) && is_again(run, seen, found))
			again = seen;
	if (!again)
		return false;
	same = again->tcp.len == found->tcp.len && again->tcp.flags == found->tcp.flags;
	tell(record, same ? CAUSE_RETRANSMISSION : CAUSE_SENT_BEFORE, again);
	record->cause_ago_ns = found->time - again->time;
	return true;
}

static void explain_segment(const struct run *run, struct record *record, const struct conn *conn)
{
	bool about = is_about_numbers(record);

	if (about && (record->fault != FAULT_DIFFERS || !run_explain_again(run, record, conn)))
		blame_peer(run, record, conn);
}

static void explain_unexpected(const struct run *run, struct record *record,
			       const struct conn *conn)
{
	if (record->fault == FAULT_UNEXPECTED)
		run_explain_again(run, record, conn);
}

/* CLOSING is where a FIN leads that does not acknowledge ours (RFC 9293, 3.10.7.4, figure 5). */
static bool fin_acks_ours(const struct run *run, struct record *record, const struct conn *conn)
{
	const struct sighting *ours = NULL, *fin = NULL, *seen;

	for (seen = run->sightings; seen; seen = seen->next) {
		if (seen->conn != conn || !has(seen, TCP_FIN))
			continue;
		if (seen->inbound && !fin)
			fin = seen;
		else if (!seen->inbound && !ours)
			ours = seen;
	}
	if (!ours || !fin || !is_before(ours, fin) || !view_of(run, fin).certain ||
	    !fin->tcp.has_ack || fin->tcp.ack != end_of(ours))
		return false;
	tell(record, CAUSE_FIN_ACKS_OURS, fin);
	record->cause_number = fin->tcp.ack;
	return true;
}

static void explain_state(const struct run *run, struct record *record, const struct conn *conn)
{
	const struct mismatch *m = record->mismatches ? &record->mismatches->at[0] : NULL;

	if (record->fault != FAULT_STATE || !m)
		return;
	if (strcmp(m->expected, "TCP_CLOSING") || !fin_acks_ours(run, record, conn))
		blame_peer(run, record, conn);
}

void run_explain(struct run *run, struct record *record, const struct conn *conn)
{
	static void (*const kinds[N_RECORD_KINDS])(const struct run *, struct record *,
						   const struct conn *) = {
		[RECORD_SEGMENT] = explain_segment,
		[RECORD_EXTRA] = explain_unexpected,
		[RECORD_QUIET] = explain_unexpected,
		[RECORD_STATE] = explain_state,
		[RECORD_STATES] = explain_state,
	};

	if (record->cause || !conn || !kinds[record->kind])
		return;
	kinds[record->kind](run, record, conn);
}
