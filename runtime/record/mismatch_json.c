/* Converts mismatches to JSON and back. */
#include <string.h>

#include "runtime/record/json_parts.h"

#define MISMATCH(name, type) {#name, JSON_##type, offsetof(struct mismatch, name)}

static const struct member mismatch_members[] = {
	MISMATCH(index, COUNT),
	MISMATCH(live_index, COUNT),
	MISMATCH(item, COUNT),
	MISMATCH(outer, COUNT),
	MISMATCH(next_segment, FLAG),
	MISMATCH(number, NUMBER),
	MISMATCH(is_number, FLAG),
	MISMATCH(expected_number, NUMBER),
	MISMATCH(actual_number, NUMBER),
	MISMATCH(off_ns, NUMBER),
	MISMATCH(place, PLACE),
	MISMATCH(expected_at, STRETCH),
	MISMATCH(actual_at, STRETCH),
};

static json_t *mismatch_to_json(const struct mismatch *mismatch)
{
	char shown[MISMATCH_NAME_SIZE];
	json_t *object = json_pack(
		"{s:o,s:s,s:o,s:o}", "field", text_to_json(mismatch_field_name(mismatch, shown)),
		"id", field_row(mismatch->field)->id, "expected", text_to_json(mismatch->expected),
		"actual", text_to_json(mismatch->actual));

	if (mismatch->name[0])
		json_object_set_new(object, "name", text_to_json(mismatch->name));
	members_to_json(object, mismatch_members, LENGTH(mismatch_members), mismatch);
	return object;
}

json_t *mismatches_to_json(const struct mismatches *list)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < mismatches_kept(list); i++)
		json_array_append_new(array, mismatch_to_json(&list->at[i]));
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

/* Reads one mismatch. A field id that is not known here is kept by its name. */
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

bool mismatches_from_json(const json_t *array, const json_t *total, struct arena *arena,
			  struct mismatches **list)
{
	size_t n = json_array_size(array);

	if (!json_is_array(array) || n > MAX_MISMATCHES ||
	    !json_in_range(total, (int64_t)n, UINT32_MAX))
		return false;
	*list = arena_new_of(arena, struct mismatches);
	(*list)->n = (unsigned)json_integer_value(total);
	for (size_t i = 0; i < n; i++)
		if (!mismatch_from_json(json_array_get(array, i), arena, &(*list)->at[i]))
			return false;
	return n == MAX_MISMATCHES || n == (*list)->n;
}
