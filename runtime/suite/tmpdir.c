#include "runtime/suite/tmpdir.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_OPEN 16 /* directories at once */

char *tmpdir_make(void)
{
	const char *above = getenv("TMPDIR");
	char *path = NULL;

	if (asprintf(&path, "%s/finwait-XXXXXX", above && *above ? above : "/tmp") < 0)
		abort();
	if (mkdtemp(path)) {
		fprintf(stderr, "finwait: /tmp is shared here, no tmpfs can be mounted on it; "
				"each run has a directory of its own in $TMPDIR\n");
		return path;
	}
	fprintf(stderr,
		"finwait: runs have no /tmp of their own here, and %s cannot be made: %s; "
		"they may be in each other's way\n",
		path, strerror(errno));
	free(path);
	return NULL;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	remove(path); /* if this fails, its directory stays, and the rest is still removed */
	return 0;
}

void tmpdir_remove(const char *path)
{
	if (path)
		nftw(path, remove_one, MOST_OPEN, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
