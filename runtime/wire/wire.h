/* Converts packets to bytes and back. All numbers are live ones (as on the wire, in host order in
 * structs); runtime/conn/seqmap.h maps them to script numbers. Every access to captured bytes is
 * bounds-checked. */
#ifndef FINWAIT_RUNTIME_WIRE_WIRE_H
#define FINWAIT_RUNTIME_WIRE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/errbuf.h"
#include "parser/ast.h"

#define WIRE_MAX_PACKET 65575 /* IPv6 header and 65,535 bytes */

/* Source and destination in the innermost IP header and its transport header. */
struct wire_tuple {
	struct ip_addr src, dst;
	uint16_t sport, dport; /* ICMP: 0; ICMP echo: the id in both */
};

bool tuple_equal(const struct wire_tuple *a, const struct wire_tuple *b);
struct wire_tuple tuple_reverse(const struct wire_tuple *tuple);
/* Writes "192.0.2.1:80 > 192.168.0.1:8080", "[2001:db8::1]:80 > ..." and returns the length, as
 * snprintf(3) does. 128 bytes suffice. */
size_t tuple_print(char *out, size_t size, const struct wire_tuple *tuple);

/* Option kinds up to this one are a single byte, without a length (RFC 9293 3.1). */
enum { KIND_NOP = 1 };

/* The size in bytes of all options of a segment. */
size_t wire_options_size(const struct tcp_segment *tcp);

/* A packet taken from the wire, in live numbers: `packet` holds what the script's notation can
 * express, the other members hold the rest. */
struct wire_packet {
	struct packet packet; /* direction OUTBOUND */
	struct wire_tuple tuple;
	const uint8_t *data; /* the payload of the transport, in the captured buffer: not owned */
	size_t n_data;
	uint32_t first_nonzero; /* 1 + the offset of the first payload byte that is not zero; 0: all
				 * are zero. Valid after the buffer is gone. */
	uint16_t ip_options;	/* bytes of IPv4 options or IPv6 extension headers */
};

/* Computes the digest of RFC 2385 for a segment in live numbers. `data` is the beginning of its
 * payload; the rest is zeros. */
void wire_tcp_md5(const struct packet *packet, const struct wire_tuple *tuple, const uint8_t *data,
		  size_t n_data, const char *secret, uint8_t digest[16]);

/* The size in bytes of a whole ICMP message as wire_encode() builds it. */
size_t wire_icmp_size(const struct packet *packet);

/* Builds the bytes of a packet: outer headers, IP header (id 0, no DF, TTL 255 unless given),
 * transport header with options, a payload of zeros, and all checksums. For ICMP errors, `echoed`
 * is the tuple of the connection's own packets (kernel to peer); otherwise NULL. Returns the size,
 * or 0 with `error` (too long, options not a multiple of four, ...). */
size_t wire_encode(const struct packet *packet, const struct wire_tuple *tuple,
		   const struct wire_tuple *echoed, const char *md5_secret, uint8_t *out,
		   size_t size, struct errbuf *error);

/* Why a captured packet was not decoded. */
enum wire_result {
	WIRE_OK,
	WIRE_FOREIGN, /* not TCP, UDP or ICMP (or an unknown extension header): skip silently */
	WIRE_BAD,     /* bad IP checksum, fragment, truncated, malformed: an error, see text */
};

/* Decodes a packet. The arena owns options and the like; live->data points into `bytes`. Unknown
 * TCP options get row NULL and their raw payload. A length of 0 in the IP header (BIG TCP) means
 * all of `bytes`. Transport checksums are not verified: the kernel leaves them to the device. */
enum wire_result wire_decode(const uint8_t *bytes, size_t size, struct arena *arena,
			     struct wire_packet *live, struct errbuf *error);

#endif
