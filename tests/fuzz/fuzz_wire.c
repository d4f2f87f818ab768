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
static void check_match(struct arena *arena, struct packet *packet)
{
	struct config config = {0};
	struct match_env env = {.config = &config};
	struct mismatches mismatches = {0};
	struct seqmap *seqmap = seqmap_new(arena);
	struct packet script;

	seqmap_to_script(seqmap, packet, packet, &script, arena);
	seqmap_to_script(seqmap, NULL, packet, &script, arena);
	script = *packet;
	script.dirty = 0;
	packet->ip_options = 0;
	packet->ip.has_flow_label = packet->ip.has_flow_label && packet->ip.flow_label;
	match_packet(&env, seqmap_new(arena), packet, packet, &script, &mismatches);
	check(mismatches.n == 0, mismatches.at[0].field);
	match_merge(packet, &script, packet, &mismatches);
}

static void check_again(struct arena *arena, const struct packet *packet,
			const struct wire_tuple *tuple)
{
	static uint8_t bytes[WIRE_MAX_PACKET];
	struct wire_tuple tuple_again;
	struct wire_error error;
	struct packet again;
	size_t size = wire_encode(packet, tuple, NULL, NULL, bytes, sizeof(bytes), &error);

	/* An MPLS stack, for one, may hold a header that it may not be written with. */
	if (!size)
		return;
	check(wire_decode(bytes, size, arena, &again, &tuple_again, &error) == WIRE_OK, error.text);
	check(again.kind == packet->kind, "another kind");
	check(again.n_outer == packet->n_outer, "other outer headers");
	check(tuple_equal(tuple, &tuple_again), "another tuple");
	if (packet->kind == PACKET_TCP) {
		check(again.tcp.flags == packet->tcp.flags, "other flags");
		check(again.tcp.payload == packet->tcp.payload, "another length");
		check(again.tcp.n_options == packet->tcp.n_options, "other options");
	}
}

static void try(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new();
	struct packet packet;
	struct wire_tuple tuple;
	struct wire_error error;
	char text[256];

	if (wire_decode(bytes, size, arena, &packet, &tuple, &error) == WIRE_OK) {
		packet_print(text, sizeof(text), &packet);
		tuple_print(text, sizeof(text), &tuple);
		check_again(arena, &packet, &tuple);
		check_match(arena, &packet);
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
