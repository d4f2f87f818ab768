#include <stdarg.h>
#include <stdio.h>

#include "runtime/wire/codec.h"

bool encode_error(struct errbuf *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return false;
}

enum wire_result decode_error(struct errbuf *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return WIRE_BAD;
}
