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

/* How the number of a script becomes the live one, and back: it counts from an initial sequence
 * number. */
enum field_map {
	MAP_NONE,
	MAP_SEQ, /* of the sender of the packet */
	MAP_ACK, /* of its receiver */
};

struct field_row {
	const char *id;	    /* "tcp_seq"; in JSON */
	const char *shown;  /* pattern of its name in reports: fields.def */
	const char *theirs; /* packetdrill's name; NULL: none */
	const char *part;   /* a field of a TCP option: its keyword, ""; NULL: it is none */
	uint8_t bits;	    /* on the wire; 0: none, or it varies */
	/* Of a number in a header. */
	uint8_t size, shift;	  /* of the member that holds it, in bytes; 0: none does */
	uint16_t offset;	  /* of it in its struct */
	uint16_t given;		  /* 1 + the offset of the bool that says it is written; 0: always */
	bool absent_is_zero;	  /* unwritten, it is expected to be 0; else anything */
	uint16_t present;	  /* GRE: flag bits any of which puts it on the wire */
	const char *word;	  /* in front of it in a script; NULL: none */
	const char *format;	  /* of the number; NULL: "%u" */
	const char *const *names; /* words for its values, a word for each; NULL: it is a number */
	enum field_map map;
};

const struct field_row *field_row(enum field_id id);
enum field_id field_by_name(const char *id); /* FIELD_none: unknown */

/* The number of that field in its struct (of IN() in fields.def). */
uint32_t field_get(enum field_id id, const void *header);
void field_set(enum field_id id, void *header, uint32_t value);
/* Is it written? */
bool field_given(enum field_id id, const void *header);
void field_set_given(enum field_id id, void *header, bool given);
uint32_t field_max(enum field_id id);
/* Where the word stands among the names of its values; -1: it is none of them. */
int field_value_by_name(enum field_id id, const char *name);

/* As in a script: its value, and all of it ("ack 1"). */
struct out;
void out_field_value(struct out *out, enum field_id id, uint32_t value);
void out_field(struct out *out, enum field_id id, const void *header);

/* The whole TCP option that a field belongs to, itself if it is that; FIELD_none: of no option. */
enum field_id field_option(enum field_id id);
/* Is it the list of TCP options, or of one of them? */
bool field_is_of_options(enum field_id id);

/* The flags of TCP, in the order in which they are printed: tcp_flags.def. */
struct tcp_flag_row {
	char letter;
	uint16_t bit;
	const char *theirs; /* packetdrill's name */
};

#define N_TCP_FLAGS 9
extern const struct tcp_flag_row tcp_flag_rows[N_TCP_FLAGS];

uint16_t tcp_flag_by_letter(char letter); /* 0: none */
/* Nothing but letters of flags and AccECN digits? */
bool tcp_are_flags(const char *text);

#endif
