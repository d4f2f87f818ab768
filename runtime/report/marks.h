/* Expected and actual one under the other, with what differs marked. Works on tokens, so on any
 * notation: segments, calls, states. */
#ifndef FINWAIT_RUNTIME_REPORT_MARKS_H
#define FINWAIT_RUNTIME_REPORT_MARKS_H

#include "runtime/record/mismatch.h"

/* Clean text, malloc'd. Equal tokens stand in the same column up to the last mark. `marks` holds
 * '^' under what differs and '~' under what only one of them has; "" if nothing is marked. */
struct marked {
	char *expected, *actual, *marks;
};

/* A "..." in `expected` stands for anything. `mismatches` (NULL: unknown) tells which differences
 * count: what the script leaves open may differ. */
struct marked marked_new(const char *expected, const char *actual,
			 const struct mismatches *mismatches);
void marked_free(struct marked *marked);

#endif
