/* Constructors of raw packets: atoms in their places, nothing judged. */
#include <string.h>

#include "parser/build.h"

void build_packet(struct parser *parser, enum direction direction)
{
	struct raw_packet *packet = arena_new_of(parser->scratch, struct raw_packet);
	packet->packet.direction = direction;
	packet->last_outer = &packet->outers;
	parser->packet = packet;
}

void build_kind(struct parser *parser, enum packet_kind kind)
{
	parser->packet->packet.kind = kind;
}

static struct atom make_atom(struct parser *parser, enum atom_kind kind, struct token token,
			     struct loc loc)
{
	return (struct atom){kind, loc, arena_strndup(parser->scratch, token.text, token.size)};
}

struct atom *build_one(struct parser *parser, enum atom_kind kind, struct token token,
		       struct loc loc)
{
	struct atom *atom = arena_new_of(parser->scratch, struct atom);
	*atom = make_atom(parser, kind, token, loc);
	return atom;
}

void build_atom(struct parser *parser, enum atom_kind kind, struct token token, struct loc loc)
{
	struct atoms *atoms = &parser->atoms;
	if (atoms->n == atoms->capacity) {
		atoms->capacity = atoms->n ? 2 * atoms->n : 4;
		struct atom *items = arena_alloc(parser->scratch, atoms->capacity * sizeof(*items));
		if (atoms->n)
			memcpy(items, atoms->items, atoms->n * sizeof(*items));
		atoms->items = items;
	}
	atoms->items[atoms->n++] = make_atom(parser, kind, token, loc);
}

static struct atoms take_atoms(struct parser *parser, struct loc loc)
{
	struct atoms atoms = parser->atoms;
	atoms.loc = loc;
	parser->atoms = (struct atoms){.n = 0};
	return atoms;
}

struct atoms *build_atoms(struct parser *parser, struct loc loc)
{
	struct atoms *atoms = arena_new_of(parser->scratch, struct atoms);
	*atoms = take_atoms(parser, loc);
	return atoms;
}

void build_outer(struct parser *parser, enum header_kind kind, struct loc loc, struct atoms *atoms,
		 struct exprs *groups)
{
	struct raw_outer *outer = arena_new_of(parser->scratch, struct raw_outer);
	outer->kind = kind;
	outer->loc = loc;
	outer->atoms = atoms;
	outer->groups = groups;
	*parser->packet->last_outer = outer;
	parser->packet->last_outer = &outer->next;
}

void build_outer_ip(struct parser *parser, enum header_kind kind, struct loc loc,
		    struct atoms *info, const struct atom *src, const struct atom *dst)
{
	struct raw_outer **outer = parser->packet->last_outer;
	build_outer(parser, kind, loc, info, NULL);
	(*outer)->src = *src;
	(*outer)->dst = *dst;
}

void build_ports(struct parser *parser, const struct atom *sport, const struct atom *dport)
{
	parser->packet->sport = *sport;
	parser->packet->dport = *dport;
}

void build_flags(struct parser *parser, struct loc loc, struct token a, struct token b,
		 struct token c)
{
	const char *text = arena_printf(parser->scratch, "%.*s%.*s%.*s", (int)a.size, a.text,
					(int)b.size, b.text, (int)c.size, c.text);
	parser->packet->flags = (struct atom){ATOM_WORD, loc, text};
}

struct raw_seq *build_seq(struct parser *parser, struct loc loc, const struct atom *start,
			  const struct atom *end, const struct atom *length, bool literal)
{
	struct raw_seq *seq = arena_new_of(parser->scratch, struct raw_seq);
	seq->loc = loc;
	seq->any = !start;
	seq->literal = literal;
	seq->length = *length;
	if (start) {
		seq->start = *start;
		seq->end = *end;
	}
	return seq;
}

void build_icmp(struct parser *parser, const struct atom *type, const struct atom *code)
{
	parser->packet->type = *type;
	if (code)
		parser->packet->code = *code;
}

void build_echo(struct parser *parser, enum echo_kind kind, struct loc loc, struct raw_seq *seq,
		const struct atom *length)
{
	struct raw_packet *packet = parser->packet;
	if (packet->echo)
		diag_error(parser->diags, loc, "a second echoed packet");
	packet->echo = kind;
	packet->echo_loc = loc;
	packet->echo_seq = seq;
	if (length)
		packet->echo_length = *length;
}

void build_options_any(struct parser *parser, struct loc loc)
{
	parser->packet->options_loc = loc;
	parser->packet->packet.tcp.options_mode = OPTIONS_ANY;
}

void build_tcp_option(struct parser *parser, struct loc loc)
{
	struct raw_packet *packet = parser->packet;
	if (packet->n_options == packet->options_capacity) {
		packet->options_capacity = packet->n_options ? 2 * packet->n_options : 4;
		struct atoms *options =
			arena_alloc(parser->scratch, packet->options_capacity * sizeof(*options));
		if (packet->n_options)
			memcpy(options, packet->options, packet->n_options * sizeof(*options));
		packet->options = options;
	}
	packet->packet.tcp.options_mode = OPTIONS_LIST;
	packet->options[packet->n_options++] = take_atoms(parser, loc);
}

void build_unsupported(struct parser *parser, struct loc loc, const char *what)
{
	parser->packet->unsupported = what;
	parser->packet->unsupported_loc = loc;
}
