/* A buffer for one line of text that says what failed and what would help. The caller owns it. */
#ifndef FINWAIT_BASE_ERRBUF_H
#define FINWAIT_BASE_ERRBUF_H

#include <stdbool.h>

struct errbuf {
	char text[256];
};

/* Formats into err->text and returns `code`, so that `return err_set(err, -errno, ...)` works. */
int err_set(struct errbuf *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True if a negative errno means that a resource is short now and may be available later: memory,
 * buffers, descriptors, processes, namespaces, disk space. */
bool err_is_scarcity(int code);

#endif
