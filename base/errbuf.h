/* One line of text about what failed and what would help; owned by the caller. */
#ifndef FINWAIT_BASE_ERRBUF_H
#define FINWAIT_BASE_ERRBUF_H

struct errbuf {
	char text[256];
};

/* Formats into err->text and returns `code`, so that `return err_set(err, -errno, ...)` works. */
int err_set(struct errbuf *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
