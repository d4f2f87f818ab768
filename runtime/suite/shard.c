#include "runtime/report/report.h"
#include "runtime/suite/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The cost of a run on top of its script's duration, so that many short scripts count too. */
#define RUN_COST_NS (50 * NSEC_PER_SEC / 1000)

struct weighed {
	const struct test *test;
	int64_t ns;
	unsigned shard; /* 1-based */
};

static int heaviest_first(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;
	int order;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	order = strcmp(x->test->path, y->test->path);
	return order ? order : (int)x->test->mode - (int)y->test->mode;
}

static int as_planned(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	return x->test < y->test ? -1 : x->test > y->test;
}

void shard_plan(struct plan *plan, unsigned k, unsigned n, const int64_t *durations_ns)
{
	struct weighed *all = arena_alloc(plan->arena, (plan->n + 1) * sizeof(*all));
	int64_t *load = arena_alloc(plan->arena, n * sizeof(*load));
	struct test *kept = arena_alloc(plan->arena, (plan->n + 1) * sizeof(*kept));
	size_t n_kept = 0;

	for (size_t i = 0; i < plan->n; i++) {
		all[i].test = &plan->tests[i];
		all[i].ns = durations_ns ? durations_ns[i] : plan->tests[i].scripted_ns;
	}
	qsort(all, plan->n, sizeof(*all), heaviest_first);
	for (size_t i = 0; i < plan->n; i++) {
		unsigned lightest = 0;

		for (unsigned s = 1; s < n; s++)
			if (load[s] < load[lightest])
				lightest = s;
		load[lightest] += all[i].ns + RUN_COST_NS;
		all[i].shard = lightest + 1;
	}
	qsort(all, plan->n, sizeof(*all), as_planned);
	for (size_t i = 0; i < plan->n; i++) {
		if (all[i].shard == k)
			kept[n_kept++] = *all[i].test;
		else
			run_result_free(all[i].test->known);
	}
	plan->tests = kept;
	plan->n = n_kept;
}

static int by_name(const struct run_result *x, const struct run_result *y)
{
	int order = strcmp(x->path, y->path);

	return order ? order : strcmp(run_result_mode(x), run_result_mode(y));
}

static int by_name_and_duration(const void *a, const void *b)
{
	const struct run_result *x = *(struct run_result *const *)a;
	const struct run_result *y = *(struct run_result *const *)b;
	int order = by_name(x, y);

	return order ? order : x->run_ns < y->run_ns ? -1 : x->run_ns > y->run_ns;
}

/* The longest duration of a test among the sorted results, in ns; 0: it is not among them. */
static int64_t longest(const struct report_read *read, const struct test *test)
{
	const struct run_result key = {.path = test->path, .mode = ip_mode_name(test->mode)};
	size_t low = 0, high = read->n; /* binary search for the last result of the test */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_name(read->results[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && !by_name(read->results[low - 1], &key) ? read->results[low - 1]->run_ns : 0;
}

int shard_durations(const struct plan *plan, const char *path, int64_t **durations_ns,
		    struct errbuf *err)
{
	int64_t *durations = arena_alloc(plan->arena, (plan->n + 1) * sizeof(*durations));
	struct report_read read = {0};
	int code = report_json_load(path, &read, err);

	if (read.n)
		qsort(read.results, read.n, sizeof(*read.results), by_name_and_duration);
	for (size_t i = 0; i < plan->n; i++) {
		int64_t ns = longest(&read, &plan->tests[i]);

		durations[i] = ns ? ns : plan->tests[i].scripted_ns;
	}
	report_read_free(&read);
	*durations_ns = durations;
	return code;
}
