/* The rows of tcp_options.def, and which of them reads an option's bytes. */
#include "parser/tables.h"

#define F(id, keyword, bytes)                                                                          \
	{                                                                                          \
		keyword, bytes                                                                     \
	}
const struct tcp_option_row tcp_option_rows[] = {
#define OPTION(id_, name_, kind_, form_, n_magic_, magic_, max_bytes_, ...)                        \
	{                                                                                          \
		.id = FIELD_option_##id_,                                                          \
		.name = #name_,                                                                    \
		.kind = kind_,                                                                     \
		.form = form_,                                                                     \
		.n_magic = n_magic_,                                                               \
		.magic = magic_,                                                                   \
		.max_bytes = max_bytes_,                                                           \
		.fields = {__VA_ARGS__},                                                           \
		.n_fields = sizeof((struct option_field[]){{"", 0}, ##__VA_ARGS__}) /              \
				    sizeof(struct option_field) -                                  \
			    1,                                                                     \
	},
#include "parser/tcp_options.def"
#undef OPTION
};
const size_t n_tcp_option_rows = sizeof(tcp_option_rows) / sizeof(*tcp_option_rows);

static unsigned width_of(const struct tcp_option_row *row)
{
	unsigned width = 0;
	for (unsigned i = 0; i < row->n_fields; i++)
		width += row->fields[i].width;
	return width;
}

/* Whether a payload (without kind, length and magic) of that size has the row's form. */
static bool size_fits(const struct tcp_option_row *row, unsigned size)
{
	switch (row->form) {
	case OPTION_BARE:
		return size == 0;
	case OPTION_NUMBERS:
		return size == width_of(row);
	case OPTION_BLOCKS:
		return size && size % 8 == 0 && size <= 4 * MAX_TCP_OPTION_VALUES;
	case OPTION_BYTES:
		return size <= row->max_bytes;
	case OPTION_COUNTERS:
		return size <= width_of(row) && size % row->fields[0].width == 0;
	}
	return false;
}

const struct tcp_option_row *tcp_option_by_kind(uint8_t kind, uint8_t length,
						const uint8_t *payload)
{
	unsigned size = length > 2 ? length - 2 : 0;
	for (size_t i = 0; i < n_tcp_option_rows; i++) {
		const struct tcp_option_row *row = &tcp_option_rows[i];
		if (row->kind != kind || row->n_magic > size)
			continue;
		if (row->n_magic && (payload[0] << 8 | payload[1]) != row->magic)
			continue;
		if (size_fits(row, size - row->n_magic))
			return row;
	}
	return NULL;
}
