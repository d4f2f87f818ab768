/* Start-ups and timelines are two phases. Start-ups cost processor time: as many at once as there
 * are workers. Timelines mostly sleep: many at once, up to a budget that grows while they are on
 * time and shrinks when one was late. A run that failed, and was late itself, is tried again, last
 * of all alone. */
#include "runtime/suite/suite.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/bed/clock.h"
#include "runtime/suite/budget.h"
#include "runtime/suite/job.h"
#include "runtime/suite/queue.h"
#include "runtime/suite/sandbox.h"
#include "runtime/suite/tmpdir.h"

/* A run may take this much longer than its script says; so may its start-up and its end. */
#define GRACE_NS (60 * NSEC_PER_SEC)
/* After it was told to end. */
#define LAST_GRACE_NS (5 * NSEC_PER_SEC)
#define TICK_NS	      (100 * NSEC_PER_SEC / 1000)
/* Timelines released together would all act in the same moment. */
#define RELEASE_GAP_NS (300 * NSEC_PER_USEC)
#define MOST_AT_ONCE   8192
#define USUAL_AT_ONCE  1024

#define ID_SIGNAL UINT32_MAX /* epoll data; smaller: an active run */

struct active {
	struct job job;
	struct job_spec spec;
	struct entry entry;
	size_t shown; /* records that people have seen */
	bool used;
};

struct sched {
	const struct cli *cli;
	const struct plan *plan;
	struct results *results;
	struct teller *teller;
	struct arena *arena;

	struct queue queues[TURNS];
	struct active *active;
	struct job_slot *slots;
	unsigned cap, n_active, workers;
	unsigned count[JOB_DONE + 1]; /* active runs by phase */
	unsigned *ready;	      /* ring of cap: released in the order in which they came */
	unsigned ready_head;
	bool gate_open; /* --at-once */
	int64_t next_release;
	struct budget budget;

	struct progress_counts progress;
	int64_t begin_ns, next_tick;
	sigset_t mask;		    /* of signals, as it was */
	int epoll, signals, runner; /* runner: pidfd of this process */
	struct sandbox_means means;
	char *tmpdir; /* where /tmp is shared: of this process, with one in it for each run */
	unsigned n_started;
	bool keep_netns, stopping;
	int interrupted;
};

/* ---- results ------------------------------------------------------------------------------ */

/* What waits to be started now; NULL: nothing. */
static struct queue *waiting(struct sched *s)
{
	for (unsigned turn = 0; turn < TURNS; turn++)
		if (!queue_empty(&s->queues[turn]))
			return turn != TURN_ALONE || !s->n_active ? &s->queues[turn] : NULL;
	return NULL;
}

static void settle(struct sched *s, struct run_result *result)
{
	results_add(s->results, result);
	s->progress.running = s->n_active;
	s->progress.elapsed_ns = clock_now() - s->begin_ns;
	teller_result(s->teller, s->results, &s->progress);
	if (s->cli->max_failures && s->results->failures >= s->cli->max_failures)
		s->stopping = true;
}

static bool try_again(struct sched *s, const struct entry *entry, const struct run_result *result)
{
	struct entry next;

	if (s->stopping || !entry_again(entry, result, s->cli->retries, &next))
		return false;
	queue_put(&s->queues[entry_turn(&next, s->cli->retries)], &next);
	return true;
}

static void ended(struct sched *s, struct active *active)
{
	const struct entry *entry = &active->entry;
	struct run_result *result = job_finish(&active->job, &active->spec);
	bool failed = entry_failed(entry, result, active->spec.script->config);
	/* By ticks it may fail in the same way each time, and yet pass. */
	bool again = (!failed || result->tick_ns) && try_again(s, entry, result);

	if (failed && !again) {
		result->verdict = VERDICT_FAIL;
		job_expect_failure(&active->spec, result);
	}
	test_release(entry->test);
	tmpdir_remove(active->spec.tmpdir);
	active->used = false;
	s->n_active--;
	s->count[JOB_DONE]--;
	budget_learn(&s->budget, result->max_late_ns, s->count[JOB_RUNNING]);
	if (again) {
		run_result_free(result);
		return;
	}
	result->attempts = entry->attempt;
	if (entry->worst_late_ns > result->max_late_ns)
		result->max_late_ns = entry->worst_late_ns;
	if (entry->tick_ns)
		result->tick_ns = entry->tick_ns;
	settle(s, result);
}

/* ---- starting and releasing --------------------------------------------------------------- */

static void describe(struct sched *s, const struct entry *entry, struct job_spec *spec)
{
	const struct cli *cli = s->cli;
	struct test *test = entry->test;
	bool one = teller_live(s->teller, s->progress.all);

	*spec = (struct job_spec){
		.path = test->path,
		.script = test_script(test),
		.mode = (int)test->mode,
		.pcap_path = cli->pcap && s->progress.all > 1
				     ? test_pcap_path(test, cli->pcap, entry->round, s->arena)
				     : cli->pcap,
		.limit_ns = cli->timeout ? cli->timeout : test->scripted_ns + GRACE_NS,
		.own_directory = !cli->drop_in,
		.sandbox = s->means.processes,
		.keep_netns = s->keep_netns,
		.tick_eighths = entry_tick_eighths(entry),
		.alone = s->cap == 1 || entry_turn(entry, cli->retries) == TURN_ALONE,
		.private_tmp = s->means.tmp && !cli->drop_in && !cli->keep_tmp,
		.tmpdir = s->tmpdir ? arena_printf(s->arena, "%s/%u", s->tmpdir, s->n_started++)
				    : NULL,
		.all_records = cli->verbose,
		.live = one || (cli->drop_in && cli->verbose),
		.show_output = cli->drop_in,
	};
}

static int start(struct sched *s, const struct entry *entry, struct errbuf *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct active *active = s->active;
	int code;

	while (active->used)
		active++;
	event.data.u32 = (uint32_t)(active - s->active);
	active->entry = *entry;
	active->shown = 0;
	describe(s, entry, &active->spec);
	if (!active->spec.script) {
		settle(s, job_error(&active->spec, UINT_MAX,
				    "the script has changed since it was checked"));
		return 0;
	}
	code = job_start(&active->job, &active->spec, &s->slots[event.data.u32], s->runner, err);
	if (code) {
		test_release(entry->test);
		return code;
	}
	active->used = true;
	s->n_active++;
	s->count[JOB_STARTING]++;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, active->job.fd, &event))
		return err_set(err, -errno, "epoll: %s", strerror(errno));
	return 0;
}

static unsigned ready_ahead(const struct sched *s)
{
	return s->cli->at_once ? s->cli->at_once : 2 * s->workers + budget_now(&s->budget) / 8;
}

static int fill(struct sched *s, struct errbuf *err)
{
	struct queue *queue;

	while (!s->stopping && s->n_active < s->cap && s->count[JOB_STARTING] < s->workers &&
	       s->count[JOB_READY] < ready_ahead(s) && (queue = waiting(s))) {
		int code = start(s, &queue->items[queue->next], err);

		if (code == -EAGAIN && s->n_active)
			return 0; /* as many processes as we may have: wait for some to end */
		if (code)
			return code;
		queue->next++;
	}
	return 0;
}

/* --at-once: all timelines wait until enough of them are ready. */
static bool gate(struct sched *s)
{
	if (!s->cli->at_once)
		return true;
	if (!s->count[JOB_READY])
		s->gate_open = false;
	else if (s->count[JOB_READY] >= s->cli->at_once ||
		 (!s->count[JOB_STARTING] && (s->n_active == s->cap || !waiting(s))))
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

/* Its process died. */
static void forget_ready(struct sched *s, unsigned index)
{
	unsigned n = s->count[JOB_READY], kept = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned at = s->ready[(s->ready_head + i) % s->cap];

		if (at != index)
			s->ready[(s->ready_head + kept++) % s->cap] = at;
	}
}

static void end_those_that_hang(struct sched *s, int64_t now)
{
	for (unsigned i = 0; i < s->cap; i++) {
		struct active *active = &s->active[i];
		int64_t limit = GRACE_NS;

		if (!active->used || active->job.phase == JOB_READY)
			continue;
		if (active->job.ended)
			limit = LAST_GRACE_NS;
		else if (active->job.phase == JOB_RUNNING)
			limit = active->spec.limit_ns;
		if (now - active->job.since_ns > limit)
			job_end(&active->job);
	}
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

static unsigned most_active(const struct sched *s, size_t n)
{
	unsigned wanted = s->cli->at_once ? s->cli->at_once + s->workers : USUAL_AT_ONCE;

	if (s->cli->drop_in || teller_live(s->teller, s->progress.all))
		wanted = 1;
	if (wanted > MOST_AT_ONCE)
		wanted = MOST_AT_ONCE;
	if (wanted > n)
		wanted = n ? (unsigned)n : 1;
	return budget_files(wanted);
}

static void enqueue(struct sched *s)
{
	struct queue *first = &s->queues[TURN_FIRST];
	size_t n = 0;

	for (size_t i = 0; i < s->plan->n; i++) {
		n += s->plan->tests[i].known ? 0 : s->cli->repeat;
		s->progress.all += s->plan->tests[i].known ? 1 : s->cli->repeat;
	}
	for (unsigned turn = 0; turn < TURNS; turn++)
		queue_init(&s->queues[turn], s->arena, n * entry_most(s->cli->retries));
	for (unsigned round = 0; round < s->cli->repeat; round++)
		for (size_t i = 0; i < s->plan->n; i++)
			if (!s->plan->tests[i].known)
				queue_put(first, &(struct entry){.test = &s->plan->tests[i],
								 .round = round,
								 .attempt = 1});
	if (!s->cli->drop_in)
		queue_sort(first);
	for (size_t i = 0; i < n; i++)
		s->progress.all_ns += first->items[i].test->scripted_ns;
	s->cap = most_active(s, n);
}

/* What was not to be played is told first. */
static void settle_known(struct sched *s)
{
	for (size_t i = 0; i < s->plan->n && !s->stopping; i++) {
		struct test *test = &s->plan->tests[i];

		if (test->known)
			settle(s, test->known);
		test->known = NULL;
	}
}

/* What nohup(1) or a shell has us ignore stays ignored. */
static void ending_signals(sigset_t *mask)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	sigemptyset(mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(mask, numbers[i]);
}

static int watch_signals(struct sched *s, struct errbuf *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = ID_SIGNAL};
	sigset_t mask;

	ending_signals(&mask);
	sigprocmask(SIG_BLOCK, &mask, &s->mask);
	signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->runner = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (s->signals < 0 || s->epoll < 0 ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->signals, &event))
		return err_set(err, -errno, "epoll: %s", strerror(errno));
	return 0;
}

static int prepare(struct sched *s, struct errbuf *err)
{
	const struct cli *cli = s->cli;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned processors = online > 0 ? (unsigned)online : 1;

	s->keep_netns = cli->drop_in && sandbox_own_netns();
	sandbox_privilege(err); /* if it fails each run says why it cannot be played here */
	/* A start-up waits for the kernel two thirds of its time; but where timelines cannot be put
	 * first it must not crowd them out. */
	s->workers = cli->jobs ? cli->jobs : sandbox_may_hurry() ? 3 * processors : processors;
	s->means = sandbox_means();
	if (!s->means.tmp && !cli->drop_in && !cli->keep_tmp)
		s->tmpdir = tmpdir_make();
	enqueue(s);
	budget_init(&s->budget, cli->at_once ? cli->at_once : cli->timelines, processors, s->cap);
	s->active = arena_alloc(s->arena, s->cap * sizeof(*s->active));
	s->ready = arena_alloc(s->arena, s->cap * sizeof(*s->ready));
	s->slots = mmap(NULL, s->cap * sizeof(*s->slots), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->slots == MAP_FAILED)
		return err_set(err, -errno, "mmap: %s", strerror(errno));
	return watch_signals(s, err);
}

static void tidy(struct sched *s)
{
	for (unsigned i = 0; i < s->cap; i++)
		if (s->active[i].used) {
			job_abandon(&s->active[i].job);
			test_release(s->active[i].entry.test);
		}
	tmpdir_remove(s->tmpdir);
	free(s->tmpdir);
	munmap(s->slots, s->cap * sizeof(*s->slots));
	close(s->epoll);
	close(s->signals);
	sigprocmask(SIG_SETMASK, &s->mask, NULL); /* reports may wait for a reader */
	if (s->runner >= 0)
		close(s->runner);
	arena_free(s->arena);
}

int sched_play(const struct cli *cli, const struct plan *plan, struct results *results,
	       struct teller *teller, struct errbuf *err)
{
	struct sched s = {
		.cli = cli,
		.plan = plan,
		.results = results,
		.teller = teller,
		.epoll = -1,
		.signals = -1,
		.runner = -1,
		.arena = arena_new(),
		.begin_ns = clock_now(),
	};
	int code = prepare(&s, err);

	if (!code)
		settle_known(&s);
	while (!code) {
		code = fill(&s, err);
		release(&s);
		if (code || s.stopping || (!s.n_active && !waiting(&s)))
			break;
		wait_and_hear(&s);
		tick(&s);
	}
	tidy(&s);
	return code ? code : s.interrupted;
}
