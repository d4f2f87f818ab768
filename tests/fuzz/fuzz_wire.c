/* libFuzzer: any bytes may come from the device. What decodes also prints, encodes to bytes that
 * decode to the same, and matches itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/ast_print.h"
#include "runtime/conn/match.h"
#include "runtime/wire/checksum.h"

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* A packet matches itself but for what no script can ask for. */
static void check_match(struct arena *arena, struct wire_packet *live)
{
	struct config config = {.strict_segments = true};
	struct matching matching = {.config = &config, .arena = arena, .seqmap = seqmap_new(arena)};
	struct packet script;
	char field[MISMATCH_NAME_SIZE];

	seqmap_to_script(matching.seqmap, &live->packet, &live->packet, &script, arena);
	seqmap_to_script(matching.seqmap, NULL, &live->packet, &script, arena);
	live->ip_options = 0;
	live->first_nonzero = 0;
	live->packet.ip.has_flow_label =
		live->packet.ip.has_flow_label && live->packet.ip.flow_label;
	script = live->packet;
	if (script.kind == PACKET_TCP)
		script.tcp.seq_literal = true; /* live numbers on both sides */
	matching.seqmap = seqmap_new(arena);
	matching.expected = &script;
	match_live(&matching, live, 0);
	check(matching.mismatches.n == 0, mismatch_field_name(&matching.mismatches.at[0], field));
	/* As the beginning of a longer one, which nothing need go on with. */
	if (script.kind != PACKET_TCP)
		return;
	script.tcp.len++;
	config.strict_segments = false;
	matching = (struct matching){.config = &config,
				     .arena = arena,
				     .seqmap = seqmap_new(arena),
				     .expected = &script};
	if (match_live(&matching, live, 0) == MATCH_MORE)
		match_live(&matching, live, 0);
}

static void check_again(struct arena *arena, const struct wire_packet *live)
{
	static uint8_t bytes[WIRE_MAX_PACKET];
	const struct packet *packet = &live->packet;
	struct errbuf error;
	struct wire_packet again;
	size_t size = wire_encode(packet, &live->tuple, NULL, NULL, bytes, sizeof(bytes), &error);

	/* An MPLS stack, for one, may hold a header that it may not be written with. */
	if (!size)
		return;
	check(wire_decode(bytes, size, arena, &again, &error) == WIRE_OK, error.text);
	check(again.packet.kind == packet->kind, "another kind");
	check(again.packet.n_outer == packet->n_outer, "other outer headers");
	check(tuple_equal(&live->tuple, &again.tuple), "another tuple");
	if (packet->kind == PACKET_TCP) {
		check(again.packet.tcp.flags == packet->tcp.flags, "other flags");
		check(again.packet.tcp.len == packet->tcp.len, "another length");
		check(again.packet.tcp.n_options == packet->tcp.n_options, "other options");
	}
}

static void try(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new();
	struct wire_packet live;
	struct errbuf error;
	char text[256];

	if (wire_decode(bytes, size, arena, &live, &error) == WIRE_OK) {
		packet_print(text, sizeof(text), &live.packet);
		tuple_print(text, sizeof(text), &live.tuple);
		check_again(arena, &live);
		check_match(arena, &live);
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t header = size ? (bytes[0] & 15u) * 4 : 0;
	uint8_t *good;

	try(bytes, size);
	if (size < 20 || bytes[0] >> 4 != 4 || header > size || header < 20)
		return 0;
	/* Few would get past the IPv4 checksum by chance. */
	good = malloc(size);
	memcpy(good, bytes, size);
	good[10] = good[11] = 0;
	header = checksum_fold(checksum_add(0, good, header));
	good[10] = (uint8_t)(header >> 8);
	good[11] = (uint8_t)header;
	try(good, size);
	free(good);
	return 0;
}
