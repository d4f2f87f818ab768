/* The event loop. What each kind of event does is in play_*.c, by the players of events.def. */
#include "runtime/play/play_internal.h"

#include <limits.h>

/* ---- time -------------------------------------------------------------------------------- */

static bool is_inbound(const struct event *event)
{
	return event->kind == EVENT_PACKET && event->packet->direction == INBOUND;
}

int64_t run_tolerance(const struct run *run, int64_t duration)
{
	int64_t percent = (int64_t)((double)duration * run->config->tolerance_percent / 100);
	int64_t usecs = run->config->tolerance_usecs * NSEC_PER_USEC;

	return percent > usecs ? percent : usecs;
}

/* Sets due, until and tolerance of an event (language: "Event times"). */
static void resolve_time(struct run *run, const struct event *event)
{
	const struct event_time *time = &event->time;
	bool inbound = is_inbound(event);
	bool relative = time->kind == TIME_RELATIVE || time->kind == TIME_RELATIVE_RANGE;
	int64_t origin = 0;

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
	run->tolerance = run_tolerance(run, run->due - run->last_time);
	run->last_inbound = inbound;
	if (event->kind != EVENT_PACKET || inbound)
		run->call_duration = 0;
	else if (relative && run->call_duration > run->tolerance)
		run->due -= run->call_duration;
}

/* ---- the pipeline ------------------------------------------------------------------------ */

static const struct player *player_of(const struct event *event)
{
	static const struct player *const players[] = {
#define EVENT(id, name, word, called, least, most, result, times, usage, player)                   \
	[EVENT_##id] = &player_##player,
#include "parser/events.def"
#undef EVENT
	};

	if (event->kind == EVENT_PACKET && !is_inbound(event))
		return &player_expect;
	return players[event->kind];
}

enum record_kind play_record_kind(const struct event *event)
{
	return player_of(event)->record;
}

/* The first event sets the clock going, so its own time cannot be wrong. */
static bool has_time(const struct moment *moment)
{
	return moment->event->index > 0 && moment->begin != INT64_MIN && !moment->untimed;
}

static void act(struct run *run, const struct player *player, struct moment *moment)
{
	struct record *record = moment->record;

	player->act(run, moment);
	if (moment->begin != INT64_MIN)
		record->actual_ns = moment->begin;
	if (moment->acted != INT64_MIN)
		run_late(run, run->due, moment->acted);
	if (has_time(moment))
		run_check_time(run, record);
	if (moment->non_fatal && record->status == RECORD_FAILED)
		record->status = RECORD_WARNING;
	if (moment->end != INT64_MIN)
		run_complete(run, moment->end);
	run->call_duration = moment->call_duration;
	conns_sample(&run->conns);
}

static void play_event(struct run *run, const struct event *event)
{
	const struct player *player = player_of(event);
	struct moment moment = {
		.event = event, .begin = INT64_MIN, .acted = INT64_MIN, .end = INT64_MIN};

	resolve_time(run, event);
	moment.record = run_record(run, player->record, event);
	if (player->prepare)
		player->prepare(run, &moment);
	if (player->waits)
		run_wait_until(run, run->due);
	if (player->settles && !run_pending_due(run, run->due))
		return;
	act(run, player, &moment);
	/* The failure is this event's, whatever else has come. */
	run->failed = run->failed || moment.record->status == RECORD_FAILED;
	run_align(run, &moment);
	/* No event to come can expect what was captured by now. */
	if (run->last_expected == SIZE_MAX || event->index >= run->last_expected ||
	    moment.record->status == RECORD_FAILED) {
		run_drain(run);
		run_extras(run, moment.record->actual_ns);
	}
	run_close(run, moment.record, moment.conn ? moment.conn : run->conns.conn_under_test);
}

static void play(struct run *run)
{
	size_t i;

	for (i = 0; i < run->script->n_events && !run->failed; i++) {
		const struct event *event = run->script->events[i];

		if (run->env->current_event)
			*run->env->current_event = (unsigned)i;
		play_event(run, event);
		run->last_time = run->due;
		if (!run->failed)
			run_pending_returned(run);
	}
	if (!run->failed)
		run_pending_end(run);
	run_rest(run);
}

/* ---- the verdict -------------------------------------------------------------------------- */

static int64_t recent_lateness(const struct run *run)
{
	int64_t worst = 0;

	for (unsigned i = 0; i < run->n_lateness && i < LATENESS_REACH; i++)
		if (run->lateness[i] > worst)
			worst = run->lateness[i];
	return worst;
}

/* Timers of the kernel count in ticks: the position of time zero within a tick decides how late
 * they fire. */
static void judge_tick(struct run *run)
{
	struct run_result *result = run->result;
	int64_t tick = run->bed->ops->tick(run->bed), slack = tick / TICK_SLACK;
	bool by_time = run->off_ns && run->off_ns <= TIMER_TICKS * tick + slack &&
		       run->off_ns >= -(tick + slack);

	if (result->failed_record >= 0 && (by_time || run->off_in_ticks))
		result->tick_ns = tick;
}

/* A failure that our own lateness could explain is `late`, to be tried again, not the kernel's. */
static void judge(struct run *run)
{
	struct run_result *result = run->result;
	int64_t late;

	if (!run->failed && result->verdict != VERDICT_SKIP)
		result->verdict = VERDICT_PASS;
	if (!run->failed)
		return;
	if (result->verdict == VERDICT_NOT_RUN)
		return;
	result->verdict = VERDICT_FAIL;
	judge_tick(run);
	late = recent_lateness(run);
	if (!late)
		return;
	result->verdict = VERDICT_LATE;
	if (late > result->max_late_ns)
		result->max_late_ns = late;
}

/* ---- the run ------------------------------------------------------------------------------ */

void run_script(const struct script *script, const struct run_env *env, struct run_result *result)
{
	struct run run = {
		.script = script,
		.config = script->config,
		.env = env,
		.bed = env->bed,
		.result = result,
		.arena = arena_new(),
		.last_expected = SIZE_MAX,
	};
	int64_t begin = run.bed->ops->now(run.bed);
	bool started;

	run.strays_tail = &run.strays;
	run.sightings_tail = &run.sightings;
	started = run_start_up(&run);
	result->setup_ns = run.bed->ops->now(run.bed) - begin;
	result->scripted_ns = script_duration(script);
	if (started) {
		if (env->ready)
			env->ready(env->cookie);
		run.start = run.bed->ops->start(run.bed);
		play(&run);
		result->run_ns = run_now(&run);
		run.bed->ops->finish(run.bed);
		run_counters_end(&run);
		if (env->finished)
			env->finished(env->cookie);
	}
	run_clean_up(&run, started && (script->init_command || !env->cleanup_needs_init));
	judge(&run);
	run.bed->ops->close(run.bed);
	arena_free(run.arena);
}
