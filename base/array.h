/* Arrays that grow in an arena: a pointer and a count, both in their owner's struct.
 *
 *	struct event **event = array_add(arena, script->events, script->n_events);
 *
 * There is room for the next power of two, so no capacity has to be kept; the arrays that were
 * outgrown stay behind in the arena. */
#ifndef FINWAIT_BASE_ARRAY_H
#define FINWAIT_BASE_ARRAY_H

#include <stddef.h>

#include "base/arena.h"

/* The array, or a bigger one with the same `n` elements of `size` bytes, with room for one more. */
void *array_grow(struct arena *arena, void *items, size_t n, size_t size);

/* Appends an element of zeros and returns its address, good until the next one is added. `items`
 * and `n` are lvalues and stand here more than once. */
#define array_add(arena, items, n)                                                                 \
	((items) = array_grow((arena), (items), (n), sizeof(*(items))), &(items)[(n)++])

#endif
