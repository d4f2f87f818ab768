/* Packets to bytes and back; hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "parser/ast_print.h"
#include "runtime/wire/md5.h"
#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static uint8_t buffer[WIRE_MAX_PACKET], again[WIRE_MAX_PACKET];

static size_t encode(const struct packet *packet, uint8_t *out)
{
	struct wire_tuple tuple = test_tuple(packet->ip_version);
	struct wire_tuple echoed = tuple_reverse(&tuple);
	struct wire_error error = {""};
	size_t size = wire_encode(packet, &tuple, &echoed, "secret", out, WIRE_MAX_PACKET, &error);

	if (!size)
		print_error("%s\n", error.text);
	assert_int_not_equal(size, 0);
	return size;
}

/* The bytes as 16-bit words, in the words of RFC 1071: the sum in one's complement, the slow way.
 */
static uint32_t ones_complement(const uint8_t *bytes, size_t size, uint32_t sum)
{
	for (size_t i = 0; i < size; i++) {
		sum += i % 2 ? bytes[i] : bytes[i] * 256u;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

static void assert_checksums(const uint8_t *bytes, size_t size)
{
	bool v6 = bytes[0] >> 4 == 6;
	size_t header = v6 ? 40 : 20, addrs = v6 ? 8 : 12;
	uint8_t protocol = v6 ? bytes[6] : bytes[9];
	uint8_t pseudo[4] = {0, protocol, (uint8_t)((size - header) >> 8),
			     (uint8_t)(size - header)};
	uint32_t sum = 0;

	if (!v6)
		assert_int_equal(ones_complement(bytes, 20, 0), 0xffff);
	if (protocol != 1) {
		sum = ones_complement(bytes + addrs, v6 ? 32 : 8, 0);
		sum = ones_complement(pseudo, 4, sum);
	}
	assert_int_equal(ones_complement(bytes + header, size - header, sum), 0xffff);
}

/* decode(bytes) says what `packet` said, and encodes to the same bytes again. */
static struct packet round_trip(struct arena *arena, const struct packet *packet)
{
	struct wire_tuple tuple, sent = test_tuple(packet->ip_version);
	struct wire_error error;
	struct packet out;
	size_t size = encode(packet, buffer);

	assert_int_equal(wire_decode(buffer, size, arena, &out, &tuple, &error), WIRE_OK);
	assert_int_equal(out.kind, packet->kind);
	assert_int_equal(out.ip_version, packet->ip_version);
	assert_int_equal(out.ip.ttl, packet->ip.has_ttl ? packet->ip.ttl : 255);
	assert_int_equal(out.ip.tos, packet->ip.tos);
	assert_int_equal(out.ip_options, 0);
	assert_int_equal(out.dirty && packet->kind != PACKET_ICMP, 0);
	if (packet->kind != PACKET_ICMP) {
		assert_true(tuple_equal(&tuple, &sent));
		assert_int_equal(encode(&out, again), size);
		assert_memory_equal(again, buffer, size);
	}
	if (!packet->n_outer)
		assert_checksums(buffer, size);
	return out;
}

static void assert_same_segment(const struct tcp_segment *a, const struct tcp_segment *b)
{
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->urgent, b->urgent);
	assert_int_equal(a->payload, b->payload);
	assert_int_equal(a->n_options, b->n_options);
	for (unsigned i = 0; i < a->n_options; i++) {
		const struct tcp_option *x = &a->options[i], *y = &b->options[i];

		assert_ptr_equal(x->row, y->row);
		assert_int_equal(x->kind, y->kind);
		assert_int_equal(x->length, y->length);
		assert_int_equal(x->n_values, y->n_values);
		assert_int_equal(x->n_bytes, y->n_bytes);
		assert_memory_equal(x->value, y->value, x->n_values * sizeof(*x->value));
		assert_memory_equal(x->bytes, y->bytes, x->n_bytes);
	}
}

/* ---- packets that are well ---------------------------------------------------------------- */

static void tcp_round_trips(void **state)
{
	const struct {
		uint16_t flags;
		uint32_t payload;
		uint16_t urgent;
	} rows[] = {
		{TCP_SYN, 0, 0},
		{TCP_SYN | TCP_ACK_FLAG, 0, 0},
		{TCP_FIN | TCP_ACK_FLAG | TCP_PSH, 1, 0},
		{TCP_ACK_FLAG | TCP_URG, 1460, 9},
		{TCP_RST, 0, 0},
		{0, 0, 0},
		{0xfff, 3, 65535},
		{TCP_AE | TCP_ECE | TCP_CWR, 65000, 0},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		struct packet packet = test_tcp(INBOUND, i % 2 ? 6 : 4, rows[i / 2].flags,
						0xfffffff0, rows[i / 2].payload, 0x80000001);
		struct packet out;

		packet.tcp.urgent = rows[i / 2].urgent;
		packet.ip.tos_check = TOS_BYTE;
		packet.ip.tos = (uint8_t)(17 * i);
		packet.ip.has_ttl = i % 3;
		packet.ip.ttl = (uint8_t)(i + 1);
		packet.ip.has_flow_label = packet.ip_version == 6;
		packet.ip.flow_label = 0xfedcb;
		out = round_trip(arena, &packet);
		assert_same_segment(&out.tcp, &packet.tcp);
		assert_int_equal(out.ip.flow_label, i % 2 ? 0xfedcb : 0);
	}
	arena_free(arena);
}

static struct tcp_option bytes_option(uint8_t kind, uint8_t head, const char *bytes, size_t size)
{
	struct tcp_option option = {.kind = kind, .length = (uint8_t)(head + size)};
	uint8_t payload[40] = {0xf9, 0x89};

	option.row = tcp_option_by_kind(kind, option.length, payload);
	option.n_bytes = (uint8_t)size;
	memcpy(option.bytes, bytes, size);
	return option;
}

static struct tcp_option numbers_option(uint8_t kind, uint8_t length, unsigned n, uint32_t first)
{
	struct tcp_option option = test_option(kind, length, n, 0, 0);

	for (unsigned i = 0; i < n; i++)
		option.value[i] = first + i;
	return option;
}

/* Every row of the table and kinds without one, each padded by nops. */
static void every_option(void **state)
{
	struct tcp_option samples[] = {
		test_mss(1460),
		numbers_option(3, 3, 1, 14),
		test_option(4, 2, 0, 0, 0),
		test_sack(1001, 2001),
		numbers_option(KIND_SACK, 34, 8, 0xfffffffc),
		test_ts(4000000000, 7),
		bytes_option(KIND_MD5, 2, "0123456789abcdef", 16),
		bytes_option(34, 2, "", 0),
		bytes_option(34, 2, "\x01\x02\x03\x04\x05\x06\x07\x08", 8),
		bytes_option(254, 4, "", 0),
		bytes_option(254, 4, "\xab\xcd\xef\x01", 4),
		numbers_option(172, 5, 1, 0xfffff0),
		numbers_option(172, 8, 2, 5),
		numbers_option(174, 11, 3, 1),
		bytes_option(30, 2, "\x00\x81\x01\x02", 4),
		bytes_option(99, 2, "", 0),
		test_option(KIND_EOL, 1, 0, 0, 0),
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(samples) * 2; i++) {
		struct packet packet = test_tcp(INBOUND, i % 2 ? 6 : 4, TCP_ACK_FLAG, 1, 100, 1);
		struct tcp_option options[4] = {samples[i / 2]};
		struct packet out;
		unsigned n = 1;

		for (; (samples[i / 2].length + n - 1) % 4; n++)
			options[n] = test_nop();
		test_options(&packet, options, n);
		out = round_trip(arena, &packet);
		assert_same_segment(&out.tcp, &packet.tcp);
	}
	arena_free(arena);
}

static void udp_and_icmp(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct packet packet = {
			.direction = INBOUND, .kind = PACKET_UDP, .ip_version = (uint8_t)version};
		size_t ip = version == 6 ? 40 : 20;
		struct packet out;

		for (unsigned size = 0; size < 4; size++) {
			packet.udp.payload = size * 333;
			out = round_trip(arena, &packet);
			assert_int_equal(out.udp.payload, packet.udp.payload);
		}
		/* An error quotes the kernel's own packet. */
		packet.kind = PACKET_ICMP;
		packet.icmp = (struct icmp_message){.type = version == 6 ? 2 : 3,
						    .code = version == 6 ? 0 : 4,
						    .has_mtu = true,
						    .mtu = 1280,
						    .has_echoed = true,
						    .echoed_seq = 0xdeadbeef,
						    .echoed_length = 1000};
		out = round_trip(arena, &packet);
		assert_true(out.icmp.has_mtu);
		assert_int_equal(out.icmp.mtu, 1280);
		assert_int_equal(out.icmp.payload, ip + 8);
		assert_int_equal(wire_icmp_size(&packet), 8 + ip + 8);
		assert_int_equal(wire_icmp_size(&out), 8 + ip + 8);
		assert_memory_equal(out.data + ip, "\x1f\x90\x9c\x40\xde\xad\xbe\xef", 8);
		if (version == 4)
			assert_memory_equal(out.data + 12, "\xc0\xa8\0\1\xc0\0\2\1", 8);
		packet.icmp.echoed = ICMP_ECHO_UDP;
		out = round_trip(arena, &packet);
		assert_memory_equal(out.data + ip, "\x1f\x90\x9c\x40\x03\xf0\0\0", 8);
		packet.icmp.echoed = ICMP_ECHO_RAW;
		packet.icmp.echoed_length = 100;
		out = round_trip(arena, &packet);
		assert_int_equal(out.icmp.payload, 92);
		assert_int_equal(out.dirty, 0);
		/* An echo reply: the live id unless one is written. */
		packet.icmp = (struct icmp_message){.type = version == 6 ? 129 : 0};
		out = round_trip(arena, &packet);
		assert_int_equal(out.icmp.id, 8080);
		packet.icmp.has_id = true;
		packet.icmp.id = 7;
		out = round_trip(arena, &packet);
		assert_int_equal(out.icmp.id, 7);
		assert_int_equal(out.icmp.payload, 0);
	}
	arena_free(arena);
}

static struct outer_header outer_ip(const char *src, const char *dst)
{
	struct outer_header outer = {.src = test_addr(src), .dst = test_addr(dst)};

	outer.kind = outer.src.version == 6 ? HEADER_IPV6 : HEADER_IPV4;
	return outer;
}

static void outer_headers(void **state)
{
	struct packet packet = test_tcp(INBOUND, 4, TCP_SYN, 0, 10, 0), out;
	struct arena *arena = arena_new();

	(void)state;
	packet.outer[0] = outer_ip("2001:db8::7", "2001:db8::8");
	packet.outer[1].kind = HEADER_GRE;
	packet.outer[1].gre.flags = 0xb000;
	packet.outer[1].gre.sum = 1;
	packet.outer[1].gre.off = 2;
	packet.outer[1].gre.key = 0x12345678;
	packet.outer[1].gre.seq = 9;
	packet.outer[2].kind = HEADER_MPLS;
	packet.outer[2].n_labels = 2;
	packet.outer[2].labels[0] = (struct mpls_label){.label = 0xfffff, .tc = 7, .ttl = 64};
	packet.outer[2].labels[1] = (struct mpls_label){.label = 16, .bottom = true, .ttl = 1};
	packet.outer[3] = outer_ip("10.0.0.1", "10.0.0.2");
	packet.outer[4] = outer_ip("10.0.0.3", "10.0.0.4");
	packet.outer[5].kind = HEADER_GRE;
	packet.outer[5].gre.plain = true;
	packet.n_outer = 6;
	out = round_trip(arena, &packet);
	assert_int_equal(out.n_outer, 6);
	assert_int_equal(out.outer[1].gre.key, 0x12345678);
	assert_int_equal(out.outer[1].gre.seq, 9);
	assert_int_equal(out.outer[2].n_labels, 2);
	assert_int_equal(out.outer[2].labels[0].label, 0xfffff);
	assert_int_equal(out.outer[2].labels[1].bottom, true);
	assert_memory_equal(out.outer[4].dst.bytes, "\x0a\0\0\4", 4);
	assert_true(out.outer[5].gre.plain);
	/* Lengths: each counts what is behind it. */
	assert_int_equal(buffer[4] << 8 | buffer[5], 16 + 8 + 20 + 20 + 4 + 20 + 20 + 10);
	assert_int_equal(buffer[6], 47);
	arena_free(arena);
}

static void ports_written_in_the_script(void **state)
{
	struct packet packet = test_tcp(INBOUND, 4, TCP_SYN, 0, 0, 0), out;
	struct arena *arena = arena_new();
	struct wire_tuple tuple;
	struct wire_error error;
	size_t size;

	(void)state;
	packet.has_ports = true;
	packet.sport = 1234;
	size = encode(&packet, buffer);
	assert_checksums(buffer, size);
	assert_int_equal(wire_decode(buffer, size, arena, &out, &tuple, &error), WIRE_OK);
	assert_int_equal(tuple.sport, 1234);
	assert_int_equal(tuple.dport, 8080);
	arena_free(arena);
}

static void refuses_to_encode(void **state)
{
	struct wire_tuple tuple = test_tuple(4);
	struct packet packet = test_tcp(INBOUND, 4, 0, 0, 65535, 0);
	struct packet icmp = {.kind = PACKET_ICMP, .ip_version = 4, .icmp = {.type = 3}};
	struct tcp_option options[] = {
		test_mss(1),
		test_nop(),
		{.kind = KIND_MD5, .length = 18, .n_bytes = 16, .computed = true}};
	struct wire_error error;

	(void)state;
	assert_int_equal(wire_encode(&packet, &tuple, NULL, NULL, buffer, sizeof(buffer), &error),
			 0);
	assert_non_null(strstr(error.text, "too long"));
	packet.tcp.payload = 100;
	assert_int_equal(wire_encode(&packet, &tuple, NULL, NULL, buffer, 100, &error), 0);
	assert_non_null(strstr(error.text, "too long"));
	test_options(&packet, options, 2);
	assert_int_equal(wire_encode(&packet, &tuple, NULL, NULL, buffer, sizeof(buffer), &error),
			 0);
	assert_non_null(strstr(error.text, "multiple of 4"));
	options[0] = test_nop();
	test_options(&packet, options, 3);
	assert_int_equal(wire_encode(&packet, &tuple, NULL, NULL, buffer, sizeof(buffer), &error),
			 0);
	assert_non_null(strstr(error.text, "tcp_md5_secret"));
	assert_int_equal(wire_encode(&icmp, &tuple, NULL, NULL, buffer, sizeof(buffer), &error), 0);
	assert_non_null(strstr(error.text, "no connection"));
	packet.ip_version = 6;
	assert_int_equal(wire_encode(&packet, &tuple, NULL, NULL, buffer, sizeof(buffer), &error),
			 0);
	assert_non_null(strstr(error.text, "IPv6 addresses"));
}

/* ---- digests ------------------------------------------------------------------------------ */

static void md5_vectors(void **state)
{
	/* RFC 1321 A.5 */
	static const struct {
		const char *text;
		uint8_t digest[17];
	} rows[] = {
		{"", "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"},
		{"abc", "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72"},
		{"1234567890123456789012345678901234567890123456789012345678901234567890123456789"
		 "0",
		 "\x57\xed\xf4\xa2\x2b\xe3\xc9\x55\xac\x49\xda\x2e\x21\x07\xb6\x7a"},
	};
	uint8_t digest[16];
	struct md5 md5;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		md5_begin(&md5);
		md5_add(&md5, rows[i].text, strlen(rows[i].text));
		md5_end(&md5, digest);
		assert_memory_equal(digest, rows[i].digest, 16);
	}
}

/* ---- bytes that are not well -------------------------------------------------------------- */

static enum wire_result decode(const uint8_t *bytes, size_t size, struct wire_error *error)
{
	struct arena *arena = arena_new();
	struct wire_tuple tuple;
	struct packet packet;
	enum wire_result result = wire_decode(bytes, size, arena, &packet, &tuple, error);
	char text[2048];

	if (result == WIRE_OK)
		packet_print(text, sizeof(text), &packet);
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
	sum = 0xffff - ones_complement(buffer, 20, 0);
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
	struct wire_error error;

	(void)state;
	test_options(&packet, &mss, 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t size = encode(&packet, buffer);

		poke(rows[i].at, rows[i].value);
		assert_int_equal(decode(buffer, size, &error), rows[i].result);
		if (rows[i].text && !strstr(error.text, rows[i].text))
			fail_msg("\"%s\" does not say \"%s\"", error.text, rows[i].text);
	}
	encode(&packet, buffer);
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
	struct packet packet = test_tcp(INBOUND, 6, TCP_ACK_FLAG, 1, 0, 1), out;
	struct arena *arena = arena_new();
	struct wire_tuple tuple;
	struct wire_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t size = encode(&packet, again);

		memcpy(buffer, again, 40);
		memcpy(buffer + 40, rows[i].bytes, 8);
		memcpy(buffer + 48, again + 40, size - 40);
		buffer[6] = rows[i].kind;
		buffer[5] = (uint8_t)(size - 40 + 8);
		assert_int_equal(wire_decode(buffer, size + 8, arena, &out, &tuple, &error),
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
	struct wire_tuple tuple;
	struct wire_error error;
	struct packet out;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct packet packet = test_tcp(INBOUND, version, TCP_ACK_FLAG, 1, 0, 1);
		size_t size = encode(&packet, buffer);

		if (version == 4) {
			poke(2, 0);
			poke(3, 0);
		} else {
			buffer[4] = buffer[5] = 0;
		}
		memset(big, 0, sizeof(big));
		memcpy(big, buffer, size);
		assert_int_equal(wire_decode(big, sizeof(big), arena, &out, &tuple, &error),
				 WIRE_OK);
		assert_int_equal(out.tcp.payload, sizeof(big) - size);
		assert_int_equal(out.dirty, 0);
		big[size + 100000] = 1;
		assert_int_equal(wire_decode(big, sizeof(big), arena, &out, &tuple, &error),
				 WIRE_OK);
		assert_int_equal(out.dirty, 100001);
	}
	arena_free(arena);
}

/* ---- random ------------------------------------------------------------------------------- */

static struct packet random_packet(uint64_t *seed, struct tcp_option *options)
{
	unsigned version = test_random(seed) % 2 ? 6 : 4, n = 0, size = 0;
	struct packet packet =
		test_tcp(INBOUND, version, test_random(seed) & 0xfff, test_random(seed),
			 test_random(seed) % 3000, test_random(seed));

	packet.tcp.window = (uint16_t)test_random(seed);
	packet.tcp.urgent = (uint16_t)test_random(seed);
	packet.ip.tos_check = TOS_BYTE;
	packet.ip.tos = (uint8_t)test_random(seed);
	packet.ip.has_ttl = true;
	packet.ip.ttl = (uint8_t)(test_random(seed) | 1);
	packet.ip.has_flow_label = true;
	packet.ip.flow_label = test_random(seed) & 0xfffff;
	while (size < 30) {
		struct tcp_option option = {.kind = (uint8_t)(test_random(seed) % 9 + 100)};

		option.n_bytes = (uint8_t)(test_random(seed) % 9);
		option.length = (uint8_t)(2 + option.n_bytes);
		for (unsigned i = 0; i < option.n_bytes; i++)
			option.bytes[i] = (uint8_t)test_random(seed);
		if (test_random(seed) % 2)
			option = test_sack(test_random(seed), test_random(seed));
		if (test_random(seed) % 3 == 0)
			option = test_ts(test_random(seed), test_random(seed));
		if (size + option.length > 40)
			break;
		size += option.length;
		options[n++] = option;
	}
	for (; size % 4; size++)
		options[n++] = test_nop();
	test_options(&packet, options, n);
	return packet;
}

static void random_round_trips(void **state)
{
	struct tcp_option options[MAX_TCP_OPTIONS];
	uint64_t seed = 20250101;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		struct arena *arena = arena_new();
		struct packet packet = random_packet(&seed, options), out;

		out = round_trip(arena, &packet);
		assert_same_segment(&out.tcp, &packet.tcp);
		arena_free(arena);
	}
}

/* Every prefix of well-made packets, and packets with bytes turned, at the end of mapped memory. */
static void hostile_bytes(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map =
		mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *end = map + 2 * page;
	struct tcp_option options[MAX_TCP_OPTIONS];
	struct wire_error error;
	uint64_t seed = 7;
	unsigned counts[3] = {0};

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(end, page, PROT_NONE), 0);
	for (unsigned i = 0; i < 400; i++) {
		struct packet packet = random_packet(&seed, options);
		size_t size;

		packet.tcp.payload %= 64;
		if (i % 4 == 0) {
			packet.outer[0] = outer_ip("10.0.0.1", "10.0.0.2");
			packet.outer[1].kind = i % 8 ? HEADER_MPLS : HEADER_GRE;
			packet.outer[1].gre.flags = 0xb000;
			packet.outer[1].n_labels = 1;
			packet.outer[1].labels[0].bottom = true;
			packet.n_outer = 2;
		}
		size = encode(&packet, buffer);
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

static void tuples(void **state)
{
	struct wire_tuple v4 = test_tuple(4), v6 = test_tuple(6), back = tuple_reverse(&v4);
	char text[128];

	(void)state;
	tuple_print(text, sizeof(text), &v4);
	assert_string_equal(text, "192.0.2.1:40000 > 192.168.0.1:8080");
	tuple_print(text, sizeof(text), &v6);
	assert_string_equal(text, "[2001:db8::1]:40000 > [fd3d:fa7b:d17d::1]:8080");
	assert_false(tuple_equal(&v4, &back));
	back = tuple_reverse(&back);
	assert_true(tuple_equal(&v4, &back));
	assert_false(tuple_equal(&v4, &v6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_round_trips),
		cmocka_unit_test(every_option),
		cmocka_unit_test(udp_and_icmp),
		cmocka_unit_test(outer_headers),
		cmocka_unit_test(ports_written_in_the_script),
		cmocka_unit_test(refuses_to_encode),
		cmocka_unit_test(md5_vectors),
		cmocka_unit_test(named_faults),
		cmocka_unit_test(ipv6_extension_headers),
		cmocka_unit_test(lengths_of_zero),
		cmocka_unit_test(random_round_trips),
		cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(tuples),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
