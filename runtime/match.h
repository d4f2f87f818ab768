/* Expected against actual: every difference, in the script's notation. */
#ifndef FINWAIT_RUNTIME_MATCH_H
#define FINWAIT_RUNTIME_MATCH_H

#include "parser/config.h"
#include "runtime/flow.h"
#include "runtime/mismatch.h"

struct match_env {
	const struct config *config;
	int64_t since_start_ns; /* of the actual packet: TS tolerance is a percentage of it */
};

/* Compares an expected packet with the live one (decoded, and mapped to script numbers by
 * flow_to_script). Appends all mismatches; none: it matches. Time is not compared here. */
void match_packet(const struct match_env *env, struct flow *flow, const struct packet *expected,
		  const struct packet *live, const struct packet *actual,
		  struct mismatches *mismatches);

/* Segment merging: may `next` continue `sum` (both in script numbers, expectation `expected`)? If
 * so `sum` becomes both and true; else false and a mismatch says why not. */
bool match_merge(const struct packet *expected, struct packet *sum, const struct packet *next,
		 struct mismatches *mismatches);

#endif
