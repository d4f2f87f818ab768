#include "runtime/suite/budget.h"

/* Half the tolerance scripts usually have. */
#define LATE_NS 2000000
/* Runs that end soon after a cut were late for the same reason. */
#define CUT_PAUSE_NS 200000000
#define CUT	     0.7

void budget_init(struct budget *budget, unsigned fixed, unsigned processors, unsigned most)
{
	budget->fixed = fixed > 0;
	budget->least = 2 * processors;
	budget->most = most;
	budget->now = fixed ? fixed : 16 * processors;
	budget->ever_late = false;
	budget->last_cut_ns = 0;
}

void budget_learn(struct budget *budget, int64_t late_ns, unsigned running, int64_t now_ns)
{
	if (budget->fixed)
		return;
	if (late_ns < LATE_NS) {
		if (running >= budget->now * 0.75) /* it was put to use */
			budget->now += budget->ever_late ? 1.0 / 4 : 2;
		if (budget->now > budget->most)
			budget->now = budget->most;
		return;
	}
	budget->ever_late = true;
	if (now_ns - budget->last_cut_ns < CUT_PAUSE_NS)
		return;
	budget->last_cut_ns = now_ns;
	budget->now *= CUT;
	if (budget->now < budget->least)
		budget->now = budget->least;
}

unsigned budget_now(const struct budget *budget)
{
	return budget->now < 1 ? 1 : (unsigned)budget->now;
}
