#include "runtime/play/command.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	/* It would keep timelines waiting. */
	posix_spawnattr_setschedpolicy(&attributes, SCHED_OTHER);
	posix_spawnattr_setschedparam(&attributes, &param);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSCHEDULER);
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

bool command_run(const char *text, int output_fd, int fd, struct command_end *end)
{
	char number[16];
	int status;
	pid_t pid;

	*end = (struct command_end){0};
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("PACKETDRILL_PID", number, 1);
	end->error = spawn(text, output_fd, fd, &pid);
	if (end->error)
		return false;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		end->error = errno;
		return false;
	}
	end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	return !end->signal && !end->exit_status;
}
