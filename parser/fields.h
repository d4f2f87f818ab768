/* The fields that scripts and reports speak of: fields.def, and the TCP options' from tcp_options.def. */
#ifndef FINWAIT_PARSER_FIELDS_H
#define FINWAIT_PARSER_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

/* FIELD_tcp_seq ...; of TCP options FIELD_option_ID (the whole of it) and FIELD_option_ID_FIELD. */
enum field_id {
#define FIELD(id, ...) FIELD_##id,
#include "parser/fields.def"
#undef FIELD
#define F(id, ...) FIELD_option_##id
#define OPTION(id, name, kind, form, select_bits, select, max_bytes, ...)                               \
	FIELD_option_##id, ##__VA_ARGS__,
#include "parser/tcp_options.def"
#undef OPTION
#undef F
	N_FIELDS
};

struct field_row {
	const char *id;	    /* "tcp_seq"; in JSON */
	const char *shown;  /* pattern of its name in reports: fields.def */
	const char *theirs; /* packetdrill's name; NULL: none */
	uint8_t bits;	    /* on the wire; 0: none, or it varies */
	const char *part;   /* a field of a TCP option: its keyword, ""; NULL: it is none */
};

const struct field_row *field_row(enum field_id id);
enum field_id field_by_name(const char *id); /* FIELD_none: unknown */

/* The whole TCP option that a field belongs to, itself if it is that; FIELD_none: of no option. */
enum field_id field_option(enum field_id id);

/* The flags of TCP, in the order in which they are printed: tcp_flags.def. */
struct tcp_flag_row {
	char letter;
	uint16_t bit;
	const char *theirs; /* packetdrill's name */
};

#define N_TCP_FLAGS 9
extern const struct tcp_flag_row tcp_flag_rows[N_TCP_FLAGS];

#endif
