#include "runtime/play/command.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "runtime/bed/clock.h"

/* Between looks at a command, where its end cannot be waited for. */
#define LOOK_EVERY_NS NSEC_PER_MSEC

extern char **environ;

static int spawn(const char *text, int output_fd, int fd, pid_t *pid)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	struct sched_param param = {0};
	sigset_t defaults;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE); /* ignored here, not in the shell */
	sigaddset(&defaults, SIGXFSZ);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	/* It would keep timelines waiting. */
	posix_spawnattr_setschedpolicy(&attributes, SCHED_OTHER);
	posix_spawnattr_setschedparam(&attributes, &param);
	/* A group of its own, so that it can be ended as a whole. */
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSCHEDULER |
						      POSIX_SPAWN_SETPGROUP);
	if (output_fd >= 0) {
		posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO);
	}
	if (fd >= 0) /* clears close-on-exec */
		posix_spawn_file_actions_adddup2(&actions, fd, fd);
	error = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* Sleeps until the process may have ended, and not past `deadline`. */
static void sleep_for_end(int pidfd, int64_t deadline)
{
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};
	int64_t left = deadline - clock_now();
	struct timespec timeout;

	if (pidfd < 0 && left > LOOK_EVERY_NS)
		left = LOOK_EVERY_NS;
	if (left < 0)
		left = 0;
	timeout.tv_sec = left / NSEC_PER_SEC;
	timeout.tv_nsec = left % NSEC_PER_SEC;
	ppoll(&poller, pidfd >= 0, &timeout, NULL);
}

/* Reaps it once it has ended, by `deadline` at the latest. 1: it has, 0: not yet, or -errno. */
static int wait_until(pid_t pid, int64_t deadline, int *status)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), code = 0;

	for (;;) {
		bool last = clock_now() >= deadline;
		pid_t ended = waitpid(pid, status, WNOHANG);

		if (ended < 0 && errno != EINTR)
			code = -errno;
		else if (ended == pid)
			code = 1;
		if (code || last)
			break;
		sleep_for_end(pidfd, deadline);
	}
	if (pidfd >= 0)
		close(pidfd);
	return code;
}

static void end_group(pid_t pid)
{
	int status;

	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

bool command_run(const char *text, int output_fd, int fd, int64_t limit_ns, struct command_end *end)
{
	char number[16];
	int status, code;
	pid_t pid;

	*end = (struct command_end){0};
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("PACKETDRILL_PID", number, 1);
	end->error = spawn(text, output_fd, fd, &pid);
	if (end->error)
		return false;
	code = wait_until(pid, limit_ns ? clock_now() + limit_ns : INT64_MAX, &status);
	if (code <= 0) {
		end_group(pid);
		end->past_limit = !code;
		end->error = -code;
		return false;
	}
	end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	return !end->signal && !end->exit_status;
}
