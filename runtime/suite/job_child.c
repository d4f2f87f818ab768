/* See job.h: the keeper and the run below it. Both are processes of their own, which end with
 * _exit() and report through the pipe. */
#include "runtime/suite/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parser/ast_print.h"
#include "runtime/bed/clock.h"
#include "runtime/calls/server.h"
#include "runtime/play/play.h"
#include "runtime/report/report.h"
#include "runtime/suite/job_enter.h"
#include "runtime/suite/sandbox.h"

struct child {
	const struct job_spec *spec;
	struct job_slot *slot;
	int fd;
	int runner; /* pidfd; -1: none */
	int output_fd;
	struct outfile *pcap; /* not open if no capture is to be saved */
	struct journal *journal;
};

/* What the run has recorded, in memory that it shares with the keeper and that outlives it. */
struct journal {
	struct run_result *result;
	size_t sent;	  /* number of records already sent */
	off_t output;	  /* bytes of the commands' output already in records */
	int64_t began_ns; /* when the timeline began, CLOCK_MONOTONIC; 0: not yet */
};

/* Enough memory for the records of all events; pages that are not used cost nothing. */
#define JOURNAL_LEAST ((size_t)64 << 10)
#define JOURNAL_EVENT ((size_t)4 << 10)

static void say(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno != EINTR)
			return; /* the runner is gone, and so are we soon */
		if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
}

static void say_line(int fd, char *text)
{
	if (!text)
		return;
	say(fd, text, strlen(text));
	say(fd, "\n", 1);
	free(text);
}

/* Sends the records that are closed and not sent yet. */
static void say_records(struct child *child)
{
	struct journal *journal = child->journal;

	for (; journal->sent < journal->result->n_records; journal->sent++)
		say_line(child->fd, record_to_json(journal->result->records[journal->sent]));
}

static void say_result(struct child *child, bool records)
{
	struct run_result *result = child->journal->result;

	if (records)
		say_records(child);
	else if (!child->journal->sent)
		result->failed_record = -1;
	say_line(child->fd, run_result_to_line(result));
}

/* Copies the output of commands so far into the result. */
static void attach_output(struct child *child)
{
	enum { MOST = 1 << 20 };
	struct run_result *result = child->journal->result;
	int fd = child->output_fd;
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	off_t from = size > MOST ? size - MOST : 0;
	char *text;
	ssize_t n;

	if (child->journal->output > from)
		from = child->journal->output;
	if (size <= from || result->output)
		return;
	text = arena_alloc(result->arena, (size_t)(size - from) + 1);
	n = pread(fd, text, (size_t)(size - from), from);
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' '; /* a NUL byte would end the text */
	if (n > 0)
		result->output = text;
}

/* Sends the result of a run that cannot be played. */
static void say_not_run(struct child *child, int code, const char *what)
{
	job_refuse(child->spec, child->journal->result, code, what);
	say_result(child, true);
}

static void say_refused(struct child *child, const char *what)
{
	int error = errno;
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	say_not_run(child, -error, text);
}

/* ---- the run ------------------------------------------------------------------------------ */

static void ready(void *cookie)
{
	struct child *child = cookie;

	say(child->fd, "R\n", 2);
	while (!atomic_load(&child->slot->go))
		syscall(SYS_futex, &child->slot->go, FUTEX_WAIT, 0, NULL, NULL, 0);
	child->journal->began_ns = clock_now();
}

static void finished(void *cookie)
{
	struct child *child = cookie;

	say(child->fd, "F\n", 2);
}

static void command(void *cookie, bool begins)
{
	const struct child *child = cookie;

	say(child->fd, begins ? "C\n" : "c\n", 2);
}

static void idle(void *cookie)
{
	say_records(cookie);
}

/* Records are needed to explain a failure, to show a warning, or if the user asked for them. */
static bool wants_records(const struct job_spec *spec, const struct run_result *result)
{
	if (spec->all_records ||
	    (result->verdict != VERDICT_PASS && result->verdict != VERDICT_SKIP))
		return true;
	for (size_t i = 0; i < result->n_records; i++)
		if (result->records[i]->status != RECORD_OK)
			return true;
	return false;
}

static void play(struct child *child)
{
	const struct job_spec *spec = child->spec;
	struct run_result *result = child->journal->result;
	const struct host_bed_options options = {
		.serve = server_main,
		.tick_eighths = spec->tick_eighths,
		.alone = spec->alone,
		.keep_netns = spec->keep_netns,
		.tracepoints = spec->tracepoints,
	};
	struct run_env env = {
		.bed = host_bed_new(spec->script, &options),
		.pcap = child->pcap->stream ? child->pcap : NULL,
		.pcap_format = spec->pcap_classic ? PCAP_CLASSIC : PCAP_NG,
		.describe = report_packet_comment,
		.output_fd = child->output_fd,
		.keep_output = spec->live,
		.ready = ready,
		.finished = finished,
		.command = command,
		.idle = spec->live ? idle : NULL,
		.cookie = child,
		.current_event = &child->slot->event,
		.alone = spec->alone,
		.keep_netns = spec->keep_netns,
		.cleanup_needs_init = spec->cleanup_needs_init,
		.reasons_optional = spec->reasons_optional,
	};

	if (!env.bed)
		return say_not_run(child, -ENOMEM, "out of memory");
	run_script(spec->script, &env, result);
	job_expect_failure(spec, result);
	run_result_quote(result, spec->script->source.text);
	attach_output(child);
	if (child->pcap->whole)
		say(child->fd, "P\n", 2);
	say_result(child, wants_records(spec, result));
}

/* ---- the keeper --------------------------------------------------------------------------- */

/* Adds the fault of a run that was told to end. */
static void told_to_end(const struct child *child, struct run_result *result)
{
	const struct job_slot *slot = child->slot;
	unsigned event = slot->phase == JOB_ENDING ? JOB_AFTER_EVENTS : slot->event;
	struct record *record = job_broken(child->spec, result, event,
					   slot->limit_ns ? FAULT_TIME_LIMIT : FAULT_INTERRUPTED);

	record->limit_ns = slot->limit_ns;
	record->signal = slot->signal;
	if (!slot->limit_ns)
		result->verdict = VERDICT_NOT_RUN;
}

/* Adds the fault of a run that died by itself. */
static void died(const struct child *child, struct run_result *result, int status)
{
	struct record *record = job_broken(child->spec, result, child->slot->event, FAULT_CRASH);

	if (WIFSIGNALED(status))
		record->signal = WTERMSIG(status);
	else
		record->exit_status = WEXITSTATUS(status);
	if (record->signal == SIGKILL) /* somebody else killed it */
		result->verdict = VERDICT_NOT_RUN;
}

/* Sends the rest of the records and the result of a run that ended without sending its result.
 * `told`: it was told to end; otherwise it died. */
static void tell(struct child *child, int status, bool told)
{
	struct journal *journal = child->journal;

	if (!arena_is_shared(journal->result->arena)) {
		/* What did not fit into shared memory was lost with the run. */
		journal->result =
			run_result_new(child->spec->path, ip_mode_name(child->spec->mode));
		journal->sent = 0;
	}
	if (told)
		told_to_end(child, journal->result);
	else
		died(child, journal->result, status);
	if (journal->began_ns)
		journal->result->run_ns = clock_now() - journal->began_ns;
	run_result_quote(journal->result, child->spec->script->source.text);
	attach_output(child);
	say(child->fd, "\n", 1); /* ends a line that the run may have left unfinished */
	say_result(child, true);
}

/* Forks the run. It gets the process id that the keeper has outside, so that $PPID of its commands
 * differs from that of every other run. Without the right to choose an id, the kernel chooses. */
static pid_t fork_run(const struct job_slot *slot)
{
	pid_t wanted = slot->pid;
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&wanted,
		.set_tid_size = 1,
	};
	pid_t pid =
		getpid() == 1 && wanted > 1 ? (pid_t)syscall(SYS_clone3, &args, sizeof(args)) : -1;

	return pid >= 0 ? pid : fork();
}

/* Sleeps until a signal comes or the runner ends. Returns the signal, or 0 if the runner is gone.
 */
static int next_signal(int signals, int runner)
{
	struct pollfd pollers[] = {{.fd = signals, .events = POLLIN},
				   {.fd = runner, .events = POLLIN}};
	struct signalfd_siginfo info;

	for (;;) {
		if (poll(pollers, 2, -1) < 0)
			continue;
		if (pollers[1].revents)
			return 0;
		if (read(signals, &info, sizeof(info)) == sizeof(info))
			return (int)info.ssi_signo;
	}
}

/* Reaps children until the run is gone. SIGTERM means that the run is to end, for the reason in the
 * slot. The runner's pidfd is watched as well, since a change of credentials clears the
 * parent-death signal (prctl(2)), and nothing may outlive the runner. */
static void wait_for(struct child *child, pid_t run, int from)
{
	bool told = false;
	int signal;

	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == run) {
			if (told || !WIFEXITED(status) || WEXITSTATUS(status))
				tell(child, status, told);
			return;
		}
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid > 0)
			continue;
		signal = next_signal(from, child->runner);
		if (signal != SIGCHLD)
			kill(run, SIGKILL);
		if (!signal)
			return;
		told |= signal == SIGTERM;
	}
}

static void own_signals(sigset_t *signals)
{
	for (int sig = 1; sig < NSIG; sig++) {
		signal(sig, SIG_IGN); /* discards pending ones, sent to the whole process group */
		signal(sig, SIG_DFL);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* write() then fails with EFBIG, setrlimit(2) */
	sigemptyset(signals);
	sigaddset(signals, SIGCHLD);
	sigaddset(signals, SIGTERM);
	sigprocmask(SIG_SETMASK, signals, NULL);
}

/* True if the runner died before the parent-death signal was set. */
static bool orphaned(int alive_fd)
{
	struct pollfd poller = {.fd = alive_fd};

	return poll(&poller, 1, 0) > 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes all descriptors but the standard streams and the `kept` ones, which it sorts. */
static void close_others(int *kept, size_t n)
{
	int from = STDERR_FILENO;

	qsort(kept, n, sizeof(*kept), by_number);
	for (size_t i = 0; i < n; i++) {
		if (kept[i] > from + 1)
			close_range((unsigned)from + 1, (unsigned)kept[i] - 1, 0);
		if (kept[i] > from)
			from = kept[i];
	}
	close_range((unsigned)from + 1, ~0U, 0);
}

/* Keeps of the runner's descriptors only its standard streams, the pipe, its pidfd and the capture
 * file. Standard input becomes empty. */
static void own_files(struct child *child)
{
	const struct outfile *pcap = child->pcap->stream ? child->pcap : NULL;
	int kept[] = {child->fd, child->runner, pcap ? pcap->fd : -1, pcap ? pcap->dir : -1};
	int null;

	close_others(kept, sizeof(kept) / sizeof(kept[0]));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

/* The run's main function. Everything that dirties memory is done here and not in the keeper: each
 * page that the keeper writes to before the fork would be copied. */
static _Noreturn void be_the_run(struct child *child)
{
	struct errbuf err;
	sigset_t none;
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sandbox_stand_back();
	code = job_enter(child->spec, child->pcap, &err);
	if (code)
		say_not_run(child, code, err.text);
	else
		play(child);
	fflush(NULL);
	_exit(0);
}

static struct journal *journal_new(const struct job_spec *spec)
{
	size_t size = JOURNAL_LEAST + spec->script->n_events * JOURNAL_EVENT;
	struct arena *arena = arena_new_shared(size);
	struct journal *journal;

	if (!arena)
		arena = arena_new(); /* private: a crash of the run then loses its records */
	journal = arena_new_of(arena, struct journal);
	journal->result = run_result_new_in(arena, spec->path, ip_mode_name(spec->mode));
	return journal;
}

void job_keep(const struct job_spec *spec, struct job *job, struct job_slot *slot, int fd,
	      int alive_fd)
{
	struct child child = {.spec = spec,
			      .slot = slot,
			      .fd = fd,
			      .runner = alive_fd,
			      .output_fd = -1,
			      .pcap = &job->pcap};
	sigset_t signals;
	pid_t run;
	int from;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0); /* Ctrl-C then goes to the runner alone, which ends the run */
	own_signals(&signals);
	if (orphaned(alive_fd))
		return;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	own_files(&child);
	child.journal = journal_new(spec);
	from = signalfd(-1, &signals, SFD_CLOEXEC);
	if (from < 0)
		return say_refused(&child, "cannot make a descriptor for signals");
	if (!spec->show_output)
		child.output_fd = memfd_create("output", MFD_CLOEXEC);
	if (!spec->show_output && child.output_fd < 0)
		return say_refused(&child, "cannot make a file for the output of commands");
	run = fork_run(slot);
	if (!run)
		be_the_run(&child);
	if (run < 0)
		return say_refused(&child, "cannot start a process");
	wait_for(&child, run, from);
}
