/* One TCP option of a script being read. Internal to check_options.c and option_forms.c. */
#ifndef FINWAIT_PARSER_OPTION_READER_H
#define FINWAIT_PARSER_OPTION_READER_H

#include "parser/raw.h"
#include "parser/tcp_options.h"

struct option_reader {
	const struct atom *items; /* behind the name */
	size_t n, at;
	struct loc loc; /* of the whole option */
	struct tcp_option *option;
	struct arena *arena;
	struct diags *diags;
};

/* The next atom; of kind ATOM_NONE at the end. */
const struct atom *option_peek(const struct option_reader *reader);
/* Takes the next atom if it is this text. */
bool option_take_text(struct option_reader *reader, const char *text);
/* Appends the bytes that hexadecimal digits spell, up to `most`; false: an error was reported. */
bool option_read_hex(struct option_reader *reader, const char *digits, struct loc loc,
		     unsigned most);

#endif
