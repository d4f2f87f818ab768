/* Start-up and end: everything that need not happen on the timeline. */
#include "runtime/play/play_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser/ast_print.h"
#include "runtime/play/code.h"
#include "runtime/play/command.h"

/* Memory that is present when the timeline begins: of buffers; of the result, for each event. */
#define TOUCHED_BEFORE 4096
#define RECORD_ROOM    1024
#define RECORDS_MOST   1024

static bool setup_failed(struct run *run, struct loc loc, int code, const char *text)
{
	struct record *record = run_record_at(run, RECORD_SETUP, loc);

	run_fail_text(run, record, FAULT_SYSTEM, text);
	record->error = -code;
	run_close(run, record, NULL);
	return false;
}

/* This machine cannot play it. */
static bool cannot_run(struct run *run, int code, const char *text)
{
	run_not_run(run);
	return setup_failed(run, (struct loc){0}, code, text);
}

static bool set_sysctls(struct run *run)
{
	const struct config *config = run->config;
	struct errbuf err;
	size_t i;

	for (i = 0; i < config->n_sysctls; i++) {
		const struct name_value *sysctl = &config->sysctls[i];

		int code = run->bed->ops->set_sysctl(run->bed, sysctl->name, sysctl->value, &err);

		if (err_is_scarcity(code))
			return cannot_run(run, code, err.text);
		if (code < 0)
			return setup_failed(run, sysctl->loc, code, err.text);
	}
	return true;
}

/* A command of start-up or clean-up; only a failure is worth a record. */
static bool shell(struct run *run, enum record_kind kind, struct loc loc, const char *text)
{
	struct record *record = run_record_at(run, kind, loc);

	if (!text || run_shell(run, text, record))
		return true;
	run_close(run, record, NULL);
	return false;
}

static bool run_init_scripts(struct run *run)
{
	const struct config *config = run->config;

	for (size_t i = 0; i < config->n_init_scripts; i++)
		if (!shell(run, RECORD_SETUP, (struct loc){0}, config->init_scripts[i]))
			return false;
	return true;
}

/* The event as the script has it, without its time. */
static const char *event_text(struct run *run, const struct event *event)
{
	size_t size = event_print(NULL, 0, event) + 1;
	char *text = arena_alloc(run->result->arena, size);

	event_print(text, size, event);
	text += time_print(NULL, 0, event);
	return text + strspn(text, " ");
}

/* What can be told of a blocking call that has begun: its name and arguments. */
static const char *begun_text(struct run *run, const struct event *event)
{
	const struct call begun = {.name = event->call->name,
				   .row = event->call->row,
				   .args = event->call->args,
				   .n_args = event->call->n_args};
	size_t size = call_print(NULL, 0, &begun) + 1;
	char *text = arena_alloc(run->result->arena, size);

	call_print(text, size, &begun);
	return text;
}

/* All events are printed before the timeline, for their records. */
static void print_events(struct run *run)
{
	size_t i, n = run->script->n_events;

	run->texts = arena_alloc(run->result->arena, n * sizeof(*run->texts));
	run->begun = arena_alloc(run->arena, n * sizeof(*run->begun));
	for (i = 0; i < n; i++) {
		const struct event *event = run->script->events[i];

		run->texts[i] = event_text(run, event);
		if (event->kind == EVENT_CALL && event->blocking)
			run->begun[i] = begun_text(run, event);
		if (event->kind == EVENT_PACKET && event->packet->direction == OUTBOUND)
			run->last_expected = i;
	}
}

/* What the timeline needs is made, and present in memory. */
static bool make_ready(struct run *run)
{
	size_t n = run->script->n_events < RECORDS_MOST ? run->script->n_events + 1 : RECORDS_MOST;
	int64_t now = run->bed->ops->now(run->bed);
	int64_t spread = run->env->keep_netns ? now / NSEC_PER_USEC % 20000 : 0;
	struct errbuf err = {""};
	int code = run->env->pcap ? pcap_file_start(run->env->pcap, run->env->pcap_format,
						    run->env->describe, &run->pcap, &err)
				  : 0;

	if (code < 0)
		return cannot_run(run, code, err.text);
	run->buffer = malloc(WIRE_MAX_PACKET);
	if (!run->buffer)
		return cannot_run(run, -ENOMEM, "out of memory");
	memset(run->buffer, 0, TOUCHED_BEFORE);
	arena_reserve(run->arena, TOUCHED_BEFORE);
	arena_reserve(run->result->arena, n * RECORD_ROOM);
	run->code = run->script->has_code ? code_new(run->script) : NULL;
	conns_init(&run->conns, run->arena, run->config, run->bed, (uint16_t)(40001 + spread));
	return true;
}

bool run_start_up(struct run *run)
{
	const struct script *script = run->script;
	struct bed *bed = run->bed;
	struct errbuf err = {""};
	int code;

	print_events(run);
	code = bed->ops->enter(bed, &err);
	if (code < 0)
		return cannot_run(run, code, err.text);
	if (!run_init_scripts(run))
		return false;
	code = bed->ops->open(bed, &err);
	if (code < 0)
		return cannot_run(run, code, err.text);
	if (!make_ready(run) || !set_sysctls(run) ||
	    !shell(run, RECORD_SETUP, script->init_loc, script->init_command))
		return false;
	code = bed->ops->ready(bed, &err);
	if (code < 0)
		return cannot_run(run, code, err.text);
	run_counters_begin(run);
	return run_reasons_begin(run);
}

/* A run that failed has failed, whatever became of its capture; one that passed does not pass for one
 * whose capture can be looked at. */
static void close_capture(struct run *run)
{
	struct errbuf err;
	struct record *record;
	int code = run->pcap ? pcap_file_close(run->pcap, &err) : 0;

	if (code == 0)
		return;
	record = run_record_at(run, RECORD_CLEANUP, (struct loc){0});
	run_not_run(run);
	record->status = run->failed ? RECORD_WARNING : RECORD_FAILED;
	record->fault = FAULT_SYSTEM;
	record->error = -code;
	record->detail = arena_printf(run->result->arena, "%s", err.text);
	run_close(run, record, NULL);
}

void run_clean_up(struct run *run, bool armed)
{
	const struct script *script = run->script;
	struct command_end end;

	/* A failure before it counts, so that of this one nothing is told. */
	if (armed && run->failed && script->cleanup_command)
		run_command(run, script->cleanup_command, -1, &end);
	else if (armed)
		shell(run, RECORD_CLEANUP, script->cleanup_loc, script->cleanup_command);
	if (run->code && !run->failed)
		code_run(run->code, run);
	code_free(run->code);
	/* Also in a namespace of the run's own: a connection that nobody ends keeps it for minutes.
	 */
	if (run->buffer && !run->config->no_cleanup)
		run_reset(run);
	close_capture(run);
	free(run->buffer);
	free(run->counters);
}
