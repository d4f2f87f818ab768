/* Script descriptors are labels bound to live ones when they are made. Shared by the program's
 * threads, hence the lock inside. */
#ifndef FINWAIT_RUNTIME_CALLS_FDS_H
#define FINWAIT_RUNTIME_CALLS_FDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fd_entry {
	int64_t script_fd;
	int live_fd;		    /* -1: closed */
	int family, type, protocol; /* of sockets; family AF_UNSPEC: not a socket */
	uint32_t made_line, closed_line;
};

struct fds {
	pthread_mutex_t lock;
	struct fd_entry *entries;
	size_t n, size;
};

/* Finds a label, open or closed; copies it out. False: never made. */
bool fds_find(struct fds *fds, int64_t script_fd, struct fd_entry *entry);
/* Binds a label; replaces a closed entry of the same name. */
void fds_add(struct fds *fds, const struct fd_entry *entry);
void fds_close(struct fds *fds, int64_t script_fd, uint32_t line);

#endif
