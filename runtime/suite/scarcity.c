#include "runtime/suite/scarcity.h"

#include "base/time.h"

#define FIRST_PAUSE_NS (10 * NSEC_PER_MSEC)
/* The kernel takes about this long to free the resources of an ended run. */
#define USUAL_PAUSE_NS (160 * NSEC_PER_MSEC)
/* A run that is alone is tried for about ten seconds in all if earlier runs could be set up, since
 * the kernel may be slow to free what they had; otherwise for about one second. */
#define LONGEST_PAUSE_NS NSEC_PER_SEC
#define TRIES_ALONE	 16
#define TRIES_FIRST	 7

void scarcity_init(struct scarcity *scarcity, unsigned cap)
{
	*scarcity = (struct scarcity){.most = cap, .cap = cap, .pause_ns = FIRST_PAUSE_NS};
}

bool scarcity_met(struct scarcity *scarcity, unsigned others, int64_t now)
{
	/* The kernel may not have freed the resources of the run that ended last. */
	bool recent = scarcity->last_ended && now - scarcity->last_ended < 2 * USUAL_PAUSE_NS;

	if (others + recent < scarcity->most)
		scarcity->most = others + recent;
	if (!scarcity->most)
		scarcity->most = 1;
	scarcity->passed = 0;
	if (!others && scarcity->in_vain >= (scarcity->last_ended ? TRIES_ALONE : TRIES_FIRST))
		return false;
	scarcity->in_vain += !others;
	scarcity->not_before = now + scarcity->pause_ns;
	if (scarcity->pause_ns < (others ? USUAL_PAUSE_NS : LONGEST_PAUSE_NS))
		scarcity->pause_ns *= 2;
	return true;
}

void scarcity_passed(struct scarcity *scarcity, int64_t now)
{
	scarcity->last_ended = now;
	scarcity->in_vain = 0;
	scarcity->pause_ns = FIRST_PAUSE_NS;
	if (scarcity->most < scarcity->cap && ++scarcity->passed >= scarcity->most) {
		scarcity->most++;
		scarcity->passed = 0;
	}
}

bool scarcity_allows(const struct scarcity *scarcity, unsigned active, int64_t now)
{
	return active < scarcity->most && now >= scarcity->not_before;
}
