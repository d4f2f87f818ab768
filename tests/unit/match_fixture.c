#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/match_fixture.h"

struct config config;
int64_t since_start_ns;
struct arena *arena;

int setup(void **state)
{
	(void)state;
	arena = arena_new();
	config = (struct config){.tolerance_usecs = 4000, .tolerance_percent = 12.5};
	since_start_ns = 0;
	return 0;
}

int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

struct mismatches match_wire(struct seqmap *seqmap, const struct packet *expected,
			     const struct wire_packet *live)
{
	struct matching matching = {
		.config = &config, .arena = arena, .seqmap = seqmap, .expected = expected};

	if (match_live(&matching, live, since_start_ns) == MATCH_MORE)
		match_end(&matching);
	return matching.mismatches;
}

struct mismatches match(struct seqmap *seqmap, const struct packet *expected,
			const struct packet *live)
{
	struct wire_packet wire = {.packet = *live};

	return match_wire(seqmap, expected, &wire);
}

const char *told_of(const struct mismatches *mismatches)
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

const char *told_wire(const struct packet *expected, const struct wire_packet *live)
{
	struct mismatches mismatches = match_wire(seqmap_new(arena), expected, live);

	return told_of(&mismatches);
}

const char *told(const struct packet *expected, const struct packet *live)
{
	struct wire_packet wire = {.packet = *live};

	return told_wire(expected, &wire);
}

struct packet out(uint16_t flags, uint32_t seq, uint32_t size, uint32_t ack)
{
	return test_tcp(OUTBOUND, 4, flags, seq, size, ack);
}
