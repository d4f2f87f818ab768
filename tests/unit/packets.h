/* Hand-built packets for the tests of wire, seqmap and match. */
#ifndef FINWAIT_TESTS_UNIT_PACKETS_H
#define FINWAIT_TESTS_UNIT_PACKETS_H

#include <string.h>

#include "parser/config.h"
#include "parser/tcp_options.h"
#include "runtime/wire/wire.h"

struct ip_addr test_addr(const char *text);

/* From the peer to the kernel under test. */
struct wire_tuple test_tuple(unsigned version);
struct tcp_option test_option(const char *name, uint8_t length, unsigned n_values, uint32_t a,
			      uint32_t b);
struct tcp_option test_mss(uint32_t mss);
struct tcp_option test_ts(uint32_t val, uint32_t ecr);
struct tcp_option test_sack(uint32_t left, uint32_t right);
struct tcp_option test_nop(void);

/* A segment without options; `ack` is written only with the ACK flag. */
struct packet test_tcp(enum direction direction, unsigned version, uint16_t flags, uint32_t seq,
		       uint32_t payload, uint32_t ack);
void test_options(struct packet *packet, struct tcp_option *options, unsigned n);

/* Deterministic: xorshift64. */
uint32_t test_random(uint64_t *state);

/* The packet's bytes, peer to kernel; fails the test if there are none. Includer: cmocka first. */
size_t test_encode(const struct packet *packet, uint8_t *out);

/* The bytes as 16-bit words, in the words of RFC 1071: the sum in one's complement, the slow way.
 */
uint32_t test_ones_complement(const uint8_t *bytes, size_t size, uint32_t sum);
struct outer_header test_outer_ip(const char *src, const char *dst);

/* A segment with random everything, and room for its options. */
struct packet test_random_packet(uint64_t *seed, struct tcp_option options[MAX_TCP_OPTIONS]);

#endif
