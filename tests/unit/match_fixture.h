/* Packets held against expectations: what the tests of match share. Includer: cmocka first. */
#ifndef FINWAIT_TESTS_UNIT_MATCH_FIXTURE_H
#define FINWAIT_TESTS_UNIT_MATCH_FIXTURE_H

#include "runtime/conn/match.h"
#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct config config;
static int64_t since_start_ns;
static struct arena *arena;

static inline int setup(void **state)
{
	(void)state;
	arena = arena_new();
	config = (struct config){.tolerance_usecs = 4000, .tolerance_percent = 12.5};
	since_start_ns = 0;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* Matches `live`, whose numbers are the script's already, and tells what differs. */
static inline struct mismatches match_wire(struct seqmap *seqmap, const struct packet *expected,
				    const struct wire_packet *live)
{
	struct matching matching = {
		.config = &config, .arena = arena, .seqmap = seqmap, .expected = expected};

	if (match_live(&matching, live, since_start_ns) == MATCH_MORE)
		match_end(&matching);
	return matching.mismatches;
}

static inline struct mismatches match(struct seqmap *seqmap, const struct packet *expected,
			       const struct packet *live)
{
	struct wire_packet wire = {.packet = *live};

	return match_wire(seqmap, expected, &wire);
}

/* "field: expected / actual" of all, joined by "; ". */
static inline const char *told_of(const struct mismatches *mismatches)
{
	char *text = arena_alloc(arena, 8000);

	for (unsigned i = 0; i < mismatches_kept(mismatches); i++) {
		const struct mismatch *at = &mismatches->at[i];
		char field[MISMATCH_NAME_SIZE];

		sprintf(text + strlen(text), "%s%s: %s / %s", i ? "; " : "",
			mismatch_field_name(at, field), at->expected, at->actual);
	}
	return text;
}

static inline const char *told_wire(const struct packet *expected, const struct wire_packet *live)
{
	struct mismatches mismatches = match_wire(seqmap_new(arena), expected, live);

	return told_of(&mismatches);
}

static inline const char *told(const struct packet *expected, const struct packet *live)
{
	struct wire_packet wire = {.packet = *live};

	return told_wire(expected, &wire);
}

static inline struct packet out(uint16_t flags, uint32_t seq, uint32_t size, uint32_t ack)
{
	return test_tcp(OUTBOUND, 4, flags, seq, size, ack);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
