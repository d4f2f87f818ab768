/* What differs between expected and actual: a list, since the first difference seldom tells all.
 * Fixed size and free of pointers, so that it can lie in memory shared with the program under test.
 */
#ifndef FINWAIT_RUNTIME_RECORD_MISMATCH_H
#define FINWAIT_RUNTIME_RECORD_MISMATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/fields.h"

#define MAX_MISMATCHES	   16
#define MISMATCH_NAME_SIZE 96

/* A stretch of a text, in bytes; length 0: there is none. */
struct stretch {
	unsigned begin, length;
};

/* The same in a script: line and column count from 1, in bytes; line 0: there is none. */
struct place {
	unsigned line, column, length;
};

struct mismatch {
	enum field_id field;
	/* Where the field is one of several; 0: it is not. */
	unsigned index; /* of the option, label or argument, from 1 in the script's order */
	unsigned live_index; /* of the option in what came; 0: it did not come */
	unsigned item;	/* of a list: the member, from 1 */
	unsigned outer; /* the outer header, from 1, outermost first; 0: the innermost IP header */
	bool next_segment;  /* of the segment that was to continue the first ones */
	int64_t number;	    /* that it is known by: the script's descriptor */
	char name[48];	    /* of a member or variable, as the script writes it; "": none */
	char expected[128]; /* in script notation; "": nothing is expected, the value explains */
	char actual[128];
	bool is_number; /* what both texts say is a number: these, 0 where it is not written */
	int64_t expected_number, actual_number;
	int64_t off_ns; /* of a time: how far it is from the expected one; 0: not a time */
	/* Where it stands in the script and in the record's two texts, filled in where a record
	 * fails. */
	struct place place;
	struct stretch expected_at, actual_at;
};

struct mismatches {
	unsigned n; /* those past MAX_MISMATCHES are counted, not kept: see mismatches_kept() */
	struct mismatch at[MAX_MISMATCHES];
	struct mismatch spill; /* takes those that are not kept */
};

static inline unsigned mismatches_kept(const struct mismatches *list)
{
	return list->n < MAX_MISMATCHES ? list->n : MAX_MISMATCHES;
}

/* Text too long is cut and ends in "...". The new entry, for the caller to say which of several it
 * is; never NULL: past MAX_MISMATCHES it is the spill. */
struct mismatch *mismatch_add(struct mismatches *list, enum field_id field, const char *expected,
			      const char *actual);
struct mismatch *mismatch_int(struct mismatches *list, enum field_id field, long long expected,
			      long long actual);
/* Expected and actual joined by the first '\n'. */
struct mismatch *mismatch_printf(struct mismatches *list, enum field_id field, const char *format,
				 ...) __attribute__((format(printf, 3, 4)));
void mismatch_set_name(struct mismatch *mismatch, const char *name);
void mismatch_set_numbers(struct mismatch *mismatch, int64_t expected, int64_t actual);

/* What reports call the field: "ack", "option 2: TS val", "revents of fd 3". Returns `out`. */
const char *mismatch_field_name(const struct mismatch *mismatch, char out[MISMATCH_NAME_SIZE]);

#endif
