/* Where an event has its fields: packet_span(), event_field_loc(). */
#include <string.h>

#include "parser/raw.h"
#include "parser/tables.h"
#include "parser/tree.h"

/* Fields that share what is written of another. */
static const struct {
	uint8_t field, shown_by;
} shared[] = {
	{FIELD_tcp_ace, FIELD_tcp_flags},
	{FIELD_tcp_reserved, FIELD_tcp_flags},
	{FIELD_tcp_options_size, FIELD_tcp_options},
	{FIELD_udp_source, FIELD_tcp_source},
	{FIELD_udp_destination, FIELD_tcp_destination},
	{FIELD_payload, FIELD_tcp_length},
};

static enum field_id shown_by(enum field_id field)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (shared[i].field == field)
			return shared[i].shown_by;
	return field;
}

/* A walk over the pieces: which header and which option the one at hand is of. */
struct walk {
	const struct script *script;
	const struct packet *packet;
	const struct written *piece, *end;
	const struct raw_outer *next_outer;
	enum header_kind outer_kind;
	bool in_outer;
	unsigned outer, option; /* from 1 */
	unsigned place;		/* in its option, from 0 */
};

/* Is the piece, which does not begin a header, of the one that began last? */
static bool stays_in_outer(const struct walk *walk)
{
	enum field_id field = walk->piece->field;

	if (!walk->in_outer || walk->outer_kind == HEADER_MPLS)
		return false;
	if (walk->outer_kind == HEADER_GRE)
		return field >= FIELD_gre_flags && field <= FIELD_gre_seq;
	return walk->piece == walk->packet->written ||
	       walk->piece[-1].field != FIELD_ip_destination;
}

/* To the next piece, at first to the first one. */
static bool walk_on(struct walk *walk)
{
	const struct packet *packet = walk->packet;

	walk->piece = walk->piece ? walk->piece + 1 : packet->written;
	if (walk->piece == packet->written + packet->n_written)
		return false;
	if (walk->piece->field == FIELD_outer_kind) {
		walk->outer_kind = walk->next_outer->kind;
		walk->next_outer = walk->next_outer->next;
		walk->in_outer = true;
		walk->outer++;
	} else {
		walk->in_outer = stays_in_outer(walk);
	}
	walk->place++;
	if (walk->piece->field == FIELD_tcp_options) {
		walk->option++;
		walk->place = -1u; /* the option begins behind the mark */
	}
	return true;
}

static bool piece_is(const struct walk *walk, const struct written *piece, const char *text)
{
	return piece->size == strlen(text) &&
	       !memcmp(walk->script->source.text + piece->begin, text, piece->size);
}

/* `ecr 7`: the number behind its keyword; `mss 1460`: behind the name. */
static bool is_part(const struct walk *walk, const char *keyword)
{
	if (!*keyword)
		return walk->place == 1;
	return walk->place > 1 && piece_is(walk, walk->piece - 1, keyword);
}

static bool is_wanted(const struct walk *walk, enum field_id field, unsigned option, unsigned outer)
{
	const char *keyword = field_row(field)->part;
	bool of_option = walk->piece->field == FIELD_tcp_option;

	if (field == FIELD_tcp_options_from)
		return of_option && walk->option >= option;
	if (field == FIELD_tcp_option || field_option(field) != FIELD_none)
		return of_option && walk->option == option && (!keyword || is_part(walk, keyword));
	if (field == FIELD_tcp_seq && walk->piece->kind == ATOM_MARK) /* 5:6(1)! */
		return false;
	return walk->piece->field == field && (walk->in_outer ? walk->outer : 0) == outer;
}

/* The words of ip-info have their value behind them. */
static bool last_counts(enum field_id field)
{
	return field > FIELD_ip_header && field <= FIELD_ip_flow_label;
}

static bool mpls_span(const struct packet *packet, unsigned label, unsigned outer,
		      struct span *span)
{
	const struct raw_outer *header = packet->raw_outers;

	while (header && --outer)
		header = header->next;
	if (!header || !header->groups || label - 1 >= header->groups->n)
		return false;
	*span = (struct span){header->groups->items[label - 1]->loc.begin,
			      header->groups->items[label - 1]->loc.end};
	return true;
}

bool packet_span(const struct script *script, const struct packet *packet, enum field_id field,
		 unsigned option, unsigned outer, struct span *span)
{
	struct walk walk = {.script = script, .packet = packet, .next_outer = packet->raw_outers};
	bool found = false;

	field = shown_by(field);
	if (field >= FIELD_mpls_label && field <= FIELD_mpls_ttl)
		return mpls_span(packet, option, outer, span);
	while (walk_on(&walk)) {
		if (!is_wanted(&walk, field, option, outer))
			continue;
		if (!found || last_counts(field))
			span->begin = walk.piece->begin;
		span->end = walk.piece->begin + walk.piece->size;
		found = true;
	}
	return found;
}

/* ---- events -------------------------------------------------------------------------- */

/* The field; of an option the whole where its part has no words of its own; the list where it is
 * not there. */
static bool packet_place(const struct script *script, const struct packet *packet,
			 enum field_id field, unsigned option, unsigned outer, struct span *span)
{
	if (packet_span(script, packet, field, option, outer, span))
		return true;
	if (field_option(field) != FIELD_none || field == FIELD_tcp_option ||
	    field == FIELD_tcp_options_from)
		return packet_span(script, packet, FIELD_tcp_option, option, outer, span) ||
		       packet_span(script, packet, FIELD_tcp_options, 0, outer, span);
	return outer && packet_span(script, packet, FIELD_outer_kind, 0, outer, span);
}

static struct span span_of(struct loc loc)
{
	return (struct span){loc.begin, loc.end};
}

static bool call_place(const struct call *call, enum field_id field, unsigned index,
		       struct span *span)
{
	const struct expr *result = call->result;

	if (field == FIELD_call_errno && call->errno_name)
		*span = span_of(call->errno_loc);
	else if (field == FIELD_state_of_path && result && index && index <= result->n_items)
		*span = span_of(result->items[index - 1]->loc);
	else if ((field == FIELD_call_result || field == FIELD_call_errno || field == FIELD_state ||
		  field == FIELD_state_of_path) &&
		 result)
		*span = span_of(result->loc);
	else if (field >= FIELD_call_argument && field <= FIELD_cmsg_attribute && index &&
		 index <= call->n_args)
		*span = span_of(call->args[index - 1]->loc);
	else
		return false;
	return true;
}

/* What comes behind the time. */
static struct span body_of(const struct script *script, const struct event *event)
{
	return (struct span){trivia_end(script, event->time.end_offset), event->loc.end};
}

struct loc event_field_loc(const struct script *script, const struct event *event,
			   enum field_id field, unsigned index, unsigned outer)
{
	const struct call *call = event->kind == EVENT_CALL	 ? event->call
				  : event_rows[event->kind].word ? event->words
								 : NULL;
	struct span span = body_of(script, event);
	struct loc loc = event->loc;

	if (field == FIELD_time)
		return event_time_loc(event);
	if (event->kind == EVENT_PACKET)
		packet_place(script, event->packet, field, index, outer, &span);
	else if (call)
		call_place(call, field, index, &span);
	for (; loc.begin < span.begin; loc.begin++) {
		loc.column++;
		if (script->source.text[loc.begin] == '\n') {
			loc.line++;
			loc.column = 1;
		}
	}
	loc.end = span.end;
	return loc;
}
