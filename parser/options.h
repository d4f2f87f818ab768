/* The options of scripts and of the command line: options.def. */
#ifndef FINWAIT_PARSER_OPTIONS_H
#define FINWAIT_PARSER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_argument { OPTION_NO_ARGUMENT, OPTION_ARGUMENT };

/* One row of options.def. */
struct option_row {
	const char *name; /* ip_version */
	char letter;	  /* -v; 0: none */
	enum option_argument argument;
	const char *value_name; /* "ipv4|ipv6", for usage text */
	const char *help;
	bool in_script; /* allowed as an option line */
	bool works;	/* false: accepted without effect, or refused */
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/* NULL: none. '-' and '_' are the same letter. */
const struct option_row *option_by_name(const char *name);

#endif
