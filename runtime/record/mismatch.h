/* The differences between expected and actual. They are a list, since the first difference is
 * seldom enough. The list has a fixed size and no pointers, so that it can lie in memory shared
 * with the program under test. */
#ifndef FINWAIT_RUNTIME_RECORD_MISMATCH_H
#define FINWAIT_RUNTIME_RECORD_MISMATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/fields.h"

#define MAX_MISMATCHES	   16
#define MISMATCH_NAME_SIZE 96

/* A part of a text: offset and length in bytes; length 0: none. */
struct stretch {
	unsigned begin, length;
};

/* A part of a script: line and column count from 1, in bytes; line 0: none. */
struct place {
	unsigned line, column, length;
};

struct mismatch {
	enum field_id field;
	/* Which one, if the field is one of several; 0: it is not. */
	unsigned index; /* of the option, label or argument, from 1 in the script's order */
	unsigned live_index; /* of the option in the packet that came; 0: it did not come */
	unsigned item;	     /* of the member of a list, from 1 */
	unsigned outer; /* the outer header, from 1, outermost first; 0: the innermost IP header */
	bool next_segment;  /* in a segment that was to continue the previous ones */
	int64_t number;	    /* the script's descriptor, if the field is named by it */
	char name[48];	    /* of a member or variable, as the script writes it; "": none */
	char expected[128]; /* in script notation; "": nothing is expected, the value explains */
	char actual[128];
	bool is_number; /* both texts are numbers: these, 0 if one is not written */
	int64_t expected_number, actual_number;
	int64_t off_ns; /* of a time: how far it is from the expected one; 0: not a time */
	/* Its places in the script and in the record's two texts; filled in if the record fails. */
	struct place place;
	struct stretch expected_at, actual_at;
};

struct mismatches {
	unsigned n; /* beyond MAX_MISMATCHES they are only counted: see mismatches_kept() */
	struct mismatch at[MAX_MISMATCHES];
	struct mismatch spill; /* receives those that are not kept */
};

static inline unsigned mismatches_kept(const struct mismatches *list)
{
	return list->n < MAX_MISMATCHES ? list->n : MAX_MISMATCHES;
}

/* Adds a mismatch. Text that is too long is cut and ends in "...". Returns the new entry, in which
 * the caller may say which of several fields it is; never NULL: beyond MAX_MISMATCHES it is the
 * spill. */
struct mismatch *mismatch_add(struct mismatches *list, enum field_id field, const char *expected,
			      const char *actual);
struct mismatch *mismatch_int(struct mismatches *list, enum field_id field, long long expected,
			      long long actual);
/* The same, where the formatted text is expected and actual, separated by the first '\n'. */
struct mismatch *mismatch_printf(struct mismatches *list, enum field_id field, const char *format,
				 ...) __attribute__((format(printf, 3, 4)));
void mismatch_set_name(struct mismatch *mismatch, const char *name);
void mismatch_set_numbers(struct mismatch *mismatch, int64_t expected, int64_t actual);

/* Writes the name of the field in reports: "ack", "option 2: TS val", "revents of fd 3". Returns
 * `out`. */
const char *mismatch_field_name(const struct mismatch *mismatch, char out[MISMATCH_NAME_SIZE]);

#endif
