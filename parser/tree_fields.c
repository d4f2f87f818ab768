/* Where an event has its fields: packet_span(), event_field_span(), event_field_loc(). */
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

/* ---- calls --------------------------------------------------------------------------- */

static struct span span_of(struct loc loc)
{
	return (struct span){loc.begin, loc.end};
}

static const struct expr *item_of(const struct expr *list, unsigned item)
{
	return item && item <= list->n_items ? list->items[item - 1] : NULL;
}

/* The member of that name, however deep; `at` is the item of a list that the expression is. */
static const struct expr *member_of(const struct expr *expr, unsigned at,
				    const struct subject *subject)
{
	const struct expr *found = NULL;

	for (size_t i = 0; i < expr->n_items && !found; i++)
		found = member_of(expr->items[i], (unsigned)i + 1, subject);
	for (size_t i = 0; i < expr->n_fields && !found; i++) {
		const struct field *field = &expr->fields[i];
		bool named = field->name && !strcmp(field->name, subject->name);

		if (named && subject->item && field->value->kind == EXPR_LIST)
			found = item_of(field->value, subject->item);
		else if (named && (!subject->item || at == subject->item))
			found = field->value;
		else
			found = member_of(field->value, at, subject);
	}
	return found;
}

static const struct expr *argument_of(const struct call *call, const struct subject *subject)
{
	return subject->index && subject->index <= call->n_args ? call->args[subject->index - 1]
								: NULL;
}

static const struct expr *part_of_argument(const struct call *call, const struct subject *subject)
{
	const struct expr *argument = argument_of(call, subject);

	if (!argument)
		return NULL;
	if (subject->name && *subject->name)
		return member_of(argument, 1, subject);
	return subject->item ? item_of(argument, subject->item) : argument;
}

/* With the errno, which belongs to it. */
static struct span span_of_result(const struct call *call)
{
	struct span span = span_of(call->result->loc);

	if (call->errno_name)
		span.end = call->errno_loc.end;
	return span;
}

static bool call_span(const struct call *call, const struct subject *subject, struct span *span)
{
	const struct expr *result = call->result, *part = part_of_argument(call, subject);

	if (subject->field == FIELD_call_errno) {
		*span = span_of(call->errno_loc);
		return call->errno_name;
	}
	if (subject->field == FIELD_call_result && result) {
		*span = span_of_result(call);
		return true;
	}
	if (subject->field == FIELD_state || subject->field == FIELD_state_of_path)
		part = result && result->kind == EXPR_LIST ? item_of(result, subject->index)
							   : result;
	if (subject->field == FIELD_claim && result)
		part = result->kind == EXPR_RECORD ? member_of(result, 1, subject) : result;
	if (part)
		*span = span_of(part->loc);
	return part;
}

/* The result or the argument that it would be of. */
static bool nearest_in_call(const struct call *call, const struct subject *subject,
			    struct span *span)
{
	bool of_result = subject->field == FIELD_call_errno || subject->field == FIELD_state ||
			 subject->field == FIELD_state_of_path ||
			 subject->field == FIELD_claim;
	const struct expr *whole = of_result ? call->result : argument_of(call, subject);

	if (whole)
		*span = span_of(whole->loc);
	return whole;
}

/* ---- events -------------------------------------------------------------------------- */

/* The option, else the list that it would be in; the outer header. */
static bool nearest_in_packet(const struct script *script, const struct packet *packet,
			      const struct subject *subject, struct span *span)
{
	unsigned option = subject->index, outer = subject->outer;

	if (field_is_of_options(subject->field))
		return packet_span(script, packet, FIELD_tcp_option, option, outer, span) ||
		       packet_span(script, packet, FIELD_tcp_options, 0, outer, span);
	return outer && packet_span(script, packet, FIELD_outer_kind, 0, outer, span);
}

static const struct call *call_of(const struct event *event)
{
	if (event->kind == EVENT_CALL)
		return event->call;
	return event_rows[event->kind].word ? event->words : NULL;
}

bool event_field_span(const struct script *script, const struct event *event,
		      const struct subject *subject, struct span *span)
{
	const struct call *call = call_of(event);

	if (subject->field == FIELD_time) {
		*span = span_of(event_time_loc(event));
		return true;
	}
	if (event->kind == EVENT_PACKET)
		return packet_span(script, event->packet, subject->field, subject->index,
				   subject->outer, span);
	return call && call_span(call, subject, span);
}

struct loc event_field_loc(const struct script *script, const struct event *event,
			   const struct subject *subject)
{
	const struct call *call = call_of(event);
	struct span span;

	if (event_field_span(script, event, subject, &span) ||
	    (event->kind == EVENT_PACKET &&
	     nearest_in_packet(script, event->packet, subject, &span)) ||
	    (call && nearest_in_call(call, subject, &span)))
		return loc_of_span(script, event->loc, span);
	span = (struct span){trivia_end(script, event->time.end_offset), event->loc.end};
	return loc_of_span(script, event->loc, span);
}

struct loc loc_of_span(const struct script *script, struct loc from, struct span span)
{
	for (; from.begin < span.begin; from.begin++) {
		from.column++;
		if (script->source.text[from.begin] == '\n') {
			from.line++;
			from.column = 1;
		}
	}
	from.end = span.end;
	return from;
}
