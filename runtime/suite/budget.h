/* How many timelines may be played at once. Ended runs are judged in groups: while hardly any of a
 * group was late the budget grows, when many were it shrinks at once (after TCP's congestion
 * window, RFC 5681: slow start until the first loss, then carefully). */
#ifndef FINWAIT_RUNTIME_SUITE_BUDGET_H
#define FINWAIT_RUNTIME_SUITE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	double now, least, most;
	bool fixed;
	bool ever_cut;
	unsigned ended, late; /* of the group */
};

/* `fixed` > 0: that many, whatever happens. */
void budget_init(struct budget *budget, unsigned fixed, unsigned processors, unsigned most);
/* A run ended that was `late_ns` late at worst, while `running` others went on. */
void budget_learn(struct budget *budget, int64_t late_ns, unsigned running);
unsigned budget_now(const struct budget *budget);

/* As many of `wanted` runs as this process may have descriptors for, `each` for each, and 1 at the
 * least; raises the limit where it can. */
unsigned budget_files(unsigned wanted, unsigned each);

#endif
