#include "runtime/wire/codec.h"

static take_fn *const takers[N_PACKET_KINDS] = {
#define TRANSPORT(id, name, ...) [PACKET_##id] = name##_take,
#include "parser/transports.def"
#undef TRANSPORT
};

/* Takes the payload of the transport, which reaches to the end. */
static void data_take(struct view *in, struct wire_packet *live)
{
	live->data = in->bytes;
	live->n_data = in->left;
	for (size_t i = 0; i < in->left && !live->first_nonzero; i++)
		if (in->bytes[i])
			live->first_nonzero = (uint32_t)i + 1;
}

static enum wire_result transport_take(struct view *in, uint8_t protocol, struct arena *arena,
				       struct wire_packet *live, struct errbuf *error)
{
	bool v6 = live->packet.ip_version == 6;

	for (unsigned kind = 0; kind < N_PACKET_KINDS; kind++) {
		const struct transport_row *row = &transport_rows[kind];
		enum wire_result result;

		if (protocol != (v6 ? row->protocol6 : row->protocol))
			continue;
		live->packet.kind = kind;
		result = takers[kind](in, arena, live, error);
		if (result == WIRE_OK)
			data_take(in, live);
		return result;
	}
	return WIRE_FOREIGN;
}

/* Adds an outer header; NULL: there are too many. */
static struct outer_header *push_outer(struct arena *arena, struct packet *packet)
{
	if (packet->n_outer == MAX_OUTER_HEADERS)
		return NULL;
	if (!packet->outer)
		packet->outer = arena_alloc(arena, MAX_OUTER_HEADERS * sizeof(*packet->outer));
	return &packet->outer[packet->n_outer++];
}

/* Takes one outer header that is not IP. */
static enum wire_result tunnel_take(struct view *in, struct arena *arena, struct packet *packet,
				    uint8_t *protocol, struct errbuf *error)
{
	struct outer_header *outer = push_outer(arena, packet);

	if (!outer)
		return WIRE_FOREIGN;
	return *protocol == PROTO_GRE ? gre_take(in, outer, protocol, error)
				      : mpls_take(in, outer, protocol, error);
}

static bool push_ip(struct arena *arena, struct packet *packet, const struct ip_header *ip)
{
	struct outer_header *outer = push_outer(arena, packet);

	if (!outer)
		return false;
	*outer = (struct outer_header){
		.kind = ip->version == 6 ? HEADER_IPV6 : HEADER_IPV4,
		.ip = ip->info,
		.src = ip->src,
		.dst = ip->dst,
	};
	return true;
}

static bool is_ip(uint8_t protocol)
{
	return protocol == PROTO_IPV4 || protocol == PROTO_IPV6;
}

static bool is_tunnel(uint8_t protocol)
{
	return protocol == PROTO_GRE || protocol == PROTO_MPLS;
}

/* Takes everything in front of the transport header. */
static enum wire_result headers_take(struct view *in, struct arena *arena, struct packet *packet,
				     struct ip_header *ip, struct errbuf *error)
{
	enum wire_result result = ip_take(in, ip, error);

	while (result == WIRE_OK && (is_ip(ip->protocol) || is_tunnel(ip->protocol))) {
		uint8_t next = ip->protocol;

		if (!push_ip(arena, packet, ip))
			return WIRE_FOREIGN;
		while (result == WIRE_OK && is_tunnel(next))
			result = tunnel_take(in, arena, packet, &next, error);
		if (result != WIRE_OK)
			return result;
		result = ip_take(in, ip, error);
		if (result == WIRE_OK && ip->version != (next == PROTO_IPV6 ? 6 : 4))
			return decode_error(error, "IP version %u behind a header that says %u",
					    ip->version, next == PROTO_IPV6 ? 6 : 4);
	}
	return result;
}

enum wire_result wire_decode(const uint8_t *bytes, size_t size, struct arena *arena,
			     struct wire_packet *live, struct errbuf *error)
{
	struct view in = {.bytes = bytes, .left = size};
	struct ip_header ip = {0};
	enum wire_result result;

	*live = (struct wire_packet){.packet = {.direction = OUTBOUND}};
	error->text[0] = '\0';
	result = headers_take(&in, arena, &live->packet, &ip, error);
	if (result != WIRE_OK)
		return result;
	live->packet.ip_version = ip.version;
	live->packet.ip = ip.info;
	live->ip_options = ip.options;
	live->tuple.src = ip.src;
	live->tuple.dst = ip.dst;
	return transport_take(&in, ip.protocol, arena, live, error);
}
