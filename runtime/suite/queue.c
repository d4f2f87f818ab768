#include "runtime/suite/queue.h"

#include <stdlib.h>

void queue_init(struct queue *queue, struct arena *arena, size_t size)
{
	queue->items = arena_alloc(arena, (size + 1) * sizeof(*queue->items));
	queue->n = queue->next = 0;
}

void queue_put(struct queue *queue, const struct entry *entry)
{
	queue->items[queue->n++] = *entry;
}

bool queue_empty(const struct queue *queue)
{
	return queue->next == queue->n;
}

static int longest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->test->scripted_ns != y->test->scripted_ns)
		return x->test->scripted_ns > y->test->scripted_ns ? -1 : 1;
	return x->test < y->test ? -1 : x->test > y->test;
}

void queue_sort(struct queue *queue)
{
	qsort(queue->items, queue->n, sizeof(*queue->items), longest_first);
}
