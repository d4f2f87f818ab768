#include "runtime/suite/suite.h"

#include <stdlib.h>

#include "runtime/report/words.h"

void results_add(struct results *results, struct run_result *result)
{
	if (results->n == results->size) {
		size_t size = results->size ? results->size * 2 : 64;
		struct run_result **items = realloc(results->items, size * sizeof(*items));

		if (!items)
			abort(); /* as the arena does */
		results->items = items;
		results->size = size;
	}
	words_complete(result);
	results->items[results->n++] = result;
	results->failures += verdict_is_failure(result->verdict);
	results->not_run += result->verdict == VERDICT_NOT_RUN;
}

void results_free(struct results *results)
{
	for (size_t i = 0; i < results->n; i++)
		run_result_free(results->items[i]);
	free(results->items);
	*results = (struct results){0};
}

/* A crash, a time limit or lateness of the run's own say nothing of the kernel. */
static enum exit_status bisect_status(const struct results *results)
{
	size_t good = 0, wrong = 0, unknown = results->missing;

	for (size_t i = 0; i < results->n; i++) {
		enum verdict verdict = results->items[i]->verdict;

		wrong += verdict == VERDICT_FAIL || verdict == VERDICT_XPASS;
		good += verdict == VERDICT_PASS || verdict == VERDICT_XFAIL;
		unknown += verdict == VERDICT_LATE || verdict == VERDICT_ERROR ||
			   verdict == VERDICT_NOT_RUN;
	}
	if (wrong)
		return STATUS_FAILED;
	return good && !unknown ? STATUS_PASSED : STATUS_UNKNOWN;
}

enum exit_status results_status(const struct results *results, bool bisect)
{
	size_t bad = 0;

	if (bisect)
		return bisect_status(results);
	for (size_t i = 0; i < results->n; i++)
		bad += results->items[i]->diagnostics != NULL;
	if (results->failures > bad + results->not_run)
		return STATUS_FAILED;
	if (bad)
		return STATUS_USAGE;
	return results->not_run || results->missing ? STATUS_CANNOT : STATUS_PASSED;
}
