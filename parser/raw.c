/* The pieces of a packet in their places. */
#include "parser/raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "parser/tree.h"

bool atom_number(const struct atom *atom, uint64_t max, const char *what, struct diags *diags,
		 uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(atom->text, &end, 10);
	if (atom->kind != ATOM_INT || *end)
		diag_error(diags, FW_number_form, atom->loc, "%s is a decimal number, not '%.40s'", what,
			   atom->text);
	else if (errno || *atom->text == '-' || *value > max)
		diag_error(diags, FW_range, atom->loc, "%s %.40s is out of range: 0 to %llu", what,
			   atom->text, (unsigned long long)max);
	else
		return true;
	*value = 0;
	return false;
}

struct reader {
	struct arena *scratch;
	const struct script *script;
	struct raw_packet *raw;
	struct loc at;	     /* of the piece before: places are counted on from there */
	size_t next_defined; /* of the script's defined words */
	const struct raw_outer *next_outer; /* of the grammar's */
	struct raw_outer *outer, **last_outer;
	bool in_option;
};

static struct loc place_of(struct reader *reader, const struct written *written)
{
	const char *text = reader->script->source.text;
	struct loc *at = &reader->at;

	for (; at->begin < written->begin; at->begin++) {
		at->column++;
		if (text[at->begin] == '\n') {
			at->line++;
			at->column = 1;
		}
	}
	at->end = written->begin + written->size;
	return *at;
}

/* What the text of a piece is: the next word of a define, or what the source has. */
static const char *text_of(struct reader *reader, const struct written *written)
{
	const struct script *script = reader->script;
	size_t i = reader->next_defined;

	while (i < script->n_defined && script->defined[i].loc.begin < written->begin)
		i++;
	reader->next_defined = i;
	if (i < script->n_defined && script->defined[i].loc.begin == written->begin)
		return script->defined[i].text;
	return arena_strndup(reader->scratch, script->source.text + written->begin, written->size);
}

static void read_atom(struct reader *reader, struct written *written, struct atom *atom)
{
	atom->kind = written->kind;
	atom->loc = place_of(reader, written);
	atom->text = text_of(reader, written);
	atom->written = written;
}

/* ---- one function per kind of piece -------------------------------------------------------- */

static void take_flags(struct reader *reader, struct atom *atom)
{
	struct atom *flags = &reader->raw->flags;

	if (flags->kind == ATOM_NONE) {
		*flags = *atom;
		flags->kind = ATOM_WORD;
		return;
	}
	flags->text = arena_printf(reader->scratch, "%s%s", flags->text, atom->text);
	flags->loc.end = atom->loc.end;
}

/* A length's parenthesis closes behind it. */
static uint32_t past_parenthesis(const struct reader *reader, uint32_t offset)
{
	const struct source *source = &reader->script->source;
	const char *at = memchr(source->text + offset, ')', source->size - offset);

	return at ? at + 1 - source->text : offset;
}

/* The next of start, end, length and !. */
static void seq_add(struct reader *reader, struct raw_seq **seq, struct atom *atom)
{
	if (!*seq) {
		*seq = arena_new_of(reader->scratch, struct raw_seq);
		(*seq)->loc = atom->loc;
		(*seq)->any = atom->kind == ATOM_ELLIPSIS;
		(*seq)->start = *atom;
	} else if (atom->kind == ATOM_MARK) {
		(*seq)->literal = true;
		(*seq)->loc.end = atom->loc.end;
	} else if (!(*seq)->any && (*seq)->end.kind == ATOM_NONE) {
		(*seq)->end = *atom;
	} else {
		(*seq)->length = *atom;
		(*seq)->loc.end = past_parenthesis(reader, atom->loc.end);
	}
}

static void take_seq(struct reader *reader, struct atom *atom)
{
	seq_add(reader, &reader->raw->seq, atom);
}

/* A sequence, or udp (N), or raw (N). */
static void take_echo(struct reader *reader, struct atom *atom)
{
	struct raw_packet *raw = reader->raw;

	if (raw->echo == ECHO_NONE) {
		raw->echo = atom->kind != ATOM_WORD	 ? ECHO_SEQ
			    : !strcmp(atom->text, "udp") ? ECHO_UDP
							 : ECHO_RAW;
		raw->echo_loc = atom->loc;
	}
	if (raw->echo == ECHO_SEQ) {
		seq_add(reader, &raw->echo_seq, atom);
		raw->echo_loc.end = raw->echo_seq->loc.end;
	} else if (atom->kind != ATOM_WORD) {
		raw->echo_length = *atom;
		raw->echo_loc.end = past_parenthesis(reader, atom->loc.end);
	}
}

/* The atoms of a list are neighbours. */
static void list_add(struct atoms *list, struct atom *atom)
{
	if (!list->n++)
		list->items = atom;
	if (!list->loc.line)
		list->loc = atom->loc;
	list->loc.end = atom->loc.end;
}

static struct atoms *list_of(struct reader *reader, struct atoms **list)
{
	if (!*list)
		*list = arena_new_of(reader->scratch, struct atoms);
	return *list;
}

/* Of the innermost header, or of the outer one whose addresses are still to come. */
static void take_ip_info(struct reader *reader, struct atom *atom)
{
	bool of_outer = reader->outer && reader->outer->kind <= HEADER_IPV6 &&
			reader->outer->src.kind == ATOM_NONE;
	struct atoms **list = of_outer ? &reader->outer->atoms : &reader->raw->ip_info;
	struct atoms *info = list_of(reader, list);

	if (atom->kind != ATOM_MARK || *atom->text == ',')
		list_add(info, atom);
	else if (!info->loc.line)
		info->loc = atom->loc;
	info->loc.end = atom->loc.end;
}

static void take_outer(struct reader *reader, struct atom *atom)
{
	struct raw_outer *outer = arena_new_of(reader->scratch, struct raw_outer);

	(void)atom;
	*outer = *reader->next_outer;
	reader->next_outer = outer->next;
	outer->next = NULL;
	*reader->last_outer = outer;
	reader->last_outer = &outer->next;
	reader->outer = outer;
}

static void take_gre(struct reader *reader, struct atom *atom)
{
	list_add(list_of(reader, &reader->outer->atoms), atom);
}

static void take_source(struct reader *reader, struct atom *atom)
{
	reader->outer->src = *atom;
}

static void take_destination(struct reader *reader, struct atom *atom)
{
	reader->outer->dst = *atom;
}

/* < , > or ... */
static void take_options(struct reader *reader, struct atom *atom)
{
	struct raw_packet *raw = reader->raw;

	if (*atom->text == '<')
		raw->options_loc = atom->loc;
	if (*atom->text == '.')
		raw->packet.tcp.options_mode = OPTIONS_ANY;
	raw->options_loc.end = atom->loc.end;
	reader->in_option = false;
}

static void take_option(struct reader *reader, struct atom *atom)
{
	struct raw_packet *raw = reader->raw;

	if (!reader->in_option)
		array_add(reader->scratch, raw->options, raw->n_options);
	reader->in_option = true;
	raw->packet.tcp.options_mode = OPTIONS_LIST;
	list_add(&raw->options[raw->n_options - 1], atom);
}

/* ---- all pieces ---------------------------------------------------------------------------- */

/* What a field's pieces are: a member of struct raw_packet of their own, or something to be put
 * together. */
static const struct place {
	size_t member;
	void (*take)(struct reader *reader, struct atom *atom);
} places[N_FIELDS] = {
#define MEMBER(name)                                                                               \
	{                                                                                          \
		.member = offsetof(struct raw_packet, name)                                        \
	}
	[FIELD_tcp_source] = MEMBER(sport),
	[FIELD_tcp_destination] = MEMBER(dport),
	[FIELD_tcp_ack] = MEMBER(ack),
	[FIELD_tcp_window] = MEMBER(window),
	[FIELD_tcp_urgent] = MEMBER(urgent),
	[FIELD_udp_length] = MEMBER(length),
	[FIELD_icmp_type] = MEMBER(type),
	[FIELD_icmp_code] = MEMBER(code),
	[FIELD_icmp_mtu] = MEMBER(mtu),
	[FIELD_icmp_id] = MEMBER(id),
#undef MEMBER
	[FIELD_tcp_flags] = {.take = take_flags},
	[FIELD_tcp_seq] = {.take = take_seq},
	[FIELD_tcp_end] = {.take = take_seq},
	[FIELD_tcp_length] = {.take = take_seq},
	[FIELD_tcp_options] = {.take = take_options},
	[FIELD_tcp_option] = {.take = take_option},
	[FIELD_icmp_echoed] = {.take = take_echo},
	[FIELD_ip_header] = {.take = take_ip_info},
	[FIELD_outer_kind] = {.take = take_outer},
	[FIELD_gre_flags] = {.take = take_gre},
	[FIELD_ip_source] = {.take = take_source},
	[FIELD_ip_destination] = {.take = take_destination},
};

struct raw_packet *raw_packet_read(struct arena *scratch, const struct script *script,
				   const struct event *event)
{
	struct raw_packet *raw = arena_new_of(scratch, struct raw_packet);
	const struct packet *packet = event->packet;
	struct atom *atoms = arena_alloc(scratch, packet->n_written * sizeof(*atoms));
	struct reader reader = {.scratch = scratch,
				.script = script,
				.raw = raw,
				.at = event->loc,
				.next_defined = script_defined_from(script, event->loc.begin),
				.next_outer = packet->raw_outers,
				.last_outer = &raw->outers};

	raw->packet = *packet;
	raw->loc = event->loc;
	for (size_t i = 0; i < packet->n_written; i++) {
		const struct place *place = &places[packet->written[i].field];

		read_atom(&reader, &packet->written[i], &atoms[i]);
		if (place->take)
			place->take(&reader, &atoms[i]);
		else if (place->member)
			*(struct atom *)((char *)raw + place->member) = atoms[i];
	}
	return raw;
}
