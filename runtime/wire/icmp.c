/* ICMP (RFC 792) and ICMPv6 (RFC 4443). */
#include "runtime/wire/checksum.h"
#include "runtime/wire/codec.h"

#define ICMP_HEADER_SIZE 8
#define QUOTED_SIZE	 8 /* bytes of the transport header in an error message */

static bool is_a(const struct packet *packet, enum icmp_class class)
{
	return icmp_class_of(packet->ip_version, packet->icmp.type) == class;
}

static bool quotes_header(const struct packet *packet)
{
	const struct icmp_message *icmp = &packet->icmp;

	return icmp->echoed != ICMP_ECHO_RAW && (icmp->has_echoed || is_a(packet, ICMP_ERROR));
}

size_t wire_icmp_size(const struct packet *packet)
{
	const struct icmp_message *icmp = &packet->icmp;

	if (icmp->has_echoed && icmp->echoed == ICMP_ECHO_RAW)
		return icmp->echoed_length;
	if (!quotes_header(packet))
		return ICMP_HEADER_SIZE;
	return ICMP_HEADER_SIZE + (packet->ip_version == 6 ? 40 : 20) + QUOTED_SIZE;
}

/* Writes the quotation of an error message: the start of a packet that the kernel has sent. */
static bool quoted_put(struct sink *out, const struct encoding *encoding)
{
	const struct wire_tuple *echoed = encoding->echoed;
	const struct icmp_message *icmp = &encoding->packet->icmp;
	bool tcp = icmp->echoed == ICMP_ECHO_TCP;
	/* The length fields are those of the whole packet, of which only the start is quoted. */
	size_t rest = (tcp ? 20 : 8) + (size_t)icmp->echoed_length, start = out->used;
	struct ip_header ip = {
		.version = encoding->packet->ip_version,
		.protocol = tcp ? PROTO_TCP : PROTO_UDP,
	};

	if (!echoed || echoed->src.version != ip.version)
		return encode_error(encoding->error,
				    "there is no connection whose packet this ICMP message could "
				    "quote");
	ip.src = echoed->src;
	ip.dst = echoed->dst;
	ip_put(out, &ip);
	if (out->full)
		return true;
	if (ip.version == 6) {
		patch16(out, start + 4, rest > UINT16_MAX ? UINT16_MAX : (uint16_t)rest);
	} else {
		rest += 20;
		patch16(out, start + 2, rest > UINT16_MAX ? UINT16_MAX : (uint16_t)rest);
		patch16(out, start + 10, checksum_fold(checksum_add(0, out->bytes + start, 20)));
	}
	put(out, 2, echoed->sport);
	put(out, 2, echoed->dport);
	if (tcp) {
		put(out, 4, icmp->echoed_seq);
	} else {
		put(out, 2, (uint32_t)(8 + icmp->echoed_length));
		put(out, 2, 0);
	}
	return true;
}

bool icmp_put(struct sink *out, const struct encoding *encoding)
{
	const struct packet *packet = encoding->packet;
	const struct icmp_message *icmp = &packet->icmp;
	size_t start = out->used, size = wire_icmp_size(packet);
	uint16_t id = icmp->has_id ? icmp->id : is_a(packet, ICMP_ECHO) ? encoding->tuple.dport : 0;
	uint64_t sum = 0;

	if (size < ICMP_HEADER_SIZE)
		return encode_error(encoding->error,
				    "an ICMP message of %zu bytes: it has 8 at least", size);
	field_put(out, FIELD_icmp_type, icmp);
	field_put(out, FIELD_icmp_code, icmp);
	put(out, 2, 0);
	/* RFC 1191: the MTU in the low half; RFC 4443 3.2: in all of it. */
	put(out, 4, icmp->has_mtu ? icmp->mtu : (uint32_t)id << 16);
	if (quotes_header(packet)) {
		if (!quoted_put(out, encoding))
			return false;
	} else {
		put_zeros(out, size - ICMP_HEADER_SIZE);
	}
	if (out->full)
		return true;
	if (packet->ip_version == 6)
		sum = checksum_pseudo(&encoding->tuple, PROTO_ICMPV6, (uint32_t)size);
	sum = checksum_add(sum, out->bytes + start, out->used - start);
	patch16(out, start + 2, checksum_fold(sum));
	return true;
}

enum wire_result icmp_take(struct view *in, struct arena *arena, struct wire_packet *live,
			   struct errbuf *error)
{
	struct packet *packet = &live->packet;
	struct icmp_message *icmp = &packet->icmp;
	size_t size = in->left;
	uint32_t rest;

	(void)arena;
	field_take(in, FIELD_icmp_type, icmp);
	field_take(in, FIELD_icmp_code, icmp);
	take(in, 2);
	rest = (uint32_t)take(in, 4);
	if (in->cut)
		return decode_error(error, "truncated ICMP header: %zu bytes", size);
	if (is_a(packet, ICMP_ECHO)) {
		icmp->has_id = true;
		icmp->id = (uint16_t)(rest >> 16);
		live->tuple.sport = live->tuple.dport = icmp->id;
	}
	if (icmp_tells_mtu(packet->ip_version, icmp->type, icmp->code)) {
		icmp->has_mtu = true;
		icmp->mtu = packet->ip_version == 6 ? rest : rest & 0xffff;
	}
	icmp->has_echoed = true;
	icmp->echoed = ICMP_ECHO_RAW;
	icmp->echoed_length = (uint32_t)size;
	return WIRE_OK;
}
