/* A failed run from a row of report_faults.c. */
#include "tests/unit/report_faults.h"

#include "runtime/report/words.h"

/* The text without its brackets, and where they stood; malloc'd by the arena. */
static const char *unmark(struct arena *arena, const char *text,
			  struct stretch marks[MARKED_FIELDS])
{
	char *out = text ? arena_alloc(arena, strlen(text) + 1) : NULL;
	unsigned n = 0, at = 0;

	for (const char *c = text; text && *c; c++) {
		if (c[0] == '[' && c[1] == '[' && c[2] != '{') {
			marks[n].begin = at;
			c++;
		} else if (c[0] == ']' && c[1] == ']' && n < MARKED_FIELDS) {
			marks[n].length = at - marks[n].begin;
			n++;
			c++;
		} else {
			out[at++] = *c;
		}
	}
	return out;
}

static struct place place_in_source(struct stretch mark)
{
	return mark.length ? (struct place){FAULT_LINE, mark.begin + 1, mark.length}
			   : (struct place){0};
}

struct run_result *fault_sample_new(const struct fault_sample *sample)
{
	struct stretch source[MARKED_FIELDS] = {{0}}, expected[MARKED_FIELDS] = {{0}};
	struct stretch actual[MARKED_FIELDS] = {{0}};
	struct run_result *result = begin("ipv4");
	struct arena *arena = result->arena;
	struct record *record =
		event(result, sample->kind, FAULT_LINE, FAULT_DUE, unmark(arena, sample->expected, expected),
		      unmark(arena, sample->actual, actual), sample->state);

	result->source_line = unmark(arena, sample->source, source);
	record->fault = sample->fault;
	record->place = place_in_source(source[0]);
	for (int i = 0; i < MARKED_FIELDS && sample->fields[i].field; i++) {
		struct mismatch *m = differ(result, record, sample->fields[i].field,
					    sample->fields[i].expected, sample->fields[i].actual);

		m->place = place_in_source(source[i]);
		m->expected_at = expected[i];
		m->actual_at = actual[i];
	}
	if (sample->more)
		sample->more(result, record);
	run_result_fail(result, record);
	words_complete(result);
	return result;
}
