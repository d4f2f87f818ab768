/* A run has two phases, start-up and timeline. Start-ups cost processor time, so their number at
 * once is the number of workers. Timelines mostly sleep, so many go on at once, up to a budget that
 * grows while they are on time and shrinks when some are late. A run that failed and was itself
 * late is tried again, the last time with no other run beside it. */
#include "runtime/suite/sched_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/bed/clock.h"
#include "runtime/suite/tmpdir.h"

/* The timeline may take this much longer than the script says; start-up and clean-up may each take
 * this long. */
#define GRACE_NS (60 * NSEC_PER_SEC)
/* How long a run may take to end after it was told to. */
#define LAST_GRACE_NS (5 * NSEC_PER_SEC)
#define TICK_NS	      (100 * NSEC_PER_SEC / 1000)
/* Timelines released together would all act at the same moment. */
#define RELEASE_GAP_NS (300 * NSEC_PER_USEC)

/* ---- results ------------------------------------------------------------------------------ */

/* The queue whose next entry may be started now; NULL: none. */
static struct queue *waiting(struct sched *s)
{
	for (unsigned turn = 0; turn < TURNS; turn++)
		if (!queue_empty(&s->queues[turn]))
			return turn != TURN_ALONE || !s->n_active ? &s->queues[turn] : NULL;
	return NULL;
}

void sched_settle(struct sched *s, struct run_result *result)
{
	results_add(s->results, result);
	s->progress.running = s->n_active;
	s->progress.elapsed_ns = clock_now() - s->begin_ns;
	teller_result(s->teller, s->results, &s->progress);
	if (s->settings->max_failures && s->results->failures >= s->settings->max_failures)
		s->stopping = true;
}

static bool try_again(struct sched *s, const struct entry *entry, const struct run_result *result)
{
	struct entry next;

	if (s->stopping || !entry_again(entry, result, s->retries, &next))
		return false;
	queue_put(&s->queues[entry_turn(&next, s->retries)], &next);
	return true;
}

/* What could not be had is tried again, when others have ended. */
static bool try_set_up_again(struct sched *s, const struct entry *entry,
			     const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	int64_t now = clock_now();

	if (result->verdict != VERDICT_NOT_RUN) {
		scarcity_passed(&s->scarcity, now);
		return false;
	}
	/* That a capture has no room is none of the other runs' doing. */
	if (s->stopping || !failed || failed->kind == RECORD_CLEANUP ||
	    !err_is_scarcity(-(int)failed->error) || !scarcity_met(&s->scarcity, s->n_active, now))
		return false;
	queue_put(&s->queues[TURN_SCARCE], entry);
	return true;
}

static void ended(struct sched *s, struct active *active)
{
	const struct entry *entry = &active->entry;
	struct run_result *result = job_finish(&active->job, &active->spec);
	bool failed = entry_failed(entry, result, active->spec.script->config);
	bool again;

	active->used = false;
	s->n_active--;
	s->count[JOB_DONE]--;
	again = try_set_up_again(s, entry, result);
	/* A miss by ticks may be identical in each try and still pass at another phase. */
	if (!again && (!failed || result->tick_ns))
		again = try_again(s, entry, result);
	if (failed && !again) {
		result->verdict = VERDICT_FAIL;
		job_expect_failure(&active->spec, result);
	}
	test_release(entry->test);
	tmpdir_remove(active->spec.tmpdir);
	budget_learn(&s->budget, result->max_late_ns, s->count[JOB_RUNNING]);
	if (again) {
		job_drop_capture(&active->job);
		run_result_free(result);
		return;
	}
	job_keep_capture(&active->job, &active->spec, result);
	result->attempts = entry->attempt;
	if (entry->worst_late_ns > result->max_late_ns)
		result->max_late_ns = entry->worst_late_ns;
	if (entry->tick_ns)
		result->tick_ns = entry->tick_ns;
	sched_settle(s, result);
}

/* ---- starting and releasing --------------------------------------------------------------- */

/* The path of the run's capture; NULL: nothing is to be saved. */
static const char *pcap_path(struct sched *s, const struct entry *entry)
{
	const struct settings *settings = s->settings;
	const char *path = settings->pcap;

	if (settings->pcap_on_failure)
		path = arena_printf(s->arena, "%s/%s", settings->pcap_on_failure,
				    settings->pcap_classic ? ".pcap" : ".pcapng");
	else if (!path || s->pcap_as_it_is)
		return path;
	return test_pcap_path(entry->test, path, entry->round, s->arena);
}

/* Fills in what is to be played. 0, or -errno: the script cannot be read. */
static int describe(struct sched *s, const struct entry *entry, struct job_spec *spec)
{
	const struct settings *settings = s->settings;
	struct test *test = entry->test;
	bool one = teller_live(s->teller, s->progress.all);
	int code;

	*spec = (struct job_spec){
		.path = test->path,
		.script = test_script(test, &code),
		.mode = (int)test->mode,
		.pcap_path = pcap_path(s, entry),
		.pcap_of_failures = settings->pcap_on_failure,
		.pcap_classic = settings->pcap_classic,
		.own_directory = !settings->drop_in,
		.cleanup_needs_init = settings->drop_in,
		.outside = s->outside,
		.sandbox = s->means.processes,
		.keep_netns = s->keep_netns,
		.tracepoints = s->tracepoints,
		.reasons_optional = settings->reasons_optional,
		.tick_eighths = entry_tick_eighths(entry),
		.alone = s->cap == 1 || entry_turn(entry, s->retries) == TURN_ALONE,
		.private_tmp = s->means.tmp && !settings->drop_in && !settings->keep_tmp,
		.tmpdir = s->tmpdir ? arena_printf(s->arena, "%s/%u", s->tmpdir, s->n_started++)
				    : NULL,
		.all_records = teller_wants_records(settings),
		.live = one || (settings->drop_in && settings->verbose),
		.show_output = settings->drop_in,
	};
	return code;
}

/* 0, or -errno with err. */
static int start_job(struct sched *s, struct active *active, struct errbuf *err)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u32 = (uint32_t)(active - s->active),
	};
	int code =
		job_start(&active->job, &active->spec, &s->slots[event.data.u32], s->runner, err);

	if (code || !epoll_ctl(s->epoll, EPOLL_CTL_ADD, active->job.fd, &event))
		return code;
	code = err_set(err, -errno, "cannot watch one more run: %s", strerror(errno));
	job_abandon(&active->job);
	return code;
}

/* False if the run cannot be started before others have ended. */
static bool start(struct sched *s, const struct entry *entry)
{
	struct active *active = s->active;
	struct errbuf err;
	int code;

	while (active->used)
		active++;
	active->entry = *entry;
	active->shown = 0;
	code = describe(s, entry, &active->spec);
	if (active->spec.script)
		code = start_job(s, active, &err);
	else if (code)
		err_set(&err, code, "the script cannot be read again: %s", strerror(-code));
	else
		code = err_set(&err, -ESTALE, "the script has changed since it was checked");
	if (!code) {
		active->used = true;
		s->n_active++;
		s->count[JOB_STARTING]++;
		return true;
	}
	if (err_is_scarcity(code) && scarcity_met(&s->scarcity, s->n_active, clock_now())) {
		if (active->spec.script)
			test_release(entry->test);
		return false;
	}
	sched_settle(s, job_not_run(&active->spec, code, err.text));
	if (active->spec.script)
		test_release(entry->test);
	return true;
}

static unsigned ready_ahead(const struct sched *s)
{
	return s->settings->at_once ? s->settings->at_once
				    : 2 * s->workers + budget_now(&s->budget) / 8;
}

static void fill(struct sched *s)
{
	struct queue *queue;

	while (!s->stopping && s->n_active < s->cap && s->count[JOB_STARTING] < s->workers &&
	       s->count[JOB_READY] < ready_ahead(s) &&
	       scarcity_allows(&s->scarcity, s->n_active, clock_now()) && (queue = waiting(s))) {
		if (!start(s, &queue->items[queue->next]))
			return;
		queue->next++;
	}
}

/* With --at-once, all timelines wait until enough of them are ready. */
static bool gate(struct sched *s)
{
	if (!s->settings->at_once)
		return true;
	if (!s->count[JOB_READY])
		s->gate_open = false;
	else if (s->count[JOB_READY] >= s->settings->at_once ||
		 (!s->count[JOB_STARTING] && (s->n_active >= s->scarcity.most || !waiting(s))))
		s->gate_open = true;
	return s->gate_open;
}

static void release(struct sched *s)
{
	while (s->count[JOB_READY] && gate(s) && s->count[JOB_RUNNING] < budget_now(&s->budget)) {
		int64_t now = clock_now();

		if (now < s->next_release)
			return;
		job_release(&s->active[s->ready[s->ready_head]].job);
		s->ready_head = (s->ready_head + 1) % s->cap;
		s->count[JOB_READY]--;
		s->count[JOB_RUNNING]++;
		s->next_release = now + RELEASE_GAP_NS;
	}
}

/* ---- what runs say ------------------------------------------------------------------------ */

static void hear(struct sched *s, unsigned index)
{
	struct active *active = &s->active[index];
	enum job_phase before = active->job.phase;

	job_read(&active->job);
	if (active->spec.live)
		for (; active->shown < active->job.result->n_records; active->shown++)
			teller_record(s->teller, active->job.result, active->shown);
	if (active->job.phase == before)
		return;
	s->count[before]--;
	s->count[active->job.phase]++;
	if (active->job.phase == JOB_READY) {
		unsigned tail = s->ready_head + s->count[JOB_READY] - 1;

		s->ready[tail % s->cap] = index;
	}
	if (active->job.phase == JOB_DONE)
		ended(s, active);
}

/* Takes a run whose process died out of the ring. */
static void forget_ready(struct sched *s, unsigned index)
{
	unsigned n = s->count[JOB_READY], kept = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned at = s->ready[(s->ready_head + i) % s->cap];

		if (at != index)
			s->ready[(s->ready_head + kept++) % s->cap] = at;
	}
}

/* The limit counts the time of the script and of finwait. Commands have a limit of their own,
 * unless the user has set one for the whole timeline. */
static void end_if_past_limit(struct sched *s, struct active *active, int64_t now)
{
	const struct job *job = &active->job;
	int64_t taken = now - job->since_ns, limit = GRACE_NS;

	if (job->ended) {
		limit = LAST_GRACE_NS;
	} else if (job->phase == JOB_RUNNING && s->settings->timeout) {
		limit = s->settings->timeout;
	} else {
		taken -= job_commands_ns(job, now);
		if (job->phase == JOB_RUNNING)
			limit += active->entry.test->scripted_ns;
	}
	if (taken > limit)
		job_end(&active->job, limit);
}

static void end_those_that_hang(struct sched *s, int64_t now)
{
	for (unsigned i = 0; i < s->cap; i++)
		if (s->active[i].used && s->active[i].job.phase != JOB_READY)
			end_if_past_limit(s, &s->active[i], now);
}

static void hear_signal(struct sched *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		s->interrupted = (int)info.ssi_signo;
		s->stopping = true;
	}
}

static void tick(struct sched *s)
{
	int64_t now = clock_now();

	if (now < s->next_tick)
		return;
	s->next_tick = now + TICK_NS;
	end_those_that_hang(s, now);
	s->progress.running = s->n_active;
	s->progress.elapsed_ns = now - s->begin_ns;
	teller_tick(s->teller, s->results, &s->progress);
}

static void wait_and_hear(struct sched *s)
{
	struct epoll_event events[64];
	int64_t until = s->next_tick, now = clock_now();
	struct timespec timeout = {0};
	int n;

	if (s->count[JOB_READY] && s->next_release > now && s->next_release < until)
		until = s->next_release;
	if (s->scarcity.not_before > now && s->scarcity.not_before < until)
		until = s->scarcity.not_before;
	if (until > now)
		timeout.tv_nsec = (long)(until - now) % NSEC_PER_SEC;
	n = (int)syscall(SYS_epoll_pwait2, s->epoll, events, 64, &timeout, NULL, 0);
	if (n < 0 && errno == ENOSYS)
		n = epoll_wait(s->epoll, events, 64, (int)(timeout.tv_nsec / 1000000 + 1));
	for (int i = 0; i < n; i++) {
		unsigned index = events[i].data.u32;

		if (index == ID_SIGNAL) {
			hear_signal(s);
			continue;
		}
		if (s->active[index].job.phase == JOB_READY)
			forget_ready(s, index);
		hear(s, index);
	}
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* Tests that are not to be played are reported first. */
static void settle_known(struct sched *s)
{
	for (size_t i = 0; i < s->plan->n && !s->stopping; i++) {
		struct test *test = &s->plan->tests[i];

		if (test->known)
			sched_settle(s, test->known);
		test->known = NULL;
	}
}

int sched_play(const struct settings *settings, const struct plan *plan, struct results *results,
	       struct teller *teller, struct errbuf *err)
{
	struct sched s = {
		.settings = settings,
		.plan = plan,
		.results = results,
		.teller = teller,
		.epoll = -1,
		.signals = -1,
		.runner = -1,
		.arena = arena_new(),
		.begin_ns = clock_now(),
	};
	int code = sched_prepare(&s, err);

	settle_known(&s);
	while (!code && !s.stopping) {
		fill(&s);
		release(&s);
		if (s.stopping || (!s.n_active && !waiting(&s)))
			break;
		wait_and_hear(&s);
		tick(&s);
	}
	sched_tidy(&s, code, err);
	return code ? code : s.interrupted;
}
