/* The event loop: start-up, the timeline, teardown. What each kind of event does is in run_*.c. */
#include "runtime/run_internal.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "parser/ast_print.h"
#include "parser/tables.h"
#include "runtime/clock.h"
#include "runtime/code.h"
#include "runtime/command.h"
#include "runtime/priority.h"
#include "tun/netns.h"
#include "tun/pcap_file.h"

int64_t run_now(const struct run *run)
{
	return clock_now() - run->start;
}

/* ---- records ----------------------------------------------------------------------------- */

/* The event as the script has it, without its time. */
static const char *event_text(struct run *run, const struct event *event)
{
	size_t size = event_print(NULL, 0, event) + 1;
	char *text = arena_alloc(run->result->arena, size);

	event_print(text, size, event);
	text += time_print(NULL, 0, event);
	return text + strspn(text, " ");
}

struct record *run_record(struct run *run, enum record_kind kind, const struct event *event)
{
	struct record *record = run_result_add(run->result, kind);

	if (event) {
		record->event = (int)event->index;
		record->line = event->loc.line;
		record->column = event->loc.column;
		record->due_ns = event->time.kind == TIME_ANY ? INT64_MIN : run->due;
		record->until_ns = event->time.kind == TIME_ANY ? INT64_MIN : run->until;
		record->tolerance_ns = run->tolerance;
		record->expected = event_text(run, event);
	}
	return record;
}

void run_record_done(struct run *run, struct record *record, const struct conn *conn)
{
	char text[128];

	if (conn) {
		if (conn->kind == PACKET_TCP && conn->n_path)
			record->state = tcp_state_symbol(conn->path[conn->n_path - 1]);
		record->connection = arena_printf(run->result->arena, "%s", conn_print(conn, text));
	}
	if (record->status == RECORD_FAILED)
		run->failed = true;
	if (run->env->recorded)
		run->env->recorded(run->env->cookie, record);
}

void run_fail(struct run *run, struct record *record, const char *hint, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	record->status = RECORD_FAILED;
	record->message = arena_printf(run->result->arena, "%s", text);
	if (hint)
		record->hint = arena_printf(run->result->arena, "%s", hint);
}

/* ---- time -------------------------------------------------------------------------------- */

static double seconds(int64_t ns)
{
	return (double)ns / NSEC_PER_SEC;
}

bool run_check_time(struct run *run, struct record *record, const char *what)
{
	if (record->due_ns == INT64_MIN ||
	    (record->actual_ns >= record->due_ns - record->tolerance_ns &&
	     record->actual_ns <= record->until_ns + record->tolerance_ns))
		return true;
	record->late = true;
	if (record->status == RECORD_FAILED)
		return false;
	if (record->until_ns != record->due_ns)
		run_fail(run, record, NULL,
			 "%s at %.6f s, expected between %.6f s and %.6f s (tolerance %.6f s)",
			 what, seconds(record->actual_ns), seconds(record->due_ns),
			 seconds(record->until_ns), seconds(record->tolerance_ns));
	else
		run_fail(run, record, NULL, "%s at %.6f s, expected at %.6f s (tolerance %.6f s)",
			 what, seconds(record->actual_ns), seconds(record->due_ns),
			 seconds(record->tolerance_ns));
	return false;
}

void run_late(struct run *run, int64_t due, int64_t actual)
{
	/* What the script itself took (a slow command before it) is not ours. */
	if (due < run->base)
		due = run->base;
	if (actual - due > run->result->max_late_ns)
		run->result->max_late_ns = actual - due;
}

void run_complete(struct run *run, int64_t time)
{
	if (time > run->base)
		run->base = time;
}

/* Sets due, until and tolerance of an event (language: "Event times"). */
static void resolve_time(struct run *run, const struct event *event)
{
	const struct event_time *time = &event->time;
	bool inbound = event->kind == EVENT_PACKET && event->packet->direction == INBOUND;
	bool relative = time->kind == TIME_RELATIVE || time->kind == TIME_RELATIVE_RANGE;
	int64_t origin = 0, percent;

	if (relative)
		origin = inbound && run->last_inbound ? run->last_time : run->base;
	if (time->kind == TIME_ANY) {
		run->due = run->until = run->base;
	} else {
		run->due = origin + time->at;
		run->until = origin + time->until;
	}
	percent = (int64_t)((double)(run->due - run->last_time) * run->config->tolerance_percent /
			    100);
	run->tolerance = run->config->tolerance_usecs * NSEC_PER_USEC;
	if (percent > run->tolerance)
		run->tolerance = percent;
	run->last_inbound = inbound;
}

/* ---- events ------------------------------------------------------------------------------ */

static void wait_until_due(struct run *run)
{
	clock_sleep_until(run->start + run->due);
}

static void run_command(struct run *run, const struct event *event)
{
	struct record *record;
	struct errbuf err;

	wait_until_due(run);
	if (!run_pending_due(run, run->due))
		return;
	record = run_record(run, RECORD_COMMAND, event);
	record->actual_ns = run_now(run);
	run_late(run, run->due, record->actual_ns);
	if (command_run(event->text, run->env->output_fd, &err) < 0)
		run_fail(run, record, NULL, "%s", err.text);
	else if (event->index)
		run_check_time(run, record, "the command ran");
	run_complete(run, run_now(run));
	run_record_done(run, record, run->conns.conn_under_test);
}

/* The descriptor whose values a code block sees. */
static int code_fd(const struct run *run)
{
	const struct sock *sock = run->conns.sock_under_test;
	const struct conn *conn = run->conns.conn_under_test;

	if (conn && (!sock || sock->conn != conn)) {
		for (sock = run->conns.socks; sock; sock = sock->next)
			if (sock->conn == conn)
				break;
	}
	return sock && sock->open ? sock->fd : -1;
}

static void run_code(struct run *run, const struct event *event)
{
	struct record *record;
	struct sock_snapshot *snapshot = arena_new_of(run->arena, struct sock_snapshot);
	int fd;

	wait_until_due(run);
	if (!run_pending_due(run, run->due))
		return;
	record = run_record(run, RECORD_CODE, event);
	fd = code_fd(run);
	record->actual_ns = run_now(run);
	run_late(run, run->due, record->actual_ns);
	if (fd < 0)
		run_fail(run, record,
			 "code sees the TCP_INFO of an open descriptor; accept() the connection "
			 "first, "
			 "or use tcp_state() for closed ones",
			 "no open socket whose values this code could see");
	else if (!program_snapshot(run->program, fd, snapshot, clock_now() + GRACE_NS))
		run_fail(run, record, NULL, "the program under test did not answer");
	else if (snapshot->error)
		run_fail(run, record, NULL, "%s", snapshot->failure);
	else if (event->index)
		run_check_time(run, record, "the code ran");
	if (record->status == RECORD_OK)
		code_add(run->code, event, snapshot);
	run_complete(run, run_now(run));
	run_record_done(run, record, run->conns.conn_under_test);
}

static void run_packet(struct run *run, const struct event *event)
{
	if (event->packet->direction == INBOUND)
		run_inbound(run, event);
	else
		run_outbound(run, event);
}

static void play(struct run *run)
{
	static void (*const play_event[])(struct run *, const struct event *) = {
		[EVENT_PACKET] = run_packet,   [EVENT_CALL] = run_call,
		[EVENT_COMMAND] = run_command, [EVENT_CODE] = run_code,
		[EVENT_STATE] = run_state,     [EVENT_STATES] = run_state,
		[EVENT_QUIET] = run_quiet,     [EVENT_KILL] = run_kill,
		[EVENT_EXIT] = run_kill,
	};
	size_t i;

	for (i = 0; i < run->script->n_events && !run->failed; i++) {
		const struct event *event = run->script->events[i];

		if (run->env->current_event)
			*run->env->current_event = (unsigned)i;
		resolve_time(run, event);
		play_event[event->kind](run, event);
		run->last_time = run->due;
		if (!run->failed)
			run_pending_returned(run);
	}
	if (!run->failed)
		run_pending_end(run);
	if (run->config->strict && !run->failed)
		run_drain(run);
}

/* ---- start-up and teardown --------------------------------------------------------------- */

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

static void tun_addr_from(struct tun_addr *out, const struct ip_addr *addr)
{
	out->version = addr->version;
	memcpy(out->bytes, addr->bytes, sizeof(out->bytes));
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
	};

	tun_addr_from(&tun.local, &config->local_ip);
	tun_addr_from(&tun.gateway, &config->gateway_ip);
	tun_addr_from(&tun.remote, &config->remote_ip.addr);
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

static bool start_up(struct run *run)
{
	struct program_env program = {
		.script = run->script,
		.tolerance_ns = run->config->tolerance_usecs * NSEC_PER_USEC,
	};
	struct errbuf err = {""};

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
	run->buffer = arena_alloc(run->arena, WIRE_MAX_PACKET);
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

static void start_clock(struct run *run)
{
	priority_raise(program_pid(run->program));
	run->start = clock_align_to_tick();
	program_set_start(run->program, run->start, run->start + clock_realtime_offset());
}

static void clean_up(struct run *run, bool armed)
{
	struct record *record;
	struct errbuf err;

	priority_lower();
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
	sockdiag_close(run->diag);
	if (run->pcap && pcap_file_close(run->pcap, &err) < 0 && !run->failed)
		setup_failed(run, (struct loc){0}, err.text);
	if (run->link)
		run->link->ops->close(run->link);
	arena_free(run->arena);
}

/* A failure that our own lateness could explain is `late`, to be tried again, not the kernel's. */
static void judge(struct run *run)
{
	struct run_result *result = run->result;
	size_t i;

	if (result->verdict == VERDICT_SKIP)
		return;
	if (!run->failed) {
		result->verdict = VERDICT_PASS;
		return;
	}
	result->verdict = VERDICT_FAIL;
	for (i = 0; i < result->n_records; i++) {
		if (result->records[i]->status != RECORD_FAILED)
			continue;
		result->failed_record = (int)i;
		result->reason = result->records[i]->message;
		break;
	}
	if (result->max_late_ns > run->config->tolerance_usecs * NSEC_PER_USEC / LATENESS_SHARE)
		result->verdict = VERDICT_LATE;
}

void run_script(const struct script *script, const struct run_env *env, struct run_result *result)
{
	struct run run = {
		.script = script,
		.config = script->config,
		.env = env,
		.result = result,
		.arena = arena_new(),
	};
	int64_t begin = clock_now();
	bool started = start_up(&run);

	result->setup_ns = clock_now() - begin;
	result->scripted_ns = script_duration(script);
	if (started) {
		if (env->ready)
			env->ready(env->cookie);
		start_clock(&run);
		play(&run);
		result->run_ns = run_now(&run);
		if (env->finished)
			env->finished(env->cookie);
	}
	clean_up(&run, started && script->init_command);
	judge(&run);
}
