/* Directories for runs' temporary files, where they cannot have a /tmp of their own. */
#ifndef FINWAIT_RUNTIME_SUITE_TMPDIR_H
#define FINWAIT_RUNTIME_SUITE_TMPDIR_H

/* Makes one below $TMPDIR, else /tmp, and says on standard error that /tmp is shared. malloced;
 * NULL if there is no place for it, which is said too. */
char *tmpdir_make(void);

/* Removes it with all that is in it. NULL is allowed. */
void tmpdir_remove(const char *path);

#endif
