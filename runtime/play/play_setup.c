/* Start-up and teardown: everything that need not happen on the timeline. */
#include "runtime/play/play_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "parser/ast_print.h"
#include "runtime/bed/clock.h"
#include "runtime/play/code.h"
#include "runtime/play/command.h"
#include "runtime/bed/priority.h"
#include "tun/netns.h"
#include "tun/pcap_file.h"

/* Memory that is present when the timeline begins: of buffers; of the result, for each event. */
#define TOUCHED_BEFORE 4096
#define RECORD_ROOM    1024
#define RECORDS_MOST   1024

static void cannot_run(struct run *run, const char *text)
{
	run->result->verdict = VERDICT_SKIP;
	run->result->reason = arena_printf(run->result->arena, "cannot run here: %s", text);
	run->failed = true;
}

static void setup_failed(struct run *run, struct loc loc, const char *text)
{
	struct record *record = run_record(run, RECORD_SETUP, NULL);

	record->line = loc.line;
	record->column = loc.column;
	run_fail(run, record, NULL, "%s", text);
	run_record_done(run, record, NULL);
}

static int open_link(struct run *run, struct errbuf *err)
{
	const struct config *config = run->config;
	struct tun_config tun = {
		.mtu = config->mtu,
		.speed_mbps = config->speed_mbps,
		.local_bits = config->netmask_bits,
		.remote_bits = config->remote_ip.length,
		.any_ip = config->is_anyip,
		.background = true, /* init commands run meanwhile */
		.transient = run->env->keep_netns,
		.local = config->local_ip,
		.gateway = config->gateway_ip,
		.remote = config->remote_ip.addr,
	};

	return tun_open(&tun, &run->link, err);
}

static bool set_sysctls(struct run *run)
{
	const struct config *config = run->config;
	struct errbuf err;
	size_t i;

	for (i = 0; i < config->n_sysctls; i++) {
		if (sysctl_write(config->sysctls[i].name, config->sysctls[i].value, &err) == 0)
			continue;
		setup_failed(run, config->sysctls[i].loc, err.text);
		return false;
	}
	return true;
}

static bool run_commands(struct run *run)
{
	const struct script *script = run->script;
	struct errbuf err;

	if (script->init_command &&
	    command_run(script->init_command, run->env->output_fd, &err) < 0) {
		setup_failed(run, script->init_loc, err.text);
		return false;
	}
	return true;
}

static bool run_init_scripts(struct run *run)
{
	const struct config *config = run->config;
	struct errbuf err;
	size_t i;

	for (i = 0; i < config->n_init_scripts; i++) {
		if (command_run(config->init_scripts[i], run->env->output_fd, &err) == 0)
			continue;
		setup_failed(run, (struct loc){0}, err.text);
		return false;
	}
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

/* All events are printed before the timeline, for their records. */
static void print_events(struct run *run)
{
	size_t i, n = run->script->n_events;

	run->texts = arena_alloc(run->result->arena, n * sizeof(*run->texts));
	for (i = 0; i < n; i++)
		run->texts[i] = event_text(run, run->script->events[i]);
}

bool run_start_up(struct run *run)
{
	struct program_env program = {
		.script = run->script,
		.tolerance_ns = run->config->tolerance_usecs * NSEC_PER_USEC,
	};
	size_t n_records =
		run->script->n_events < RECORDS_MOST ? run->script->n_events + 1 : RECORDS_MOST;
	struct errbuf err = {""};

	print_events(run);
	prctl(PR_SET_TIMERSLACK, 1UL);
	if (!run->env->keep_netns && netns_enter(&err) < 0) {
		cannot_run(run, err.text);
		return false;
	}
	if (!run_init_scripts(run))
		return false;
	/* The program is forked before the device is opened, so that it holds nothing of ours. */
	if (program_start(&program, &run->program, &err) < 0 || open_link(run, &err) < 0 ||
	    sockdiag_open(&run->diag, &err) < 0) {
		cannot_run(run, err.text);
		return false;
	}
	if (run->env->pcap_path && pcap_file_open(run->env->pcap_path, &run->pcap, &err) < 0) {
		setup_failed(run, (struct loc){0}, err.text);
		return false;
	}
	run->buffer = malloc(WIRE_MAX_PACKET);
	if (!run->buffer) {
		cannot_run(run, "out of memory");
		return false;
	}
	memset(run->buffer, 0, TOUCHED_BEFORE);
	arena_reserve(run->arena, TOUCHED_BEFORE);
	arena_reserve(run->result->arena, n_records * RECORD_ROOM);
	run->code = run->script->has_code ? code_new(run->script) : NULL;
	conns_init(&run->conns, run->arena, run->config, run->diag,
		   (uint16_t)(40001 + (run->env->keep_netns ? clock_now() / 1000 % 20000 : 0)));
	if (!set_sysctls(run) || !run_commands(run))
		return false;
	if (run->link->ops->ready(run->link, &err) < 0) {
		cannot_run(run, err.text);
		return false;
	}
	return true;
}

void run_start_clock(struct run *run)
{
	priority_raise(program_pid(run->program), &run->cpus);
	run->start = clock_align_to_tick(run->env->tick_eighths);
	program_set_start(run->program, run->start, run->start + clock_realtime_offset());
}

void run_clean_up(struct run *run, bool armed)
{
	struct record *record;
	struct errbuf err;

	priority_lower(&run->cpus);
	if (armed && run->script->cleanup_command &&
	    command_run(run->script->cleanup_command, run->env->output_fd, &err) < 0 &&
	    !run->failed) {
		record = run_record(run, RECORD_CLEANUP, NULL);
		record->line = run->script->cleanup_loc.line;
		record->column = run->script->cleanup_loc.column;
		run_fail(run, record, NULL, "%s", err.text);
		run_record_done(run, record, NULL);
	}
	if (run->code && !run->failed)
		code_run(run->code, run);
	code_free(run->code);
	program_stop(run->program);
	/* A namespace of its own goes away with all there is in it. */
	if (run->env->keep_netns && run->buffer && !run->config->no_cleanup)
		run_reset(run);
	sockdiag_close(run->diag);
	if (run->pcap && pcap_file_close(run->pcap, &err) < 0 && !run->failed)
		setup_failed(run, (struct loc){0}, err.text);
	/* The end of the process closes what need not be gone before it; the kernel takes its time.
	 */
	if (run->link && run->env->keep_netns)
		run->link->ops->close(run->link);
	free(run->buffer);
	arena_free(run->arena);
}
