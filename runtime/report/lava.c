/* What LAVA's test definitions look for: a line for each case, its name and its result. */
#include <stdlib.h>

#include "runtime/report/report.h"

bool report_lava(FILE *out, const struct run_result *const *results, size_t n)
{
	/* What says nothing of the kernel is no failure of it. */
	static const char *const told[N_VERDICTS] = {
		[VERDICT_PASS] = "pass",  [VERDICT_FAIL] = "fail",  [VERDICT_SKIP] = "skip",
		[VERDICT_XFAIL] = "pass", [VERDICT_XPASS] = "fail", [VERDICT_ERROR] = "fail",
		[VERDICT_LATE] = "skip",  [VERDICT_NOT_RUN] = "skip",
	};

	for (size_t i = 0; i < n; i++) {
		char *name = report_case_name(results[i]);

		fprintf(out, "%s %s\n", name, told[results[i]->verdict]);
		free(name);
	}
	return !ferror(out);
}
