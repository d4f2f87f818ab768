#include "runtime/suite/queue.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a over a text, without the characters of `skipped`. */
static uint64_t mix(uint64_t hash, const char *text, const char *skipped)
{
	for (; text && *text; text++)
		if (!strchr(skipped, *text))
			hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

/* Where and how it failed, as a number. Messages count without theirs: times are never the same. */
static uint64_t failure_of(const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	uint64_t hash = 14695981039346656037u;

	if (!failed)
		return hash;
	hash = mix(hash + (unsigned)failed->event, failed->message, "0123456789.-");
	for (unsigned i = 0; failed->mismatches && i < mismatches_kept(failed->mismatches); i++)
		hash = mix(mix(hash, failed->mismatches->at[i].field, ""),
			   failed->mismatches->at[i].actual, "");
	return hash;
}

bool entry_failed(const struct entry *entry, const struct run_result *result,
		  const struct config *config)
{
	return result->verdict == VERDICT_LATE && entry->attempt > 2 && !entry->differs &&
	       entry->failure == failure_of(result) &&
	       result->max_late_ns <= config->tolerance_usecs * NSEC_PER_USEC;
}

bool entry_again(const struct entry *entry, const struct run_result *result, unsigned retries,
		 struct entry *next)
{
	bool by_tick = result->verdict == VERDICT_FAIL && result->tick_ns;

	if ((result->verdict != VERDICT_LATE && !by_tick) || entry->attempt > retries)
		return false;
	*next = *entry;
	next->attempt++;
	next->failure = failure_of(result);
	next->differs |= entry->attempt > 1 && next->failure != entry->failure;
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
