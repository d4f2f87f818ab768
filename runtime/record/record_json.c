#include "runtime/record/record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Which member holds what: one row a member serves both ways. Times that are "never" (INT64_MIN)
 * and strings that are NULL are left out. */
enum json_type { JSON_TEXT, JSON_NS, JSON_INT, JSON_UNSIGNED, JSON_BOOL, JSON_KIND, JSON_STATUS };

struct member {
	const char *name;
	enum json_type type;
	size_t offset;
};

#define RECORD(name, type)                                                                         \
	{                                                                                          \
#name, type, offsetof(struct record, name)                                         \
	}
#define RESULT(name, type)                                                                         \
	{                                                                                          \
#name, type, offsetof(struct run_result, name)                                     \
	}

static const struct member record_members[] = {
	RECORD(kind, JSON_KIND),     RECORD(status, JSON_STATUS),   RECORD(event, JSON_INT),
	RECORD(line, JSON_UNSIGNED), RECORD(column, JSON_UNSIGNED), RECORD(due_ns, JSON_NS),
	RECORD(until_ns, JSON_NS),   RECORD(actual_ns, JSON_NS),    RECORD(tolerance_ns, JSON_NS),
	RECORD(late, JSON_BOOL),     RECORD(expected, JSON_TEXT),   RECORD(actual, JSON_TEXT),
	RECORD(state, JSON_TEXT),    RECORD(connection, JSON_TEXT), RECORD(message, JSON_TEXT),
	RECORD(hint, JSON_TEXT),
};

static const struct member result_members[] = {
	RESULT(path, JSON_TEXT),	RESULT(mode, JSON_TEXT),
	RESULT(reason, JSON_TEXT),	RESULT(attempts, JSON_UNSIGNED),
	RESULT(scripted_ns, JSON_NS),	RESULT(setup_ns, JSON_NS),
	RESULT(run_ns, JSON_NS),	RESULT(cpu_ns, JSON_NS),
	RESULT(max_late_ns, JSON_NS),	RESULT(tick_ns, JSON_NS),
	RESULT(output, JSON_TEXT),	RESULT(diagnostics, JSON_TEXT),
	RESULT(source_line, JSON_TEXT),
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* JSON holds Unicode only. Text that is not UTF-8 becomes {"latin1": TEXT}, a character a byte. */
static json_t *text_to_json(const char *text)
{
	json_t *plain = json_string(text);
	size_t size = strlen(text), n = 0;
	char *wide;

	if (plain)
		return plain;
	wide = malloc(2 * size);
	if (!wide)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte >= 0x80)
			wide[n++] = (char)(0xc0 | byte >> 6);
		wide[n++] = (char)(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
	}
	plain = json_pack("{s:s%}", "latin1", wide, n);
	free(wide);
	return plain;
}

static bool text_from_json(const json_t *value, struct arena *arena, const char **text)
{
	const char *wide = json_string_value(json_object_get(value, "latin1"));
	size_t n = 0;
	char *bytes;

	if (json_is_string(value)) {
		*text = arena_strndup(arena, json_string_value(value), json_string_length(value));
		return true;
	}
	if (!wide)
		return false;
	bytes = arena_alloc(arena, strlen(wide) + 1);
	for (; *wide; wide++) {
		unsigned char lead = (unsigned char)*wide;

		if (lead >= 0xc4) /* past U+00FF: not a byte */
			return false;
		if (lead >= 0xc0)
			lead = (unsigned char)(lead << 6 | (*++wide & 0x3f));
		bytes[n++] = (char)lead;
	}
	*text = bytes;
	return true;
}

static json_t *member_to_json(const struct member *member, const void *object)
{
	const void *at = (const char *)object + member->offset;

	switch (member->type) {
	case JSON_TEXT:
		return *(const char *const *)at ? text_to_json(*(const char *const *)at) : NULL;
	case JSON_NS:
		return *(const int64_t *)at == INT64_MIN ? NULL
							 : json_integer(*(const int64_t *)at);
	case JSON_INT:
		return json_integer(*(const int *)at);
	case JSON_UNSIGNED:
		return json_integer(*(const unsigned *)at);
	case JSON_BOOL:
		return json_boolean(*(const bool *)at);
	case JSON_KIND:
		return json_string(record_kind_name(*(const enum record_kind *)at));
	case JSON_STATUS:
		return json_string(record_status_name(*(const enum record_status *)at));
	}
	return NULL;
}

static bool kind_from_name(const char *name, enum record_kind *kind)
{
	for (int i = 0; name && record_kind_name(i); i++) {
		*kind = i;
		if (!strcmp(record_kind_name(i), name))
			return true;
	}
	return false;
}

static bool status_from_name(const char *name, enum record_status *status)
{
	for (int i = 0; name && record_status_name(i); i++) {
		*status = i;
		if (!strcmp(record_status_name(i), name))
			return true;
	}
	return false;
}

static bool verdict_from_name(const char *name, enum verdict *verdict)
{
	for (int i = 0; name && verdict_name(i); i++) {
		*verdict = i;
		if (!strcmp(verdict_name(i), name))
			return true;
	}
	return false;
}

static bool in_range(const json_t *value, int64_t low, int64_t high)
{
	return json_is_integer(value) && json_integer_value(value) >= low &&
	       json_integer_value(value) <= high;
}

static bool member_from_json(const struct member *member, const json_t *value, void *object,
			     struct arena *arena)
{
	void *at = (char *)object + member->offset;

	switch (member->type) {
	case JSON_TEXT:
		return text_from_json(value, arena, at);
	case JSON_NS:
		*(int64_t *)at = json_integer_value(value);
		return json_is_integer(value);
	case JSON_INT:
		*(int *)at = (int)json_integer_value(value);
		return in_range(value, INT32_MIN, INT32_MAX);
	case JSON_UNSIGNED:
		*(unsigned *)at = (unsigned)json_integer_value(value);
		return in_range(value, 0, UINT32_MAX);
	case JSON_BOOL:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case JSON_KIND:
		return kind_from_name(json_string_value(value), at);
	case JSON_STATUS:
		return status_from_name(json_string_value(value), at);
	}
	return false;
}

/* False if a value that is there could not be written (never for one left out). */
static bool members_to_json(json_t *to, const struct member *members, size_t n, const void *object)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = member_to_json(&members[i], object);

		if (value && json_object_set_new(to, members[i].name, value))
			return false;
	}
	return true;
}

static bool members_from_json(const json_t *from, const struct member *members, size_t n,
			      void *object, struct arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_object_get(from, members[i].name);

		if (value && !member_from_json(&members[i], value, object, arena))
			return false;
	}
	return true;
}

#define MISMATCH(name, type)                                                                       \
	{                                                                                          \
#name, type, offsetof(struct mismatch, name)                                       \
	}
/* Left out where they are 0, as most are. */
static const struct member mismatch_members[] = {
	MISMATCH(index, JSON_UNSIGNED),	   MISMATCH(item, JSON_UNSIGNED),
	MISMATCH(outer, JSON_UNSIGNED),	   MISMATCH(number, JSON_NS),
	MISMATCH(off_ns, JSON_NS),	   MISMATCH(next_segment, JSON_BOOL),
};

static json_t *mismatch_to_json(const struct mismatch *mismatch)
{
	char shown[MISMATCH_NAME_SIZE];
	json_t *object = json_pack("{s:o,s:s,s:o,s:o}", "field",
				   text_to_json(mismatch_field_name(mismatch, shown)), "id",
				   field_row(mismatch->field)->id, "expected",
				   text_to_json(mismatch->expected), "actual",
				   text_to_json(mismatch->actual));

	if (mismatch->name[0])
		json_object_set_new(object, "name", text_to_json(mismatch->name));
	for (size_t i = 0; i < LENGTH(mismatch_members); i++) {
		json_t *value = member_to_json(&mismatch_members[i], mismatch);

		if (json_integer_value(value) || json_is_true(value))
			json_object_set(object, mismatch_members[i].name, value);
		json_decref(value);
	}
	return object;
}

static json_t *mismatches_to_json(const struct mismatches *list)
{
	unsigned kept = list->n < MAX_MISMATCHES ? list->n : MAX_MISMATCHES;
	json_t *array = json_array();

	for (unsigned i = 0; i < kept; i++) {
		const struct mismatch *at = &list->at[i];

		json_array_append_new(array, mismatch_to_json(at));
	}
	return array;
}

static bool copy_text(const json_t *value, struct arena *arena, char *out, size_t size)
{
	const char *text;

	if (!text_from_json(value, arena, &text) || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

/* An identity that is not known is told by what it is called. */
static bool mismatch_from_json(const json_t *from, struct arena *arena, struct mismatch *mismatch)
{
	const json_t *name = json_object_get(from, "name");

	mismatch->field = field_by_name(json_string_value(json_object_get(from, "id")));
	if (mismatch->field == FIELD_none)
		name = json_object_get(from, "field");
	return members_from_json(from, mismatch_members, LENGTH(mismatch_members), mismatch,
				 arena) &&
	       (!name || copy_text(name, arena, mismatch->name, sizeof(mismatch->name))) &&
	       copy_text(json_object_get(from, "expected"), arena, mismatch->expected,
			 sizeof(mismatch->expected)) &&
	       copy_text(json_object_get(from, "actual"), arena, mismatch->actual,
			 sizeof(mismatch->actual));
}

static bool mismatches_from_json(const json_t *array, const json_t *total, struct arena *arena,
				 struct mismatches **list)
{
	size_t n = json_array_size(array);

	if (!json_is_array(array) || n > MAX_MISMATCHES || !in_range(total, (int64_t)n, UINT32_MAX))
		return false;
	*list = arena_new_of(arena, struct mismatches);
	(*list)->n = (unsigned)json_integer_value(total);
	for (size_t i = 0; i < n; i++)
		if (!mismatch_from_json(json_array_get(array, i), arena, &(*list)->at[i]))
			return false;
	return n == MAX_MISMATCHES || n == (*list)->n;
}

static json_t *record_to_json(const struct record *record)
{
	json_t *object = json_object();

	if (!members_to_json(object, record_members, LENGTH(record_members), record)) {
		json_decref(object);
		return NULL;
	}
	if (record->mismatches) {
		json_object_set_new(object, "mismatches", mismatches_to_json(record->mismatches));
		json_object_set_new(object, "n_mismatches", json_integer(record->mismatches->n));
	}
	return object;
}

static bool record_from_json(const json_t *object, struct run_result *result)
{
	const json_t *mismatches = json_object_get(object, "mismatches");
	const json_t *total = json_object_get(object, "n_mismatches");
	struct record *record = run_result_add(result, RECORD_SETUP);

	if (!json_object_get(object, "kind") ||
	    !members_from_json(object, record_members, LENGTH(record_members), record,
			       result->arena))
		return false;
	return !mismatches ||
	       mismatches_from_json(mismatches, total, result->arena, &record->mismatches);
}

static json_t *result_to_json(const struct run_result *result, bool with_records)
{
	json_t *object = json_object(), *lateness = json_array(), *records;

	json_object_set_new(object, "verdict", json_string(verdict_name(result->verdict)));
	members_to_json(object, result_members, LENGTH(result_members), result);
	for (size_t i = 0; i < result->n_lateness; i++)
		json_array_append_new(lateness, json_integer(result->lateness[i]));
	json_object_set_new(object, "lateness_ns", lateness);
	if (!with_records)
		return object;
	if (result->failed_record >= 0)
		json_object_set_new(object, "failed_record", json_integer(result->failed_record));
	records = json_array();
	for (size_t i = 0; i < result->n_records; i++)
		json_array_append_new(records, record_to_json(result->records[i]));
	json_object_set_new(object, "records", records);
	return object;
}

char *run_result_to_json(const struct run_result *result, bool with_records)
{
	json_t *object = result_to_json(result, with_records);
	char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	return text;
}

static bool lists_from_json(const json_t *object, struct run_result *result)
{
	const json_t *failed = json_object_get(object, "failed_record"), *item;
	const json_t *lateness = json_object_get(object, "lateness_ns");
	const json_t *records = json_object_get(object, "records");
	int64_t max_late_ns = result->max_late_ns;
	size_t i;

	json_array_foreach((json_t *)lateness, i, item)
	{
		if (!json_is_integer(item))
			return false;
		run_result_add_lateness(result, json_integer_value(item));
	}
	result->max_late_ns = max_late_ns; /* as written, not as just raised */
	json_array_foreach((json_t *)records, i, item)
	{
		if (!record_from_json(item, result))
			return false;
	}
	if (!failed)
		return true;
	result->failed_record = (int)json_integer_value(failed);
	return in_range(failed, 0, (int64_t)result->n_records - 1);
}

static bool result_from_json(const json_t *object, struct run_result *result)
{
	return verdict_from_name(json_string_value(json_object_get(object, "verdict")),
				 &result->verdict) &&
	       json_object_get(object, "path") &&
	       members_from_json(object, result_members, LENGTH(result_members), result,
				 result->arena) &&
	       lists_from_json(object, result);
}

struct run_result *run_result_from_json(const char *text, size_t size)
{
	json_t *object = json_loadb(text, size, 0, NULL);
	struct run_result *result = run_result_new("", NULL);

	if (!result_from_json(object, result)) {
		run_result_free(result);
		result = NULL;
	}
	json_decref(object);
	return result;
}
