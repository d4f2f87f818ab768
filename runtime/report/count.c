#include "runtime/report/report.h"

#include <stdlib.h>
#include <string.h>

struct report_counts report_count(const struct run_result *const *results, size_t n)
{
	struct report_counts counts = {.all = n};

	for (size_t i = 0; i < n; i++) {
		counts.by_verdict[results[i]->verdict]++;
		counts.failures += verdict_is_failure(results[i]->verdict);
		counts.bad += results[i]->verdict == VERDICT_ERROR && results[i]->diagnostics;
		counts.flaky += run_result_is_flaky(results[i]);
		counts.run_ns += results[i]->setup_ns + results[i]->run_ns;
	}
	return counts;
}

/* ---- why runs were not run ----------------------------------------------------------------- */

/* One of them, and its place among the results. */
struct not_run {
	const struct run_result *result;
	size_t place;
};

static const char *reason_of(const struct run_result *result)
{
	return result->reason ? result->reason : "";
}

static int by_reason(const void *a, const void *b)
{
	const struct not_run *x = a, *y = b;
	int order = strcmp(reason_of(x->result), reason_of(y->result));

	return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

static int by_first(const void *a, const void *b)
{
	const struct report_cause *x = a, *y = b;
	int order = strcmp(x->items[0]->path, y->items[0]->path);

	return order ? order : strcmp(run_result_mode(x->items[0]), run_result_mode(y->items[0]));
}

struct report_causes report_causes(const struct run_result *const *results, size_t n)
{
	struct report_causes causes = {
		.items = calloc(n + 1, sizeof(*causes.items)),
		.all = calloc(n + 1, sizeof(*causes.all)),
	};
	struct not_run *order = calloc(n + 1, sizeof(*order));
	size_t n_all = 0;

	if (!causes.items || !causes.all || !order)
		abort();
	for (size_t i = 0; i < n; i++)
		if (results[i]->verdict == VERDICT_NOT_RUN)
			order[n_all++] = (struct not_run){results[i], i};
	qsort(order, n_all, sizeof(*order), by_reason);
	for (size_t i = 0; i < n_all; i++) {
		const char *reason = reason_of(order[i].result);

		causes.all[i] = order[i].result;
		if (!i || strcmp(reason, causes.items[causes.n - 1].reason))
			causes.items[causes.n++] = (struct report_cause){reason, &causes.all[i], 0};
		causes.items[causes.n - 1].n++;
	}
	qsort(causes.items, causes.n, sizeof(*causes.items), by_first);
	free(order);
	return causes;
}

void report_causes_free(struct report_causes *causes)
{
	free(causes->items);
	free(causes->all);
	*causes = (struct report_causes){0};
}
