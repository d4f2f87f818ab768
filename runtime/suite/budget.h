/* How many timelines may be played at once: additive increase while runs are on time,
 * multiplicative decrease when one was late (as TCP does, RFC 5681). */
#ifndef FINWAIT_RUNTIME_SUITE_BUDGET_H
#define FINWAIT_RUNTIME_SUITE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	double now, least, most;
	bool fixed;
	bool ever_late;	     /* until then it grows twice as fast as runs end */
	int64_t last_cut_ns; /* CLOCK_MONOTONIC */
};

/* `fixed` > 0: that many, whatever happens. */
void budget_init(struct budget *budget, unsigned fixed, unsigned processors, unsigned most);
/* A run ended that was `late_ns` late at worst, while `running` others went on. */
void budget_learn(struct budget *budget, int64_t late_ns, unsigned running, int64_t now_ns);
unsigned budget_now(const struct budget *budget);

#endif
