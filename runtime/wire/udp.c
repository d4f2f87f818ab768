/* UDP (RFC 768). */
#include "runtime/wire/checksum.h"
#include "runtime/wire/codec.h"

#define UDP_HEADER_SIZE 8

bool udp_put(struct sink *out, const struct encoding *encoding)
{
	uint32_t payload = encoding->packet->udp.len;
	size_t start = out->used, length = UDP_HEADER_SIZE + (size_t)payload;
	uint16_t checksum;
	uint64_t sum;

	put(out, 2, encoding->tuple.sport);
	put(out, 2, encoding->tuple.dport);
	put(out, 2, (uint32_t)length); /* ip_finish() reports one that is too long */
	put(out, 2, 0);
	put_zeros(out, payload);
	if (out->full)
		return true;
	sum = checksum_pseudo(&encoding->tuple, PROTO_UDP, (uint32_t)length);
	checksum = checksum_fold(checksum_add(sum, out->bytes + start, length));
	patch16(out, start + 6, checksum ? checksum : 0xffff); /* 0 would mean: no checksum */
	return true;
}

enum wire_result udp_take(struct view *in, struct arena *arena, struct wire_packet *live,
			  struct errbuf *error)
{
	size_t size = in->left, length;

	(void)arena;
	live->tuple.sport = (uint16_t)take(in, 2);
	live->tuple.dport = (uint16_t)take(in, 2);
	length = take(in, 2);
	take(in, 2);
	if (in->cut)
		return decode_error(error, "truncated UDP header: %zu bytes", size);
	if (!length) /* RFC 2675: longer than the field can express */
		length = size;
	if (length < UDP_HEADER_SIZE || length > size)
		return decode_error(error, "bad UDP length: %zu of %zu bytes", length, size);
	in->left = length - UDP_HEADER_SIZE;
	live->packet.udp.len = (uint32_t)in->left;
	return WIRE_OK;
}
