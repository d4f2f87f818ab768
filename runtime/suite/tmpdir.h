/* Directories for the temporary files of runs, for machines where a run cannot have its own /tmp.
 */
#ifndef FINWAIT_RUNTIME_SUITE_TMPDIR_H
#define FINWAIT_RUNTIME_SUITE_TMPDIR_H

/* Makes a directory below $TMPDIR, or else /tmp, and says on standard error that /tmp is shared.
 * Returns its path, malloced; NULL if it cannot be made, and standard error says so. */
char *tmpdir_make(void);

/* Removes a directory with its contents. Accepts NULL. */
void tmpdir_remove(const char *path);

#endif
