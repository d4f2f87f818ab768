/* TCP options: the rows of tcp_options.def, and their forms (option_forms.c). A form reads its
 * options from a script, prints them, writes them to the wire, takes them from it and compares
 * them. No other code knows anything about a particular option. */
#ifndef FINWAIT_PARSER_TCP_OPTIONS_H
#define FINWAIT_PARSER_TCP_OPTIONS_H

#include "base/out.h"
#include "parser/ast.h"
#include "parser/fields.h"

/* The meaning of a number in an option. */
enum option_value {
	VALUE_FLAG = 1,	 /* one bit: set if its keyword is written */
	VALUE_SEQ = 2,	 /* a sequence number of the other side: mapped as ack is */
	VALUE_CLOCK = 4, /* sender's clock: mapped, compared within a tolerance; `...`: any */
	VALUE_ECHO = 8,	 /* receiver's clock: mapped inbound, not compared; `N!`: not mapped */
};

struct option_field {
	const char *keyword; /* the word in front of the number; "": none */
	uint8_t bits;	     /* width on the wire, 1 to 64 */
	uint8_t value;	     /* enum option_value */
};

#define MAX_OPTION_FIELDS 4

struct option_form;
struct sink; /* base/bytes.h */
struct view;

struct tcp_option_row {
	enum field_id id; /* of the whole option; the ids of its fields follow */
	const char *name;
	uint8_t kind;
	const struct option_form *form;
	uint8_t select_bits; /* width of the value behind the length byte that selects the row */
	uint16_t select;
	struct option_field fields[MAX_OPTION_FIELDS];
	uint8_t n_fields;
	uint8_t max_bytes; /* for forms with bytes: the most of them */
};

extern const struct tcp_option_row tcp_option_rows[];
extern const size_t n_tcp_option_rows;

/* RFC 6994: the first two bytes identify the experiment. */
enum { EXPERIMENT_KIND = 254 };

/* Reads an option from a script: option_reader.h. */
struct option_reader;

/* Options without a row are put and printed as kind, length and bytes. */
struct option_form {
	/* Reads the option from a script, behind its name; false: an error was reported. */
	bool (*read)(struct option_reader *reader);
	void (*print)(struct out *out, const struct tcp_option *option);
	/* Writes what follows the length byte and the selecting value. */
	void (*put)(struct sink *out, const struct tcp_option *option);
	/* Reads the same from the wire, all of `in`; false: it does not have this form. */
	bool (*take)(struct view *in, struct tcp_option *option);
};

/* FORM_BARE: no fields: nop, eol (one byte), sackOK (kind and length). FORM_FIELDS: fixed fields,
 * all of which are written: mss, wscale, TS. FORM_BLOCKS: the fields LEFT:RIGHT, repeated: sack.
 * FORM_BYTES: hexadecimal bytes, possibly none: FO, FOEXP. FORM_DIGEST: the same, or `valid`: md5.
 * FORM_COUNTERS: any number of the leading fields: ECN. */
enum { FORM_BARE, FORM_FIELDS, FORM_BLOCKS, FORM_BYTES, FORM_DIGEST, FORM_COUNTERS, N_FORMS };
extern const struct option_form tcp_option_forms[N_FORMS];

/* Finds a row by its name in scripts; rows of the same name differ in the keyword behind it. NULL:
 * none. */
const struct tcp_option_row *tcp_option_by_name(const char *name, const char *keyword);

/* Writes the whole option, with its kind and length bytes. */
void tcp_option_put(struct sink *out, const struct tcp_option *option);
/* The same into a buffer: at most 255 bytes, cut at `size`. Returns the number of bytes. */
size_t tcp_option_bytes(const struct tcp_option *option, uint8_t *out, size_t size);
/* Reads what follows the length byte; option->kind and length are set. Keeps plain bytes if no row
 * fits. */
void tcp_option_take(struct view in, struct tcp_option *option);
/* The same as the given row says. False: the row does not fit, and the option is unchanged. */
bool tcp_option_take_as(const struct tcp_option_row *row, struct view in,
			struct tcp_option *option);

/* "mss 1460" */
void out_tcp_option(struct out *out, const struct tcp_option *option);

/* The index of the option's field with that VALUE_; -1: it has none. */
int tcp_option_find_value(const struct tcp_option *option, enum option_value value);
/* The VALUE_ bits of number `index` of an option. */
uint8_t tcp_option_value(const struct tcp_option *option, unsigned index);

/* What differs between two options of the same kind: the whole option or a field of it; FIELD_none:
 * nothing. A number of a clock may differ by `slack`. Options of different rows are compared as
 * bytes. */
enum field_id tcp_option_differs(const struct tcp_option *expected,
				 const struct tcp_option *actual, uint32_t slack);

#endif
