/* Verdicts that do not come from playing the script. Both sides of a job give them. */
#include "runtime/suite/job.h"

#include <string.h>

#include "parser/ast_print.h"
#include "parser/tree.h"
#include "runtime/play/play.h"

/* An event but for its time. */
static struct place body_of(const struct script *script, const struct event *event)
{
	struct subject all = {.field = FIELD_none};
	struct loc loc = event_field_loc(script, event, &all);

	return (struct place){loc.line, loc.column, loc.end - loc.begin};
}

struct record *job_broken(const struct job_spec *spec, struct run_result *result, unsigned event,
			  enum record_fault fault)
{
	const struct script *script = spec->script;
	const struct event *at = script && event < script->n_events ? script->events[event] : NULL;
	enum record_kind kind = at			    ? play_record_kind(at)
				: event == JOB_AFTER_EVENTS ? RECORD_CLEANUP
							    : RECORD_SETUP;
	struct record *record = record_new(result->arena, kind);

	result->verdict = VERDICT_ERROR;
	result->scripted_ns = script ? script_duration(script) : 0;
	result->failed_record = -1;
	record->status = RECORD_FAILED;
	record->fault = fault;
	if (at) {
		size_t size = event_print(NULL, 0, at) + 1;
		char *text = arena_alloc(result->arena, size);

		event_print(text, size, at);
		text += time_print(NULL, 0, at);
		record->event = (int)event;
		record->line = at->loc.line;
		record->column = at->loc.column;
		record->place = body_of(script, at);
		record->expected = text + strspn(text, " ");
	}
	run_result_close(result, record);
	return record;
}

void job_refuse(const struct job_spec *spec, struct run_result *result, int code, const char *what)
{
	struct record *record = job_broken(spec, result, JOB_BEFORE_EVENTS, FAULT_SYSTEM);

	record->detail = arena_printf(result->arena, "%s", what);
	record->error = code < 0 ? -code : 0;
	result->verdict = code > 0 ? VERDICT_ERROR : VERDICT_NOT_RUN;
}

struct run_result *job_not_run(const struct job_spec *spec, int code, const char *detail)
{
	struct run_result *result = run_result_new(spec->path, ip_mode_name(spec->mode));

	job_refuse(spec, result, code, detail);
	return result;
}

void job_expect_failure(const struct job_spec *spec, struct run_result *result)
{
	const char *why = spec->script->config->xfail;

	if (!why)
		return;
	if (result->verdict != VERDICT_PASS && result->verdict != VERDICT_FAIL)
		return;
	result->verdict = result->verdict == VERDICT_PASS ? VERDICT_XPASS : VERDICT_XFAIL;
	result->reason = arena_printf(result->arena, "%s", why);
}
