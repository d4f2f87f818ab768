/* Constructors of packets: pieces in their order, nothing judged. */
#include <string.h>

#include "base/array.h"
#include "parser/build.h"

void build_packet(struct parser *parser, enum direction direction)
{
	struct packet *packet = arena_new_of(parser->arena, struct packet);

	packet->direction = direction;
	parser->event->kind = EVENT_PACKET;
	parser->event->packet = packet;
	parser->packet = packet;
	parser->last_outer = &packet->raw_outers;
}

void build_kind(struct parser *parser, enum packet_kind kind)
{
	parser->packet->kind = kind;
}

void build_atom(struct parser *parser, enum field_id field, enum atom_kind kind, struct loc loc)
{
	struct written *at = array_add(parser->scratch, parser->written, parser->n_written);
	uint32_t size = loc.end - loc.begin;

	if (size > UINT16_MAX)
		diag_error(parser->diags, FW_too_long, loc, "nothing in a packet is longer than %d bytes",
			   UINT16_MAX);
	for (; at > parser->written && at[-1].begin > loc.begin; at--)
		*at = at[-1];
	*at = (struct written){.begin = loc.begin, .size = size, .kind = kind, .field = field};
}

void build_outer(struct parser *parser, enum header_kind kind, struct loc loc, struct loc word,
		 struct exprs *groups)
{
	struct raw_outer *outer = arena_new_of(parser->arena, struct raw_outer);

	outer->kind = kind;
	outer->loc = loc;
	outer->groups = groups;
	*parser->last_outer = outer;
	parser->last_outer = &outer->next;
	build_atom(parser, FIELD_outer_kind, ATOM_WORD, word);
}

/* The pieces from `loc` on are all of one field. */
static void give_to(struct parser *parser, struct loc loc, enum field_id field)
{
	for (size_t i = parser->n_written; i && parser->written[i - 1].begin >= loc.begin; i--)
		parser->written[i - 1].field = field;
}

void build_echo(struct parser *parser, struct loc loc)
{
	if (parser->echoed)
		diag_error(parser->diags, FW_echo_place, loc, "a second echoed packet");
	parser->echoed = true;
	give_to(parser, loc, FIELD_icmp_echoed);
}

void build_unsupported(struct parser *parser, struct loc loc, const char *what)
{
	diag_error(parser->diags, FW_unsupported, loc, "%s is not supported yet", what);
	give_to(parser, loc, FIELD_none);
}
