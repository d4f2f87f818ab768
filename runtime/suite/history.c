/* The file has one line per failed test: "MODE PATH", where the path is absolute. */
#include "base/outfile.h"
#include "runtime/suite/suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of a state file, as the XDG Base Directory Specification has it. False without a home.
 */
static bool state_path(char *path, size_t size, const char *name)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (state && *state == '/')
		n = snprintf(path, size, "%s/finwait/%s", state, name);
	else if (home && *home == '/')
		n = snprintf(path, size, "%s/.local/state/finwait/%s", home, name);
	else
		return false;
	return n > 0 && (size_t)n < size;
}

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
}

struct line {
	char mode[32];
	char path[PATH_MAX];
};

static bool read_line(FILE *in, struct line *line)
{
	char text[PATH_MAX + 40];
	char *space;

	while (fgets(text, sizeof(text), in)) {
		text[strcspn(text, "\n")] = 0;
		space = strchr(text, ' ');
		if (!space || (size_t)(space - text) >= sizeof(line->mode) ||
		    strlen(space + 1) >= sizeof(line->path))
			continue;
		*space = 0;
		strcpy(line->mode, text);
		strcpy(line->path, space + 1);
		return true;
	}
	return false;
}

/* A test as the file names it. */
struct name {
	const char *mode, *path;
};

/* A sorted set of names. */
struct names {
	struct arena *arena;
	struct name *items;
	size_t n, size;
};

static void names_add(struct names *names, const char *mode, const char *path)
{
	if (names->n == names->size) {
		size_t size = names->size ? names->size * 2 : 64;
		struct name *bigger = arena_alloc(names->arena, size * sizeof(*bigger));

		if (names->n)
			memcpy(bigger, names->items, names->n * sizeof(*bigger));
		names->items = bigger;
		names->size = size;
	}
	names->items[names->n++] = (struct name){arena_strndup(names->arena, mode, strlen(mode)),
						 arena_strndup(names->arena, path, strlen(path))};
}

static int by_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : strcmp(x->mode, y->mode);
}

static void names_sort(struct names *names)
{
	if (names->n)
		qsort(names->items, names->n, sizeof(*names->items), by_name);
}

static bool names_have(const struct names *names, const char *mode, const char *path)
{
	struct name name = {mode, path};

	return names->n && bsearch(&name, names->items, names->n, sizeof(name), by_name);
}

static FILE *open_history(void)
{
	char path[PATH_MAX];

	return state_path(path, sizeof(path), "last-failed") ? fopen(path, "re") : NULL;
}

/* Reads the whole file, in its order. */
static struct names read_history(struct arena *arena)
{
	struct names names = {.arena = arena};
	FILE *in = open_history();
	struct line line;

	while (in && read_line(in, &line))
		names_add(&names, line.mode, line.path);
	if (in)
		fclose(in);
	return names;
}

struct name_list history_paths(struct arena *arena)
{
	struct names names = read_history(arena);
	struct name_list list = {.items = arena_alloc(arena, (names.n + 1) * sizeof(*list.items))};

	names_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		if ((!i || strcmp(names.items[i].path, names.items[i - 1].path)) &&
		    !access(names.items[i].path, R_OK))
			list.items[list.n++] = names.items[i].path;
	return list;
}

void history_keep_failed(struct plan *plan)
{
	struct names failed = read_history(plan->arena);
	size_t kept = 0;

	names_sort(&failed);
	for (size_t i = 0; i < plan->n; i++) {
		struct test *test = &plan->tests[i];
		char path[PATH_MAX];

		if (realpath(test->path, path) &&
		    names_have(&failed, ip_mode_name(test->mode), path))
			plan->tests[kept++] = *test;
		else
			run_result_free(test->known);
	}
	plan->n = kept;
}

/* Names results by their absolute paths. realpath() is slow and many results in a row have the same
 * path, so it is called once for each change of path. */
static void name_results(struct run_result *const *results, size_t n, struct names *played,
			 struct names *failed)
{
	const char *last = NULL;
	char path[PATH_MAX];

	for (size_t i = 0; i < n; i++) {
		if (!last || strcmp(last, results[i]->path))
			last = realpath(results[i]->path, path) ? results[i]->path : NULL;
		if (!last)
			continue;
		if (!results[i]->mode || results[i]->verdict == VERDICT_SKIP ||
		    results[i]->verdict == VERDICT_NOT_RUN)
			continue;
		names_add(played, results[i]->mode, path);
		if (verdict_is_failure(results[i]->verdict))
			names_add(failed, results[i]->mode, path);
	}
	names_sort(played);
	names_sort(failed);
}

/* The history is a convenience, so a failure to write it is no error. */
static void write_history(const char *name, const struct names *kept, const struct names *failed)
{
	struct outfile file;
	struct errbuf err;

	if (outfile_open(&file, name, &err))
		return;
	for (size_t i = 0; i < kept->n; i++)
		fprintf(file.stream, "%s %s\n", kept->items[i].mode, kept->items[i].path);
	for (size_t i = 0; i < failed->n; i++)
		if (!i || by_name(&failed->items[i], &failed->items[i - 1]))
			fprintf(file.stream, "%s %s\n", failed->items[i].mode,
				failed->items[i].path);
	outfile_commit(&file, &err);
}

/* An entry for a test that was not played stays, unless its script is gone. */
void history_save(struct run_result *const *results, size_t n)
{
	struct arena *arena = arena_new();
	struct names before = read_history(arena), kept = {.arena = arena};
	struct names played = {.arena = arena}, failed = {.arena = arena};
	char name[PATH_MAX];

	name_results(results, n, &played, &failed);
	for (size_t i = 0; i < before.n; i++)
		if (!names_have(&played, before.items[i].mode, before.items[i].path) &&
		    !access(before.items[i].path, F_OK))
			names_add(&kept, before.items[i].mode, before.items[i].path);
	if ((failed.n || kept.n != before.n) && state_path(name, sizeof(name), "last-failed")) {
		make_parents(name);
		write_history(name, &kept, &failed);
	}
	arena_free(arena);
}
