/* TCP options: atoms matched against the rows of tcp_options.def, one function per form. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <stdlib.h>

#include "parser/build.h"
#include "parser/tables.h"

#define MAX_OPTION_SPACE 40  /* RFC 9293 3.1: the data offset has four bits */
#define EXPERIMENT_KIND	 254 /* RFC 6994; exp-HHHH */

/* One option being read. */
struct reader {
	const struct atom *items; /* behind the name */
	size_t n, at;
	struct loc loc; /* of the whole option */
	struct tcp_option *option;
	struct arena *arena;
	struct diags *diags;
};

static const struct atom *peek(const struct reader *reader)
{
	static const struct atom none = {.kind = ATOM_NONE, .text = ""};
	return reader->at < reader->n ? &reader->items[reader->at] : &none;
}

static bool take_text(struct reader *reader, const char *text)
{
	bool is_it = !strcmp(peek(reader)->text, text);
	reader->at += is_it;
	return is_it;
}

static bool take_number(struct reader *reader, unsigned width, const char *what)
{
	uint64_t value, max = (1ull << 8 * width) - 1;
	const struct atom *atom = peek(reader);
	if (atom->kind == ATOM_NONE) {
		diag_error(reader->diags, reader->loc, "%s needs a number", what);
		return false;
	}
	if (!atom_number(atom, max, what, reader->diags, &value))
		return false;
	reader->at++;
	reader->option->value[reader->option->n_values++] = value;
	return true;
}

/* ---- forms: each returns false when it has reported something ---------------------- */

static bool read_bare(struct reader *reader)
{
	reader->option->length = reader->option->kind > 1 ? 2 : 1; /* eol and nop are one byte */
	return true;
}

static bool read_numbers(struct reader *reader)
{
	struct tcp_option *option = reader->option;
	option->length = 2;
	for (unsigned i = 0; i < option->row->n_fields; i++) {
		const struct option_field *field = &option->row->fields[i];
		const char *what = *field->name ? field->name : option->row->name;
		option->length += field->width;
		if (*field->name && !take_text(reader, field->name)) {
			diag_error(reader->diags, reader->loc, "%s needs %s N", option->row->name,
				   field->name);
			return false;
		}
		if (!strcmp(field->name, "val") && peek(reader)->kind == ATOM_ELLIPSIS) {
			reader->at++;
			option->n_values++;
			option->val_any = true;
		} else if (!take_number(reader, field->width, what)) {
			return false;
		}
		if (!strcmp(field->name, "ecr") && take_text(reader, "!"))
			option->ecr_literal = true;
	}
	return true;
}

static bool read_blocks(struct reader *reader)
{
	struct tcp_option *option = reader->option;
	do {
		if (option->n_values == MAX_TCP_OPTION_VALUES) {
			diag_error(reader->diags, reader->loc, "at most %d blocks fit",
				   MAX_TCP_OPTION_VALUES / 2);
			return false;
		}
		if (!take_number(reader, 4, "a block's edge"))
			return false;
		if (!take_text(reader, ":")) {
			diag_error(reader->diags, reader->loc, "a block is LEFT:RIGHT");
			return false;
		}
		if (!take_number(reader, 4, "a block's edge"))
			return false;
	} while (peek(reader)->kind == ATOM_INT);
	option->length = 2 + 4 * option->n_values;
	return true;
}

/* Appends the bytes that hexadecimal digits spell. */
static bool read_hex(struct reader *reader, const char *digits, struct loc loc, unsigned most)
{
	struct tcp_option *option = reader->option;
	size_t n = strlen(digits);
	if (strspn(digits, "0123456789abcdefABCDEF") != n) {
		diag_error(reader->diags, loc, "'%.60s' is not hexadecimal", digits);
		return false;
	}
	if (n % 2) {
		diag_error(reader->diags, loc,
			   "an odd number of hexadecimal digits: two make a byte");
		return false;
	}
	if (option->n_bytes + n / 2 > most) {
		diag_error(reader->diags, loc, "%zu bytes are too long: at most %u", n / 2,
			   most - option->n_bytes);
		return false;
	}
	for (size_t i = 0; i < n; i += 2) {
		char byte[3] = {digits[i], digits[i + 1], 0};
		option->bytes[option->n_bytes++] = strtoul(byte, NULL, 16);
	}
	return true;
}

static bool read_bytes(struct reader *reader)
{
	struct tcp_option *option = reader->option;
	const struct atom *atom = peek(reader);
	if (!strcmp(option->row->name, "md5") && take_text(reader, "valid")) {
		option->computed = true;
		option->n_bytes = option->row->max_bytes;
	} else if (atom->kind != ATOM_NONE) {
		reader->at++;
		if (!read_hex(reader, atom->text, atom->loc, option->row->max_bytes))
			return false;
	}
	option->length = 2 + option->row->n_magic + option->n_bytes;
	return true;
}

static bool read_counters(struct reader *reader)
{
	struct tcp_option *option = reader->option;
	option->length = 2;
	for (unsigned i = 0; i < option->row->n_fields && reader->at < reader->n; i++) {
		const struct option_field *field = &option->row->fields[i];
		if (!take_text(reader, field->name))
			break;
		if (!take_number(reader, field->width, field->name))
			return false;
		option->length += field->width;
	}
	return true;
}

static bool (*const forms[])(struct reader *) = {
	[OPTION_BARE] = read_bare,	   [OPTION_NUMBERS] = read_numbers,
	[OPTION_BLOCKS] = read_blocks,	   [OPTION_BYTES] = read_bytes,
	[OPTION_COUNTERS] = read_counters,
};

/* ---- raw notations ----------------------------------------------------------------- */

/* Bytes of a kind that has a row become what the row's own notation would have given. */
static void adopt_row(struct tcp_option *option)
{
	const struct tcp_option_row *row =
		tcp_option_by_kind(option->kind, option->length, option->bytes);
	if (!row)
		return;
	unsigned at = row->n_magic;
	option->row = row;
	if (row->form == OPTION_BYTES) {
		option->n_bytes -= at;
		memmove(option->bytes, option->bytes + at, option->n_bytes);
		memset(option->bytes + option->n_bytes, 0, sizeof(option->bytes) - option->n_bytes);
		return;
	}
	for (unsigned i = 0; at < option->n_bytes; i++) {
		unsigned width = i < row->n_fields ? row->fields[i].width : 4;
		uint32_t value = 0;
		for (unsigned j = 0; j < width; j++)
			value = value << 8 | option->bytes[at++];
		option->value[option->n_values++] = value;
	}
	option->n_bytes = 0;
	memset(option->bytes, 0, sizeof(option->bytes));
}

static bool read_payload(struct reader *reader)
{
	const struct atom *atom = peek(reader);
	if (atom->kind == ATOM_NONE)
		return true;
	reader->at++;
	return read_hex(reader, atom->text, atom->loc, MAX_OPTION_SPACE - 2);
}

/* gen-KIND [HEX] */
static bool read_generic(struct reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	char *end;
	unsigned long kind = strtoul(name->text + 4, &end, 0);
	if (*end || kind > UINT8_MAX || !isdigit((unsigned char)name->text[4])) {
		diag_error(reader->diags, name->loc, "gen-KIND: a kind is a number from 0 to 255");
		return false;
	}
	option->kind = kind;
	if (!read_payload(reader))
		return false;
	option->length = kind <= 1 && !option->n_bytes ? 1 : 2 + option->n_bytes;
	adopt_row(option);
	return true;
}

/* exp-HHHH [HEX], exp-FO [HEX] */
static bool read_experiment(struct reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	const char *magic = name->text + 4;
	option->kind = EXPERIMENT_KIND;
	if (!strcmp(magic, "FO"))
		magic = "f989";
	if (strlen(magic) != 4) {
		diag_error(reader->diags, name->loc,
			   "exp-HHHH: an experiment has four hexadecimal digits");
		return false;
	}
	if (!read_hex(reader, magic, name->loc, 2) || !read_payload(reader))
		return false;
	option->length = 2 + option->n_bytes;
	adopt_row(option);
	return true;
}

/* 0204ffff: kind, length and payload as on the wire */
static bool read_raw(struct reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	if (!read_hex(reader, name->text, name->loc, MAX_OPTION_SPACE))
		return false;
	option->kind = option->bytes[0];
	option->length = option->n_bytes > 1 ? option->bytes[1] : 1;
	unsigned head = option->n_bytes > 1 ? 2 : 1;
	if (option->kind > 1 && option->length != option->n_bytes) {
		diag_error(reader->diags, name->loc,
			   "the option's length byte says %u, but %u bytes are written",
			   option->n_bytes > 1 ? option->length : 0, option->n_bytes);
		return false;
	}
	if (option->kind <= 1 && option->n_bytes > 1) {
		diag_error(reader->diags, name->loc, "eol and nop are one byte each");
		return false;
	}
	option->n_bytes -= head;
	memmove(option->bytes, option->bytes + head, option->n_bytes);
	memset(option->bytes + option->n_bytes, 0, sizeof(option->bytes) - option->n_bytes);
	adopt_row(option);
	return true;
}

/* ---- one option -------------------------------------------------------------------- */

/* Rows of one name are told apart by the first keyword written. */
static const struct tcp_option_row *row_for(const char *name, const struct reader *reader)
{
	const struct tcp_option_row *first = NULL;
	for (size_t i = 0; i < n_tcp_option_rows; i++) {
		const struct tcp_option_row *row = &tcp_option_rows[i];
		if (strcmp(row->name, name))
			continue;
		if (row->n_fields && !strcmp(row->fields[0].name, peek(reader)->text))
			return row;
		first = first ? first : row;
	}
	return first;
}

static bool unknown(struct reader *reader, const struct atom *name)
{
	const char *hint = "known are eol nop mss wscale sackOK sack TS md5 FO FOEXP ECN, "
			   "any other as gen-KIND HEX";
	for (size_t i = 0; i < n_tcp_option_rows; i++)
		if (!strcasecmp(tcp_option_rows[i].name, name->text))
			hint = arena_printf(reader->arena, "did you mean %s?",
					    tcp_option_rows[i].name);
	diag_error_hint(reader->diags, name->loc, hint, "unknown TCP option '%.40s'", name->text);
	return false;
}

static bool read_named(struct reader *reader, const struct atom *name)
{
	struct tcp_option *option = reader->option;
	size_t length = strlen(name->text);
	const struct tcp_option_row *row = row_for(name->text, reader);
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
	bool bare = row->form == OPTION_COUNTERS && !strncmp(row->name, "ECN", 3);
	if (!forms[row->form](reader))
		return false;
	/* Two kinds share the name: without a counter there is no telling which. */
	if (bare && !option->n_values) {
		diag_error(reader->diags, reader->loc, "ECN needs a counter: e0b N or e1b N");
		return false;
	}
	option->row = tcp_option_by_kind(option->kind, option->length,
					 (const uint8_t[]){row->magic >> 8, row->magic & 0xff});
	return true;
}

static bool read_option(const struct atoms *atoms, struct tcp_option *option, struct arena *arena,
			struct diags *diags)
{
	struct reader reader = {.items = atoms->items + 1,
				.n = atoms->n - 1,
				.loc = atoms->loc,
				.option = option,
				.arena = arena,
				.diags = diags};
	option->loc = atoms->loc;
	if (!read_named(&reader, &atoms->items[0]))
		return false;
	if (reader.at == reader.n)
		return true;
	diag_error(diags, peek(&reader)->loc, "unexpected '%.40s' in %s", peek(&reader)->text,
		   atoms->items[0].text);
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
		diag_error(diags, raw->options_loc, "the options take more than %d bytes",
			   MAX_OPTION_SPACE);
	else if (space % 4)
		diag_error_hint(diags, raw->options_loc, "pad with nop",
				"the options take %zu bytes: not a multiple of 4", space);
}
