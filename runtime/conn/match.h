/* Expected against actual: every difference, in the script's notation. */
#ifndef FINWAIT_RUNTIME_CONN_MATCH_H
#define FINWAIT_RUNTIME_CONN_MATCH_H

#include "parser/config.h"
#include "runtime/conn/seqmap.h"
#include "runtime/record/mismatch.h"

struct match_env {
	const struct config *config;
	int64_t since_start_ns; /* of the actual packet: TS tolerance is a percentage of it */
	const struct wire_tuple
		*tuple; /* live, as the kernel sends: md5 digests cover it. NULL: unknown */
};

/* Compares an expected packet with the live one (decoded; of several merged ones the last) and
 * `actual`, the same in script numbers by seqmap_to_script() or the sum of match_merge(). Appends all
 * mismatches; none: it matches, and its flow label is learned. Time is not compared here. Not
 * compared: IP id and DF, transport checksums, ports, an outbound timestamp's ecr. */
void match_packet(const struct match_env *env, struct seqmap *seqmap, const struct packet *expected,
		  const struct packet *live, const struct packet *actual,
		  struct mismatches *mismatches);

/* Segment merging: may `next` continue `sum` (both in script numbers, expectation `expected`)? If
 * so `sum` becomes both and true; else false and a mismatch says why not. */
bool match_merge(const struct packet *expected, struct packet *sum, const struct packet *next,
		 struct mismatches *mismatches);

#endif
