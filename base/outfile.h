/* Files that a user has asked for: a report, a capture.
 * - A file is written completely or not at all. Until the commit the old file stays, and the new
 * one has no name (O_TMPFILE), so that nothing is left behind however the process ends.
 * - An existing file keeps its mode, and its owner if that is allowed.
 * - If the path is a link, the file that it leads to is replaced (or made), not the link.
 * - What is no regular file (a device, a FIFO, /dev/stdout) is never replaced, but written to. */
#ifndef FINWAIT_BASE_OUTFILE_H
#define FINWAIT_BASE_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>
#include "base/errbuf.h"

/* The struct must not be moved while it is open. */
struct outfile {
	FILE *stream; /* for the caller to write to; a caller that closes it sets it to NULL */
	bool whole;   /* outfile_finish() has succeeded */
	/* Internal to outfile.c. */
	int fd;	    /* behind the stream */
	int error;  /* the first errno in writing to it; 0: none */
	char *path; /* as the user gave it */
	char *name; /* its name in the directory `dir`; NULL: it is written to directly */
	int dir;
	int held;      /* enum held; nothing is open while it is HELD_NOT */
	bool in_place; /* its directory is not writable: the commit overwrites the file */
};

/* Opens a file that will become `path`. A FIFO waits for its reader. 0, or -errno with err, which
 * names the path; the outfile is then not open. */
int outfile_open(struct outfile *file, const char *path, struct errbuf *err);
/* Closes the stream and checks that everything was written. A forked process may do this, and its
 * parent may commit. 0, or -errno with err. */
int outfile_finish(struct outfile *file, struct errbuf *err);
/* Finishes the file if that was not done, and puts it in its place. 0, or -errno with err; the old
 * file is then unchanged. The commit is completed even if this process is killed meanwhile. */
int outfile_commit(struct outfile *file, struct errbuf *err);
/* Drops the new file and leaves the old one unchanged. May be called after a commit or a failed
 * open.
 */
void outfile_abort(struct outfile *file);

/* Checks whether `path` could be opened now, without making a file and without waiting. 0, or
 * -errno with err. */
int outfile_check(const char *path, struct errbuf *err);
/* True if the path exists and is no regular file, so that it is written to directly. */
bool outfile_is_special(const char *path);

#endif
