/* What to do when the machine is short of something that runs need (namespaces, processes, memory,
 * descriptors). Fewer runs are played at a time, and a run that could not be set up is tried again
 * when others have ended. Other programs may have taken the resource, so a run that is alone is
 * tried again for a while, too. */
#ifndef FINWAIT_RUNTIME_SUITE_SCARCITY_H
#define FINWAIT_RUNTIME_SUITE_SCARCITY_H

#include <stdbool.h>
#include <stdint.h>

struct scarcity {
	unsigned most, cap; /* runs at a time: the present estimate, and the upper limit */
	unsigned passed;    /* runs that were set up since `most` changed */
	unsigned in_vain;   /* failed tries in a row of a run that was alone */
	int64_t pause_ns;   /* before the next try */
	int64_t not_before; /* CLOCK_MONOTONIC */
	int64_t last_ended; /* when a run that had been set up last ended */
};

void scarcity_init(struct scarcity *scarcity, unsigned cap);
/* A run could not be set up while `others` runs were active. True if it is to be tried again. */
bool scarcity_met(struct scarcity *scarcity, unsigned others, int64_t now);
/* A run that had been set up has ended. */
void scarcity_passed(struct scarcity *scarcity, int64_t now);
/* True if one more run may be started beside `active` ones. */
bool scarcity_allows(const struct scarcity *scarcity, unsigned active, int64_t now);

#endif
