/* One line of text about what failed and what would help; owned by the caller. */
#ifndef FINWAIT_BASE_ERRBUF_H
#define FINWAIT_BASE_ERRBUF_H

#include <stdbool.h>

struct errbuf {
	char text[256];
};

/* Formats into err->text and returns `code`, so that `return err_set(err, -errno, ...)` works. */
int err_set(struct errbuf *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Is a negative errno one of a resource that is short now, and may be there later: memory, buffers,
 * descriptors, processes, namespaces, room? */
bool err_is_scarcity(int code);

#endif
