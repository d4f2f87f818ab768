/* When the machine is short of something that runs need (namespaces, processes, memory,
 * descriptors): fewer are played at a time, and what could not be set up is tried again when others
 * have ended. Others on the machine may have taken it, so one that is alone is tried for a while,
 * too. */
#ifndef FINWAIT_RUNTIME_SUITE_SCARCITY_H
#define FINWAIT_RUNTIME_SUITE_SCARCITY_H

#include <stdbool.h>
#include <stdint.h>

struct scarcity {
	unsigned most, cap; /* runs at a time: as it seems now, and at all */
	unsigned passed;    /* runs that were set up since `most` changed */
	unsigned in_vain;   /* tries in a row of a run that was alone */
	int64_t pause_ns;   /* before the next try */
	int64_t not_before; /* CLOCK_MONOTONIC */
	int64_t last_ended; /* when a run that had been set up last ended */
};

void scarcity_init(struct scarcity *scarcity, unsigned cap);
/* A run could not be set up while `others` were active. Is it to be tried again? */
bool scarcity_met(struct scarcity *scarcity, unsigned others, int64_t now);
/* A run that had been set up has ended. */
void scarcity_passed(struct scarcity *scarcity, int64_t now);
/* May one more be started beside `active` ones? */
bool scarcity_allows(const struct scarcity *scarcity, unsigned active, int64_t now);

#endif
