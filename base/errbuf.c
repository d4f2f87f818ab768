#include "base/errbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

int err_set(struct errbuf *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

bool err_is_scarcity(int code)
{
	static const int scarce[] = {ENOSPC,  EDQUOT, EMFILE, ENFILE, ENOMEM,
				     ENOBUFS, EAGAIN, EINTR,  EUSERS};

	for (size_t i = 0; i < sizeof(scarce) / sizeof(scarce[0]); i++)
		if (code == -scarce[i])
			return true;
	return false;
}
