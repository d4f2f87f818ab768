#include <stdarg.h>
#include <stdio.h>

#include "runtime/wire/codec.h"

enum wire_result decode_error(struct wire_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return WIRE_BAD;
}

void payload_take(struct view *in, struct packet *packet)
{
	packet->data = in->bytes;
	packet->n_data = in->left;
	for (size_t i = 0; i < in->left && !packet->dirty; i++)
		if (in->bytes[i])
			packet->dirty = (uint32_t)i + 1;
}

static const struct {
	uint8_t protocol, version; /* version 0: either */
	take_fn *take;
} transports[] = {
	{PROTO_TCP, 0, tcp_take},
	{PROTO_UDP, 0, udp_take},
	{PROTO_ICMP, 4, icmp_take},
	{PROTO_ICMPV6, 6, icmp_take},
};

/* Room for one more outer header; NULL: there are too many. */
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
				    uint8_t *protocol, struct wire_error *error)
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

/* Everything in front of the transport header. */
static enum wire_result headers_take(struct view *in, struct arena *arena, struct packet *packet,
				     struct ip_header *ip, struct wire_error *error)
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
			     struct packet *packet, struct wire_tuple *tuple,
			     struct wire_error *error)
{
	struct view in = {.bytes = bytes, .left = size};
	struct ip_header ip = {0};
	enum wire_result result;

	*packet = (struct packet){.direction = OUTBOUND};
	*tuple = (struct wire_tuple){0};
	error->text[0] = '\0';
	result = headers_take(&in, arena, packet, &ip, error);
	if (result != WIRE_OK)
		return result;
	packet->ip_version = ip.version;
	packet->ip = ip.info;
	packet->ip_options = ip.options;
	tuple->src = ip.src;
	tuple->dst = ip.dst;
	for (size_t i = 0; i < sizeof(transports) / sizeof(*transports); i++)
		if (transports[i].protocol == ip.protocol &&
		    (!transports[i].version || transports[i].version == ip.version))
			return transports[i].take(&in, arena, packet, tuple, error);
	return WIRE_FOREIGN;
}
