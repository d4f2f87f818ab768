#include "runtime/calls/fds.h"

#include <stdlib.h>

static struct fd_entry *find(struct fds *fds, int64_t script_fd)
{
	for (size_t i = 0; i < fds->n; i++)
		if (fds->entries[i].script_fd == script_fd)
			return &fds->entries[i];
	return NULL;
}

bool fds_find(struct fds *fds, int64_t script_fd, struct fd_entry *entry)
{
	struct fd_entry *found;

	pthread_mutex_lock(&fds->lock);
	found = find(fds, script_fd);
	if (found)
		*entry = *found;
	pthread_mutex_unlock(&fds->lock);
	return found;
}

void fds_add(struct fds *fds, const struct fd_entry *entry)
{
	struct fd_entry *found;

	pthread_mutex_lock(&fds->lock);
	found = find(fds, entry->script_fd);
	if (!found) {
		if (fds->n == fds->size) {
			fds->size = fds->size ? fds->size * 2 : 16;
			fds->entries = realloc(fds->entries, fds->size * sizeof(*fds->entries));
			if (!fds->entries)
				abort();
		}
		found = &fds->entries[fds->n++];
	}
	*found = *entry;
	pthread_mutex_unlock(&fds->lock);
}

void fds_close(struct fds *fds, int64_t script_fd, uint32_t line)
{
	struct fd_entry *found;

	pthread_mutex_lock(&fds->lock);
	found = find(fds, script_fd);
	if (found) {
		found->live_fd = -1;
		found->closed_line = line;
	}
	pthread_mutex_unlock(&fds->lock);
}
