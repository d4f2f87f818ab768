/* The rows of tcp_options.def: found by name; their options printed, put, taken and compared. */
#include <string.h>

#include "base/bytes.h"
#include "parser/tcp_options.h"

#define F(id_, keyword_, bits_, value_)                                                            \
	{                                                                                          \
		.keyword = keyword_, .bits = bits_, .value = value_                                \
	}
const struct tcp_option_row tcp_option_rows[] = {
#define OPTION(id_, name_, kind_, form_, select_bits_, select_, max_bytes_, ...)                   \
	{                                                                                          \
		.id = FIELD_option_##id_,                                                          \
		.name = #name_,                                                                    \
		.kind = kind_,                                                                     \
		.form = &tcp_option_forms[FORM_##form_],                                           \
		.select_bits = select_bits_,                                                       \
		.select = select_,                                                                 \
		.max_bytes = max_bytes_,                                                           \
		.fields = {__VA_ARGS__},                                                           \
		.n_fields = sizeof((struct option_field[]){{.keyword = ""}, ##__VA_ARGS__}) /      \
				    sizeof(struct option_field) -                                  \
			    1,                                                                     \
	},
#include "parser/tcp_options.def"
#undef OPTION
};
const size_t n_tcp_option_rows = sizeof(tcp_option_rows) / sizeof(*tcp_option_rows);

const struct tcp_option_row *tcp_option_by_name(const char *name, const char *keyword)
{
	const struct tcp_option_row *first = NULL;

	for (size_t i = 0; i < n_tcp_option_rows; i++) {
		const struct tcp_option_row *row = &tcp_option_rows[i];

		if (strcmp(row->name, name))
			continue;
		if (row->n_fields && !strcmp(row->fields[0].keyword, keyword))
			return row;
		first = first ? first : row;
	}
	return first;
}

/* ---- as text and as bytes ------------------------------------------------------------- */

/* As kind and bytes: without a row, or where the name of the row would not tell which it is. */
static void print_raw(struct out *out, const struct tcp_option *option)
{
	unsigned magic = option->kind == EXPERIMENT_KIND && option->n_bytes >= 2 ? 2 : 0;

	if (magic)
		out_put(out, "exp-%02x%02x", option->bytes[0], option->bytes[1]);
	else
		out_put(out, "gen-%u", option->kind);
	for (unsigned i = magic; i < option->n_bytes; i++)
		out_put(out, i == magic ? " %02x" : "%02x", option->bytes[i]);
}

void out_tcp_option(struct out *out, const struct tcp_option *option)
{
	const struct tcp_option_row *row = option->row;

	if (!row || (row->form == &tcp_option_forms[FORM_COUNTERS] && !option->n_values)) {
		print_raw(out, option);
		return;
	}
	out_put(out, "%s", row->name);
	row->form->print(out, option);
}

void tcp_option_put(struct sink *out, const struct tcp_option *option)
{
	const struct tcp_option_row *row = option->row;

	put(out, 1, option->kind);
	if (option->length == 1 && !option->n_values && !option->n_bytes)
		return;
	put(out, 1, option->length);
	if (!row) {
		put_bytes(out, option->bytes, option->n_bytes);
		return;
	}
	if (row->select_bits)
		put_bits(out, row->select_bits, row->select);
	row->form->put(out, option);
}

bool tcp_option_take_as(const struct tcp_option_row *row, struct view in,
			struct tcp_option *option)
{
	struct tcp_option raw = *option;

	option->row = row;
	if ((!row->select_bits || take_bits(&in, row->select_bits) == row->select) && !in.cut &&
	    row->form->take(&in, option))
		return true;
	*option = raw;
	return false;
}

void tcp_option_take(struct view in, struct tcp_option *option)
{
	for (size_t i = 0; i < n_tcp_option_rows; i++)
		if (tcp_option_rows[i].kind == option->kind &&
		    tcp_option_take_as(&tcp_option_rows[i], in, option))
			return;
	option->n_bytes = (uint8_t)in.left;
	if (in.left)
		memcpy(option->bytes, in.bytes, in.left);
}

size_t tcp_option_bytes(const struct tcp_option *option, uint8_t *bytes, size_t size)
{
	struct sink out = {.bytes = bytes, .size = size};

	tcp_option_put(&out, option);
	return out.used;
}

/* ---- what its numbers mean ----------------------------------------------------------- */

uint8_t tcp_option_value(const struct tcp_option *option, unsigned index)
{
	const struct tcp_option_row *row = option->row;

	/* Blocks are their fields again and again. */
	return row && row->n_fields ? row->fields[index % row->n_fields].value : 0;
}

int tcp_option_find_value(const struct tcp_option *option, enum option_value value)
{
	for (unsigned i = 0; i < option->n_values; i++)
		if (tcp_option_value(option, i) & value)
			return (int)i;
	return -1;
}

/* ---- comparing ----------------------------------------------------------------------- */

static bool number_differs(const struct tcp_option *expected, const struct tcp_option *actual,
			   unsigned i, uint32_t slack)
{
	uint8_t value = tcp_option_value(expected, i);
	int32_t off = (int32_t)(uint32_t)(actual->value[i] - expected->value[i]);

	if (value & VALUE_ECHO || expected->any & 1u << i)
		return false;
	if (value & VALUE_CLOCK)
		return (off < 0 ? -(int64_t)off : off) > slack;
	return expected->value[i] != actual->value[i];
}

enum field_id tcp_option_differs(const struct tcp_option *expected, const struct tcp_option *actual,
				 uint32_t slack)
{
	const struct tcp_option_row *row = expected->row;
	uint8_t a[UINT8_MAX], b[UINT8_MAX];

	if (!row || !row->n_fields || expected->n_values != actual->n_values) {
		size_t n_a = tcp_option_bytes(expected, a, sizeof(a));
		size_t n_b = tcp_option_bytes(actual, b, sizeof(b));
		bool same = n_a == n_b && !memcmp(a, b, n_a);

		return same ? FIELD_none : row ? row->id : FIELD_tcp_option;
	}
	for (unsigned i = 0; i < expected->n_values; i++)
		if (number_differs(expected, actual, i, slack))
			return row->id + 1 + i % row->n_fields;
	return FIELD_none;
}
