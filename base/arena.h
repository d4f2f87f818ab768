/* An arena owns memory that is freed all at once, such as everything that a parse makes. */
#ifndef FINWAIT_BASE_ARENA_H
#define FINWAIT_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Makes an arena in memory that is shared with processes forked later, at the same address in all
 * of them. One process can read what another one has allocated, even after the end of that process.
 * When `size` bytes are used up, the arena goes on in private memory, see arena_is_shared(). NULL:
 * out of memory. */
struct arena *arena_new_shared(size_t size);
/* True if everything that was handed out lies in shared memory. */
bool arena_is_shared(const struct arena *arena);
void arena_free(struct arena *arena); /* accepts NULL */
/* Makes everything that was handed out invalid, and keeps the memory for later allocations. */
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
