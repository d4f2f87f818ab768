/* What differs between expected and actual: a list, since the first difference seldom tells all.
 * Fixed size and free of pointers, so that it can lie in memory shared with the program under test.
 */
#ifndef FINWAIT_RUNTIME_RECORD_MISMATCH_H
#define FINWAIT_RUNTIME_RECORD_MISMATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_MISMATCHES 16

struct mismatch {
	char field[48];	    /* "ack", "flags", "option 2: TS val", "errno", "revents of fd 3" */
	char expected[128]; /* in script notation */
	char actual[128];
	int64_t off_ns; /* of a time: how far it is from the expected one; 0: not a time */
};

struct mismatches {
	unsigned n; /* those past MAX_MISMATCHES are counted, not kept: see mismatches_kept() */
	struct mismatch at[MAX_MISMATCHES];
};

static inline unsigned mismatches_kept(const struct mismatches *list)
{
	return list->n < MAX_MISMATCHES ? list->n : MAX_MISMATCHES;
}

/* Text too long is cut and ends in "...". */
void mismatch_add(struct mismatches *list, const char *field, const char *expected,
		  const char *actual);
/* The same with one printf format for both values, e.g. mismatch_int(list, "ack", 1, 2). */
void mismatch_int(struct mismatches *list, const char *field, long long expected, long long actual);
/* Of a time. */
void mismatch_time(struct mismatches *list, const char *field, const char *expected,
		   const char *actual, int64_t off_ns);
void mismatch_printf(struct mismatches *list, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4))); /* expected and actual joined by the first '\n' */

#endif
