/* TCP options: the rows of tcp_options.def, and the forms that they have. A form knows how its
 * options are read from a script, printed, written to the wire, taken from it and compared:
 * option_forms.c. Nothing else of an option is known anywhere else. */
#ifndef FINWAIT_PARSER_TCP_OPTIONS_H
#define FINWAIT_PARSER_TCP_OPTIONS_H

#include "base/out.h"
#include "parser/ast.h"
#include "parser/fields.h"

/* What a number of an option is, besides its width. */
enum option_value {
	VALUE_FLAG = 1,	 /* one bit: its keyword is written, or not */
	VALUE_SEQ = 2,	 /* a sequence number of the other side: mapped as ack is */
	VALUE_CLOCK = 4, /* of the sender's clock: mapped, compared within a tolerance; `...`: any */
	VALUE_ECHO = 8,	 /* of the other's clock: mapped inbound, not compared; `N!`: as it is */
};

struct option_field {
	const char *keyword; /* in front of the number; "": none */
	uint8_t bits;	     /* on the wire, 1 to 64 */
	uint8_t value;	     /* enum option_value */
};

#define MAX_OPTION_FIELDS 4

struct option_form;
struct sink; /* base/bytes.h */
struct view;

struct tcp_option_row {
	enum field_id id; /* of the whole; those of its fields follow */
	const char *name;
	uint8_t kind;
	const struct option_form *form;
	uint8_t select_bits; /* what stands behind the length byte, and is no field */
	uint16_t select;
	struct option_field fields[MAX_OPTION_FIELDS];
	uint8_t n_fields;
	uint8_t max_bytes; /* of forms with bytes */
};

extern const struct tcp_option_row tcp_option_rows[];
extern const size_t n_tcp_option_rows;

/* RFC 6994: the first two bytes tell which experiment it is. */
enum { EXPERIMENT_KIND = 254 };

/* One option of a script being read: option_reader.h. */
struct option_reader;

/* Options without a row are put and printed as kind, length and bytes. */
struct option_form {
	/* From a script, behind the name; false: an error was reported. */
	bool (*read)(struct option_reader *reader);
	void (*print)(struct out *out, const struct tcp_option *option);
	/* What follows the length byte and the select. */
	void (*put)(struct sink *out, const struct tcp_option *option);
	/* The same from the wire, all of `in`; false: it does not look like that. */
	bool (*take)(struct view *in, struct tcp_option *option);
};

/* FORM_BARE: nop, eol (one byte), sackOK (kind and length). FORM_FIELDS: fixed fields, all written:
 * mss, wscale, TS. FORM_BLOCKS: the fields LEFT:RIGHT, once and again: sack. FORM_BYTES:
 * hexadecimal, possibly none: FO, FOEXP. FORM_DIGEST: the same, or `valid`: md5. FORM_COUNTERS:
 * leading fields, any number of them: ECN. */
enum { FORM_BARE, FORM_FIELDS, FORM_BLOCKS, FORM_BYTES, FORM_DIGEST, FORM_COUNTERS, N_FORMS };
extern const struct option_form tcp_option_forms[N_FORMS];

/* A row by its name in scripts, told from others of the name by the keyword behind it; NULL. */
const struct tcp_option_row *tcp_option_by_name(const char *name, const char *keyword);

/* The whole option, kind and length bytes included. */
void tcp_option_put(struct sink *out, const struct tcp_option *option);
/* The same as bytes: at most 255, cut at `size`; returns how many. */
size_t tcp_option_bytes(const struct tcp_option *option, uint8_t *out, size_t size);
/* What follows the length byte, given kind and length; as plain bytes where no row fits. */
void tcp_option_take(struct view in, struct tcp_option *option);
/* The same as this row says; false, and the option is as it was: it does not fit. */
bool tcp_option_take_as(const struct tcp_option_row *row, struct view in,
			struct tcp_option *option);

/* "mss 1460" */
void out_tcp_option(struct out *out, const struct tcp_option *option);

/* Does the option have a field of that VALUE_? Its index, or -1. */
int tcp_option_find_value(const struct tcp_option *option, enum option_value value);
/* The VALUE_ bits of the number `index`, of any option. */
uint8_t tcp_option_value(const struct tcp_option *option, unsigned index);

/* What differs between two of one kind: the whole, or a field of it; FIELD_none: nothing. A number
 * of a clock may be `slack` off. Options of different rows are compared as bytes. */
enum field_id tcp_option_differs(const struct tcp_option *expected,
				 const struct tcp_option *actual, uint32_t slack);

#endif
