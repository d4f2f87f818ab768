/* Text for people: made safe for a terminal or a file, and measured in columns. */
#ifndef FINWAIT_RUNTIME_REPORT_TEXT_H
#define FINWAIT_RUNTIME_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A malloc'd copy that can do a terminal, a log and a reader no harm: tabs become blanks up to the next
 * multiple of 8 columns; control characters, bytes that are not UTF-8 and characters that turn the
 * direction of reading become \xHH, as does the beginning of what a log would take for a command
 * ("::error::", "##[error]"). Newlines are kept if `lines`, else they become \n. NULL gives "". */
char *text_clean(const char *text, bool lines);

/* Columns on a terminal of text that text_clean() made; by wcwidth(3), in UTF-8 whatever the
 * locale. */
size_t text_width(const char *text, size_t size);

/* The longest beginning of clean text that fits into so many columns, in bytes. */
size_t text_fit(const char *text, size_t columns);

/* The next line of clean text that is broken to so many columns, from *at on: at a blank where there is
 * one, which is dropped. Its bytes are in *size; *at is moved behind it. NULL: there is no more. */
const char *text_line(const char **at, size_t columns, size_t *size);

/* Prints clean text and blanks up to `columns`. */
void text_pad(FILE *out, const char *text, size_t columns);

/* "12.3 ms", "2.000 s", "15 us": a length of time, sign dropped. */
struct duration {
	char text[32];
};
struct duration text_duration(int64_t ns);

enum paint { PAINT_PLAIN, PAINT_BAD, PAINT_GOOD, PAINT_WARN, PAINT_BOLD, PAINT_DIM };

/* The terminal's code for it; "" without colour. */
const char *text_paint(enum paint paint, bool color);

#endif
