/* Tests that wait to be played. */
#ifndef FINWAIT_RUNTIME_SUITE_QUEUE_H
#define FINWAIT_RUNTIME_SUITE_QUEUE_H

#include "runtime/suite/suite.h"

/* One try of one test. */
struct entry {
	struct test *test;
	unsigned attempt;      /* from 1 */
	unsigned phase;	       /* how many of them began at another place between two ticks */
	int64_t worst_late_ns; /* of the tries before */
	int64_t tick_ns;       /* the same, see struct run_result */
	uint64_t failure;      /* how the try before failed */
	bool differs;	       /* not all of them failed in the same way */
};

/* Is a run to be tried again, and as what? A late one is; and one whose time is off by no more than
 * the kernel's ticks may explain, which then begins elsewhere between them. */
bool entry_again(const struct entry *entry, const struct run_result *result, unsigned retries,
		 struct entry *next);
/* Late in its last try as well: if it failed in the same way in all of them, and was no later this
 * time than the script tolerates, then chance did not make it fail, and it did. */
bool entry_failed(const struct entry *entry, const struct run_result *result,
		  const struct config *config);
/* Where time zero of this try lies between two ticks. */
unsigned entry_tick_eighths(const struct entry *entry);

struct queue {
	struct entry *items; /* the next is items[next] */
	size_t n, next;
};

/* For at most `size` entries over its life. */
void queue_init(struct queue *queue, struct arena *arena, size_t size);
void queue_put(struct queue *queue, const struct entry *entry);
bool queue_empty(const struct queue *queue);
/* Longest first, so that no long one is left alone at the end. */
void queue_sort(struct queue *queue);

#endif
