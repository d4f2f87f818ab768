/* Tests that wait to be played. */
#ifndef FINWAIT_RUNTIME_SUITE_QUEUE_H
#define FINWAIT_RUNTIME_SUITE_QUEUE_H

#include "runtime/suite/suite.h"

/* One try of one test. */
struct entry {
	struct test *test;
	unsigned round;	       /* of --repeat, from 0 */
	unsigned attempt;      /* from 1: one more than the tries before, which were */
	unsigned late;	       /* late, so many of them, */
	unsigned phase;	       /* or off by what ticks may explain */
	unsigned later;	       /* eighths of a tick from the first try's time zero to this one's */
	int64_t worst_late_ns; /* of the tries before */
	int64_t calmest_late_ns; /* the least of them */
	int64_t tick_ns;	 /* the same, see struct run_result */
	uint64_t failure;	 /* how the try before failed */
	bool differs;		 /* not all of them failed in the same way */
};

/* In the order in which they are played. What could not be set up is next again. What waits for
 * another place between two ticks need not wait for a quieter machine; what was late does, and for
 * its last try has it alone. */
enum turn { TURN_SCARCE, TURN_TICK, TURN_FIRST, TURN_LATE, TURN_ALONE, TURNS };

/* Is a run to be tried again, and as what? A late one is, up to `retries` times; and twice as often
 * one whose time is off by no more than the kernel's ticks may explain, which then begins elsewhere
 * between them. */
bool entry_again(const struct entry *entry, const struct run_result *result, unsigned retries,
		 struct entry *next);
enum turn entry_turn(const struct entry *entry, unsigned retries);
/* The most tries of one run. */
unsigned entry_most(unsigned retries);
/* Late as in the tries before: if it failed in the same way in all of three or more, and was in one
 * no later than the script tolerates, then chance did not make it fail, and it did. */
bool entry_failed(const struct entry *entry, const struct run_result *result,
		  const struct config *config);
/* Where time zero of this try lies between two ticks. */
unsigned entry_tick_eighths(const struct entry *entry);

struct queue {
	struct entry *items; /* the next is items[next] */
	size_t n, next, size;
};

/* For at most `size` entries that wait at a time. */
void queue_init(struct queue *queue, struct arena *arena, size_t size);
void queue_put(struct queue *queue, const struct entry *entry);
bool queue_empty(const struct queue *queue);
/* Longest first, so that no long one is left alone at the end. */
void queue_sort(struct queue *queue);

#endif
