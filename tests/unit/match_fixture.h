/* Helpers of the tests that compare packets with expectations. Include cmocka before this file. */
#ifndef FINWAIT_TESTS_UNIT_MATCH_FIXTURE_H
#define FINWAIT_TESTS_UNIT_MATCH_FIXTURE_H

#include "runtime/conn/match.h"
#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

extern struct config config;
extern int64_t since_start_ns;
extern struct arena *arena;

int setup(void **state);
int teardown(void **state);

/* Matches `live`, whose numbers are the script's already, and tells what differs. */
struct mismatches match_wire(struct seqmap *seqmap, const struct packet *expected,
			     const struct wire_packet *live);
struct mismatches match(struct seqmap *seqmap, const struct packet *expected,
			const struct packet *live);

/* "field: expected / actual" of all, joined by "; ". */
const char *told_of(const struct mismatches *mismatches);
const char *told_wire(const struct packet *expected, const struct wire_packet *live);
const char *told(const struct packet *expected, const struct packet *live);
struct packet out(uint16_t flags, uint32_t seq, uint32_t size, uint32_t ack);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
