/* Tests the decoder with broken packets: particular faults, cuts at every byte, flipped bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "parser/ast_print.h"
#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static uint8_t buffer[WIRE_MAX_PACKET], again[WIRE_MAX_PACKET];

static enum wire_result decode(const uint8_t *bytes, size_t size, struct errbuf *error)
{
	struct arena *arena = arena_new();
	struct wire_packet live;
	enum wire_result result = wire_decode(bytes, size, arena, &live, error);
	char text[2048];

	if (result == WIRE_OK)
		packet_print(text, sizeof(text), &live.packet);
	else if (result == WIRE_BAD)
		assert_string_not_equal(error->text, "");
	arena_free(arena);
	return result;
}

/* Writes `value` and makes the IPv4 header checksum right again. */
static void poke(size_t at, uint8_t value)
{
	uint32_t sum;

	buffer[at] = value;
	buffer[10] = buffer[11] = 0;
	sum = 0xffff - test_ones_complement(buffer, 20, 0);
	buffer[10] = (uint8_t)(sum >> 8);
	buffer[11] = (uint8_t)sum;
}

static void named_faults(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum wire_result result;
		const char *text;
	} rows[] = {
		{0, 0x25, WIRE_BAD, "IP version 2"},
		{0, 0x44, WIRE_BAD, "header length: 16"},
		{2, 0xff, WIRE_BAD, "truncated IPv4 packet: 54 of 65"},
		{6, 0x20, WIRE_BAD, "fragment: offset 0, more"},
		{7, 0x02, WIRE_BAD, "fragment: offset 16"},
		{9, 132, WIRE_FOREIGN, NULL},
		{9, 58, WIRE_FOREIGN, NULL},
		{9, 4, WIRE_BAD, NULL},
		{32, 0x40, WIRE_BAD, "data offset: 16"},
		{32, 0xf0, WIRE_BAD, "data offset: 60 bytes of 34"},
		{41, 0, WIRE_BAD, "option 1 (kind 2) has length 0"},
		{41, 5, WIRE_BAD, "option 1 (kind 2) has length 5"},
		{6, 0x40, WIRE_OK, NULL},
	};
	struct packet packet = test_tcp(INBOUND, 4, TCP_SYN, 0, 10, 0);
	struct tcp_option mss = test_mss(1460);
	struct errbuf error;

	(void)state;
	test_options(&packet, &mss, 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t size = test_encode(&packet, buffer);

		poke(rows[i].at, rows[i].value);
		assert_int_equal(decode(buffer, size, &error), rows[i].result);
		if (rows[i].text && !strstr(error.text, rows[i].text))
			fail_msg("\"%s\" does not say \"%s\"", error.text, rows[i].text);
	}
	test_encode(&packet, buffer);
	buffer[8] ^= 1;
	assert_int_equal(decode(buffer, 54, &error), WIRE_BAD);
	assert_non_null(strstr(error.text, "checksum"));
}

static void ipv6_extension_headers(void **state)
{
	static const struct {
		uint8_t kind, bytes[8];
		enum wire_result result;
		unsigned options;
	} rows[] = {
		{0, {6, 0, 1, 4, 0, 0, 0, 0}, WIRE_OK, 8},
		{0, {6, 0, 0xc2, 4, 0, 1, 0, 0}, WIRE_OK, 0}, /* BIG TCP's own */
		{60, {6, 0, 1, 4, 0, 0, 0, 0}, WIRE_OK, 8},
		{43, {6, 0, 0, 0, 0, 0, 0, 0}, WIRE_OK, 8},
		{44, {6, 0, 0, 0, 0, 0, 0, 1}, WIRE_OK, 8},
		{44, {6, 0, 0, 1, 0, 0, 0, 1}, WIRE_BAD, 0},
		{44, {6, 0, 0, 8, 0, 0, 0, 1}, WIRE_BAD, 0},
		{0, {6, 9, 0, 0, 0, 0, 0, 0}, WIRE_BAD, 0},
		{59, {0}, WIRE_FOREIGN, 0},
		{51, {6}, WIRE_FOREIGN, 0},
	};
	struct packet packet = test_tcp(INBOUND, 6, TCP_ACK_FLAG, 1, 0, 1);
	struct arena *arena = arena_new();
	struct wire_packet out;
	struct errbuf error;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t size = test_encode(&packet, again);

		memcpy(buffer, again, 40);
		memcpy(buffer + 40, rows[i].bytes, 8);
		memcpy(buffer + 48, again + 40, size - 40);
		buffer[6] = rows[i].kind;
		buffer[5] = (uint8_t)(size - 40 + 8);
		assert_int_equal(wire_decode(buffer, size + 8, arena, &out, &error),
				 rows[i].result);
		if (rows[i].result == WIRE_OK)
			assert_int_equal(out.ip_options, rows[i].options);
	}
	arena_free(arena);
}

/* GSO: lengths of 0 mean "all there is", as the kernel hands over BIG TCP. */
static void lengths_of_zero(void **state)
{
	static uint8_t big[200000];
	struct arena *arena = arena_new();
	struct errbuf error;
	struct wire_packet out;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct packet packet = test_tcp(INBOUND, version, TCP_ACK_FLAG, 1, 0, 1);
		size_t size = test_encode(&packet, buffer);

		if (version == 4) {
			poke(2, 0);
			poke(3, 0);
		} else {
			buffer[4] = buffer[5] = 0;
		}
		memset(big, 0, sizeof(big));
		memcpy(big, buffer, size);
		assert_int_equal(wire_decode(big, sizeof(big), arena, &out, &error), WIRE_OK);
		assert_int_equal(out.packet.tcp.len, sizeof(big) - size);
		assert_int_equal(out.first_nonzero, 0);
		big[size + 100000] = 1;
		assert_int_equal(wire_decode(big, sizeof(big), arena, &out, &error), WIRE_OK);
		assert_int_equal(out.first_nonzero, 100001);
	}
	arena_free(arena);
}

/* Every prefix of well-made packets, and packets with bytes turned, at the end of mapped memory. */
static void hostile_bytes(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map =
		mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *end = map + 2 * page;
	struct tcp_option options[MAX_TCP_OPTIONS];
	struct errbuf error;
	uint64_t seed = 7;
	unsigned counts[3] = {0};

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(end, page, PROT_NONE), 0);
	for (unsigned i = 0; i < 400; i++) {
		struct packet packet = test_random_packet(&seed, options);
		struct outer_header outer[2];
		size_t size;

		packet.tcp.len %= 64;
		if (i % 4 == 0) {
			memset(outer, 0, sizeof(outer));
			packet.outer = outer;
			packet.outer[0] = test_outer_ip("10.0.0.1", "10.0.0.2");
			packet.outer[1].kind = i % 8 ? HEADER_MPLS : HEADER_GRE;
			packet.outer[1].gre.flags = 0xb000;
			packet.outer[1].n_labels = 1;
			packet.outer[1].labels[0].bottom = true;
			packet.n_outer = 2;
		}
		size = test_encode(&packet, buffer);
		for (size_t cut = 0; cut < size; cut++) {
			memcpy(end - cut, buffer, cut);
			assert_int_not_equal(decode(end - cut, cut, &error), WIRE_OK);
		}
		for (unsigned j = 0; j < 100; j++) {
			size_t at = size;

			memcpy(end - size, buffer, size);
			for (unsigned k = 0; k <= test_random(&seed) % 4; k++)
				(end - size)[test_random(&seed) % (j % 2 ? size : 60) % size] =
					(uint8_t)test_random(&seed);
			at -= test_random(&seed) % 3 ? 0 : test_random(&seed) % size;
			counts[decode(end - at, at, &error)]++;
		}
	}
	/* All three ways out were taken. */
	assert_true(counts[WIRE_OK] && counts[WIRE_FOREIGN] && counts[WIRE_BAD]);
	munmap(map, 3 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_faults),
		cmocka_unit_test(ipv6_extension_headers),
		cmocka_unit_test(lengths_of_zero),
		cmocka_unit_test(hostile_bytes),
	};

	return cmocka_run_group_tests_name("wire, hostile", tests, NULL, NULL);
}
