/* The forms that TCP options have: each is read, printed, put, taken. */
#include <string.h>

#include "base/bytes.h"
#include "parser/option_reader.h"

static const char *name_of(const struct tcp_option_row *row, const struct option_field *field)
{
	return *field->keyword ? field->keyword : row->name;
}

/* ---- a field of a number ------------------------------------------------------------- */

static bool read_number(struct option_reader *reader, const struct option_field *field)
{
	struct tcp_option *option = reader->option;
	const struct atom *atom = option_peek(reader);
	const char *what = name_of(option->row, field);
	uint64_t max = UINT64_MAX >> (64 - field->bits);

	if (field->value & VALUE_CLOCK && atom->kind == ATOM_ELLIPSIS) {
		reader->at++;
		option->any |= 1u << option->n_values++;
		return true;
	}
	if (atom->kind == ATOM_NONE) {
		diag_error(reader->diags, FW_option_value, reader->loc, "%s needs a number", what);
		return false;
	}
	if (!atom_number(atom, max, what, reader->diags, &option->value[option->n_values]))
		return false;
	reader->at++;
	if (field->value & VALUE_ECHO && option_take_text(reader, "!"))
		option->literal |= 1u << option->n_values;
	option->n_values++;
	return true;
}

static bool read_field(struct option_reader *reader, const struct option_field *field)
{
	struct tcp_option *option = reader->option;
	bool written = !*field->keyword || option_take_text(reader, field->keyword);

	if (field->value & VALUE_FLAG) {
		option->value[option->n_values++] = written;
		return true;
	}
	if (written)
		return read_number(reader, field);
	diag_error(reader->diags, FW_option_value, reader->loc, "%s needs %s N", option->row->name, field->keyword);
	return false;
}

/* Any of its numbers, its keyword in front. */
static void print_field(struct out *out, const struct tcp_option *option, unsigned i)
{
	const struct option_field *field = &option->row->fields[i];

	if (field->value & VALUE_FLAG) {
		if (option->value[i])
			out_put(out, " %s", field->keyword);
		return;
	}
	out_put(out, *field->keyword ? " %s" : "%s", field->keyword);
	if (option->any & 1u << i)
		out_put(out, " ...");
	else
		out_put(out, " %llu", (unsigned long long)option->value[i]);
	out_put(out, "%s", option->literal & 1u << i ? "!" : "");
}

static bool take_field(struct view *in, struct tcp_option *option, unsigned i)
{
	option->value[option->n_values++] = take_bits(in, option->row->fields[i].bits);
	return !in->cut;
}

/* ---- bare ---------------------------------------------------------------------------- */

static bool read_bare(struct option_reader *reader)
{
	(void)reader;
	return true;
}

static void print_bare(struct out *out, const struct tcp_option *option)
{
	(void)out, (void)option;
}

static void put_bare(struct sink *out, const struct tcp_option *option)
{
	(void)out, (void)option;
}

static bool take_bare(struct view *in, struct tcp_option *option)
{
	(void)option;
	return !in->left;
}

/* ---- fields -------------------------------------------------------------------------- */

static bool read_fields(struct option_reader *reader)
{
	const struct tcp_option_row *row = reader->option->row;

	for (unsigned i = 0; i < row->n_fields; i++)
		if (!read_field(reader, &row->fields[i]))
			return false;
	return true;
}

static void print_fields(struct out *out, const struct tcp_option *option)
{
	for (unsigned i = 0; i < option->n_values && i < option->row->n_fields; i++)
		print_field(out, option, i);
}

static void put_fields(struct sink *out, const struct tcp_option *option)
{
	for (unsigned i = 0; i < option->n_values && i < option->row->n_fields; i++)
		put_bits(out, option->row->fields[i].bits, option->value[i]);
}

static bool take_fields(struct view *in, struct tcp_option *option)
{
	for (unsigned i = 0; i < option->row->n_fields; i++)
		if (!take_field(in, option, i))
			return false;
	return !in->left;
}

/* ---- blocks -------------------------------------------------------------------------- */

static bool read_blocks(struct option_reader *reader)
{
	struct tcp_option *option = reader->option;
	static const struct option_field edge = {.keyword = "a block's edge", .bits = 32};

	do {
		if (option->n_values == MAX_TCP_OPTION_VALUES) {
			diag_error(reader->diags, FW_option_value, reader->loc, "at most %d blocks fit",
				   MAX_TCP_OPTION_VALUES / 2);
			return false;
		}
		if (!read_number(reader, &edge))
			return false;
		if (!option_take_text(reader, ":")) {
			diag_error(reader->diags, FW_option_value, reader->loc, "a block is LEFT:RIGHT");
			return false;
		}
		if (!read_number(reader, &edge))
			return false;
	} while (option_peek(reader)->kind == ATOM_INT);
	return true;
}

static void print_blocks(struct out *out, const struct tcp_option *option)
{
	for (unsigned i = 0; i + 1 < option->n_values; i += 2)
		out_put(out, " %llu:%llu", (unsigned long long)option->value[i],
			(unsigned long long)option->value[i + 1]);
}

static void put_blocks(struct sink *out, const struct tcp_option *option)
{
	for (unsigned i = 0; i < option->n_values; i++)
		put(out, 4, option->value[i]);
}

static bool take_blocks(struct view *in, struct tcp_option *option)
{
	if (!in->left || in->left % 8 || in->left > 4 * MAX_TCP_OPTION_VALUES)
		return false;
	while (in->left)
		option->value[option->n_values++] = take(in, 4);
	return true;
}

/* ---- bytes --------------------------------------------------------------------------- */

static bool read_bytes(struct option_reader *reader)
{
	const struct atom *atom = option_peek(reader);

	if (atom->kind == ATOM_NONE)
		return true;
	reader->at++;
	return option_read_hex(reader, atom->text, atom->loc, reader->option->row->max_bytes);
}

static void print_bytes(struct out *out, const struct tcp_option *option)
{
	for (unsigned i = 0; i < option->n_bytes; i++)
		out_put(out, i ? "%02x" : " %02x", option->bytes[i]);
}

static void put_octets(struct sink *out, const struct tcp_option *option)
{
	put_bytes(out, option->bytes, option->n_bytes);
}

static bool take_octets(struct view *in, struct tcp_option *option)
{
	size_t n = in->left;

	if (n > sizeof(option->bytes) || n > option->row->max_bytes)
		return false;
	option->n_bytes = (uint8_t)n;
	if (n)
		memcpy(option->bytes, take_bytes(in, n), n);
	return true;
}

/* ---- digests: bytes that may be left to be computed ---------------------------------- */

static bool read_digest(struct option_reader *reader)
{
	struct tcp_option *option = reader->option;

	if (!option_take_text(reader, "valid"))
		return read_bytes(reader);
	option->computed = true;
	option->n_bytes = option->row->max_bytes;
	return true;
}

static void print_digest(struct out *out, const struct tcp_option *option)
{
	if (option->computed)
		out_put(out, " valid");
	else
		print_bytes(out, option);
}

/* ---- counters ------------------------------------------------------------------------ */

static bool read_counters(struct option_reader *reader)
{
	const struct tcp_option_row *row = reader->option->row;

	for (unsigned i = 0; i < row->n_fields && reader->at < reader->n; i++) {
		if (!option_take_text(reader, row->fields[i].keyword))
			break;
		if (!read_number(reader, &row->fields[i]))
			return false;
	}
	return true;
}

static bool take_counters(struct view *in, struct tcp_option *option)
{
	while (in->left && option->n_values < option->row->n_fields)
		if (!take_field(in, option, option->n_values))
			return false;
	return !in->left;
}

/* ---- all forms ----------------------------------------------------------------------- */

const struct option_form tcp_option_forms[N_FORMS] = {
	[FORM_BARE] = {read_bare, print_bare, put_bare, take_bare},
	[FORM_FIELDS] = {read_fields, print_fields, put_fields, take_fields},
	[FORM_BLOCKS] = {read_blocks, print_blocks, put_blocks, take_blocks},
	[FORM_BYTES] = {read_bytes, print_bytes, put_octets, take_octets},
	[FORM_DIGEST] = {read_digest, print_digest, put_octets, take_octets},
	[FORM_COUNTERS] = {read_counters, print_fields, put_fields, take_counters},
};
