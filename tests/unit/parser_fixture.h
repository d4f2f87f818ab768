/* Parses a script from a text; gives its messages and its printed form. */
#ifndef FINWAIT_TESTS_PARSER_FIXTURE_H
#define FINWAIT_TESTS_PARSER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "parser/ast_print.h"
#include "parser/script.h"

struct parsed {
	struct arena *arena;
	struct source source;
	struct diags *diags;
	struct script *script;
	char *messages, *printed;
};

void parse_bytes(struct parsed *parsed, const char *text, size_t size,
		 const struct cli_option *options, size_t n_options, int mode);
void parse(struct parsed *parsed, const char *text);
void drop(struct parsed *parsed);

/* A script prints as `expected`, and that prints as itself. */
void prints(const char *text, const char *expected, int mode);
void says(const char *text, const char *message, int mode);

#endif
