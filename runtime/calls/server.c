#include "runtime/calls/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_SIZE     (256 * 1024)
#define MAX_BUFFER     (1UL << 30)
#define POPULATE_UP_TO (1UL << 20)

/* Memory for data. Unless it is large it is populated now, so that calls cause no page faults. */
static unsigned char *data_memory(size_t size)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			flags | (size <= POPULATE_UP_TO ? MAP_POPULATE : 0), -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Gives the run loop the name of this thread in procfs, and says that it is up. */
static void report_ready(struct worker *worker)
{
	struct share *share = worker->host->share;
	struct thread_name *name = &share->threads[worker->number];
	ssize_t n = readlink("/proc/thread-self", name->path, sizeof(name->path) - 1);

	name->path[n > 0 ? n : 0] = '\0';
	atomic_fetch_add(&share->ready, 1);
	futex_wake(&share->ready);
}

/* Makes one call. The run loop orders the calls of different threads; the counter makes a thread
 * see the memory that earlier calls have changed. */
static void perform(struct worker *worker, const struct event *event, struct call_slot *slot)
{
	atomic_load(&worker->host->finished);
	call_perform(worker, event, slot);
	atomic_fetch_add(&worker->host->finished, 1);
	atomic_store(&slot->state, SLOT_DONE);
	futex_wake(&slot->state);
}

/* Serves the calls that should return at once, in the order of the requests. */
static void *serve(void *cookie)
{
	struct worker *worker = cookie;
	struct share *share = worker->host->share;
	const struct script *script = worker->host->env.script;

	report_ready(worker);
	for (unsigned head = 0;; head++) {
		const struct event *event;
		struct call_slot *slot;

		while (atomic_load(&share->tail) == head)
			futex_wait(&share->tail, head, INT64_MAX);
		event = script->events[share->queue[head]];
		slot = &share->slots[event->call->slot];
		perform(worker, event, slot);
	}
	return NULL;
}

/* Makes one blocking call. */
static void *serve_blocking(void *cookie)
{
	struct worker *worker = cookie;
	struct share *share = worker->host->share;
	struct call_slot *slot = &share->slots[worker->event->call->slot];

	report_ready(worker);
	while (atomic_load(&slot->state) != SLOT_REQUESTED)
		futex_wait(&slot->state, SLOT_IDLE, INT64_MAX);
	perform(worker, worker->event, slot);
	return NULL;
}

/* Ends this process by the signal `number`, with the signal's default action. */
static void end_by_signal(int number)
{
	sigset_t set;

	prctl(PR_SET_DUMPABLE, 0); /* no core file, which would take time */
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), number);
}

/* The main thread serves the requests that must work while all other threads are inside calls. */
static _Noreturn void serve_control(struct host *host)
{
	struct share *share = host->share;

	for (;;) {
		unsigned request = atomic_load(&share->control);

		if (request == CONTROL_NONE) {
			futex_wait(&share->control, CONTROL_NONE, INT64_MAX);
			continue;
		}
		if (request == CONTROL_EXIT)
			_exit(share->argument);
		if (request == CONTROL_SIGNAL)
			end_by_signal(share->argument);
		else
			snapshot_take(share->argument, &share->snapshot);
		atomic_store(&share->control, CONTROL_NONE);
		futex_wake(&share->control);
	}
}

static int start_worker(struct host *host, struct worker *worker, size_t n_received)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	worker->host = host;
	worker->n_received = n_received;
	worker->received = data_memory(n_received + 1);
	worker->scratch = data_memory(SCRATCH_SIZE);
	if (!worker->received || !worker->scratch)
		return ENOMEM;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	error = pthread_create(&thread, &attr, worker->event ? serve_blocking : serve, worker);
	pthread_attr_destroy(&attr);
	return error;
}

static size_t buffer_size(const struct call *call)
{
	size_t size = call_buffer_size(call);

	return size < MAX_BUFFER ? size : MAX_BUFFER;
}

/* Starts the serving thread and one per blocking call. Returns 0 or an errno. */
static int start_workers(struct host *host)
{
	const struct script *script = host->env.script;
	unsigned n_threads = host->share->n_threads, next = 1;
	struct worker *workers = calloc(n_threads, sizeof(*workers));
	size_t n_received = 0;
	int error;

	if (!workers)
		return ENOMEM;
	for (size_t i = 0; i < script->n_events; i++) {
		const struct event *event = script->events[i];
		size_t size;

		if (event->kind != EVENT_CALL)
			continue;
		size = buffer_size(event->call);
		if (size > host->n_zeros)
			host->n_zeros = size;
		if (!event->blocking && size > n_received)
			n_received = size;
	}
	host->zeros = data_memory(host->n_zeros + 1);
	if (!host->zeros)
		return ENOMEM;
	error = start_worker(host, &workers[0], n_received);
	for (size_t i = 0; i < script->n_events && next < n_threads && !error; i++) {
		const struct event *event = script->events[i];

		if (event->kind != EVENT_CALL || !event->blocking)
			continue;
		workers[next].number = next;
		workers[next].event = event;
		error = start_worker(host, &workers[next++], buffer_size(event->call));
	}
	return error;
}

static void default_signals(void)
{
	sigset_t none;

	for (int i = 1; i < SIGRTMAX; i++)
		signal(i, SIG_DFL);
	signal(SIGPIPE, SIG_IGN); /* a write to a dead connection is to return EPIPE */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn void server_main(const struct program_env *env, struct share *share, pid_t parent)
{
	struct host host = {.env = *env, .share = share};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* the parent died before the parent-death signal was set */
	prctl(PR_SET_NAME, "finwait-program");
	prctl(PR_SET_TIMERSLACK, 1);
	default_signals();
	/* Devices and sockets of the run loop must not stay open in this process. */
	syscall(SYS_close_range, 3u, ~0u, 0u);
#ifdef MADV_POPULATE_WRITE
	if (share->size <= 4 * POPULATE_UP_TO)
		madvise(share, share->size, MADV_POPULATE_WRITE);
#endif
	pthread_mutex_init(&host.making, NULL);
	pthread_mutex_init(&host.caps.lock, NULL);
	share->start_error = start_workers(&host);
	if (share->start_error)
		_exit(1);
	serve_control(&host);
}
