#include "runtime/bed/descriptors.h"

size_t descriptors_bytes(unsigned size)
{
	return sizeof(struct descriptors) + size * sizeof(struct descriptor);
}

void descriptors_init(struct descriptors *table, unsigned size)
{
	table->size = size;
}

const struct descriptor *descriptors_find(const struct descriptors *table, int64_t script_fd)
{
	for (unsigned i = atomic_load(&table->n); i-- > 0;)
		if (table->at[i].script_fd == script_fd)
			return &table->at[i];
	return NULL;
}

const struct descriptor *descriptors_open(const struct descriptors *table, uint64_t cookie)
{
	for (unsigned i = atomic_load(&table->n); i-- > 0;)
		if (table->at[i].cookie == cookie && descriptor_is_open(&table->at[i]))
			return &table->at[i];
	return NULL;
}

bool descriptors_has_live(const struct descriptors *table, int live_fd)
{
	for (unsigned i = atomic_load(&table->n); i-- > 0;)
		if (table->at[i].live_fd == live_fd && descriptor_is_open(&table->at[i]))
			return true;
	return false;
}

int descriptors_add(struct descriptors *table, const struct descriptor *descriptor)
{
	unsigned n = atomic_load(&table->n);

	if (n == table->size)
		return -1;
	table->at[n] = *descriptor;
	/* The entry is written before the count, so that a reader of the count sees it. */
	atomic_store(&table->n, n + 1);
	return (int)n;
}

void descriptors_close(struct descriptors *table, int64_t script_fd, uint32_t line)
{
	for (unsigned i = atomic_load(&table->n); i-- > 0;) {
		if (table->at[i].script_fd != script_fd)
			continue;
		if (descriptor_is_open(&table->at[i]))
			atomic_store(&table->at[i].closed_line, line);
		return;
	}
}
