#include "runtime/suite/queue.h"

#include <stdlib.h>

bool entry_again(const struct entry *entry, const struct run_result *result, unsigned retries,
		 struct entry *next)
{
	bool by_tick = result->verdict == VERDICT_FAIL && result->tick_ns;

	if ((result->verdict != VERDICT_LATE && !by_tick) || entry->attempt > retries)
		return false;
	*next = *entry;
	next->attempt++;
	if (by_tick) {
		next->phase++;
		next->tick_ns = result->tick_ns;
	}
	if (result->max_late_ns > next->worst_late_ns)
		next->worst_late_ns = result->max_late_ns;
	return true;
}

unsigned entry_tick_eighths(const struct entry *entry)
{
	/* Three in, the least of public scripts, written on kernels of 1000 ticks a second, miss
	 * their tolerance at 250. */
	static const unsigned phases[] = {3, 6, 1, 4};

	return phases[entry->phase % (sizeof(phases) / sizeof(phases[0]))];
}

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
