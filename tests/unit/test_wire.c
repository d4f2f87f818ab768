/* Tests that packets become bytes and the bytes become the same packets again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/packets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static uint8_t buffer[WIRE_MAX_PACKET], again[WIRE_MAX_PACKET];

static void assert_checksums(const uint8_t *bytes, size_t size)
{
	bool v6 = bytes[0] >> 4 == 6;
	size_t header = v6 ? 40 : 20, addrs = v6 ? 8 : 12;
	uint8_t protocol = v6 ? bytes[6] : bytes[9];
	uint8_t pseudo[4] = {0, protocol, (uint8_t)((size - header) >> 8),
			     (uint8_t)(size - header)};
	uint32_t sum = 0;

	if (!v6)
		assert_int_equal(test_ones_complement(bytes, 20, 0), 0xffff);
	if (protocol != 1) {
		sum = test_ones_complement(bytes + addrs, v6 ? 32 : 8, 0);
		sum = test_ones_complement(pseudo, 4, sum);
	}
	assert_int_equal(test_ones_complement(bytes + header, size - header, sum), 0xffff);
}

/* decode(bytes) says what `packet` said, and encodes to the same bytes again. */
static struct wire_packet round_trip_all(struct arena *arena, const struct packet *packet)
{
	struct wire_tuple sent = test_tuple(packet->ip_version);
	struct errbuf error;
	struct wire_packet out;
	size_t size = test_encode(packet, buffer);

	assert_int_equal(wire_decode(buffer, size, arena, &out, &error), WIRE_OK);
	assert_int_equal(out.packet.kind, packet->kind);
	assert_int_equal(out.packet.ip_version, packet->ip_version);
	assert_int_equal(out.packet.ip.ttl, packet->ip.has_ttl ? packet->ip.ttl : 255);
	assert_int_equal(out.packet.ip.tos, packet->ip.tos);
	assert_int_equal(out.ip_options, 0);
	assert_int_equal(out.first_nonzero && packet->kind != PACKET_ICMP, 0);
	if (packet->kind != PACKET_ICMP) {
		assert_true(tuple_equal(&out.tuple, &sent));
		assert_int_equal(test_encode(&out.packet, again), size);
		assert_memory_equal(again, buffer, size);
	}
	if (!packet->n_outer)
		assert_checksums(buffer, size);
	return out;
}

static struct packet round_trip(struct arena *arena, const struct packet *packet)
{
	return round_trip_all(arena, packet).packet;
}

static void assert_same_segment(const struct tcp_segment *a, const struct tcp_segment *b)
{
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->urgent, b->urgent);
	assert_int_equal(a->len, b->len);
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
		packet.ip.has_tos = true;
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

static struct tcp_option bytes_option(const char *name, const char *bytes, size_t size)
{
	const struct tcp_option_row *row = tcp_option_by_name(name, "");
	struct tcp_option option = {.row = row, .kind = row->kind};

	option.length = (uint8_t)(2 + row->select_bits / 8 + size);
	option.n_bytes = (uint8_t)size;
	memcpy(option.bytes, bytes, size);
	return option;
}

static struct tcp_option numbers_option(const char *name, uint8_t length, unsigned n,
					uint32_t first)
{
	struct tcp_option option = test_option(name, length, n, 0, 0);

	for (unsigned i = 0; i < n; i++)
		option.value[i] = first + i;
	return option;
}

/* Every row of the table and kinds without one, each padded by nops. */
static void every_option(void **state)
{
	struct tcp_option samples[] = {
		test_mss(1460),
		numbers_option("wscale", 3, 1, 14),
		test_option("sackOK", 2, 0, 0, 0),
		test_sack(1001, 2001),
		numbers_option("sack", 34, 8, 0xfffffffc),
		test_ts(4000000000, 7),
		bytes_option("md5", "0123456789abcdef", 16),
		bytes_option("FO", "", 0),
		bytes_option("FO", "\x01\x02\x03\x04\x05\x06\x07\x08", 8),
		bytes_option("FOEXP", "", 0),
		bytes_option("FOEXP", "\xab\xcd\xef\x01", 4),
		numbers_option("ECN", 5, 1, 0xfffff0),
		numbers_option("ECN", 8, 2, 5),
		numbers_option("uto", 4, 2, 1),
		{.kind = 30, .length = 6, .n_bytes = 4, .bytes = {0, 0x81, 1, 2}},
		{.kind = 99, .length = 2},
		test_option("eol", 1, 0, 0, 0),
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
		struct wire_packet live;
		struct packet out;

		for (unsigned size = 0; size < 4; size++) {
			packet.udp.len = size * 333;
			out = round_trip(arena, &packet);
			assert_int_equal(out.udp.len, packet.udp.len);
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
		live = round_trip_all(arena, &packet);
		assert_true(live.packet.icmp.has_mtu);
		assert_int_equal(live.packet.icmp.mtu, 1280);
		assert_int_equal(live.n_data, ip + 8);
		assert_int_equal(wire_icmp_size(&packet), 8 + ip + 8);
		assert_int_equal(wire_icmp_size(&live.packet), 8 + ip + 8);
		assert_memory_equal(live.data + ip, "\x1f\x90\x9c\x40\xde\xad\xbe\xef", 8);
		if (version == 4)
			assert_memory_equal(live.data + 12, "\xc0\xa8\0\1\xc0\0\2\1", 8);
		packet.icmp.echoed = ICMP_ECHO_UDP;
		live = round_trip_all(arena, &packet);
		assert_memory_equal(live.data + ip, "\x1f\x90\x9c\x40\x03\xf0\0\0", 8);
		packet.icmp.echoed = ICMP_ECHO_RAW;
		packet.icmp.echoed_length = 100;
		live = round_trip_all(arena, &packet);
		assert_int_equal(live.n_data, 92);
		assert_int_equal(live.first_nonzero, 0);
		/* An echo reply: the live id unless one is written. */
		packet.icmp = (struct icmp_message){.type = version == 6 ? 129 : 0};
		out = round_trip(arena, &packet);
		assert_int_equal(out.icmp.id, 8080);
		packet.icmp.has_id = true;
		packet.icmp.id = 7;
		out = round_trip(arena, &packet);
		assert_int_equal(out.icmp.id, 7);
	}
	arena_free(arena);
}

static void outer_headers(void **state)
{
	struct packet packet = test_tcp(INBOUND, 4, TCP_SYN, 0, 10, 0), out;
	struct outer_header outer[MAX_OUTER_HEADERS] = {0};
	struct arena *arena = arena_new();

	(void)state;
	packet.outer = outer;
	packet.outer[0] = test_outer_ip("2001:db8::7", "2001:db8::8");
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
	packet.outer[3] = test_outer_ip("10.0.0.1", "10.0.0.2");
	packet.outer[4] = test_outer_ip("10.0.0.3", "10.0.0.4");
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
	struct packet packet = test_tcp(INBOUND, 4, TCP_SYN, 0, 0, 0);
	struct arena *arena = arena_new();
	struct wire_packet out;
	struct errbuf error;
	size_t size;

	(void)state;
	packet.has_ports = true;
	packet.sport = 1234;
	size = test_encode(&packet, buffer);
	assert_checksums(buffer, size);
	assert_int_equal(wire_decode(buffer, size, arena, &out, &error), WIRE_OK);
	assert_int_equal(out.tuple.sport, 1234);
	assert_int_equal(out.tuple.dport, 8080);
	arena_free(arena);
}

static void refuses_to_encode(void **state)
{
	struct wire_tuple tuple = test_tuple(4);
	struct packet packet = test_tcp(INBOUND, 4, 0, 0, 65535, 0);
	struct packet icmp = {.kind = PACKET_ICMP, .ip_version = 4, .icmp = {.type = 3}};
	struct tcp_option options[] = {test_mss(1),
				       test_nop(),
				       {.kind = 19, .length = 18, .n_bytes = 16, .computed = true}};
	struct errbuf error;

	(void)state;
	assert_int_equal(wire_encode(&packet, &tuple, NULL, NULL, buffer, sizeof(buffer), &error),
			 0);
	assert_non_null(strstr(error.text, "too long"));
	packet.tcp.len = 100;
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

/* ---- what a kernel really sends ----------------------------------------------------------- */

static size_t hex_bytes(const char *text, uint8_t *bytes)
{
	unsigned byte;
	size_t n = 0;

	for (text += strspn(text, " "); sscanf(text, "%2x", &byte) == 1; text += 2)
		bytes[n++] = (uint8_t)byte;
	return n;
}

/* Blanks what a script cannot say: IPv4 id, DF and checksum, and the transport checksum. */
static void blank(uint8_t *bytes)
{
	bool v6 = bytes[0] >> 4 == 6;
	uint8_t *transport = bytes + (v6 ? 40 : 20);

	if (!v6) {
		memset(bytes + 4, 0, 4);
		memset(bytes + 10, 0, 2);
	}
	memset(transport + ((v6 ? bytes[6] : bytes[9]) == 6 ? 16 : 6), 0, 2);
}

static void check_digest(const struct wire_packet *live)
{
	const struct tcp_segment *tcp = &live->packet.tcp;
	uint8_t digest[16];

	for (unsigned i = 0; i < tcp->n_options; i++) {
		if (tcp->options[i].kind != 19)
			continue;
		wire_tcp_md5(&live->packet, &live->tuple, live->data, live->n_data, "secret",
			     digest);
		assert_memory_equal(tcp->options[i].bytes, digest, 16);
	}
}

static void check_kernel_packet(const char *name, size_t size)
{
	struct arena *arena = arena_new();
	struct errbuf error;
	struct wire_packet live;
	const struct packet *packet = &live.packet;
	bool icmp;

	if (wire_decode(buffer, size, arena, &live, &error) != WIRE_OK)
		fail_msg("%s: %s", name, error.text);
	icmp = packet->kind == PACKET_ICMP;
	assert_int_equal(icmp, strstr(name, "echo") || strstr(name, "unreachable"));
	assert_int_equal(packet->kind == PACKET_UDP, !icmp && strstr(name, "udp"));
	if (packet->kind == PACKET_TCP) {
		assert_int_equal(!!(packet->tcp.flags & TCP_SYN), !!strstr(name, "syn"));
		check_digest(&live);
	}
	if (!icmp) {
		assert_int_equal(live.first_nonzero, 0);
		assert_int_equal(
			wire_encode(packet, &live.tuple, NULL, NULL, again, sizeof(again), &error),
			size);
		blank(buffer);
		blank(again);
		assert_memory_equal(buffer, again, size);
	}
	arena_free(arena);
}

static void kernel_packets(void **state)
{
	FILE *file = fopen("tests/wire/kernel.txt", "r");
	char line[256], name[256] = "";
	size_t size = 0;
	unsigned n = 0;

	(void)state;
	assert_non_null(file);
	for (;;) {
		bool more = fgets(line, sizeof(line), file);

		if (more && *line == ' ') {
			size += hex_bytes(line, buffer + size);
			continue;
		}
		if (size) {
			check_kernel_packet(name, size);
			n++;
		}
		size = 0;
		if (!more)
			break;
		memcpy(name, line, sizeof(name));
	}
	fclose(file);
	assert_int_equal(n, 30);
}

static void random_round_trips(void **state)
{
	struct tcp_option options[MAX_TCP_OPTIONS];
	uint64_t seed = 20250101;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		struct arena *arena = arena_new();
		struct packet packet = test_random_packet(&seed, options), out;

		out = round_trip(arena, &packet);
		assert_same_segment(&out.tcp, &packet.tcp);
		arena_free(arena);
	}
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
		cmocka_unit_test(kernel_packets),
		cmocka_unit_test(random_round_trips),
		cmocka_unit_test(tuples),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
