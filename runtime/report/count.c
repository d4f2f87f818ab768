#include "runtime/report/report.h"

struct report_counts report_count(const struct run_result *const *results, size_t n)
{
	struct report_counts counts = {.all = n};

	for (size_t i = 0; i < n; i++) {
		counts.by_verdict[results[i]->verdict]++;
		counts.failures += verdict_is_failure(results[i]->verdict);
		counts.flaky += run_result_is_flaky(results[i]);
		counts.run_ns += results[i]->setup_ns + results[i]->run_ns;
	}
	return counts;
}
