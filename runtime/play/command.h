/* Shell commands of a script. */
#ifndef FINWAIT_RUNTIME_PLAY_COMMAND_H
#define FINWAIT_RUNTIME_PLAY_COMMAND_H

#include "base/errbuf.h"

/* Runs `/bin/sh -c text` and waits for it; PACKETDRILL_PID is this process. Output goes to
 * output_fd (-1: inherited). 0 if it exited with 0; else -1 and `err` says how it ended. */
int command_run(const char *text, int output_fd, struct errbuf *err);

/* The same with descriptor `fd` passed on as it is (-1: none). */
int command_run_with(const char *text, int output_fd, int fd, struct errbuf *err);

#endif
