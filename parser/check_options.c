/* TCP options of a script: by the names of tcp_options.def, or as raw bytes. */
#include <ctype.h>
#include <string.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "parser/check_packet.h"
#include "parser/option_reader.h"
#include "parser/tables.h"

#define MAX_OPTION_SPACE 40 /* RFC 9293 3.1: the data offset has four bits */

/* ---- raw notations ----------------------------------------------------------------- */

/* Bytes of a kind that has a row become what the row's own notation would have given. */
static void adopt_row(struct tcp_option *option)
{
	uint8_t bytes[sizeof(option->bytes)];
	struct view in = {.bytes = bytes, .left = option->n_bytes};

	memcpy(bytes, option->bytes, sizeof(bytes));
	memset(option->bytes, 0, sizeof(option->bytes));
	option->n_bytes = 0;
	tcp_option_take(in, option);
}

static bool read_payload(struct option_reader *reader)
{
	const struct atom *atom = option_peek(reader);

	if (atom->kind == ATOM_NONE)
		return true;
	reader->at++;
	return option_read_hex(reader, atom->text, atom->loc, MAX_OPTION_SPACE - 2);
}

/* gen-KIND [HEX] */
static bool read_generic(struct option_reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	char *end;
	unsigned long kind = strtoul(name->text + 4, &end, 0);

	if (*end || kind > UINT8_MAX || !isdigit((unsigned char)name->text[4])) {
		diag_error(reader->diags, FW_option_kind, name->loc,
			   "gen-KIND: a kind is a number from 0 to 255");
		return false;
	}
	option->kind = kind;
	if (!read_payload(reader))
		return false;
	option->length = kind <= 1 && !option->n_bytes ? 1 : 2 + option->n_bytes;
	adopt_row(option);
	return true;
}

/* exp-HHHH [HEX]; exp-NAME [HEX], which has a row as NAMEEXP: exp-FO */
static bool read_experiment(struct option_reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	const char *magic = name->text + 4;
	const struct tcp_option_row *row =
		tcp_option_by_name(arena_printf(reader->arena, "%.40sEXP", magic), "");

	option->kind = EXPERIMENT_KIND;
	if (row)
		magic = arena_printf(reader->arena, "%04x", row->select);
	if (strlen(magic) != 4) {
		diag_error(reader->diags, FW_option_kind, name->loc,
			   "exp-HHHH: an experiment has four hexadecimal digits");
		return false;
	}
	if (!option_read_hex(reader, magic, name->loc, 2) || !read_payload(reader))
		return false;
	option->length = 2 + option->n_bytes;
	adopt_row(option);
	return true;
}

/* 0204ffff: kind, length and payload as on the wire */
static bool read_raw(struct option_reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	unsigned head;

	if (!option_read_hex(reader, name->text, name->loc, MAX_OPTION_SPACE))
		return false;
	option->kind = option->bytes[0];
	option->length = option->n_bytes > 1 ? option->bytes[1] : 1;
	head = option->n_bytes > 1 ? 2 : 1;
	if (option->kind > 1 && option->length != option->n_bytes) {
		diag_error(reader->diags, FW_option_bytes, name->loc,
			   "the option's length byte says %u, but %u bytes are written",
			   option->n_bytes > 1 ? option->length : 0, option->n_bytes);
		return false;
	}
	if (option->kind <= 1 && option->n_bytes > 1) {
		diag_error(reader->diags, FW_option_bytes, name->loc,
			   "eol and nop are one byte each");
		return false;
	}
	option->n_bytes -= head;
	memmove(option->bytes, option->bytes + head, option->n_bytes);
	memset(option->bytes + option->n_bytes, 0, sizeof(option->bytes) - option->n_bytes);
	adopt_row(option);
	return true;
}

/* ---- one option -------------------------------------------------------------------- */

/* All names, but each once. */
static const char *known_names(struct arena *arena)
{
	const char *names = "";

	for (size_t i = 0; i < n_tcp_option_rows; i++) {
		const struct tcp_option_row *row = &tcp_option_rows[i];

		if (tcp_option_by_name(row->name, "") == row)
			names = arena_printf(arena, "%s %s", names, row->name);
	}
	return names;
}

static bool unknown(struct option_reader *reader, const struct atom *name)
{
	const char *hint = arena_printf(reader->arena, "known are%s, any other as gen-KIND HEX",
					known_names(reader->arena));
	const char *near = diags_errors(reader->diags) < MAX_HINTED
				   ? closest_name("TCP option", name->text)
				   : NULL;

	if (near)
		hint = arena_printf(reader->arena, "did you mean %s?", near);
	diag_error_hint(reader->diags, FW_unknown_tcp_option, name->loc, hint,
			"unknown TCP option '%.40s'", name->text);
	return false;
}

/* Where rows of several kinds share a name, its first keyword must tell which is meant. */
static bool is_told(struct option_reader *reader, const struct tcp_option_row *row)
{
	const char *keywords = "";
	unsigned n = 0;

	if (reader->option->n_values)
		return true;
	for (size_t i = 0; i < n_tcp_option_rows; i++)
		n += !strcmp(tcp_option_rows[i].name, row->name);
	if (n < 2)
		return true;
	for (size_t i = 0; i < n_tcp_option_rows; i++) {
		const struct tcp_option_row *other = &tcp_option_rows[i];

		if (!strcmp(other->name, row->name))
			keywords = arena_printf(reader->arena, "%s%s%s N", keywords,
						*keywords ? " or " : "",
						other->n_fields ? other->fields[0].keyword : "");
	}
	diag_error(reader->diags, FW_option_value, reader->loc, "%s needs a counter: %s", row->name,
		   keywords);
	return false;
}

/* The row that names in print what this one reads. */
static const struct tcp_option_row *first_alike(const struct tcp_option_row *row)
{
	const struct tcp_option_row *first = tcp_option_rows;

	while (first->kind != row->kind || first->form != row->form ||
	       first->select_bits != row->select_bits || first->select != row->select)
		first++;
	return first;
}

static bool read_named(struct option_reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	size_t length = strlen(name->text);
	const struct tcp_option_row *row =
		tcp_option_by_name(name->text, option_peek(reader)->text);

	if (!row && !strncmp(name->text, "gen-", 4))
		return read_generic(reader, name);
	if (!row && !strncmp(name->text, "exp-", 4))
		return read_experiment(reader, name);
	if (!row && length > 1 && strspn(name->text, "0123456789abcdefABCDEF") == length)
		return read_raw(reader, name);
	if (!row)
		return unknown(reader, name);
	option->row = row;
	option->kind = row->kind;
	if (!row->form->read(reader) || !is_told(reader, row))
		return false;
	option->row = first_alike(row);
	option->length = option->kind > 1 ? 2 : 1; /* eol and nop are one byte */
	option->length = (uint8_t)tcp_option_bytes(option, (uint8_t[UINT8_MAX]){0}, UINT8_MAX);
	return true;
}

static bool read_option(const struct atoms *atoms, struct tcp_option *option, struct arena *arena,
			struct diags *diags)
{
	struct option_reader reader = {.items = atoms->items + 1,
				       .n = atoms->n - 1,
				       .loc = atoms->loc,
				       .option = option,
				       .arena = arena,
				       .diags = diags};

	if (!read_named(&reader, &atoms->items[0]))
		return false;
	if (reader.at == reader.n)
		return true;
	diag_error(diags, FW_option_value, option_peek(&reader)->loc, "unexpected '%.40s' in %s",
		   option_peek(&reader)->text, atoms->items[0].text);
	return false;
}

void check_tcp_options(struct raw_packet *raw, struct arena *arena, struct diags *diags)
{
	struct tcp_segment *tcp = &raw->packet.tcp;
	size_t errors = diags_errors(diags), space = 0;
	size_t n = raw->n_options < MAX_TCP_OPTIONS ? raw->n_options : MAX_TCP_OPTIONS;

	tcp->options = n ? arena_alloc(arena, n * sizeof(*tcp->options)) : NULL;
	for (size_t i = 0; i < raw->n_options; i++) {
		/* Too many are read all the same, for what may be wrong with them. */
		struct tcp_option extra = {0};
		bool room = tcp->n_options < n;
		struct tcp_option *option = room ? &tcp->options[tcp->n_options] : &extra;

		*option = (struct tcp_option){0}; /* the one before may have failed half-way */
		if (!read_option(&raw->options[i], option, arena, diags))
			continue;
		space += option->length;
		tcp->n_options += room;
	}
	if (diags_errors(diags) != errors)
		return;
	if (space > MAX_OPTION_SPACE)
		diag_error(diags, FW_option_space, raw->options_loc,
			   "the options take more than %d bytes", MAX_OPTION_SPACE);
	else if (space % 4)
		diag_error_hint(diags, FW_option_space, raw->options_loc, "pad with nop",
				"the options take %zu bytes: not a multiple of 4", space);
}
