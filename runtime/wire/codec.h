/* Definitions that the header codecs of this folder share. */
#ifndef FINWAIT_RUNTIME_WIRE_CODEC_H
#define FINWAIT_RUNTIME_WIRE_CODEC_H

#include "base/bytes.h"
#include "parser/fields.h"
#include "parser/tables.h"
#include "runtime/wire/wire.h"

/* IANA protocol numbers. */
enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_IPV4 = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ICMPV6 = 58,
	PROTO_DESTINATION = 60,
	PROTO_MPLS = 137,
};

/* Ethernet types of a GRE payload. */
enum { ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd, ETHER_MPLS = 0x8847 };

/* The low three bits of GRE's flags. The fields' rows say which bits announce which field. */
enum { GRE_VERSION = 0x0007 };

/* What an encoder works on. */
struct encoding {
	const struct packet *packet;
	struct wire_tuple tuple; /* with the packet's own ports, if it has any */
	const struct wire_tuple *echoed;
	const char *md5_secret;
	struct errbuf *error;
};

/* Writes a field of a header in the width of its row (parser/fields.def). */
static inline void field_put(struct sink *out, enum field_id field, const void *header)
{
	put_bits(out, field_row(field)->bits, field_get(field, header));
}

static inline void field_take(struct view *in, enum field_id field, void *header)
{
	field_set(field, header, (uint32_t)take_bits(in, field_row(field)->bits));
}

/* error.c: formats the error and returns false, for `return encode_error(...)`. */
bool encode_error(struct errbuf *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for decoders; returns WIRE_BAD. */
enum wire_result decode_error(struct errbuf *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ip.c: ip_put() writes an IP header. ip_finish() fills in its length and checksum once everything
 * behind it is written; `start` is the offset of the header. */
struct ip_header {
	uint8_t version, protocol;
	struct ip_info info;
	struct ip_addr src, dst;
	uint16_t options; /* when decoded: bytes of options or extension headers */
};

void ip_put(struct sink *out, const struct ip_header *ip);
bool ip_finish(struct sink *out, size_t start, struct errbuf *error);
/* Takes a header from `in` and cuts off the bytes behind the packet's length. */
enum wire_result ip_take(struct view *in, struct ip_header *ip, struct errbuf *error);

/* outer.c */
bool outer_put(struct sink *out, const struct packet *packet, unsigned index, uint8_t next_protocol,
	       struct errbuf *error);
uint8_t outer_protocol(enum header_kind kind);
enum wire_result gre_take(struct view *in, struct outer_header *gre, uint8_t *protocol,
			  struct errbuf *error);
enum wire_result mpls_take(struct view *in, struct outer_header *mpls, uint8_t *protocol,
			   struct errbuf *error);

/* Transport headers, one pair of functions per row of transports.def. put_fn writes the header with
 * payload and checksum; take_fn reads the header and leaves the payload in `in`. */
typedef bool put_fn(struct sink *out, const struct encoding *encoding);
typedef enum wire_result take_fn(struct view *in, struct arena *arena, struct wire_packet *live,
				 struct errbuf *error);
#define TRANSPORT(id, name, ...)                                                                   \
	put_fn name##_put;                                                                         \
	take_fn name##_take;
#include "parser/transports.def"
#undef TRANSPORT

#endif
