#include "runtime/suite/budget.h"

#include <sys/resource.h>

/* A run this late counts as late: half the usual tolerance of scripts. */
#define LATE_NS 2000000
/* A late run costs nothing if it passes and a second try if it fails, so a few late runs are
 * cheaper than waiting. These are shares of a group, and factors of the budget. */
#define FEW	0.03
#define MANY	0.15
#define CUT	0.7
#define START	1.5
#define CAREFUL 1.1
/* Descriptors for everything but runs. */
#define SPARE_FILES 64

void budget_init(struct budget *budget, unsigned fixed, unsigned processors, unsigned most)
{
	*budget = (struct budget){
		.fixed = fixed > 0,
		.least = 4 * processors,
		.most = most,
		.now = fixed ? fixed : 16 * processors,
	};
}

static double between(double value, double least, double most)
{
	if (value > most)
		value = most;
	return value < least ? least : value;
}

void budget_learn(struct budget *budget, int64_t late_ns, unsigned running)
{
	double share;

	if (budget->fixed)
		return;
	budget->ended++;
	budget->late += late_ns >= LATE_NS;
	if (budget->ended < 8 || budget->ended < budget->now / 4)
		return;
	share = (double)budget->late / budget->ended;
	if (share > MANY) {
		budget->ever_cut = true;
		budget->now *= CUT;
	} else if (share <= FEW && running >= budget->now * 0.7) { /* the budget was used */
		budget->now *= budget->ever_cut ? CAREFUL : START;
	}
	budget->now = between(budget->now, budget->least, budget->most);
	budget->ended = budget->late = 0;
}

unsigned budget_now(const struct budget *budget)
{
	return budget->now < 1 ? 1 : (unsigned)budget->now;
}

unsigned budget_files(unsigned wanted, unsigned each)
{
	struct rlimit limit;
	rlim_t need = (rlim_t)wanted * each + SPARE_FILES;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return wanted;
	if (limit.rlim_cur < need) {
		limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= need)
		return wanted;
	if (limit.rlim_cur < SPARE_FILES + each)
		return 1;
	return (unsigned)(limit.rlim_cur - SPARE_FILES) / each;
}
