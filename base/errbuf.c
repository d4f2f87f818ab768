#include "base/errbuf.h"

#include <stdarg.h>
#include <stdio.h>

int err_set(struct errbuf *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}
