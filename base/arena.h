/* One owner for a script's memory: everything a parse makes lives in an arena and dies with it. */
#ifndef FINWAIT_BASE_ARENA_H
#define FINWAIT_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* accepts NULL */
/* All that was handed out is gone; the memory is kept for what comes. */
void arena_reset(struct arena *arena);

/* Zeroed, suitably aligned memory; never NULL (out of memory aborts). */
void *arena_alloc(struct arena *arena, size_t size);
/* Makes the next `size` bytes present in memory, so that they cost nothing when they are handed
 * out. */
void arena_reserve(struct arena *arena, size_t size);
char *arena_strndup(struct arena *arena, const char *text, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define arena_new_of(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

#endif
