/* Start-up and end: everything that need not happen on the timeline. */
#include "runtime/play/play_internal.h"

#include <stdlib.h>
#include <string.h>

#include "parser/ast_print.h"
#include "runtime/play/code.h"
#include "runtime/play/command.h"
#include "tun/pcap_file.h"

/* Memory that is present when the timeline begins: of buffers; of the result, for each event. */
#define TOUCHED_BEFORE 4096
#define RECORD_ROOM    1024
#define RECORDS_MOST   1024

static bool cannot_run(struct run *run, const char *text)
{
	run->result->verdict = VERDICT_SKIP;
	run->result->reason = arena_printf(run->result->arena, "cannot run here: %s", text);
	run->failed = true;
	return false;
}

static bool setup_failed(struct run *run, struct loc loc, const char *text)
{
	struct record *record = run_record_at(run, RECORD_SETUP, loc);

	run_fail_text(run, record, FAULT_SYSTEM, text);
	run_close(run, record, NULL);
	return false;
}

static bool set_sysctls(struct run *run)
{
	const struct config *config = run->config;
	struct errbuf err;
	size_t i;

	for (i = 0; i < config->n_sysctls; i++) {
		const struct name_value *sysctl = &config->sysctls[i];

		if (run->bed->ops->set_sysctl(run->bed, sysctl->name, sysctl->value, &err) < 0)
			return setup_failed(run, sysctl->loc, err.text);
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

	if (run->env->pcap_path && pcap_file_open(run->env->pcap_path, &run->pcap, &err) < 0)
		return setup_failed(run, (struct loc){0}, err.text);
	run->buffer = malloc(WIRE_MAX_PACKET);
	if (!run->buffer)
		return cannot_run(run, "out of memory");
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

	print_events(run);
	if (bed->ops->enter(bed, &err) < 0)
		return cannot_run(run, err.text);
	if (!run_init_scripts(run))
		return false;
	if (bed->ops->open(bed, &err) < 0)
		return cannot_run(run, err.text);
	if (!make_ready(run) || !set_sysctls(run) ||
	    !shell(run, RECORD_SETUP, script->init_loc, script->init_command))
		return false;
	if (bed->ops->ready(bed, &err) < 0)
		return cannot_run(run, err.text);
	return true;
}

void run_clean_up(struct run *run, bool armed)
{
	const struct script *script = run->script;
	struct command_end end;
	struct errbuf err;

	/* A failure before it counts, so that of this one nothing is told. */
	if (armed && run->failed && script->cleanup_command)
		command_run(script->cleanup_command, run->env->output_fd, -1, &end);
	else if (armed)
		shell(run, RECORD_CLEANUP, script->cleanup_loc, script->cleanup_command);
	if (run->code && !run->failed)
		code_run(run->code, run);
	code_free(run->code);
	/* A namespace of its own goes away with all there is in it. */
	if (run->env->keep_netns && run->buffer && !run->config->no_cleanup)
		run_reset(run);
	if (run->pcap && pcap_file_close(run->pcap, &err) < 0 && !run->failed)
		setup_failed(run, (struct loc){0}, err.text);
	free(run->buffer);
}
