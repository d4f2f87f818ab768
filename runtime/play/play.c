/* The event loop. What each kind of event does is in run_*.c. */
#include "runtime/play/play_internal.h"

#include "runtime/bed/clock.h"
#include "runtime/play/code.h"
#include "runtime/play/command.h"

/* ---- time -------------------------------------------------------------------------------- */

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
		run->wait = 0;
	} else {
		run->due = origin + time->at;
		run->until = origin + time->until;
		run->wait = relative ? time->at : time->at - run->last_time;
	}
	percent = (int64_t)((double)(run->due - run->last_time) * run->config->tolerance_percent /
			    100);
	run->tolerance = run->config->tolerance_usecs * NSEC_PER_USEC;
	if (percent > run->tolerance)
		run->tolerance = percent;
	run->last_inbound = inbound;
	if (event->kind != EVENT_PACKET || inbound)
		run->span = 0;
	else if (relative && run->span > run->tolerance)
		run->due -= run->span;
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
	/* Start-ups of other runs hold locks of the kernel that `tc` and `ip` need. */
	if (event->index && !run->env->alone && record->status == RECORD_OK)
		run_late_note(run, run_now(run) - record->actual_ns - run->tolerance);
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

/* ---- the run ------------------------------------------------------------------------------ */

static int64_t recent_lateness(const struct run *run)
{
	int64_t worst = 0;

	for (unsigned i = 0; i < run->n_lateness && i < LATENESS_REACH; i++)
		if (run->lateness[i] > worst)
			worst = run->lateness[i];
	return worst;
}

/* The kernel's timers count in ticks: where time zero lies between two of them decides how much
 * longer than a script says they are. */
static void judge_tick(struct run *run)
{
	struct run_result *result = run->result;
	int64_t tick = clock_tick();
	struct record *failed;

	if (result->failed_record < 0 || !run->off_ns ||
	    run->off_ns > TIMER_TICKS * tick + tick / TICK_SLACK ||
	    run->off_ns < -(tick + tick / TICK_SLACK))
		return;
	result->tick_ns = tick;
	failed = result->records[result->failed_record];
	if (failed->kind != RECORD_CODE && !failed->hint)
		failed->hint = arena_printf(
			result->arena,
			"that may be the kernel's clock, whose ticks are %lld ms apart here; a "
			"tolerance of three ticks: --tolerance_usecs=%lld",
			(long long)(tick / 1000000), (long long)(TIMER_TICKS * tick / 1000 + 1000));
}

/* A failure that our own lateness could explain is `late`, to be tried again, not the kernel's. */
static void judge(struct run *run)
{
	struct run_result *result = run->result;
	int64_t late;
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
	judge_tick(run);
	late = recent_lateness(run);
	if (!late)
		return;
	result->verdict = VERDICT_LATE;
	if (late > result->max_late_ns)
		result->max_late_ns = late;
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
	bool started = run_start_up(&run);

	result->setup_ns = clock_now() - begin;
	result->scripted_ns = script_duration(script);
	if (started) {
		if (env->ready)
			env->ready(env->cookie);
		run_start_clock(&run);
		play(&run);
		result->run_ns = run_now(&run);
		if (env->finished)
			env->finished(env->cookie);
	}
	run_clean_up(&run, started && script->init_command);
	judge(&run);
}
