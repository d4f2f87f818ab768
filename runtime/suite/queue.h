/* Tests that wait to be played. */
#ifndef FINWAIT_RUNTIME_SUITE_QUEUE_H
#define FINWAIT_RUNTIME_SUITE_QUEUE_H

#include "runtime/suite/suite.h"

/* One try of one test. */
struct entry {
	struct test *test;
	unsigned attempt;      /* from 1 */
	int64_t worst_late_ns; /* of the tries before */
};

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
