/* Arrays that grow in an arena: a pointer and a count, both in their owner's struct.
 *
 *	struct event **event = array_add(arena, script->events, script->n_events);
 *
 * The capacity is the next power of two, so it need not be kept. Arrays that were outgrown stay in
 * the arena. */
#ifndef FINWAIT_BASE_ARRAY_H
#define FINWAIT_BASE_ARRAY_H

#include <stddef.h>

#include "base/arena.h"

/* Returns the array if it has room for one more element, or else a bigger copy of its `n` elements
 * of `size` bytes. */
void *array_grow(struct arena *arena, void *items, size_t n, size_t size);

/* Appends a zeroed element and returns its address, which is valid until the next one is added.
 * `items` and `n` are lvalues that are evaluated more than once. */
#define array_add(arena, items, n)                                                                 \
	((items) = array_grow((arena), (items), (n), sizeof(*(items))), &(items)[(n)++])

#endif
