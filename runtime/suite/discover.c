#include "runtime/suite/suite.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

static void add(struct arena *arena, struct name_list *files, const char *path)
{
	if (!(files->n & (files->n - 1))) {
		const char **bigger = arena_alloc(arena, (files->n * 2 + 1) * sizeof(*bigger));

		if (files->n)
			memcpy(bigger, files->items, files->n * sizeof(*bigger));
		files->items = bigger;
	}
	files->items[files->n++] = arena_strndup(arena, path, strlen(path));
}

static bool is_script(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && !strcmp(name + length - 4, ".pkt");
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk(struct arena *arena, const char *path, struct name_list *files, struct errbuf *err)
{
	char *root = arena_strndup(arena, path, strlen(path));
	char *roots[] = {root, NULL};
	FTSENT *entry;
	FTS *fts;
	int code = 0;

	for (size_t n = strlen(root); n > 1 && root[n - 1] == '/'; n--)
		root[n - 1] = 0;
	fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (!fts)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	while ((entry = fts_read(fts)) && !code) {
		if (entry->fts_info == FTS_F && is_script(entry->fts_name))
			add(arena, files, entry->fts_path);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
			 entry->fts_info == FTS_NS)
			code = err_set(err, -entry->fts_errno, "%s: %s", entry->fts_path,
				       strerror(entry->fts_errno));
		else if (entry->fts_info == FTS_SLNONE && is_script(entry->fts_name))
			code = err_set(err, -ENOENT, "%s: a link that leads nowhere",
				       entry->fts_path);
	}
	fts_close(fts);
	return code;
}

int discover(struct arena *arena, const struct name_list *paths, struct name_list *files,
	     struct errbuf *err)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->items[i];
		struct stat info;
		int code = 0;

		if (!strcmp(path, "-")) {
			add(arena, files, path);
			continue;
		}
		if (stat(path, &info))
			return err_set(err, -errno, "%s: %s", path, strerror(errno));
		if (S_ISDIR(info.st_mode))
			code = walk(arena, path, files, err);
		else
			add(arena, files, path);
		if (code)
			return code;
	}
	return 0;
}
