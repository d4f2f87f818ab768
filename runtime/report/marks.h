/* Expected and actual one under the other, with marks under what differs. */
#ifndef FINWAIT_RUNTIME_REPORT_MARKS_H
#define FINWAIT_RUNTIME_REPORT_MARKS_H

#include "runtime/record/record.h"

/* Clean text, malloc'd. What a mismatch is about stands in the same column of both. `marks` holds
 * '^' under what both have and '~' under what only one of them has; "" if nothing is marked. */
struct marked {
	char *expected, *actual, *marks;
};

/* A text that the record has not is "". */
struct marked marked_new(const struct record *record);
void marked_free(struct marked *marked);

/* "^~~~" under every place that is wrong in the line of the record's place; "" if none is. malloc'd. */
char *marks_of_source(const struct record *record, const char *line);

#endif
