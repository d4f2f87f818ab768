/* The rows of fields.def, tcp_options.def and tcp_flags.def. */
#include <string.h>

#include "parser/fields.h"

static const struct field_row rows[N_FIELDS] = {
#define FIELD(id_, shown_, theirs_, bits_)                                                         \
	[FIELD_##id_] = {.id = #id_, .shown = shown_, .theirs = theirs_, .bits = bits_},
#include "parser/fields.def"
#undef FIELD
#define F(id_, keyword_, bits_, ...)                                                               \
	[FIELD_option_##id_] = {.id = "option_" #id_, .part = keyword_, .bits = bits_}
#define OPTION(id_, name_, kind_, form_, select_bits_, select_, max_bytes_, ...)                   \
	[FIELD_option_##id_] = {.id = "option_" #id_, .shown = "option %n: " #name_},              \
	##__VA_ARGS__,
#include "parser/tcp_options.def"
#undef OPTION
#undef F
};

const struct field_row *field_row(enum field_id id)
{
	return &rows[id < N_FIELDS ? id : FIELD_none];
}

enum field_id field_by_name(const char *id)
{
	for (unsigned i = 0; id && i < N_FIELDS; i++)
		if (!strcmp(rows[i].id, id))
			return i;
	return FIELD_none;
}

enum field_id field_option(enum field_id id)
{
	if (id < FIELD_option_eol || id >= N_FIELDS)
		return FIELD_none;
	while (rows[id].part) /* its fields follow an option */
		id--;
	return id;
}

const struct tcp_flag_row tcp_flag_rows[N_TCP_FLAGS] = {
#define FLAG(id, letter, bit, theirs) {letter, bit, theirs},
#include "parser/tcp_flags.def"
#undef FLAG
};
