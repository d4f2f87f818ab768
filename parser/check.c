/* Walks a script: event words, calls, and the order of times. */
#include "parser/check_parts.h"

static bool is_range(const struct event_time *time)
{
	return time->kind == TIME_ABSOLUTE_RANGE || time->kind == TIME_RELATIVE_RANGE;
}

static bool is_absolute(const struct event_time *time)
{
	return time->kind == TIME_ABSOLUTE || time->kind == TIME_ABSOLUTE_RANGE;
}

static bool is_outbound(const struct event *event)
{
	return event->kind == EVENT_PACKET && event->packet->direction == OUTBOUND;
}

/* Which forms the column of an event may take. The grammar has seen to what a time alone tells:
 * signs, backward ranges, ends. */
static void check_time_form(struct check *check, const struct event *event)
{
	const struct event_time *time = &event->time;
	bool range_allowed =
		is_outbound(event) || event->kind == EVENT_STATE || event->kind == EVENT_QUIET;
	if (event->blocking)
		return;
	if (time->kind == TIME_ANY && !is_outbound(event))
		diag_error(check->diags, time->loc, "'*' is for outbound packets only");
	else if (is_range(time) && !range_allowed)
		diag_error(check->diags, time->loc,
			   "a time range is for outbound packets, tcp_state() and quiet only");
	else if (event->kind == EVENT_QUIET && !is_range(time))
		diag_error_hint(check->diags, time->loc, "for example +0~+.5 quiet",
				"quiet needs a time range");
}

static void check_time_order(struct check *check, const struct event *event,
			     const struct event *before)
{
	if (!before && event->time.kind != TIME_ANY && event->time.at != 0)
		diag_error_hint(check->diags, event->time.loc,
				"the script's clock starts with its first event",
				"the first event must be at time 0");
	if (before && is_absolute(&before->time) && is_absolute(&event->time) &&
	    event->time.at < before->time.at)
		diag_error(check->diags, event->time.loc,
			   "time goes backwards: %.6f s comes after %.6f s of line %u",
			   event->time.at / (double)NSEC_PER_SEC,
			   before->time.at / (double)NSEC_PER_SEC, before->time.loc.line);
}

static void check_event(struct check *check, struct event *event)
{
	struct script *script = check->script;
	if (event->kind == EVENT_CODE)
		script->has_code = true;
	if (event->kind != EVENT_CALL)
		return;
	struct call *call = event->words ? event->words : event->call;
	if (check_event_word(check, event, call))
		return;
	event->call = call;
	event->words = NULL;
	call->slot = script->n_calls++;
	script->n_blocking += event->blocking;
	check_call(check, call);
}

void check_script(struct script *script, struct arena *arena, struct diags *diags)
{
	struct check check = {script, arena, diags};
	const struct event *before = NULL;
	script->n_calls = script->n_blocking = 0;
	script->has_code = false;
	for (size_t i = 0; i < script->n_events; i++) {
		struct event *event = script->events[i];
		check_event(&check, event);
		check_time_form(&check, event);
		check_time_order(&check, event, before);
		before = event;
	}
}
