/* The rows of fields.def, tcp_options.def and tcp_flags.def, and the numbers that they speak of. */
#include <stddef.h>
#include <string.h>

#include "base/out.h"
#include "parser/ast.h"
#include "parser/fields.h"

static const char *const ecn_names[] = {"noecn", "ect1", "ect0", "ce"}; /* RFC 3168 5 */
static const char *const bottom_names[] = {"none", "[S]"};

#define IN(type, member)                                                                           \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)NULL)->member)
#define GIVEN(type, member) .given = 1 + offsetof(struct type, member)

static const struct field_row rows[N_FIELDS] = {
#define FIELD(id_, shown_, theirs_, bits_, ...)                                                    \
	[FIELD_##id_] = {.id = #id_,                                                               \
			 .shown = shown_,                                                          \
			 .theirs = theirs_,                                                        \
			 .bits = bits_,                                                            \
			 ##__VA_ARGS__},
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

bool field_is_of_options(enum field_id id)
{
	return (id >= FIELD_tcp_options && id <= FIELD_tcp_option) || field_option(id);
}

/* ---- numbers in headers -------------------------------------------------------------- */

uint32_t field_max(enum field_id id)
{
	unsigned bits = rows[id].bits;

	return bits && bits < 32 ? (1u << bits) - 1 : UINT32_MAX;
}

/* The member as a number: 1, 2 or 4 bytes. */
static uint32_t load(const struct field_row *row, const void *header)
{
	const uint8_t *at = (const uint8_t *)header + row->offset;
	uint16_t half;
	uint32_t word;

	if (row->size == sizeof(word))
		return memcpy(&word, at, sizeof(word)), word;
	if (row->size == sizeof(half))
		return memcpy(&half, at, sizeof(half)), half;
	return row->size ? *at : 0;
}

uint32_t field_get(enum field_id id, const void *header)
{
	return load(&rows[id], header) >> rows[id].shift & field_max(id);
}

void field_set(enum field_id id, void *header, uint32_t value)
{
	const struct field_row *row = &rows[id];
	uint8_t *at = (uint8_t *)header + row->offset;
	uint32_t mask = field_max(id) << row->shift;
	uint32_t word = (load(row, header) & ~mask) | (value << row->shift & mask);
	uint16_t half = (uint16_t)word;

	if (row->size == sizeof(word))
		memcpy(at, &word, sizeof(word));
	else if (row->size == sizeof(half))
		memcpy(at, &half, sizeof(half));
	else if (row->size)
		*at = (uint8_t)word;
}

bool field_given(enum field_id id, const void *header)
{
	const struct field_row *row = &rows[id];

	return !row->given || *((const bool *)header + row->given - 1);
}

void field_set_given(enum field_id id, void *header, bool given)
{
	if (rows[id].given)
		*((bool *)header + rows[id].given - 1) = given;
}

int field_value_by_name(enum field_id id, const char *name)
{
	for (uint32_t i = 0; rows[id].names && i <= field_max(id); i++)
		if (!strcmp(rows[id].names[i], name))
			return (int)i;
	return -1;
}

void out_field_value(struct out *out, enum field_id id, uint32_t value)
{
	const struct field_row *row = &rows[id];

	if (row->names)
		out_put(out, "%s", row->names[value & field_max(id)]);
	else
		out_put(out, row->format ? row->format : "%u", value);
}

void out_field(struct out *out, enum field_id id, const void *header)
{
	if (rows[id].word)
		out_put(out, "%s ", rows[id].word);
	out_field_value(out, id, field_get(id, header));
}

/* ---- flags --------------------------------------------------------------------------- */

uint16_t tcp_flag_by_letter(char letter)
{
	for (size_t i = 0; i < N_TCP_FLAGS; i++)
		if (tcp_flag_rows[i].letter == letter)
			return tcp_flag_rows[i].bit;
	return 0;
}

bool tcp_are_flags(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!tcp_flag_by_letter(*c) && (*c < '0' || *c > '7'))
			return false;
	return *text;
}

const struct tcp_flag_row tcp_flag_rows[N_TCP_FLAGS] = {
#define FLAG(id, letter, bit, theirs) {letter, bit, theirs},
#include "parser/tcp_flags.def"
#undef FLAG
};
