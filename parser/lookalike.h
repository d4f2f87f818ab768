/* Characters that only look like one of the language's. */
#ifndef FINWAIT_PARSER_LOOKALIKE_H
#define FINWAIT_PARSER_LOOKALIKE_H

#include <stdint.h>

struct lookalike {
	uint32_t code;
	const char *name;  /* FULLWIDTH LEFT PARENTHESIS */
	const char *meant; /* "(": "" is nothing at all */
};

const struct lookalike *lookalike_find(uint32_t code); /* NULL: none */

#endif
