/* Located messages: every error of a script is collected here and printed in one go. */
#ifndef FINWAIT_PARSER_DIAG_H
#define FINWAIT_PARSER_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A stretch of a source file: offsets of its first byte and of the one past its last. */
struct span {
	uint32_t begin, end;
};

/* A stretch with a place for people. Lines and columns count from 1; columns count bytes of the
 * line. line 0: no position (command line). */
struct loc {
	uint32_t line, column; /* of begin */
	uint32_t begin, end;   /* as in struct span */
};

/* A script's text, owned by whoever loaded it; must outlive every diags that refers to it. */
struct source {
	const char *path; /* as the user wrote it; printed in front of every message */
	const char *text; /* NUL-terminated after `size` bytes */
	size_t size;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING };

/* What kind of mistake it is: FW_unknown_call ... */
enum diag_code {
	FW_none,
#define CODE(number, name, what) FW_##name,
#include "parser/diag_codes.def"
#undef CODE
	N_DIAG_CODES
};

struct diag_code_row {
	unsigned number; /* what users see, as FW0012 */
	const char *name, *what;
};

extern const struct diag_code_row diag_code_rows[N_DIAG_CODES]; /* by enum diag_code; 0: empty */

struct diags; /* opaque queue */

struct diags *diags_new(const struct source *source);
void diags_free(struct diags *diags); /* accepts NULL */

/* Queues a message; `hint` (what to do, "did you mean ...") may be NULL. Both are copied. */
void diag_add(struct diags *diags, enum diag_level level, enum diag_code code, struct loc loc,
	      const char *hint, const char *format, ...) __attribute__((format(printf, 6, 7)));
#define diag_error(diags, code, loc, ...) diag_add(diags, DIAG_ERROR, code, loc, NULL, __VA_ARGS__)
#define diag_error_hint(diags, code, loc, hint, ...)                                               \
	diag_add(diags, DIAG_ERROR, code, loc, hint, __VA_ARGS__)

/* What is added from here to the next call is about the event at `loc`; events come in order: after its first error those of
 * another kind are most often its consequences, and are left out. */
void diags_next_event(struct diags *diags, struct loc loc);

#define NEEDS_ARROW                                                                                \
	"a segment needs < (the peer sends) or > (the kernel sends) before its flags"

/* After so many errors the rest are told without a search for what might have been meant. */
#define MAX_HINTED 100
/* So many are printed of a script. */
#define MAX_PRINTED 20
/* With so many a text is no script with mistakes, and is not read to its end. */
#define MAX_ERRORS 1000

size_t diags_errors(const struct diags *diags);

/* Prints the messages sorted by position: FILE:LINE:COLUMN: error[FWnnnn]: TEXT, the source line, a
 * caret line (`^~~~`) under the span (tabs and UTF-8 kept aligned), then the hint. After MAX_PRINTED
 * errors it says how many more there are. */
void diags_print(const struct diags *diags, FILE *out, bool color);

/* Writes what diags_print() printed without colours, with or without them. */
void diag_paint(FILE *out, const char *text, bool color);

#endif
