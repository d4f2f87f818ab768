/* Where what is wrong is written. The script, what was expected and what came are in one notation,
 * so a mismatch is looked up in the tree of each, by its identity. Only a failure is worth it. */
#include "runtime/play/play_internal.h"

#include <string.h>

#include "parser/tree.h"

static struct subject subject_of(const struct mismatch *m)
{
	return (struct subject){m->field, m->index, m->item, m->outer, m->name};
}

static struct place place_of(struct loc loc)
{
	return (struct place){loc.line, loc.column, loc.end - loc.begin};
}

/* ---- the texts of a record --------------------------------------------------------------- */

/* They are without a time. */
#define TIME "+0 "

/* A text as a script of its own. It is read for its shape: what is wrong with it is of no interest. */
static const struct script *read_text(struct run *run, const char *text)
{
	struct source source = {.path = ""};
	struct diags *diags = diags_new(&source);
	const struct script *script;

	source.text = arena_printf(run->arena, TIME "%s", text ? text : "");
	source.size = strlen(source.text);
	script = script_parse(run->arena, &source, NULL, 0, -1, diags);
	diags_free(diags);
	return script;
}

static struct stretch stretch_in(const struct script *text, const struct subject *subject)
{
	struct span span;

	if (!text->n_events || !event_field_span(text, text->events[0], subject, &span) ||
	    span.begin < strlen(TIME))
		return (struct stretch){0};
	return (struct stretch){span.begin - (unsigned)strlen(TIME), span.end - span.begin};
}

static void locate(struct mismatch *m, const struct script *expected, const struct script *actual)
{
	struct subject subject = subject_of(m);

	m->expected_at = stretch_in(expected, &subject);
	if (field_is_of_options(m->field)) /* those that came are counted by themselves */
		subject.index = m->live_index;
	m->actual_at = stretch_in(actual, &subject);
}

/* ---- the script -------------------------------------------------------------------------- */

/* The time at which a blocking call was to return: behind the dots. */
static struct loc end_of_time(const struct script *script, struct loc time)
{
	static const char dots[] = "...";
	const char *text = script->source.text + time.begin;
	const char *at = memmem(text, time.end - time.begin, dots, strlen(dots));
	struct span end = {time.begin, time.end};

	if (at)
		end.begin += (uint32_t)(at - text + (ptrdiff_t)strlen(dots));
	return loc_of_span(script, time, end);
}

/* What is wrong where no mismatch tells: the time, the call, or all of the event but its time. */
static struct loc loc_of_fault(const struct script *script, const struct event *event,
			       const struct record *record)
{
	static const bool of_call[N_FAULTS] = {
		[FAULT_BLOCKS] = true,
		[FAULT_NOT_ASLEEP] = true,
		[FAULT_STILL_BLOCKED] = true,
	};
	struct subject all = {.field = FIELD_none};

	if (record->fault == FAULT_TIME && record->kind == RECORD_CALL_END)
		return end_of_time(script, event_time_loc(event));
	if (record->fault == FAULT_TIME)
		return event_time_loc(event);
	if (of_call[record->fault] && event->kind == EVENT_CALL)
		return event->call->name_loc;
	if (record->fault == FAULT_NO_DESCRIPTOR)
		return event->words->args[0]->loc;
	return event_field_loc(script, event, &all);
}

static bool is_before(struct place a, struct place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* Those that are written; if none is, what is nearest to each. */
static void place_mismatches(struct run *run, struct record *record, const struct event *event,
			     bool written)
{
	for (unsigned i = 0; i < mismatches_kept(record->mismatches); i++) {
		struct mismatch *m = &record->mismatches->at[i];
		struct subject subject = subject_of(m);
		struct span span;

		if (m->next_segment ||
		    (written && !event_field_span(run->script, event, &subject, &span)))
			continue;
		m->place = place_of(event_field_loc(run->script, event, &subject));
		if (!record->place.line || is_before(m->place, record->place))
			record->place = m->place;
	}
}

static void locate_mismatches(struct run *run, struct record *record, const struct event *event)
{
	const struct script *expected = read_text(run, record->expected);
	const struct script *actual = read_text(run, record->actual);

	for (unsigned i = 0; i < mismatches_kept(record->mismatches); i++)
		if (!record->mismatches->at[i].next_segment) /* the texts show those before it */
			locate(&record->mismatches->at[i], expected, actual);
	place_mismatches(run, record, event, true);
	if (!record->place.line)
		place_mismatches(run, record, event, false);
}

void run_locate(struct run *run, struct record *record)
{
	const struct event *event;

	if (record->event < 0 || record->place.line)
		return;
	event = run->script->events[record->event];
	if (record->mismatches)
		locate_mismatches(run, record, event);
	if (!record->place.line)
		record->place = place_of(loc_of_fault(run->script, event, record));
}
