#include "base/array.h"

#include <string.h>

void *array_grow(struct arena *arena, void *items, size_t n, size_t size)
{
	void *bigger;

	if (n & (n - 1))
		return items;
	bigger = arena_alloc(arena, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(bigger, items, n * size);
	return bigger;
}
