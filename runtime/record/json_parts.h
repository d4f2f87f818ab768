/* Definitions that the files that write and read JSON share; nobody else includes this. */
#ifndef FINWAIT_RUNTIME_RECORD_JSON_PARTS_H
#define FINWAIT_RUNTIME_RECORD_JSON_PARTS_H

#include <jansson.h>

#include "runtime/record/record.h"

/* The members of JSON objects. One row per member serves writing and reading. Times that are
 * INT64_MIN ("never") and strings that are NULL are left out. */
enum json_type {
	JSON_TEXT,
	JSON_NS,
	JSON_INT,
	JSON_UNSIGNED,
	JSON_NUMBER, /* int64_t, left out if 0 */
	JSON_COUNT,  /* unsigned, left out if 0 */
	JSON_BOOL,
	JSON_FLAG, /* bool, left out if false */
	JSON_KIND,
	JSON_STATUS,
	JSON_FAULT,
	JSON_CAUSE,
	JSON_ALIGNMENT,
	JSON_STATE,
	JSON_PLACE, /* struct place or struct stretch, left out if there is none */
	JSON_STRETCH,
};

struct member {
	const char *name;
	enum json_type type;
	size_t offset;
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* JSON holds only Unicode. Text that is not UTF-8 becomes {"latin1": TEXT} with one character for
 * each byte. */
json_t *text_to_json(const char *text);
bool text_from_json(const json_t *value, struct arena *arena, const char **text);

/* False if a value could not be written or read. A member that is left out is no failure. */
bool members_to_json(json_t *to, const struct member *members, size_t n, const void *object);
bool members_from_json(const json_t *from, const struct member *members, size_t n, void *object,
		       struct arena *arena);

bool json_in_range(const json_t *value, int64_t low, int64_t high);

/* mismatch_json.c: `total` is the number of mismatches, including those that are not kept. */
json_t *mismatches_to_json(const struct mismatches *list);
bool mismatches_from_json(const json_t *array, const json_t *total, struct arena *arena,
			  struct mismatches **list);

#endif
