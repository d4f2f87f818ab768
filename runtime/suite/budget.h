/* How many timelines may be played at once. Ended runs are judged in groups. If hardly any run of a
 * group was late, the budget grows; if many were, it shrinks at once. This follows TCP's congestion
 * window (RFC 5681): fast growth until the first cut, careful growth afterwards. */
#ifndef FINWAIT_RUNTIME_SUITE_BUDGET_H
#define FINWAIT_RUNTIME_SUITE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	double now, least, most;
	bool fixed;
	bool ever_cut;
	unsigned ended, late; /* runs of the current group */
};

/* `fixed` > 0: the budget is always that many. `most`: the upper limit. */
void budget_init(struct budget *budget, unsigned fixed, unsigned processors, unsigned most);
/* A run has ended that was at most `late_ns` late, while `running` others went on. */
void budget_learn(struct budget *budget, int64_t late_ns, unsigned running);
unsigned budget_now(const struct budget *budget);

/* How many of `wanted` runs this process may have descriptors for, at least 1. Each run needs
 * `each` of them. Raises RLIMIT_NOFILE as far as needed and allowed. */
unsigned budget_files(unsigned wanted, unsigned each);

#endif
