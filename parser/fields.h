/* The fields in scripts and reports: those of fields.def, and those of TCP options
 * (tcp_options.def).
 */
#ifndef FINWAIT_PARSER_FIELDS_H
#define FINWAIT_PARSER_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

/* FIELD_tcp_seq ...; for TCP options FIELD_option_ID (the whole option) and FIELD_option_ID_FIELD.
 */
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

/* How a number is mapped between script and live: it is relative to an initial sequence number. */
enum field_map {
	MAP_NONE,
	MAP_SEQ, /* relative to the ISN of the sender of the packet */
	MAP_ACK, /* relative to the ISN of its receiver */
};

struct field_row {
	const char *id;	    /* "tcp_seq"; in JSON */
	const char *shown;  /* pattern of its name in reports: fields.def */
	const char *theirs; /* packetdrill's name; NULL: none */
	const char *part;   /* keyword of a field of a TCP option, or ""; NULL: no such field */
	uint8_t bits;	    /* width on the wire; 0: it has none, or it varies */
	/* For a number in a header: */
	uint8_t size, shift;	  /* of its struct member: bytes (0: it has no member), and bits */
	uint16_t offset;	  /* of the member in its struct */
	uint16_t given;		  /* 1 + the offset of the bool that says it is written; 0: always */
	bool absent_is_zero;	  /* if it is not written, 0 is expected; else anything is */
	uint16_t present;	  /* GRE: on the wire if any of these flag bits is set */
	const char *word;	  /* the word in front of it in a script; NULL: none */
	const char *format;	  /* printf(3) format of the number; NULL: "%u" */
	const char *const *names; /* a word for each of its values; NULL: it is a number */
	enum field_map map;
};

const struct field_row *field_row(enum field_id id);
enum field_id field_by_name(const char *id); /* FIELD_none: unknown */

/* Read and write the number of a field in its struct (IN() in fields.def). */
uint32_t field_get(enum field_id id, const void *header);
void field_set(enum field_id id, void *header, uint32_t value);
/* True if the field is written. */
bool field_given(enum field_id id, const void *header);
void field_set_given(enum field_id id, void *header, bool given);
uint32_t field_max(enum field_id id);
/* The index of the word in the names of the field's values; -1: it is not among them. */
int field_value_by_name(enum field_id id, const char *name);

/* As in a script: its value, and all of it ("ack 1"). */
struct out;
void out_field_value(struct out *out, enum field_id id, uint32_t value);
void out_field(struct out *out, enum field_id id, const void *header);

/* The whole TCP option that a field belongs to (or that it is); FIELD_none: no option. */
enum field_id field_option(enum field_id id);
/* True for the list of TCP options and for fields of one of them. */
bool field_is_of_options(enum field_id id);

/* TCP's flags, in the order in which they are printed: tcp_flags.def. */
struct tcp_flag_row {
	char letter;
	uint16_t bit;
	const char *theirs; /* packetdrill's name */
};

#define N_TCP_FLAGS 9
extern const struct tcp_flag_row tcp_flag_rows[N_TCP_FLAGS];

uint16_t tcp_flag_by_letter(char letter); /* 0: none */
/* True if the text has only letters of flags and AccECN digits. */
bool tcp_are_flags(const char *text);

#endif
