/* Headers in front of the innermost IP header: IP in IP (RFC 2003, RFC 4213), GRE (RFC 2784, RFC
 * 2890), MPLS (RFC 3032) in either (RFC 4023). */
#include "runtime/wire/codec.h"

/* The numbers that announce each kind of header, behind IP and behind GRE. */
static const struct {
	enum header_kind kind;
	uint8_t protocol;
	uint16_t ether_type; /* 0: none */
} announced[] = {
	{HEADER_IPV4, PROTO_IPV4, ETHER_IPV4},
	{HEADER_IPV6, PROTO_IPV6, ETHER_IPV6},
	{HEADER_MPLS, PROTO_MPLS, ETHER_MPLS},
	{HEADER_GRE, PROTO_GRE, 0},
};

#define N_ANNOUNCED (sizeof(announced) / sizeof(*announced))

uint8_t outer_protocol(enum header_kind kind)
{
	for (size_t i = 0; i < N_ANNOUNCED; i++)
		if (announced[i].kind == kind)
			return announced[i].protocol;
	return 0;
}

static uint16_t ether_type(uint8_t protocol)
{
	for (size_t i = 0; i < N_ANNOUNCED; i++)
		if (announced[i].protocol == protocol)
			return announced[i].ether_type;
	return 0;
}

/* GRE's fields in wire order, which is also the script's. The flags say which are present (RFC
 * 2890). */
static const enum field_id gre_fields[] = {FIELD_gre_sum, FIELD_gre_off, FIELD_gre_key,
					   FIELD_gre_seq};
#define N_GRE_FIELDS (sizeof(gre_fields) / sizeof(*gre_fields))

static bool gre_put(struct sink *out, const struct outer_header *outer, uint8_t next_protocol,
		    struct errbuf *error)
{
	const struct gre_header none = {0}, *gre = outer->gre.plain ? &none : &outer->gre;

	if (!ether_type(next_protocol))
		return encode_error(error, "gre: must be followed by ipv4, ipv6 or mpls");
	field_put(out, FIELD_gre_flags, gre);
	put(out, 2, ether_type(next_protocol));
	for (size_t i = 0; i < N_GRE_FIELDS; i++)
		if (gre->flags & field_row(gre_fields[i])->present)
			field_put(out, gre_fields[i], gre);
	return true;
}

static const enum field_id mpls_fields[] = {FIELD_mpls_label, FIELD_mpls_tc, FIELD_mpls_bottom,
					    FIELD_mpls_ttl};
#define N_MPLS_FIELDS (sizeof(mpls_fields) / sizeof(*mpls_fields))

static bool mpls_put(struct sink *out, const struct outer_header *mpls, uint8_t next_protocol,
		     struct errbuf *error)
{
	if (next_protocol != PROTO_IPV4 && next_protocol != PROTO_IPV6)
		return encode_error(error, "mpls: must be followed by ipv4 or ipv6");
	for (unsigned i = 0; i < mpls->n_labels; i++)
		for (size_t j = 0; j < N_MPLS_FIELDS; j++)
			field_put(out, mpls_fields[j], &mpls->labels[i]);
	return true;
}

bool outer_put(struct sink *out, const struct packet *packet, unsigned index, uint8_t next_protocol,
	       struct errbuf *error)
{
	const struct outer_header *outer = &packet->outer[index];
	struct ip_header ip = {
		.version = outer->kind == HEADER_IPV6 ? 6 : 4,
		.protocol = next_protocol,
		.info = outer->ip,
		.src = outer->src,
		.dst = outer->dst,
	};

	if (outer->kind == HEADER_GRE)
		return gre_put(out, outer, next_protocol, error);
	if (outer->kind == HEADER_MPLS)
		return mpls_put(out, outer, next_protocol, error);
	if (ip.src.version != ip.version || ip.dst.version != ip.version)
		return encode_error(error, "ipv%u: needs two IPv%u addresses", ip.version,
				    ip.version);
	ip_put(out, &ip);
	return true;
}

enum wire_result gre_take(struct view *in, struct outer_header *outer, uint8_t *protocol,
			  struct errbuf *error)
{
	struct gre_header *gre = &outer->gre;
	uint16_t type;

	outer->kind = HEADER_GRE;
	field_take(in, FIELD_gre_flags, gre);
	type = (uint16_t)take(in, 2);
	gre->plain = !gre->flags;
	if (gre->flags & GRE_VERSION)
		return WIRE_FOREIGN;
	for (size_t i = 0; i < N_GRE_FIELDS; i++)
		if (gre->flags & field_row(gre_fields[i])->present)
			field_take(in, gre_fields[i], gre);
	if (in->cut)
		return decode_error(error, "truncated GRE header");
	for (size_t i = 0; i < N_ANNOUNCED; i++) {
		if (announced[i].ether_type && announced[i].ether_type == type) {
			*protocol = announced[i].protocol;
			return WIRE_OK;
		}
	}
	return WIRE_FOREIGN;
}

enum wire_result mpls_take(struct view *in, struct outer_header *mpls, uint8_t *protocol,
			   struct errbuf *error)
{
	struct mpls_label label = {0};

	mpls->kind = HEADER_MPLS;
	do {
		for (size_t i = 0; i < N_MPLS_FIELDS; i++)
			field_take(in, mpls_fields[i], &label);
		if (in->cut)
			return decode_error(error, "truncated MPLS label stack");
		if (mpls->n_labels == sizeof(mpls->labels) / sizeof(*mpls->labels))
			return WIRE_FOREIGN;
		mpls->labels[mpls->n_labels++] = label;
	} while (!label.bottom);
	/* A label stack does not name its payload; the version in the IP header tells it. */
	if (!in->left)
		return decode_error(error, "MPLS label stack without a packet");
	*protocol = in->bytes[0] >> 4 == 6 ? PROTO_IPV6 : PROTO_IPV4;
	return WIRE_OK;
}
