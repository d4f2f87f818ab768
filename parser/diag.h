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

struct diags; /* opaque queue */

struct diags *diags_new(const struct source *source);
void diags_free(struct diags *diags); /* accepts NULL */

/* Queues a message; `hint` (what to do, "did you mean ...") may be NULL. Both are copied. */
void diag_add(struct diags *diags, enum diag_level level, struct loc loc, const char *hint,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));
#define diag_error(diags, loc, ...)	       diag_add(diags, DIAG_ERROR, loc, NULL, __VA_ARGS__)
#define diag_error_hint(diags, loc, hint, ...) diag_add(diags, DIAG_ERROR, loc, hint, __VA_ARGS__)

/* After so many errors the rest are told without a search for what might have been meant. */
#define MAX_HINTED 100

size_t diags_errors(const struct diags *diags);

/* Prints all messages sorted by position: FILE:LINE:COLUMN: error: TEXT, the source line, a caret
 * line (`^~~~`) under the span (tabs and UTF-8 kept aligned), then the hint. */
void diags_print(const struct diags *diags, FILE *out, bool color);

#endif
