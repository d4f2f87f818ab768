/* Shell commands of a script. */
#ifndef FINWAIT_RUNTIME_PLAY_COMMAND_H
#define FINWAIT_RUNTIME_PLAY_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

/* How a command ended that did not exit with 0: one of these is set. */
struct command_end {
	int error;	 /* errno: its shell could not be started or waited for */
	bool past_limit; /* it ran too long, and was ended with its whole process group */
	int signal;	 /* it was killed */
	int exit_status; /* it exited */
};

/* Runs `/bin/sh -c text` and waits for it, `limit_ns` at most (0: for ever); PACKETDRILL_PID is
 * this process. Output goes to output_fd (-1: inherited); descriptor `fd` is passed on as it is
 * (-1: none). True if it exited with 0; else false, and `end` says how it ended. */
bool command_run(const char *text, int output_fd, int fd, int64_t limit_ns,
		 struct command_end *end);

#endif
