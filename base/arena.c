/* A bump allocator. Memory is cleared when it is handed out, so that unused memory is not touched.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT   alignof(max_align_t)
#define FIRST_CHUNK ((size_t)16 << 10)
#define LAST_CHUNK  ((size_t)4 << 20)

struct chunk {
	struct chunk *next;
	size_t size;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *chunks;
	char *free;
	size_t left;
	size_t chunk_size;  /* of the next one */
	size_t shared_size; /* of the mapping that this struct begins; 0: private memory */
	bool spilled;	    /* shared memory is used up */
};

static void *must(void *memory)
{
	if (!memory) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

struct arena *arena_new(void)
{
	struct arena *arena = must(calloc(1, sizeof(*arena)));

	arena->chunk_size = FIRST_CHUNK;
	return arena;
}

struct arena *arena_new_shared(size_t size)
{
	int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
	struct arena *arena = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	size_t head = (sizeof(*arena) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

	if (arena == MAP_FAILED)
		return NULL;
	arena->chunk_size = FIRST_CHUNK;
	arena->shared_size = size;
	arena->free = (char *)arena + head;
	arena->left = size - head;
	return arena;
}

bool arena_is_shared(const struct arena *arena)
{
	return arena->shared_size && !arena->spilled;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	if (arena->shared_size)
		munmap(arena, arena->shared_size);
	else
		free(arena);
}

void arena_reset(struct arena *arena)
{
	struct chunk *kept = arena->chunks;

	if (!kept)
		return;
	for (struct chunk *chunk = kept->next, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	kept->next = NULL;
	arena->free = kept->bytes;
	arena->left = kept->size;
}

static struct chunk *chunk_add(struct arena *arena, size_t size)
{
	struct chunk *chunk = must(malloc(sizeof(*chunk) + size));

	arena->spilled = true;
	chunk->next = arena->chunks;
	chunk->size = size;
	arena->chunks = chunk;
	return chunk;
}

static void chunk_next(struct arena *arena, size_t size)
{
	arena->free = chunk_add(arena, size)->bytes;
	arena->left = size;
}

void arena_reserve(struct arena *arena, size_t size)
{
	if (size > arena->left)
		chunk_next(arena, size > arena->chunk_size ? size : arena->chunk_size);
	memset(arena->free, 0, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *memory;

	if (size > SIZE_MAX - sizeof(struct chunk) - ALIGNMENT)
		must(NULL);
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	/* A big block gets its own chunk, so that the rest of the present one is not lost. */
	if (size > arena->left && size >= arena->chunk_size / 4)
		return memset(chunk_add(arena, size)->bytes, 0, size);
	if (size > arena->left) {
		chunk_next(arena, arena->chunk_size);
		if (arena->chunk_size < LAST_CHUNK)
			arena->chunk_size *= 2;
	}
	memory = arena->free;
	arena->free += size;
	arena->left -= size;
	return memset(memory, 0, size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	if (size)
		memcpy(copy, text, size);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	int length;
	char *text;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, args);
	va_end(args);
	return text;
}
