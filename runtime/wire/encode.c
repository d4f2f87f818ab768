#include "runtime/wire/codec.h"

static put_fn *const putters[N_PACKET_KINDS] = {
#define TRANSPORT(id, name, ...) [PACKET_##id] = name##_put,
#include "parser/transports.def"
#undef TRANSPORT
};

static struct wire_tuple own_ports(const struct packet *packet, const struct wire_tuple *tuple)
{
	struct wire_tuple own = *tuple;

	if (packet->has_ports && packet->sport)
		own.sport = packet->sport;
	if (packet->has_ports && packet->dport)
		own.dport = packet->dport;
	return own;
}

/* Writes all outer headers; starts[] receives the offset of each. */
static bool outers_put(struct sink *out, const struct packet *packet, size_t *starts,
		       struct errbuf *error)
{
	if (packet->n_outer && packet->outer[0].kind != HEADER_IPV4 &&
	    packet->outer[0].kind != HEADER_IPV6)
		return encode_error(error, "the outermost header must be ipv4 or ipv6");
	for (unsigned i = 0; i < packet->n_outer; i++) {
		uint8_t next = packet->ip_version == 6 ? PROTO_IPV6 : PROTO_IPV4;

		if (i + 1 < packet->n_outer)
			next = outer_protocol(packet->outer[i + 1].kind);
		starts[i] = out->used;
		if (!outer_put(out, packet, i, next, error))
			return false;
	}
	return true;
}

static bool outers_finish(struct sink *out, const struct packet *packet, const size_t *starts,
			  struct errbuf *error)
{
	for (unsigned i = packet->n_outer; i-- > 0;) {
		enum header_kind kind = packet->outer[i].kind;

		if ((kind == HEADER_IPV4 || kind == HEADER_IPV6) &&
		    !ip_finish(out, starts[i], error))
			return false;
	}
	return true;
}

size_t wire_encode(const struct packet *packet, const struct wire_tuple *tuple,
		   const struct wire_tuple *echoed, const char *md5_secret, uint8_t *bytes,
		   size_t size, struct errbuf *error)
{
	struct sink out = {.bytes = bytes, .size = size};
	struct encoding encoding = {
		.packet = packet,
		.tuple = own_ports(packet, tuple),
		.echoed = echoed,
		.md5_secret = md5_secret,
		.error = error,
	};
	const struct transport_row *transport = &transport_rows[packet->kind];
	struct ip_header ip = {
		.version = packet->ip_version == 6 ? 6 : 4,
		.protocol = packet->ip_version == 6 ? transport->protocol6 : transport->protocol,
		.info = packet->ip,
		.src = tuple->src,
		.dst = tuple->dst,
	};
	size_t starts[MAX_OUTER_HEADERS], start;

	if (ip.src.version != ip.version || ip.dst.version != ip.version) {
		encode_error(error, "an IPv%u packet needs two IPv%u addresses", ip.version,
			     ip.version);
		return 0;
	}
	if (!outers_put(&out, packet, starts, error))
		return 0;
	start = out.used;
	ip_put(&out, &ip);
	if (!putters[packet->kind](&out, &encoding))
		return 0;
	if (!ip_finish(&out, start, error) || !outers_finish(&out, packet, starts, error))
		return 0;
	return out.used;
}
