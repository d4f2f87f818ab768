/* The descriptors that the script's calls have made. The script's number is a label, which is bound
 * to a live number when a call makes the descriptor.
 *
 * There is one table. The program under test writes it, one thread at a time; the run loop reads it
 * in the memory that both share. So it holds no pointers, and entries are only added: the newest
 * entry of a label is the valid one. */
#ifndef FINWAIT_RUNTIME_BED_DESCRIPTORS_H
#define FINWAIT_RUNTIME_BED_DESCRIPTORS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The arguments of socket(2); family AF_UNSPEC: not a socket. */
struct socket_kind {
	int family, type, protocol;
};

struct descriptor {
	int64_t script_fd; /* the label */
	int live_fd;
	struct socket_kind kind;
	uint64_t
		cookie; /* SO_COOKIE, the same for all descriptors of one socket; 0: not a socket */
	uint32_t made_line;
	atomic_uint closed_line; /* 0: open */
};

struct descriptors {
	unsigned size;
	atomic_uint n;
	struct descriptor at[];
};

/* The size in bytes of a table with `size` entries. descriptors_init() makes a table of zeroed
 * memory of that size. */
size_t descriptors_bytes(unsigned size);
void descriptors_init(struct descriptors *table, unsigned size);

/* The newest entry of a label, open or closed; NULL: no call has made it. */
const struct descriptor *descriptors_find(const struct descriptors *table, int64_t script_fd);
/* The newest open entry of a socket; NULL: all are closed. */
const struct descriptor *descriptors_open(const struct descriptors *table, uint64_t cookie);
/* True if an open entry has this live number. */
bool descriptors_has_live(const struct descriptors *table, int live_fd);
static inline bool descriptor_is_open(const struct descriptor *descriptor)
{
	return !atomic_load(&descriptor->closed_line);
}

/* Adds a copy and returns its place in the table; -1: it is full. */
int descriptors_add(struct descriptors *table, const struct descriptor *descriptor);
/* Marks the newest entry of a label as closed in `line` of the script, if it is open. */
void descriptors_close(struct descriptors *table, int64_t script_fd, uint32_t line);

#endif
