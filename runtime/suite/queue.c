#include "runtime/suite/queue.h"

#include <stdlib.h>
#include <string.h>

/* Continues an FNV-1a hash over some bytes. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	while (size-- > 0)
		hash = (hash ^ *at++) * 1099511628211u;
	return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return text ? mix(hash, text, strlen(text)) : hash;
}

/* Where and how a run failed, as a hash. Times are left out, since they differ between tries. */
static uint64_t failure_of(const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	uint64_t hash = 14695981039346656037u;

	if (!failed)
		return hash;
	hash = mix(hash, &failed->event, sizeof(failed->event));
	hash = mix(hash, &failed->fault, sizeof(failed->fault));
	hash = mix(hash, &failed->error, sizeof(failed->error));
	hash = mix(hash, &failed->signal, sizeof(failed->signal));
	hash = mix(hash, &failed->exit_status, sizeof(failed->exit_status));
	for (unsigned i = 0; failed->mismatches && i < mismatches_kept(failed->mismatches); i++) {
		const struct mismatch *m = &failed->mismatches->at[i];

		hash = mix(hash, &m->field, sizeof(m->field));
		hash = mix(hash, &m->index, sizeof(m->index));
		hash = mix_text(mix_text(hash, m->name), m->actual);
	}
	return hash;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool entry_failed(const struct entry *entry, const struct run_result *result,
		  const struct config *config)
{
	return result->verdict == VERDICT_LATE && entry->attempt > 2 && !entry->differs &&
	       entry->failure == failure_of(result) &&
	       least(entry->calmest_late_ns, result->max_late_ns) <=
		       config->tolerance_usecs * NSEC_PER_USEC;
}

/* A timer takes one tick more by chance, about once in five times, so another try is likely to
 * pass. */
static unsigned tick_retries(unsigned retries)
{
	return 2 * retries;
}

/* By how many eighths of a tick, 0..7, time zero must be later for the segment to be in time. A
 * segment that is sent at a tick then comes that much earlier on the script's clock. Half an eighth
 * allows for the variation between runs. */
static unsigned missing_eighths(const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	int64_t eighth = result->tick_ns / 8, half = eighth / 2, late, early;

	if (!failed || failed->due_ns == INT64_MIN)
		return 3; /* unknown; 3 is coprime to 8, so that tries visit every eighth */
	late = failed->actual_ns - failed->until_ns - failed->tolerance_ns;
	early = failed->due_ns - failed->tolerance_ns - failed->actual_ns;
	if (late > 0)
		return (unsigned)((late + half) / eighth + 1) % 8;
	return early > 0 ? 7 - (unsigned)((early + half) / eighth) % 8 : 0;
}

bool entry_again(const struct entry *entry, const struct run_result *result, unsigned retries,
		 struct entry *next)
{
	bool late = result->verdict == VERDICT_LATE;
	bool by_tick = result->verdict == VERDICT_FAIL && result->tick_ns;

	if (!(late && entry->late < retries) &&
	    !(by_tick && entry->by_tick < tick_retries(retries)))
		return false;
	*next = *entry;
	next->attempt++;
	next->late += late;
	next->by_tick += by_tick;
	next->failure = failure_of(result);
	next->differs |= entry->attempt > 1 && next->failure != entry->failure;
	next->calmest_late_ns = entry->attempt > 1
					? least(entry->calmest_late_ns, result->max_late_ns)
					: result->max_late_ns;
	if (by_tick) {
		next->tick_ns = result->tick_ns;
		next->later += missing_eighths(result);
	}
	if (result->max_late_ns > next->worst_late_ns)
		next->worst_late_ns = result->max_late_ns;
	return true;
}

enum turn entry_turn(const struct entry *entry, unsigned retries)
{
	if (entry->attempt == 1)
		return TURN_FIRST;
	if (!entry->late)
		return TURN_TICK;
	return entry->late < retries ? TURN_LATE : TURN_ALONE;
}

unsigned entry_most(unsigned retries)
{
	return 1 + retries + tick_retries(retries);
}

unsigned entry_tick_eighths(const struct entry *entry)
{
	/* Measured: at HZ=250 this start fails the fewest public scripts written for HZ=1000. */
	return (3 + entry->later) % 8;
}

void queue_init(struct queue *queue, struct arena *arena, size_t size)
{
	queue->size = size + 1;
	queue->items = arena_alloc(arena, queue->size * sizeof(*queue->items));
	queue->n = queue->next = 0;
}

void queue_put(struct queue *queue, const struct entry *entry)
{
	if (queue->n == queue->size) { /* the entries already played make room */
		queue->n -= queue->next;
		memmove(queue->items, &queue->items[queue->next], queue->n * sizeof(*queue->items));
		queue->next = 0;
	}
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
