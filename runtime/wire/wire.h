/* Packets <-> bytes. All numbers are live (as on the wire, host order in structs); mapping to
 * script numbers is runtime/conn/seqmap.h's work. Every access to captured bytes is bounds-checked.
 */
#ifndef FINWAIT_RUNTIME_WIRE_WIRE_H
#define FINWAIT_RUNTIME_WIRE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/errbuf.h"
#include "parser/ast.h"

#define WIRE_MAX_PACKET 65575 /* IPv6 header and 65,535 bytes */

/* Source and destination of the innermost IP header and its transport header. */
struct wire_tuple {
	struct ip_addr src, dst;
	uint16_t sport, dport; /* 0 for ICMP but echo: the id in both */
};

bool tuple_equal(const struct wire_tuple *a, const struct wire_tuple *b);
struct wire_tuple tuple_reverse(const struct wire_tuple *tuple);
/* "192.0.2.1:80 > 192.168.0.1:8080", "[2001:db8::1]:80 > ..."; like snprintf. 128 bytes suffice. */
size_t tuple_print(char *out, size_t size, const struct wire_tuple *tuple);

/* Kinds of one byte, without a length, end here (RFC 9293 3.1). */
enum { KIND_NOP = 1 };

/* Bytes of all options of a segment. */
size_t wire_options_size(const struct tcp_segment *tcp);

/* A packet taken from the wire: what the script's notation can say of it, in live numbers, and what
 * it cannot. */
struct wire_packet {
	struct packet packet; /* direction OUTBOUND */
	struct wire_tuple tuple;
	const uint8_t *data; /* what the transport carries, in the captured buffer: not owned */
	size_t n_data;
	uint32_t first_nonzero; /* 1 + the offset of the first byte of it that is not zero; 0: all
				 * are. It outlives the buffer. */
	uint16_t ip_options;	/* bytes of IPv4 options or IPv6 extension headers */
};

/* The digest of RFC 2385 for a segment in live numbers with this data, zeros after it. */
void wire_tcp_md5(const struct packet *packet, const struct wire_tuple *tuple, const uint8_t *data,
		  size_t n_data, const char *secret, uint8_t digest[16]);

/* Bytes of a whole ICMP message as wire_encode() would build it. */
size_t wire_icmp_size(const struct packet *packet);

/* Builds the bytes: outer headers, IP (id 0, no DF, TTL 255 unless given), transport header with
 * options, zero payload, all checksums. `echoed` is the tuple of the connection's own packets
 * (kernel to peer) for ICMP errors; NULL otherwise. Returns the size, or 0 with `error` (too long,
 * options not a multiple of four, ...). */
size_t wire_encode(const struct packet *packet, const struct wire_tuple *tuple,
		   const struct wire_tuple *echoed, const char *md5_secret, uint8_t *out,
		   size_t size, struct errbuf *error);

/* Why a captured packet was not decoded. */
enum wire_result {
	WIRE_OK,
	WIRE_FOREIGN, /* not TCP, UDP or ICMP (or an unknown extension header): skip silently */
	WIRE_BAD,     /* bad IP checksum, fragment, truncated, malformed: an error, see text */
};

/* Takes bytes apart. Options and the like come from the arena; data points into `bytes`. Unknown
 * TCP options get row NULL and their raw payload. A length of 0 in the IP header (BIG TCP) means
 * all of `bytes`. Transport checksums are not looked at: the kernel leaves them to the device. */
enum wire_result wire_decode(const uint8_t *bytes, size_t size, struct arena *arena,
			     struct wire_packet *live, struct errbuf *error);

#endif
