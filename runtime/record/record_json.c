#include "runtime/record/record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "parser/tables.h"
#include "runtime/record/json_parts.h"

/* The greatest time that is read, so that no difference of two times overflows. */
#define NS_MOST (INT64_MAX / 4)

static const struct member record_members[] = {
#define MEMBER(type, name, meaning) {#name, JSON_##type, offsetof(struct record, name)},
#include "runtime/record/record.def"
#undef MEMBER
};

#define RESULT(name, type)                                                                         \
	{                                                                                          \
#name, type, offsetof(struct run_result, name)                                     \
	}

static const struct member result_members[] = {
	RESULT(path, JSON_TEXT),	RESULT(mode, JSON_TEXT),
	RESULT(reason, JSON_TEXT),	RESULT(attempts, JSON_UNSIGNED),
	RESULT(scripted_ns, JSON_NS),	RESULT(setup_ns, JSON_NS),
	RESULT(run_ns, JSON_NS),	RESULT(cpu_ns, JSON_NS),
	RESULT(max_late_ns, JSON_NS),	RESULT(tick_ns, JSON_NS),
	RESULT(output, JSON_TEXT),	RESULT(diagnostics, JSON_TEXT),
	RESULT(source_line, JSON_TEXT),	RESULT(source_before, JSON_TEXT),
};

json_t *text_to_json(const char *text)
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

bool text_from_json(const json_t *value, struct arena *arena, const char **text)
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

		if (lead >= 0xc4) /* beyond U+00FF, so it stands for no byte */
			return false;
		if (lead >= 0xc0)
			lead = (unsigned char)(lead << 6 | (*++wide & 0x3f));
		bytes[n++] = (char)lead;
	}
	*text = bytes;
	return true;
}

static json_t *name_or_nothing(const char *name)
{
	return name && *name ? json_string(name) : NULL;
}

static json_t *place_to_json(const struct place *place)
{
	return place->line ? json_pack("{s:I,s:I,s:I}", "line", (json_int_t)place->line, "column",
				       (json_int_t)place->column, "length",
				       (json_int_t)place->length)
			   : NULL;
}

static json_t *stretch_to_json(const struct stretch *stretch)
{
	return stretch->length ? json_pack("{s:I,s:I}", "begin", (json_int_t)stretch->begin,
					   "length", (json_int_t)stretch->length)
			       : NULL;
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
	case JSON_COUNT:
		return *(const unsigned *)at ? json_integer(*(const unsigned *)at) : NULL;
	case JSON_NUMBER:
		return *(const int64_t *)at ? json_integer(*(const int64_t *)at) : NULL;
	case JSON_BOOL:
		return json_boolean(*(const bool *)at);
	case JSON_FLAG:
		return *(const bool *)at ? json_true() : NULL;
	case JSON_KIND:
		return json_string(record_kind_name(*(const enum record_kind *)at));
	case JSON_STATUS:
		return json_string(record_status_name(*(const enum record_status *)at));
	case JSON_FAULT:
		return name_or_nothing(record_fault_name(*(const enum record_fault *)at));
	case JSON_CAUSE:
		return name_or_nothing(record_cause_name(*(const enum record_cause *)at));
	case JSON_ALIGNMENT:
		return name_or_nothing(
			record_alignment_name(*(const enum record_alignment *)at));
	case JSON_STATE:
		return *(const int *)at ? json_string(tcp_state_symbol(*(const int *)at)) : NULL;
	case JSON_PLACE:
		return place_to_json(at);
	case JSON_STRETCH:
		return stretch_to_json(at);
	}
	return NULL;
}

/* Finds the number whose `name_of` is this text. */
#define FROM_NAME(name_of, text, out)                                                              \
	({                                                                                         \
		bool found_ = false;                                                               \
                                                                                                   \
		for (int i_ = 0; (text) && name_of(i_) && !found_; i_++)                           \
			if (!strcmp(name_of(i_), text)) {                                          \
				*(out) = i_;                                                       \
				found_ = true;                                                     \
			}                                                                          \
		found_;                                                                            \
	})

bool json_in_range(const json_t *value, int64_t low, int64_t high)
{
	return json_is_integer(value) && json_integer_value(value) >= low &&
	       json_integer_value(value) <= high;
}

static bool state_from_name(const char *name, int *state)
{
	int64_t number;

	if (!name || strncmp(name, "TCP_", 4) || !symbol_value(name, &number))
		return false;
	*state = (int)number;
	return tcp_state_symbol(*state) && !strcmp(tcp_state_symbol(*state), name);
}

static bool count_from_json(const json_t *object, const char *name, unsigned *out)
{
	const json_t *value = json_object_get(object, name);

	*out = (unsigned)json_integer_value(value);
	return json_in_range(value, 0, UINT32_MAX);
}

static bool place_from_json(const json_t *value, struct place *place)
{
	return count_from_json(value, "line", &place->line) &&
	       count_from_json(value, "column", &place->column) &&
	       count_from_json(value, "length", &place->length);
}

static bool stretch_from_json(const json_t *value, struct stretch *stretch)
{
	return count_from_json(value, "begin", &stretch->begin) &&
	       count_from_json(value, "length", &stretch->length);
}

static bool member_from_json(const struct member *member, const json_t *value, void *object,
			     struct arena *arena)
{
	void *at = (char *)object + member->offset;
	const char *text = json_string_value(value);

	switch (member->type) {
	case JSON_TEXT:
		return text_from_json(value, arena, at);
	case JSON_NS:
		*(int64_t *)at = json_integer_value(value);
		return json_in_range(value, -NS_MOST, NS_MOST);
	case JSON_INT:
		*(int *)at = (int)json_integer_value(value);
		return json_in_range(value, INT32_MIN, INT32_MAX);
	case JSON_UNSIGNED:
	case JSON_COUNT:
		*(unsigned *)at = (unsigned)json_integer_value(value);
		return json_in_range(value, 0, UINT32_MAX);
	case JSON_NUMBER:
		*(int64_t *)at = json_integer_value(value);
		return json_is_integer(value);
	case JSON_FAULT:
		return FROM_NAME(record_fault_name, text, (enum record_fault *)at);
	case JSON_CAUSE:
		return FROM_NAME(record_cause_name, text, (enum record_cause *)at);
	case JSON_ALIGNMENT:
		return FROM_NAME(record_alignment_name, text, (enum record_alignment *)at);
	case JSON_STATE:
		return state_from_name(text, at);
	case JSON_BOOL:
	case JSON_FLAG:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case JSON_KIND:
		return FROM_NAME(record_kind_name, text, (enum record_kind *)at);
	case JSON_STATUS:
		return FROM_NAME(record_status_name, text, (enum record_status *)at);
	case JSON_PLACE:
		return place_from_json(value, at);
	case JSON_STRETCH:
		return stretch_from_json(value, at);
	}
	return false;
}

bool members_to_json(json_t *to, const struct member *members, size_t n, const void *object)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = member_to_json(&members[i], object);

		if (value && json_object_set_new(to, members[i].name, value))
			return false;
	}
	return true;
}

bool members_from_json(const json_t *from, const struct member *members, size_t n,
			      void *object, struct arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_object_get(from, members[i].name);

		if (value && !member_from_json(&members[i], value, object, arena))
			return false;
	}
	return true;
}

static json_t *record_to_object(const struct record *record)
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

static bool record_from_object(const json_t *object, struct run_result *result)
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

static void add_failed(json_t *object, const struct run_result *result)
{
	if (result->failed_record >= 0)
		json_object_set_new(object, "failed_record", json_integer(result->failed_record));
}

/* Counters are left out if there are none. */
static void counters_to_json(json_t *to, const struct run_result *result)
{
	json_t *counters = result->n_counters ? json_object() : NULL;

	for (size_t i = 0; i < result->n_counters; i++)
		json_object_set_new(counters, result->counters[i].name,
				    json_integer(result->counters[i].by));
	if (counters)
		json_object_set_new(to, "counters", counters);
}

static bool counters_from_json(const json_t *counters, struct run_result *result)
{
	const char *name;
	json_t *by;

	if (counters && !json_is_object(counters))
		return false;
	json_object_foreach((json_t *)counters, name, by) {
		if (!json_is_integer(by))
			return false;
		run_result_add_counter(result, name, json_integer_value(by));
	}
	return true;
}

static json_t *result_to_json(const struct run_result *result, bool with_records)
{
	json_t *object = json_object(), *lateness = json_array(), *records;

	json_object_set_new(object, "verdict", json_string(verdict_name(result->verdict)));
	members_to_json(object, result_members, LENGTH(result_members), result);
	for (size_t i = 0; i < result->n_lateness; i++)
		json_array_append_new(lateness, json_integer(result->lateness[i]));
	json_object_set_new(object, "lateness_ns", lateness);
	counters_to_json(object, result);
	if (!with_records)
		return object;
	add_failed(object, result);
	records = json_array();
	for (size_t i = 0; i < result->n_records; i++)
		json_array_append_new(records, record_to_object(result->records[i]));
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

char *run_result_to_line(const struct run_result *result)
{
	json_t *object = result_to_json(result, false);
	char *text;

	add_failed(object, result);
	text = json_dumps(object, JSON_COMPACT);
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

	if (!counters_from_json(json_object_get(object, "counters"), result))
		return false;
	json_array_foreach ((json_t *)lateness, i, item) {
		if (!json_is_integer(item))
			return false;
		run_result_add_lateness(result, json_integer_value(item));
	}
	result->max_late_ns = max_late_ns; /* as it is written, not as the loop has raised it */
	json_array_foreach ((json_t *)records, i, item) {
		if (!record_from_object(item, result))
			return false;
	}
	if (!failed)
		return true;
	result->failed_record = (int)json_integer_value(failed);
	return json_in_range(failed, 0, (int64_t)result->n_records - 1);
}

static bool result_from_json(const json_t *object, struct run_result *result)
{
	const char *verdict = json_string_value(json_object_get(object, "verdict"));

	return FROM_NAME(verdict_name, verdict, &result->verdict) &&
	       json_object_get(object, "path") &&
	       members_from_json(object, result_members, LENGTH(result_members), result,
				 result->arena) &&
	       lists_from_json(object, result);
}

bool run_result_fill(struct run_result *result, const char *text, size_t size)
{
	json_t *object = json_loadb(text, size, 0, NULL);
	bool good = result_from_json(object, result);

	json_decref(object);
	return good;
}

struct run_result *run_result_from_json(const char *text, size_t size)
{
	struct run_result *result = run_result_new("", NULL);

	if (run_result_fill(result, text, size))
		return result;
	run_result_free(result);
	return NULL;
}

char *record_to_json(const struct record *record)
{
	json_t *object = record_to_object(record);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

bool record_from_json(struct run_result *result, const char *text, size_t size)
{
	json_t *object = json_loadb(text, size, 0, NULL);
	size_t n = result->n_records;
	bool good = object && record_from_object(object, result);

	if (!good)
		result->n_records = n;
	json_decref(object);
	return good;
}
