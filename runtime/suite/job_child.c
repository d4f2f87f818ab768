/* See job.h: the keeper and the run below it. These are processes of their own: they end with _exit
 * and talk through the pipe. */
#include "runtime/suite/job.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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
#include "parser/tables.h"
#include "runtime/bed/clock.h"
#include "runtime/report/report.h"
#include "runtime/play/play.h"
#include "runtime/suite/sandbox.h"

struct child {
	const struct job_spec *spec;
	struct job_slot *slot;
	int fd;
	int runner; /* pidfd; -1: none */
	int output_fd;
	char pcap_path[PATH_MAX]; /* "" when nothing is to be saved */
};

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

static void say_result(int fd, const struct run_result *result, bool records)
{
	char *text = run_result_to_json(result, records);

	if (!text)
		return;
	say(fd, "\n", 1); /* ends whatever line a crash cut short */
	say(fd, text, strlen(text));
	say(fd, "\n", 1);
	free(text);
}

/* What commands printed so far, into the result. */
static void attach_output(struct run_result *result, int fd)
{
	enum { MOST = 1 << 20 };
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	off_t from = size > MOST ? size - MOST : 0;
	char *text;
	ssize_t n;

	if (size <= 0 || result->output)
		return;
	text = arena_alloc(result->arena, (size_t)(size - from) + 1);
	n = pread(fd, text, (size_t)(size - from), from);
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' '; /* a text ends at the first */
	if (n > 0)
		result->output = text;
}

/* ---- the run ------------------------------------------------------------------------------ */

static void ready(void *cookie)
{
	struct child *child = cookie;

	say(child->fd, "R\n", 2);
	while (!atomic_load(&child->slot->go))
		syscall(SYS_futex, &child->slot->go, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void finished(void *cookie)
{
	struct child *child = cookie;

	say(child->fd, "F\n", 2);
}

static void recorded(void *cookie, const struct record *record)
{
	const struct child *child = cookie;

	report_trace_line(stdout, record, child->spec->color);
	fflush(stdout);
}

/* --non_fatal: whatever else is shown of the run, a warning is. */
static void warn(void *cookie, const struct record *record)
{
	const struct child *child = cookie;

	if (record->status != RECORD_WARNING)
		return;
	fprintf(stderr, "%s:%u:%u: warning: %s (%s)\n", child->spec->path, record->line,
		record->column, record->message, ip_mode_name(child->spec->mode));
	if (record->expected && record->actual)
		fprintf(stderr, "  expected  %s\n  actual    %s\n", record->expected,
			record->actual);
}

static void play(struct child *child)
{
	const struct job_spec *spec = child->spec;
	struct run_result *result = run_result_new(spec->path, ip_mode_name(spec->mode));
	struct run_env env = {
		.pcap_path = *child->pcap_path ? child->pcap_path : NULL,
		.output_fd = child->output_fd,
		.ready = ready,
		.finished = finished,
		.recorded = spec->live ? recorded : warn,
		.cookie = child,
		.current_event = &child->slot->event,
		.tick_eighths = spec->tick_eighths,
		.alone = spec->alone,
		.keep_netns = spec->keep_netns,
	};

	result->scripted_ns = script_duration(spec->script);
	run_script(spec->script, &env, result);
	job_expect_failure(spec, result);
	run_result_quote(result, spec->script->source.text);
	attach_output(result, child->output_fd);
	say_result(child->fd, result,
		   spec->all_records ||
			   (result->verdict != VERDICT_PASS && result->verdict != VERDICT_SKIP));
}

/* ---- the keeper --------------------------------------------------------------------------- */

static const enum record_kind record_of_event[] = {
	[EVENT_PACKET] = RECORD_SEGMENT,  [EVENT_CALL] = RECORD_CALL,
	[EVENT_COMMAND] = RECORD_COMMAND, [EVENT_CODE] = RECORD_CODE,
	[EVENT_STATE] = RECORD_STATE,	  [EVENT_STATES] = RECORD_STATES,
	[EVENT_QUIET] = RECORD_QUIET,	  [EVENT_KILL] = RECORD_KILL,
	[EVENT_EXIT] = RECORD_EXIT,
};

struct run_result *job_error(const struct job_spec *spec, unsigned event, const char *reason)
{
	const struct script *script = spec->script;
	struct run_result *result = run_result_new(spec->path, ip_mode_name(spec->mode));
	const struct event *at = script && event < script->n_events ? script->events[event] : NULL;
	enum record_kind kind = at ? record_of_event[at->kind] : RECORD_SETUP;
	struct record *record = run_result_add(result, kind);

	result->verdict = VERDICT_ERROR;
	result->reason = at ? arena_printf(result->arena, "%s at line %u", reason, at->loc.line)
			    : arena_printf(result->arena, "%s%s", reason,
					   script ? " before the first event" : "");
	result->scripted_ns = script ? script_duration(script) : 0;
	result->failed_record = 0;
	record->status = RECORD_FAILED;
	record->message = result->reason;
	if (at) {
		char text[512];

		event_print(text, sizeof(text), at);
		record->event = (int)event;
		record->line = at->loc.line;
		record->column = at->loc.column;
		record->expected = arena_strndup(result->arena, text, strlen(text));
	}
	return result;
}

/* Tells how a run ended that did not tell itself. */
static void tell(const struct child *child, int status, bool timed_out)
{
	char reason[160];
	struct run_result *result;

	if (timed_out)
		snprintf(reason, sizeof(reason), "timed out after %.4g s",
			 (double)child->spec->limit_ns / (double)NSEC_PER_SEC);
	else if (WIFSIGNALED(status))
		snprintf(reason, sizeof(reason), "crashed: signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(reason, sizeof(reason), "crashed: exit status %d", WEXITSTATUS(status));
	result = job_error(child->spec, child->slot->event, reason);
	run_result_quote(result, child->spec->script->source.text);
	attach_output(result, child->output_fd);
	say_result(child->fd, result, true);
	run_result_free(result);
}

/* Forks the run. Its process id is the keeper's as seen outside, so that $PPID differs from that
 * of every other run; without the right to choose, any. */
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

/* Sleeps until a signal or the runner's end. The signal, or 0: the runner is gone. */
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

/* Reaps until the run is gone; SIGTERM means that its time is up. Whatever became of the
 * parent-death signal (a change of credentials clears it), nothing outlives the runner. */
static void wait_for(const struct child *child, pid_t run, const sigset_t *signals)
{
	int from = signalfd(-1, signals, SFD_CLOEXEC), signal;
	bool timed_out = false;

	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == run) {
			if (timed_out || !WIFEXITED(status) || WEXITSTATUS(status))
				tell(child, status, timed_out);
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
		timed_out |= signal == SIGTERM;
	}
}

static void own_signals(sigset_t *signals)
{
	for (int sig = 1; sig < NSIG; sig++) {
		signal(sig, SIG_IGN); /* and so forget those that the whole group was sent */
		signal(sig, SIG_DFL);
	}
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(signals);
	sigaddset(signals, SIGCHLD);
	sigaddset(signals, SIGTERM);
	sigprocmask(SIG_SETMASK, signals, NULL);
}

/* True if the runner died before we could ask to die with it. */
static bool orphaned(int alive_fd)
{
	struct pollfd poller = {.fd = alive_fd};

	return poll(&poller, 1, 0) > 0;
}

/* Its directory by descriptor, since the run works in another and may not see the same /tmp. */
static void find_pcap(struct child *child)
{
	const char *path = child->spec->pcap_path;
	char *copy = strdup(path), *name = strdup(path);
	int directory = copy ? open(dirname(copy), O_PATH | O_CLOEXEC) : -1;

	if (directory < 0 || !name) /* the run will say so */
		snprintf(child->pcap_path, sizeof(child->pcap_path), "%s", path);
	else
		snprintf(child->pcap_path, sizeof(child->pcap_path), "/proc/self/fd/%d/%s",
			 directory, basename(name));
	free(copy);
	free(name);
}

static void close_between(int from, int to)
{
	if (from < STDERR_FILENO)
		from = STDERR_FILENO;
	if (to > from + 1)
		close_range((unsigned)from + 1, (unsigned)to - 1, 0);
}

/* Nothing of the runner's but its standard streams, our pipe and its pidfd; standard input is
 * empty. */
static void own_files(struct child *child)
{
	int first = child->fd < child->runner ? child->fd : child->runner;
	int last = child->fd < child->runner ? child->runner : child->fd;
	int null;

	close_between(STDERR_FILENO, first);
	close_between(first, last);
	close_range((unsigned)last + 1, ~0U, 0);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	child->output_fd = child->spec->show_output ? -1 : memfd_create("output", MFD_CLOEXEC);
	if (child->spec->pcap_path)
		find_pcap(child);
}

/* The directory of the script; scripts name their helpers relative to it. */
static void own_directory(const struct job_spec *spec)
{
	char *copy = strdup(spec->path);

	if (copy && spec->own_directory && strcmp(spec->path, "-") && chdir(dirname(copy)))
		perror(copy);
	free(copy);
}

/* All that dirties memory is done here and not by the keeper, whose pages would be copied. */
static _Noreturn void be_the_run(struct child *child)
{
	const struct job_spec *spec = child->spec;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sandbox_stand_back();
	if (spec->sandbox)
		sandbox_enter(spec->path, spec->private_tmp);
	own_directory(spec);
	play(child);
	fflush(NULL);
	_exit(0);
}

void job_keep(const struct job_spec *spec, struct job_slot *slot, int fd, int alive_fd)
{
	struct child child = {.spec = spec, .slot = slot, .fd = fd, .runner = alive_fd};
	sigset_t signals;
	pid_t run;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0); /* a terminal's Ctrl-C is the runner's, which ends us */
	own_signals(&signals);
	if (orphaned(alive_fd))
		return;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	own_files(&child);
	run = fork_run(slot);
	if (!run)
		be_the_run(&child);
	if (run < 0)
		return;
	wait_for(&child, run, &signals);
}
