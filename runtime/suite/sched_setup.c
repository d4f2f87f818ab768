/* How the scheduler is set up and torn down. */
#include "runtime/suite/sched_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/bed/clock.h"
#include "runtime/suite/tmpdir.h"
#include "tun/tracing.h"

#define MOST_AT_ONCE  8192
#define USUAL_AT_ONCE 1024
/* How long an interrupted run may take to say where it was. */
#define LAST_WORDS_NS (2 * NSEC_PER_SEC)

static unsigned most_active(const struct sched *s, size_t n)
{
	unsigned wanted = s->settings->jobs	   ? s->settings->jobs
			  : s->settings->at_once ? s->settings->at_once + s->workers
						 : USUAL_AT_ONCE;

	if (s->settings->drop_in || teller_live(s->teller, s->progress.all))
		wanted = 1;
	if (wanted > MOST_AT_ONCE)
		wanted = MOST_AT_ONCE;
	if (wanted > n)
		wanted = n ? (unsigned)n : 1;
	/* Each run needs a pipe, and with a capture two more: the file and its directory. */
	return budget_files(wanted, s->settings->pcap || s->settings->pcap_on_failure ? 3 : 1);
}

static void enqueue(struct sched *s)
{
	struct queue *first = &s->queues[TURN_FIRST];
	size_t n = 0;

	for (size_t i = 0; i < s->plan->n; i++) {
		n += s->plan->tests[i].known ? 0 : s->settings->repeat;
		s->progress.all += s->plan->tests[i].known ? 1 : s->settings->repeat;
	}
	for (unsigned turn = 0; turn < TURNS; turn++)
		queue_init(&s->queues[turn], s->arena, n * entry_most(s->retries));
	for (unsigned round = 0; round < s->settings->repeat; round++)
		for (size_t i = 0; i < s->plan->n; i++)
			if (!s->plan->tests[i].known)
				queue_put(first, &(struct entry){.test = &s->plan->tests[i],
								 .round = round,
								 .attempt = 1});
	if (!s->settings->drop_in)
		queue_sort(first);
	for (size_t i = 0; i < n; i++)
		s->progress.all_ns += first->items[i].test->scripted_ns;
	s->cap = most_active(s, n);
}

/* The signals that end a suite. One that nohup(1) or a shell set to be ignored stays ignored. */
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
		return err_set(err, -errno, "cannot watch signals and runs: %s", strerror(errno));
	return 0;
}

static bool is_device(const char *path)
{
	struct stat status;

	return path && !stat(path, &status) && S_ISCHR(status.st_mode);
}

static int hold_tracepoints(struct sched *s, struct errbuf *err)
{
	struct errbuf why;
	int code = s->settings->reasons ? tracepoints_open(&s->tracepoints, &why) : 0;

	if (code == 0 || s->settings->reasons_optional)
		return 0;
	return err_set(err, code, "--reasons: %s", why.text);
}

int sched_prepare(struct sched *s, struct errbuf *err)
{
	const struct settings *settings = s->settings;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned processors = online > 0 ? (unsigned)online : 1;
	int code = hold_tracepoints(s, err);
	bool hurries;

	if (code)
		return code;
	s->outside = mounts_here();
	s->keep_netns = settings->drop_in && sandbox_own_netns();
	sandbox_privilege(err); /* if it fails, each run says why it cannot be played here */
	hurries = sandbox_may_hurry();
	/* A start-up waits for the kernel for two thirds of its time, so three fit on a processor.
	 * Without real-time priority for timelines they would crowd these out. */
	s->workers = settings->prepare ? settings->prepare : hurries ? 3 * processors : processors;
	/* Without it a run on a busy machine is late about as often as not. */
	s->retries = settings->retries != RETRIES_USUAL ? settings->retries : hurries ? 3 : 10;
	s->means = sandbox_means();
	if (!s->means.tmp && !settings->drop_in && !settings->keep_tmp)
		s->tmpdir = tmpdir_make();
	enqueue(s);
	s->pcap_as_it_is = s->progress.all <= 1 || is_device(settings->pcap);
	scarcity_init(&s->scarcity, s->cap);
	budget_init(&s->budget, settings->at_once ? settings->at_once : settings->jobs,
		    processors, s->cap);
	s->active = arena_alloc(s->arena, s->cap * sizeof(*s->active));
	s->ready = arena_alloc(s->arena, s->cap * sizeof(*s->ready));
	s->slots = mmap(NULL, s->cap * sizeof(*s->slots), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->slots == MAP_FAILED)
		return err_set(err, -errno, "no memory for %u runs: %s", s->cap, strerror(errno));
	return watch_signals(s, err);
}

/* Reads from the job until it is done, or until `until` (CLOCK_MONOTONIC ns). */
static void hear_the_end(struct job *job, int64_t until)
{
	int64_t left;

	while (job->phase != JOB_DONE && (left = until - clock_now()) > 0) {
		struct pollfd poller = {.fd = job->fd, .events = POLLIN};

		poll(&poller, 1, (int)(left / NSEC_PER_MSEC + 1));
		job_read(job);
	}
}

/* A run whose timeline had begun was interrupted, and says where. The others have not been played.
 */
static void end_active(struct sched *s, struct active *active, int64_t until)
{
	struct run_result *result = NULL;

	if (active->job.ended)
		hear_the_end(&active->job, until);
	if (active->job.phase == JOB_DONE)
		result = job_finish(&active->job, &active->spec);
	else
		job_abandon(&active->job);
	s->n_active--;
	if (result) {
		const struct record *failed = run_result_failed(result);

		s->results->interrupted += failed && failed->fault == FAULT_INTERRUPTED;
		job_keep_capture(&active->job, &active->spec, result);
		result->attempts = active->entry.attempt;
		sched_settle(s, result);
	}
	test_release(active->entry.test);
	active->used = false;
}

static void end_all_active(struct sched *s)
{
	int64_t until = clock_now() + LAST_WORDS_NS;

	for (unsigned i = 0; i < s->cap; i++) {
		struct job *job = &s->active[i].job;

		if (s->active[i].used && (job->phase == JOB_RUNNING || job->phase == JOB_ENDING))
			job_interrupt(job, s->interrupted);
	}
	for (unsigned i = 0; i < s->cap; i++)
		if (s->active[i].used)
			end_active(s, &s->active[i], until);
}

/* Nothing can be played any more: records that for every test that waits. */
static void give_up_waiting(struct sched *s, int code, const char *reason)
{
	for (unsigned turn = 0; turn < TURNS; turn++) {
		struct queue *queue = &s->queues[turn];

		for (; !queue_empty(queue); queue->next++) {
			const struct test *test = queue->items[queue->next].test;
			struct job_spec spec = {.path = test->path, .mode = (int)test->mode};

			sched_settle(s, job_not_run(&spec, code, reason));
		}
	}
}

void sched_tidy(struct sched *s, int code, const struct errbuf *err)
{
	if (code < 0)
		give_up_waiting(s, code, err->text);
	else
		end_all_active(s);
	tmpdir_remove(s->tmpdir);
	free(s->tmpdir);
	if (s->slots && s->slots != MAP_FAILED)
		munmap(s->slots, s->cap * sizeof(*s->slots));
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->signals >= 0)
		close(s->signals);
	sigprocmask(SIG_SETMASK, &s->mask, NULL); /* reports may wait for a reader */
	if (s->runner >= 0)
		close(s->runner);
	arena_free(s->arena);
}
