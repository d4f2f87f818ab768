/* See job.h: the runner's side. */
#include "runtime/suite/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/bed/clock.h"

static void enter_phase(struct job *job, enum job_phase phase)
{
	job->phase = phase;
	job->since_ns = clock_now();
	job->commands_ns = 0;
}

/* Forks the keeper. The kernel writes the child's pid into the slot before the child runs. This is
 * clone() and not clone3(), which the seccomp filters of many containers refuse. */
static pid_t fork_keeper(const struct job_spec *spec, struct job_slot *slot)
{
	unsigned long flags =
		SIGCHLD | CLONE_PARENT_SETTID | (spec->sandbox ? CLONE_NEWPID | CLONE_NEWNS : 0);

#ifdef __s390__ /* clone(2): the order of its arguments */
	return (pid_t)syscall(SYS_clone, NULL, flags, &slot->pid, NULL, 0L);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, &slot->pid, NULL, 0L);
#endif
}

int job_start(struct job *job, const struct job_spec *spec, struct job_slot *slot, int alive_fd,
	      struct errbuf *err)
{
	int fds[2];
	pid_t pid;

	memset(job, 0, sizeof(*job));
	/* Opening a FIFO may wait for a reader, so the run opens it itself. */
	if (spec->pcap_path && !outfile_is_special(spec->pcap_path)) {
		int code = outfile_open(&job->pcap, spec->pcap_path, err);

		if (code)
			return code;
	}
	if (pipe2(fds, O_CLOEXEC)) {
		int error = errno;

		outfile_abort(&job->pcap);
		return err_set(err, -error, "cannot make a pipe: %s", strerror(error));
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	job->result = run_result_new(spec->path, ip_mode_name(spec->mode));
	memset(slot, 0, sizeof(*slot));
	slot->event = JOB_BEFORE_EVENTS;
	fflush(NULL); /* or the child would print it again */
	pid = fork_keeper(spec, slot);
	if (pid < 0) {
		int error = errno;

		close(fds[0]);
		close(fds[1]);
		outfile_abort(&job->pcap);
		run_result_free(job->result);
		job->result = NULL;
		return err_set(err, -error, "cannot start a process: %s", strerror(error));
	}
	if (!pid) {
		close(fds[0]);
		job_keep(spec, job, slot, fds[1], alive_fd);
		fflush(NULL);
		_exit(0);
	}
	close(fds[1]);
	slot->pid = pid;
	job->slot = slot;
	job->fd = fds[0];
	enter_phase(job, JOB_STARTING);
	return 0;
}

void job_release(struct job *job)
{
	atomic_store(&job->slot->go, 1);
	syscall(SYS_futex, &job->slot->go, FUTEX_WAKE, 1, NULL, NULL, 0);
	enter_phase(job, JOB_RUNNING);
}

static void take_line(struct job *job, const char *line, size_t size)
{
	if (size == 1 && *line == 'R') {
		enter_phase(job, JOB_READY);
	} else if (size == 1 && *line == 'F') {
		enter_phase(job, JOB_ENDING);
	} else if (size == 1 && *line == 'P') {
		job->captured = true;
	} else if (size == 1 && *line == 'C') {
		job->command_since_ns = clock_now();
	} else if (size == 1 && *line == 'c') {
		job->commands_ns = job_commands_ns(job, clock_now());
		job->command_since_ns = 0;
	} else if (size && *line == '{' && !job->complete) {
		/* A line that a crash cut short is neither a record nor a result. */
		job->complete = !record_from_json(job->result, line, size) &&
				run_result_fill(job->result, line, size);
	}
}

static void take_lines(struct job *job)
{
	char *line = job->text, *end;
	char *stop = job->text + job->used;

	while ((end = memchr(line + job->looked, '\n', (size_t)(stop - line) - job->looked))) {
		take_line(job, line, (size_t)(end - line));
		line = end + 1;
		job->looked = 0;
	}
	job->looked = job->used = (size_t)(stop - line);
	memmove(job->text, line, job->used);
}

void job_read(struct job *job)
{
	while (job->phase != JOB_DONE) {
		ssize_t n;

		if (job->size - job->used < 4096) {
			size_t size = job->size ? job->size * 2 : 8192;
			char *text = realloc(job->text, size);

			if (!text)
				return;
			job->text = text;
			job->size = size;
		}
		n = read(job->fd, job->text + job->used, job->size - job->used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			enter_phase(job, JOB_DONE);
			return;
		}
		job->used += (size_t)n;
		take_lines(job);
	}
}

int64_t job_commands_ns(const struct job *job, int64_t now)
{
	return job->commands_ns + (job->command_since_ns ? now - job->command_since_ns : 0);
}

void job_interrupt(struct job *job, int signal)
{
	if (!job->ended) {
		job->slot->signal = signal;
		job_end(job, 0);
	}
}

void job_end(struct job *job, int64_t limit_ns)
{
	if (!job->ended) {
		job->slot->limit_ns = limit_ns;
		job->slot->phase = job->phase;
	}
	kill(job->slot->pid, job->ended ? SIGKILL : SIGTERM);
	job->ended = true;
	job->since_ns = clock_now();
}

/* Waits for the keeper's end. Returns the CPU time of the run's processes in ns. */
static int64_t reap(struct job *job, int *status)
{
	struct rusage usage = {0};

	*status = 0;
	while (wait4(job->slot->pid, status, 0, &usage) < 0 && errno == EINTR)
		;
	close(job->fd);
	job->fd = -1;
	free(job->text);
	job->text = NULL;
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NSEC_PER_SEC +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * NSEC_PER_USEC;
}

/* Adds the record of a run whose keeper died without sending a result. */
static void tell_death(const struct job *job, const struct job_spec *spec,
		       struct run_result *result, int status)
{
	struct record *record = job_broken(spec, result, job->slot->event, FAULT_CRASH);

	if (job->ended) {
		record->fault = FAULT_SYSTEM;
		record->detail = job->slot->limit_ns
					 ? "the run did not end at its time limit, and was killed "
					   "with all its processes"
					 : "the run did not end when it was interrupted, and was "
					   "killed with all its processes";
	} else if (WIFSIGNALED(status)) {
		record->signal = WTERMSIG(status);
		if (record->signal == SIGKILL)
			result->verdict = VERDICT_NOT_RUN;
	} else {
		record->exit_status = WEXITSTATUS(status);
	}
}

/* Adds the record that the run would have made if it could not write the capture. */
static void tell_capture(struct run_result *result, int code, const char *text)
{
	struct record *record = record_new(result->arena, RECORD_CLEANUP);
	bool failed = result->failed_record >= 0;

	if (!failed)
		result->verdict = VERDICT_NOT_RUN;
	record->status = failed ? RECORD_WARNING : RECORD_FAILED;
	record->fault = FAULT_SYSTEM;
	record->error = -code;
	record->detail = arena_printf(result->arena, "%s", text);
	run_result_close(result, record);
}

void job_drop_capture(struct job *job)
{
	outfile_abort(&job->pcap);
}

void job_keep_capture(struct job *job, const struct job_spec *spec, struct run_result *result)
{
	struct errbuf err;
	bool wanted = !spec->pcap_of_failures || verdict_is_failure(result->verdict);
	bool ours = wanted && job->captured && job->pcap.stream;
	int code = ours ? outfile_commit(&job->pcap, &err) : 0;

	if (code < 0)
		tell_capture(result, code, err.text);
	job_drop_capture(job);
}

struct run_result *job_finish(struct job *job, const struct job_spec *spec)
{
	int status;
	int64_t cpu = reap(job, &status);
	struct run_result *result = job->result;

	job->result = NULL;
	if (!job->complete)
		tell_death(job, spec, result, status);
	if (cpu > result->cpu_ns)
		result->cpu_ns = cpu;
	return result;
}

void job_abandon(struct job *job)
{
	int status;

	kill(job->slot->pid, SIGKILL);
	outfile_abort(&job->pcap);
	reap(job, &status);
	run_result_free(job->result);
	job->result = NULL;
	job->phase = JOB_DONE;
}
