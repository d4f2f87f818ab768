/* Files that a user asked for: a report, a capture. They are the user's, so
 * - they come whole or not at all: until the commit the old one stays, and what is written has no
 *   name (O_TMPFILE), so that nothing is left behind however the process ends;
 * - an existing file keeps its mode, and its owner where that is allowed;
 * - through a link, the file it leads to is replaced (or made), not the link;
 * - what is no regular file (a device, a FIFO, /dev/stdout) is never replaced, but written to. */
#ifndef FINWAIT_BASE_OUTFILE_H
#define FINWAIT_BASE_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>
#include "base/errbuf.h"

/* Must stay where it is while it is open. */
struct outfile {
	FILE *stream; /* to write to. Who closes it must set it to NULL; errors are kept */
	bool whole;   /* outfile_finish() has succeeded */
	/* outfile.c's own */
	int fd;	    /* behind the stream */
	int error;  /* the first errno in writing to it; 0: none */
	char *path; /* as it was asked for */
	char *name; /* what it is to be in the directory `dir`; NULL: it is written as it is */
	int dir;
	int held;      /* enum held; nothing is open while it is HELD_NOT */
	bool in_place; /* nothing can be made beside it: it is written over at the commit */
};

/* Opens what will be `path`. A FIFO waits for its reader. 0, or -errno with err, which names the
 * path; then there is nothing to abort. */
int outfile_open(struct outfile *file, const char *path, struct errbuf *err);
/* Closes the stream: is all written? A forked process may do so, and its parent commit. 0, or
 * -errno with err. */
int outfile_finish(struct outfile *file, struct errbuf *err);
/* Finishes what is not, and puts the file in its place. 0, or -errno with err; the old file is then
 * as it was. Whoever is killed meanwhile, this is done to its end. */
int outfile_commit(struct outfile *file, struct errbuf *err);
/* Leaves all as it was. Also fine after a commit or a failed open. */
void outfile_abort(struct outfile *file);

/* Could `path` be opened now? Makes nothing and waits for nobody. 0, or -errno with err. */
int outfile_check(const char *path, struct errbuf *err);
/* Is it there, and no regular file: written as it is? */
bool outfile_is_special(const char *path);

#endif
