/* Walks a script: event words, calls, and the order of times. */
#include <string.h>

#include "base/out.h"
#include "parser/check_parts.h"
#include "parser/tree.h"

static bool is_range(const struct event_time *time)
{
	return time->kind == TIME_ABSOLUTE_RANGE || time->kind == TIME_RELATIVE_RANGE;
}

static bool is_absolute(const struct event_time *time)
{
	return time->kind == TIME_ABSOLUTE || time->kind == TIME_ABSOLUTE_RANGE;
}

static enum time_form form_of(const struct event *event)
{
	if (event->blocking)
		return FORM_END;
	if (event->time.kind == TIME_ANY)
		return FORM_ANY;
	return is_range(&event->time) ? FORM_WINDOW : FORM_AT;
}

/* "outbound packets, tcp_state() and quiet": what may have this form. */
static const char *kinds_with(struct check *check, enum time_form form)
{
	char text[200];
	struct out out = OUT(text, sizeof(text));
	size_t left = 0;

	for (size_t i = 0; i < N_EVENT_KINDS; i++)
		left += (event_rows[i].times & form) != 0;
	for (size_t i = 0, n = left; i < N_EVENT_KINDS; i++) {
		if (!(event_rows[i].times & form))
			continue;
		out_put(&out, "%s%s",
			left == n   ? ""
			: left == 1 ? " and "
				    : ", ",
			event_rows[i].called);
		left--;
	}
	out_finish(&out);
	return arena_printf(check->arena, "%s", text);
}

static void wrong_form(struct check *check, const struct event *event, enum time_form form)
{
	const struct event_row *row = &event_rows[event->kind];
	struct loc loc = event_time_loc(event);

	if (form == FORM_AT)
		diag_error_hint(check->diags, FW_time_form, loc,
				arena_printf(check->arena, "for example +0~+.5 %s", row->usage),
				"%s needs a time range", row->called);
	else if (form == FORM_END && row->word)
		diag_error_hint(check->diags, FW_time_form, loc,
				arena_printf(check->arena, "write %s", row->usage),
				"%s has no end time", row->word);
	else if (form == FORM_END)
		diag_error(check->diags, FW_time_form, loc, "only a call has an end time");
	else
		diag_error(check->diags, FW_time_form, loc, "%s for %s only",
			   form == FORM_ANY ? "'*' is" : "a time range is",
			   kinds_with(check, form));
}

/* Where the END of T...END is written. */
static struct loc end_loc(struct check *check, const struct event *event)
{
	const char *text = check->script->source.text;
	struct loc loc = event_time_loc(event);
	const char *dots = memmem(text + loc.begin, loc.end - loc.begin, "...", 3);
	uint32_t begin = dots ? trivia_end(check->script, dots + 3 - text) : loc.begin;

	if (memchr(text + loc.begin, '\n', begin - loc.begin))
		return loc;
	loc.column += begin - loc.begin;
	loc.begin = begin;
	return loc;
}

/* What the numbers of a time column tell. */
static void check_time_numbers(struct check *check, const struct event *event)
{
	const struct event_time *time = &event->time;

	if (time->until < time->at)
		diag_error(check->diags, FW_time_backwards, event_time_loc(event), "the time range runs backwards");
	if (!event->blocking)
		return;
	if (time->kind > TIME_RELATIVE)
		diag_error(check->diags, FW_time_form, event_time_loc(event),
			   "a blocking call begins at one time, not within a range");
	else if (event->end < time->at)
		diag_error(check->diags, FW_time_backwards, end_loc(check, event), "the call ends before it begins");
}

/* Which forms the column of an event may take. */
static void check_time_form(struct check *check, const struct event *event)
{
	unsigned fit = event_rows[event->kind].times;
	enum time_form form = form_of(event);

	if (event->kind == EVENT_PACKET && event->packet->direction == INBOUND)
		fit = FORM_AT;
	if (!(fit & form))
		wrong_form(check, event, form);
}

static void check_time_order(struct check *check, const struct event *event,
			     const struct event *before)
{
	if (!before && event->time.kind != TIME_ANY && event->time.at != 0)
		diag_error_hint(check->diags, FW_first_time, event_time_loc(event),
				"the script's clock starts with its first event",
				"the first event must be at time 0");
	if (before && is_absolute(&before->time) && is_absolute(&event->time) &&
	    event->time.at < before->time.at)
		diag_error(check->diags, FW_time_order, event_time_loc(event),
			   "time goes backwards: %.6f s comes after %.6f s of line %u",
			   event->time.at / (double)NSEC_PER_SEC,
			   before->time.at / (double)NSEC_PER_SEC, before->loc.line);
}

void check_script(struct script *script, struct arena *arena, struct diags *diags)
{
	struct check check = {script, arena, arena_new(), diags};
	const struct event *before = NULL;

	script->n_calls = script->n_blocking = 0;
	script->has_code = false;
	for (size_t i = 0; i < script->n_events; i++) {
		struct event *event = script->events[i];

		diags_next_event(diags, event->loc);
		check_event(&check, event);
		check_time_form(&check, event);
		check_time_numbers(&check, event);
		check_time_order(&check, event, before);
		before = event;
	}
	arena_free(check.scratch);
}
