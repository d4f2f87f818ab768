/* One line a failed test: "MODE PATH", the path from the root. */
#include "runtime/suite/suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* XDG Base Directory Specification. False without a home. */
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

static FILE *open_history(void)
{
	char path[PATH_MAX];

	return state_path(path, sizeof(path), "last-failed") ? fopen(path, "re") : NULL;
}

struct cli_list history_paths(struct arena *arena)
{
	struct cli_list list = {0};
	FILE *in = open_history();
	size_t size = 0;
	struct line line;

	while (in && read_line(in, &line)) {
		bool known = access(line.path, R_OK) != 0;

		for (size_t i = 0; i < list.n; i++)
			known |= !strcmp(list.items[i], line.path);
		if (known)
			continue;
		if (list.n == size) {
			const char **bigger;

			size = size ? size * 2 : 16;
			bigger = arena_alloc(arena, size * sizeof(*bigger));
			if (list.n)
				memcpy(bigger, list.items, list.n * sizeof(*bigger));
			list.items = bigger;
		}
		list.items[list.n++] = arena_strndup(arena, line.path, strlen(line.path));
	}
	if (in)
		fclose(in);
	return list;
}

static bool failed_last(const char *mode, const char *path)
{
	FILE *in = open_history();
	bool found = false;
	struct line line;

	while (in && !found && read_line(in, &line))
		found = !strcmp(line.mode, mode) && !strcmp(line.path, path);
	if (in)
		fclose(in);
	return found;
}

void history_keep_failed(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n; i++) {
		struct test *test = &plan->tests[i];
		char path[PATH_MAX];

		if (realpath(test->path, path) && failed_last(ip_mode_name(test->mode), path))
			plan->tests[kept++] = *test;
		else
			run_result_free(test->known);
	}
	plan->n = kept;
}

/* Was this test among the results? What was not played stays as it was. */
static bool played(struct run_result *const *results, size_t n, const struct line *line)
{
	for (size_t i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (!strcmp(results[i]->mode, line->mode) && realpath(results[i]->path, path) &&
		    !strcmp(path, line->path))
			return true;
	}
	return false;
}

void history_save(struct run_result *const *results, size_t n)
{
	char name[PATH_MAX], path[PATH_MAX + 16], real[PATH_MAX];
	struct line line;
	FILE *in, *out;

	if (!state_path(name, sizeof(name), "last-failed"))
		return;
	make_parents(name);
	snprintf(path, sizeof(path), "%s.%d", name, (int)getpid());
	out = fopen(path, "we");
	if (!out)
		return; /* a convenience: not worth an error */
	in = open_history();
	while (in && read_line(in, &line))
		if (!played(results, n, &line))
			fprintf(out, "%s %s\n", line.mode, line.path);
	if (in)
		fclose(in);
	for (size_t i = 0; i < n; i++)
		if (verdict_is_failure(results[i]->verdict) && realpath(results[i]->path, real))
			fprintf(out, "%s %s\n", results[i]->mode, real);
	if (fclose(out) || rename(path, name))
		unlink(path);
}
