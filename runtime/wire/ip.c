#include "runtime/wire/checksum.h"
#include "runtime/wire/codec.h"

#define DEFAULT_TTL 255

static uint8_t ttl_of(const struct ip_info *info)
{
	return info->has_ttl && info->ttl ? info->ttl : DEFAULT_TTL;
}

static void ipv4_put(struct sink *out, const struct ip_header *ip)
{
	put(out, 1, 0x45);
	field_put(out, FIELD_ip_tos, &ip->info);
	put(out, 2, 0); /* total length: ip_finish() */
	put(out, 2, 0); /* id */
	put(out, 2, 0); /* flags, fragment offset */
	put(out, 1, ttl_of(&ip->info));
	put(out, 1, ip->protocol);
	put(out, 2, 0); /* checksum: ip_finish() */
	put_bytes(out, ip->src.bytes, 4);
	put_bytes(out, ip->dst.bytes, 4);
}

static void ipv6_put(struct sink *out, const struct ip_header *ip)
{
	put_bits(out, 4, 6);
	field_put(out, FIELD_ip_tos, &ip->info);
	field_put(out, FIELD_ip_flow_label, &ip->info);
	put(out, 2, 0); /* payload length: ip_finish() */
	put(out, 1, ip->protocol);
	put(out, 1, ttl_of(&ip->info));
	put_bytes(out, ip->src.bytes, 16);
	put_bytes(out, ip->dst.bytes, 16);
}

void ip_put(struct sink *out, const struct ip_header *ip)
{
	if (ip->version == 6)
		ipv6_put(out, ip);
	else
		ipv4_put(out, ip);
}

bool ip_finish(struct sink *out, size_t start, struct errbuf *error)
{
	size_t length = out->used - start;
	bool v6;

	if (out->full)
		return encode_error(error, "the packet is too long: more than %zu bytes",
				    out->size);
	v6 = out->bytes[start] >> 4 == 6;
	if (v6)
		length -= 40;
	if (length > UINT16_MAX)
		return encode_error(error, "the packet is too long: IP length %zu, at most 65535",
				    length);
	patch16(out, start + (v6 ? 4 : 2), (uint16_t)length);
	if (!v6)
		patch16(out, start + 10, checksum_fold(checksum_add(0, out->bytes + start, 20)));
	return true;
}

static struct ip_addr take_address(struct view *in, uint8_t version)
{
	struct ip_addr addr = {.version = version};
	size_t size = version == 6 ? 16 : 4;
	const uint8_t *bytes = take_bytes(in, size);

	if (bytes)
		memcpy(addr.bytes, bytes, size);
	return addr;
}

static enum wire_result ipv4_take(struct view *in, struct ip_header *ip, struct errbuf *error)
{
	struct view header = *in, whole = *in;
	size_t header_size = (take(&header, 1) & 15) * 4, length;
	uint32_t fragment;

	field_take(&header, FIELD_ip_tos, &ip->info);
	length = take(&header, 2);
	take(&header, 2);
	fragment = (uint32_t)take(&header, 2) & 0x3fff;
	field_take(&header, FIELD_ip_ttl, &ip->info);
	ip->protocol = (uint8_t)take(&header, 1);
	take(&header, 2);
	ip->src = take_address(&header, 4);
	ip->dst = take_address(&header, 4);
	if (header.cut || header_size > in->left)
		return decode_error(error, "truncated IPv4 header: %zu bytes", in->left);
	if (header_size < 20)
		return decode_error(error, "bad IPv4 header length: %zu", header_size);
	if (checksum_fold(checksum_add(0, in->bytes, header_size)))
		return decode_error(error, "bad IPv4 header checksum");
	if (!length) /* BIG TCP: longer than the field can express */
		length = in->left;
	if (length < header_size)
		return decode_error(error, "bad IPv4 total length: %zu", length);
	if (length > in->left)
		return decode_error(error, "truncated IPv4 packet: %zu of %zu bytes", in->left,
				    length);
	if (fragment)
		return decode_error(error, "IPv4 fragment: offset %u%s", (fragment & 0x1fff) * 8,
				    fragment & 0x2000 ? ", more follow" : "");
	ip->options = (uint16_t)(header_size - 20);
	*in = take_view(&whole, length);
	take_bytes(in, header_size);
	return WIRE_OK;
}

/* True for a hop-by-hop header that holds only the length of a BIG TCP packet (RFC 2675). */
static bool is_jumbo(const uint8_t *bytes, size_t size)
{
	return size == 8 && bytes[2] == 0xc2 && bytes[3] == 4;
}

/* Steps over extension headers; ip->protocol becomes the protocol behind them. */
static enum wire_result ipv6_extensions(struct view *in, struct ip_header *ip, struct errbuf *error)
{
	while (ip->protocol == PROTO_HOP_BY_HOP || ip->protocol == PROTO_ROUTING ||
	       ip->protocol == PROTO_FRAGMENT || ip->protocol == PROTO_DESTINATION) {
		struct view peek = *in;
		uint8_t next = (uint8_t)take(&peek, 1);
		size_t size = (take(&peek, 1) + 1) * 8;
		uint32_t fragment = (uint32_t)take(&peek, 2);
		const uint8_t *bytes;

		if (ip->protocol == PROTO_FRAGMENT) {
			size = 8;
			if (fragment & 0xfff9)
				return decode_error(error, "IPv6 fragment: offset %u%s",
						    fragment & 0xfff8,
						    fragment & 1 ? ", more follow" : "");
		}
		bytes = take_bytes(in, size);
		if (!bytes)
			return decode_error(error, "truncated IPv6 extension header %u",
					    ip->protocol);
		if (ip->protocol != PROTO_HOP_BY_HOP || !is_jumbo(bytes, size))
			ip->options = (uint16_t)(ip->options + size);
		ip->protocol = next;
	}
	return WIRE_OK;
}

static enum wire_result ipv6_take(struct view *in, struct ip_header *ip, struct errbuf *error)
{
	size_t length;

	take_bits(in, 4); /* the version */
	field_take(in, FIELD_ip_tos, &ip->info);
	field_take(in, FIELD_ip_flow_label, &ip->info);
	ip->info.has_flow_label = true;
	length = take(in, 2);
	ip->protocol = (uint8_t)take(in, 1);
	field_take(in, FIELD_ip_ttl, &ip->info);
	ip->src = take_address(in, 6);
	ip->dst = take_address(in, 6);
	if (in->cut)
		return decode_error(error, "truncated IPv6 header");
	if (!length) /* BIG TCP, see above */
		length = in->left;
	if (length > in->left)
		return decode_error(error, "truncated IPv6 packet: %zu of %zu bytes of payload",
				    in->left, length);
	in->left = length;
	return ipv6_extensions(in, ip, error);
}

enum wire_result ip_take(struct view *in, struct ip_header *ip, struct errbuf *error)
{
	*ip = (struct ip_header){
		.info = {.has_tos = true, .has_ttl = true},
	};
	if (!in->left)
		return decode_error(error, "no IP header");
	ip->version = in->bytes[0] >> 4;
	if (ip->version == 4)
		return ipv4_take(in, ip, error);
	if (ip->version == 6)
		return ipv6_take(in, ip, error);
	return decode_error(error, "IP version %u", ip->version);
}
