#include "base/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void out_bytes(struct out *out, const char *bytes, size_t n)
{
	if (out->n + 1 < out->size) {
		size_t room = out->size - out->n - 1;

		memcpy(out->text + out->n, bytes, n < room ? n : room);
	}
	out->n += n;
}

void out_put(struct out *out, const char *format, ...)
{
	char *at = out->n < out->size ? out->text + out->n : NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(at, at ? out->size - out->n : 0, format, args);
	va_end(args);
	out->n += n > 0 ? n : 0;
}

size_t out_finish(struct out *out)
{
	if (out->size)
		out->text[out->n < out->size ? out->n : out->size - 1] = 0;
	return out->n;
}
