/* Text under construction in a buffer of fixed size, for printers. */
#ifndef FINWAIT_BASE_OUT_H
#define FINWAIT_BASE_OUT_H

#include <stddef.h>

/* The buffer; `n` goes on counting when `size` is used up. */
struct out {
	char *text;
	size_t size, n;
};

#define OUT(text, size) ((struct out){text, size, 0})

void out_put(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_bytes(struct out *out, const char *bytes, size_t n);
size_t out_finish(struct out *out); /* terminates the text; returns the length it would have had */

#endif
