/* The families behind symbol_value(); for lookups both ways, tests and closest_name(). */
#ifndef FINWAIT_PARSER_SYMBOLS_H
#define FINWAIT_PARSER_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	const char *name;
	int64_t value;
	bool alias; /* a second name of its number: read, never printed */
};

enum symbol_family_id {
	SYMBOLS_ERRNO,
	SYMBOLS_SIGNAL,
	SYMBOLS_TCP,
	SYMBOLS_SOCKET,
	SYMBOLS_IP,
	SYMBOLS_FILE,
	SYMBOLS_CAP,
	N_SYMBOL_FAMILIES
};

/* Rows of one symbols_*.def, sorted by name (strcmp). */
struct symbol_family {
	const struct symbol *rows;
	size_t n;
};

extern const struct symbol_family symbol_families[N_SYMBOL_FAMILIES];

/* NULL: no such name in the family. */
const struct symbol *symbol_in_family(enum symbol_family_id family, const char *name);

/* True and *value for a signal by name, with or without SIG. */
bool signal_by_name(const char *name, int *value);

#define N_TCP_STATES 13 /* netinet/tcp.h numbers 1 ... 11, and the kernel's own 12 and 13 */

#endif
