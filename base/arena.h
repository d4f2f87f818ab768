/* One owner for a script's memory: everything a parse makes lives in an arena and dies with it. */
#ifndef FINWAIT_BASE_ARENA_H
#define FINWAIT_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* An arena in memory that is shared with processes forked later, at the same address in all of them:
 * what one makes in it the others can read, and it outlives the one that made it. Once `size` bytes
 * are used up it goes on in private memory, see arena_is_shared(). NULL: no memory. */
struct arena *arena_new_shared(size_t size);
/* Does all that was handed out lie in shared memory? */
bool arena_is_shared(const struct arena *arena);
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
