#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/packets.h"

struct ip_addr test_addr(const char *text)
{
	struct ip_addr addr = {0};

	ip_addr_parse(text, &addr);
	return addr;
}

struct wire_tuple test_tuple(unsigned version)
{
	return (struct wire_tuple){
		.src = test_addr(version == 6 ? "2001:db8::1" : "192.0.2.1"),
		.dst = test_addr(version == 6 ? "fd3d:fa7b:d17d::1" : "192.168.0.1"),
		.sport = 40000,
		.dport = 8080,
	};
}

struct tcp_option test_option(const char *name, uint8_t length, unsigned n_values, uint32_t a,
			      uint32_t b)
{
	const struct tcp_option_row *row = tcp_option_by_name(name, "");

	return (struct tcp_option){
		.row = row,
		.kind = row->kind,
		.length = length,
		.n_values = (uint8_t)n_values,
		.value = {a, b},
	};
}

struct tcp_option test_mss(uint32_t mss)
{
	return test_option("mss", 4, 1, mss, 0);
}

struct tcp_option test_ts(uint32_t val, uint32_t ecr)
{
	return test_option("TS", 10, 2, val, ecr);
}

struct tcp_option test_sack(uint32_t left, uint32_t right)
{
	return test_option("sack", 10, 2, left, right);
}

struct tcp_option test_nop(void)
{
	return test_option("nop", 1, 0, 0, 0);
}

struct packet test_tcp(enum direction direction, unsigned version, uint16_t flags, uint32_t seq,
		       uint32_t payload, uint32_t ack)
{
	struct packet packet = {
		.direction = direction,
		.kind = PACKET_TCP,
		.ip_version = (uint8_t)version,
	};

	packet.tcp.flags = flags;
	packet.tcp.seq = seq;
	packet.tcp.len = payload;
	packet.tcp.has_ack = flags & TCP_ACK_FLAG;
	packet.tcp.ack = packet.tcp.has_ack ? ack : 0;
	packet.tcp.has_window = direction == INBOUND;
	packet.tcp.window = direction == INBOUND ? 65535 : 0;
	return packet;
}

void test_options(struct packet *packet, struct tcp_option *options, unsigned n)
{
	packet->tcp.options_mode = n ? OPTIONS_LIST : OPTIONS_NONE;
	packet->tcp.options = options;
	packet->tcp.n_options = (uint8_t)n;
}

uint32_t test_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

size_t test_encode(const struct packet *packet, uint8_t *out)
{
	struct wire_tuple tuple = test_tuple(packet->ip_version);
	struct wire_tuple echoed = tuple_reverse(&tuple);
	struct errbuf error = {""};
	size_t size = wire_encode(packet, &tuple, &echoed, "secret", out, WIRE_MAX_PACKET, &error);

	if (!size)
		print_error("%s\n", error.text);
	assert_int_not_equal(size, 0);
	return size;
}

uint32_t test_ones_complement(const uint8_t *bytes, size_t size, uint32_t sum)
{
	for (size_t i = 0; i < size; i++) {
		sum += i % 2 ? bytes[i] : bytes[i] * 256u;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

struct outer_header test_outer_ip(const char *src, const char *dst)
{
	struct outer_header outer = {.src = test_addr(src), .dst = test_addr(dst)};

	outer.kind = outer.src.version == 6 ? HEADER_IPV6 : HEADER_IPV4;
	return outer;
}

struct packet test_random_packet(uint64_t *seed, struct tcp_option options[MAX_TCP_OPTIONS])
{
	unsigned version = test_random(seed) % 2 ? 6 : 4, n = 0, size = 0;
	struct packet packet =
		test_tcp(INBOUND, version, test_random(seed) & 0xfff, test_random(seed),
			 test_random(seed) % 3000, test_random(seed));

	packet.tcp.window = (uint16_t)test_random(seed);
	packet.tcp.urgent = (uint16_t)test_random(seed);
	packet.ip.has_tos = true;
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
