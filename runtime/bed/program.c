#include "runtime/bed/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parser/tables.h"
#include "runtime/bed/clock.h"
#include "runtime/bed/share.h"

#define START_LIMIT   (10 * NSEC_PER_SEC)
#define DEATH_CHECK   (50 * 1000 * NSEC_PER_USEC) /* how soon a crash is noticed while waiting */
#define LOOK_EVERY    (30 * NSEC_PER_USEC)	  /* between two looks whether a thread sleeps */
#define ASLEEP_LIKELY (5 * 1000 * NSEC_PER_USEC)  /* without procfs: a call this long sleeps */

struct program {
	struct program_env env;
	struct share *share;
	pid_t pid;
	int pidfd;		   /* -1: ended and reaped */
	unsigned *thread_of;	   /* by call->slot: number in share->threads */
	int *stat_fds;		   /* /proc/.../stat by share->threads; -1: cannot be read */
	const struct event *ender; /* the event that ended it; NULL: it ended otherwise */
	char end_text[96];
};

/* ---- how it ends ------------------------------------------------------------------------- */

static void describe_end(struct program *program, const siginfo_t *info)
{
	const char *signal_name = signal_symbol(info->si_status);
	char *text = program->end_text;
	size_t size = sizeof(program->end_text);
	int n;

	if (info->si_code == CLD_EXITED)
		n = snprintf(text, size, program->ender ? "exit(%d)" : "exited with status %d",
			     info->si_status);
	else if (signal_name)
		n = snprintf(text, size, "killed by %s", signal_name);
	else
		n = snprintf(text, size, "killed by signal %d", info->si_status);
	if (program->ender)
		snprintf(text + n, size - (size_t)n, " at line %u", program->ender->loc.line);
}

static void fail_slot(struct program *program, struct call_slot *slot, const char *format)
{
	slot->begin_ns = slot->end_ns = clock_now();
	slot->result = -1;
	slot->error = 0;
	slot->mismatches.n = 0;
	slot->live[0] = '\0';
	slot->used = slot->made = -1;
	slot->local.ss_family = slot->peer.ss_family = AF_UNSPEC;
	snprintf(slot->failure, sizeof(slot->failure), format, program->end_text);
	atomic_store(&slot->state, SLOT_DONE);
}

/* Reaps the program if it has ended; with `wait`, waits until it has. True: it is gone, and the
 * kernel has closed its files, since every thread drops them before the process can be reaped. */
static bool reap(struct program *program, bool wait)
{
	siginfo_t info = {0};
	int result;

	if (program->pidfd < 0)
		return true;
	do {
		result = waitid(P_PID, (id_t)program->pid, &info, WEXITED | (wait ? 0 : WNOHANG));
	} while (result < 0 && errno == EINTR);
	if (result == 0 && info.si_pid != program->pid)
		return false;
	close(program->pidfd);
	program->pidfd = -1;
	if (result == 0)
		describe_end(program, &info);
	else
		snprintf(program->end_text, sizeof(program->end_text), "reaped by another");
	for (unsigned i = 0; i < program->env.script->n_calls; i++) {
		struct call_slot *slot = &program->share->slots[i];
		unsigned state = atomic_load(&slot->state);

		if (state == SLOT_REQUESTED || state == SLOT_ENTERED)
			fail_slot(program, slot,
				  "the program under test ended (%s) inside this call");
	}
	return true;
}

bool program_alive(struct program *program)
{
	return !reap(program, false);
}

/* ---- start and stop ---------------------------------------------------------------------- */

static void open_stats(struct program *program)
{
	struct share *share = program->share;

	for (unsigned i = 0; i < share->n_threads; i++) {
		char path[80];

		program->stat_fds[i] = -1;
		if (!share->threads[i].path[0])
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", share->threads[i].path);
		program->stat_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
}

/* The handle's arrays; false: no memory. */
static bool make_arrays(struct program *program)
{
	const struct script *script = program->env.script;
	unsigned number = 0;

	program->share = share_new(script);
	if (!program->share)
		return false;
	program->stat_fds = malloc(program->share->n_threads * sizeof(int));
	program->thread_of = calloc(script->n_calls + 1, sizeof(unsigned));
	if (!program->stat_fds || !program->thread_of)
		return false;
	for (unsigned i = 0; i < program->share->n_threads; i++)
		program->stat_fds[i] = -1;
	for (size_t i = 0; i < script->n_events; i++) {
		const struct event *event = script->events[i];

		if (event->kind == EVENT_CALL && event->blocking)
			program->thread_of[event->call->slot] = ++number;
	}
	return true;
}

/* Waits until all threads are up. 0, or a negative errno. */
static int wait_ready(struct program *program)
{
	struct share *share = program->share;
	int64_t deadline = clock_now() + START_LIMIT;

	for (;;) {
		unsigned ready = atomic_load(&share->ready);

		if (ready == share->n_threads)
			return 0;
		if (!program_alive(program))
			return share->start_error ? -share->start_error : -ECHILD;
		if (clock_now() >= deadline)
			return -ETIMEDOUT;
		futex_wait(&share->ready, ready, clock_now() + DEATH_CHECK);
	}
}

static int cannot_start(int error, struct errbuf *err)
{
	return err_set(err, error, "cannot start the program under test: %s", strerror(-error));
}

int program_start(const struct program_env *env, struct program **out, struct errbuf *err)
{
	struct program *program = calloc(1, sizeof(*program));
	pid_t self = getpid();
	int error;

	*out = NULL;
	if (!program)
		return err_set(err, -ENOMEM, "out of memory");
	program->env = *env;
	program->pidfd = -1;
	if (!make_arrays(program)) {
		program_stop(program);
		return err_set(err, -ENOMEM, "no memory for %u calls", env->script->n_calls);
	}
	program->pid = fork();
	if (program->pid == 0)
		env->serve(env, program->share, self);
	error = program->pid < 0 ? -errno : 0;
	if (!error) {
		program->pidfd = (int)syscall(SYS_pidfd_open, program->pid, 0);
		if (program->pidfd < 0)
			error = -errno;
	}
	if (error) {
		program_stop(program);
		return cannot_start(error, err);
	}
	*out = program;
	return 0;
}

int program_ready(struct program *program, struct errbuf *err)
{
	int error = wait_ready(program);

	if (error)
		return cannot_start(error, err);
	open_stats(program);
	return 0;
}

void program_stop(struct program *program)
{
	if (!program)
		return;
	if (program->pidfd >= 0) {
		kill(program->pid, SIGKILL);
		reap(program, true);
	} else if (program->pid > 0 && !program->end_text[0]) {
		kill(program->pid, SIGKILL); /* pidfd_open() failed */
		waitpid(program->pid, NULL, 0);
	}
	for (unsigned i = 0; program->stat_fds && i < program->share->n_threads; i++)
		if (program->stat_fds[i] >= 0)
			close(program->stat_fds[i]);
	free(program->stat_fds);
	free(program->thread_of);
	share_free(program->share);
	free(program);
}

pid_t program_pid(const struct program *program)
{
	return program->pid;
}

void program_set_start(struct program *program, int64_t monotonic_ns, int64_t realtime_ns)
{
	program->share->start_monotonic_ns = monotonic_ns;
	program->share->start_realtime_ns = realtime_ns;
}

/* ---- calls ------------------------------------------------------------------------------- */

void program_request(struct program *program, const struct event *event)
{
	struct share *share = program->share;
	struct call_slot *slot = &share->slots[event->call->slot];
	unsigned tail = atomic_load(&share->tail);

	if (program->pidfd < 0) {
		fail_slot(program, slot, "the program under test has ended (%s)");
		return;
	}
	atomic_store(&slot->state, SLOT_REQUESTED);
	if (event->blocking) {
		futex_wake(&slot->state);
		return;
	}
	share->queue[tail] = event->index;
	atomic_store(&share->tail, tail + 1);
	futex_wake(&share->tail);
}

const struct call_slot *program_slot(const struct program *program, const struct call *call)
{
	return &program->share->slots[call->slot];
}

const struct descriptors *program_descriptors(const struct program *program)
{
	return program->share->descriptors;
}

bool program_wait(struct program *program, const struct call *call, int64_t deadline_ns)
{
	struct call_slot *slot = &program->share->slots[call->slot];

	for (;;) {
		unsigned state = atomic_load(&slot->state);
		int64_t now, until;

		if (state == SLOT_DONE)
			return true;
		now = clock_now();
		if (now >= deadline_ns)
			return false;
		until = deadline_ns < now + DEATH_CHECK ? deadline_ns : now + DEATH_CHECK;
		futex_wait(&slot->state, state, until);
		if (clock_now() >= until && atomic_load(&slot->state) != SLOT_DONE)
			program_alive(program); /* if the program has died, this marks its calls as
						   done */
	}
}

/* proc(5): "TID (NAME) STATE ..."; NAME may hold anything, so its end is the last parenthesis. */
static bool thread_sleeps(const struct program *program, unsigned thread,
			  const struct call_slot *slot)
{
	char text[128];
	const char *end;
	ssize_t n = -1;

	if (program->stat_fds[thread] >= 0)
		n = pread(program->stat_fds[thread], text, sizeof(text) - 1, 0);
	if (n <= 0)
		return clock_now() - slot->begin_ns > ASLEEP_LIKELY;
	text[n] = '\0';
	end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] == 'S';
}

bool program_wait_asleep(struct program *program, const struct call *call, int64_t deadline_ns)
{
	struct call_slot *slot = &program->share->slots[call->slot];
	unsigned thread = program->thread_of[call->slot];

	for (;;) {
		unsigned state = atomic_load(&slot->state);
		int64_t now = clock_now();

		if (state == SLOT_DONE)
			return true;
		if (state == SLOT_ENTERED && thread_sleeps(program, thread, slot))
			return true;
		if (now >= deadline_ns)
			return false;
		if (state != SLOT_ENTERED && !program_alive(program))
			continue;
		futex_wait(&slot->state, state, clock_now() + LOOK_EVERY);
	}
}

/* ---- control ----------------------------------------------------------------------------- */

/* Sends a request to the program's main thread; false if it did not answer in time. */
static bool control(struct program *program, enum control_request request, int argument,
		    int64_t deadline_ns)
{
	struct share *share = program->share;

	share->argument = argument;
	atomic_store(&share->control, request);
	futex_wake(&share->control);
	while (atomic_load(&share->control) == request) {
		int64_t now = clock_now();

		if (now >= deadline_ns || !program_alive(program))
			return false;
		futex_wait(&share->control, request,
			   now + DEATH_CHECK < deadline_ns ? now + DEATH_CHECK : deadline_ns);
	}
	return true;
}

bool program_snapshot(struct program *program, int live_fd, struct sock_snapshot *snapshot,
		      int64_t deadline_ns)
{
	memset(snapshot, 0, sizeof(*snapshot));
	if (!program_alive(program)) {
		snapshot->error = ESRCH;
		snprintf(snapshot->failure, sizeof(snapshot->failure),
			 "the program under test has ended (%s)", program->end_text);
		return true;
	}
	if (!control(program, CONTROL_SNAPSHOT, live_fd, deadline_ns))
		return false;
	*snapshot = program->share->snapshot;
	return true;
}

/* Only the first event that ends the program counts. */
static void remember_ender(struct program *program)
{
	const struct script *script = program->env.script;

	for (size_t i = 0; i < script->n_events && !program->ender; i++)
		if (script->events[i]->kind == EVENT_KILL || script->events[i]->kind == EVENT_EXIT)
			program->ender = script->events[i];
}

int program_kill(struct program *program, int number)
{
	if (!signal_ends(number))
		return -EINVAL;
	if (!program_alive(program))
		return -ESRCH;
	remember_ender(program);
	if (number == SIGKILL) {
		if (syscall(SYS_pidfd_send_signal, program->pidfd, number, NULL, 0) < 0)
			return -errno;
	} else {
		/* The program restores the signal's default action and sends it to itself. */
		program->share->argument = number;
		atomic_store(&program->share->control, CONTROL_SIGNAL);
		futex_wake(&program->share->control);
	}
	return reap(program, true) ? 0 : -ECHILD;
}

int program_exit(struct program *program, int status)
{
	if (!program_alive(program))
		return -ESRCH;
	remember_ender(program);
	program->share->argument = status;
	atomic_store(&program->share->control, CONTROL_EXIT);
	futex_wake(&program->share->control);
	return reap(program, true) ? 0 : -ECHILD;
}
