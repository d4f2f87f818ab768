/* What is said of where script and kernel part; for words.c and diff.c. */
#ifndef FINWAIT_RUNTIME_REPORT_ALIGN_H
#define FINWAIT_RUNTIME_REPORT_ALIGN_H

#include <stdio.h>

#include "runtime/record/record.h"

/* The one line about a record's alignment; false: there is none, and its fault says it all. */
bool words_of_alignment(FILE *out, const struct record *record);

/* What to do about it if the kernel is right, malloc'd; NULL: nothing. */
char *words_advice(const struct record *record);

/* Is it of interest in which fields what came differs from what was expected? */
bool report_compares(const struct record *record);

/* Of an insertion the line before it, the line that is missing and the one whose segment came after it.
 * False, and nothing is printed: it is none, or the lines are not known. */
bool report_insertion(FILE *out, const struct run_result *result, const struct record *record,
		      bool color);

#endif
