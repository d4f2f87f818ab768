/* The queues of tests that wait to be played, and the rules for trying a test again. Times are ns.
 */
#ifndef FINWAIT_RUNTIME_SUITE_QUEUE_H
#define FINWAIT_RUNTIME_SUITE_QUEUE_H

#include "runtime/suite/suite.h"

/* One try of one test. */
struct entry {
	struct test *test;
	unsigned round;	       /* of --repeat, from 0 */
	unsigned attempt;      /* number of this try, from 1 */
	unsigned late;	       /* number of earlier tries that were late */
	unsigned by_tick;      /* number of earlier tries that missed by a few ticks */
	unsigned later;	       /* eighths of a tick from the first try's time zero to this one's */
	int64_t worst_late_ns; /* the greatest lateness of the earlier tries */
	int64_t calmest_late_ns; /* the least lateness of the earlier tries */
	int64_t tick_ns;	 /* of the earlier tries, see struct run_result */
	uint64_t failure;	 /* how the previous try failed, as a hash */
	bool differs;		 /* the earlier tries failed in different ways */
};

/* The queues, in the order in which they are served. A run that could not be set up is the next to
 * be started. A run that is repeated at another phase of the tick need not wait for a quieter
 * machine. A late run does wait for that, and its last try has the machine to itself. */
enum turn { TURN_SCARCE, TURN_TICK, TURN_FIRST, TURN_LATE, TURN_ALONE, TURNS };

/* True if the run is to be tried again; `next` is then the entry to queue. A late run is retried up
 * to `retries` times. A run that missed its time by no more than the kernel's ticks may explain is
 * retried up to twice as often, each time at another phase of the tick. */
bool entry_again(const struct entry *entry, const struct run_result *result, unsigned retries,
		 struct entry *next);
enum turn entry_turn(const struct entry *entry, unsigned retries);
/* The greatest number of tries that one run may have. */
unsigned entry_most(unsigned retries);
/* A late run counts as failed after three or more identical failures, one of which was no later
 * than the script tolerates: the machine's lateness does not explain that one. */
bool entry_failed(const struct entry *entry, const struct run_result *result,
		  const struct config *config);
/* How many eighths of a tick, 0..7, time zero of this try lies after a tick. */
unsigned entry_tick_eighths(const struct entry *entry);

struct queue {
	struct entry *items; /* items[next] is the next to be played */
	size_t n, next, size;
};

/* Makes a queue in which at most `size` entries wait at the same time; the arena owns it. */
void queue_init(struct queue *queue, struct arena *arena, size_t size);
void queue_put(struct queue *queue, const struct entry *entry);
bool queue_empty(const struct queue *queue);
/* Puts the longest scripts first, so that no long one runs alone at the end. */
void queue_sort(struct queue *queue);

#endif
