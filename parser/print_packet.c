/* Packets to script notation. */
#include <string.h>

#include "parser/ast_print.h"
#include "parser/config.h"
#include "parser/print_parts.h"
#include "parser/tables.h"
#include "parser/tcp_options.h"

static void put_flags(struct out *out, const struct tcp_segment *tcp)
{
	const uint16_t ace = TCP_AE | TCP_CWR | TCP_ECE;
	uint16_t flags = tcp->ace_given ? tcp->flags & ~ace : tcp->flags;
	size_t before = out->n;

	for (size_t i = 0; i < N_TCP_FLAGS; i++)
		if (flags & tcp_flag_rows[i].bit)
			out_put(out, "%c", tcp_flag_rows[i].letter);
	if (tcp->ace_given)
		out_field(out, FIELD_tcp_ace, tcp);
	if (out->n == before)
		out_put(out, "-");
}

size_t tcp_flags_print(char *out, size_t size, const struct tcp_segment *tcp)
{
	struct out to = OUT(out, size);

	put_flags(&to, tcp);
	return out_finish(&to);
}

size_t tcp_option_print(char *out, size_t size, const struct tcp_option *option)
{
	struct out to = OUT(out, size);

	out_tcp_option(&to, option);
	return out_finish(&to);
}

static void put_options(struct out *out, const struct tcp_segment *tcp)
{
	if (tcp->options_mode == OPTIONS_NONE)
		return;
	out_put(out, "<");
	for (unsigned i = 0; tcp->options_mode == OPTIONS_LIST && i < tcp->n_options; i++) {
		out_put(out, "%s", i ? "," : "");
		out_tcp_option(out, &tcp->options[i]);
	}
	out_put(out, "%s>", tcp->options_mode == OPTIONS_ANY ? "..." : "");
}

size_t tcp_options_print(char *out, size_t size, const struct tcp_segment *tcp)
{
	struct out to = OUT(out, size);

	put_options(&to, tcp);
	return out_finish(&to);
}

static void put_ip_info(struct out *out, const struct ip_info *info)
{
	static const enum field_id fields[] = {FIELD_ip_tos, FIELD_ip_dscp, FIELD_ip_ecn,
					       FIELD_ip_flow_label, FIELD_ip_ttl};
	const char *between = "[";

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!field_given(fields[i], info))
			continue;
		out_put(out, "%s", between);
		if (fields[i] == FIELD_ip_ecn && info->ect01)
			out_put(out, "ect01");
		else
			out_field(out, fields[i], info);
		between = ", ";
	}
	if (*between == ',')
		out_put(out, "] ");
}

static void put_gre(struct out *out, const struct gre_header *gre)
{
	static const enum field_id fields[] = {FIELD_gre_flags, FIELD_gre_sum, FIELD_gre_off,
					       FIELD_gre_key, FIELD_gre_seq};

	for (size_t i = 0; !gre->plain && i < sizeof(fields) / sizeof(*fields); i++) {
		out_put(out, i ? ", " : " ");
		out_field(out, fields[i], gre);
	}
}

static void put_label(struct out *out, const struct mpls_label *label)
{
	out_put(out, " (");
	out_field(out, FIELD_mpls_label, label);
	out_put(out, ", ");
	out_field(out, FIELD_mpls_tc, label);
	out_put(out, ", %s", label->bottom ? "[S], " : "");
	out_field(out, FIELD_mpls_ttl, label);
	out_put(out, ")");
}

static void put_outer(struct out *out, const struct outer_header *outer)
{
	char src[46], dst[46];

	switch (outer->kind) {
	case HEADER_IPV4:
	case HEADER_IPV6:
		out_put(out, "ipv%d ", outer->kind == HEADER_IPV4 ? 4 : 6);
		put_ip_info(out, &outer->ip);
		out_put(out, "%s > %s: ", ip_addr_print(&outer->src, src),
			ip_addr_print(&outer->dst, dst));
		return;
	case HEADER_GRE:
		out_put(out, "gre");
		put_gre(out, &outer->gre);
		out_put(out, ": ");
		return;
	case HEADER_MPLS:
		out_put(out, "mpls");
		for (unsigned i = 0; i < outer->n_labels; i++)
			put_label(out, &outer->labels[i]);
		out_put(out, ": ");
		return;
	}
}

/* " ack 1", if it is written. */
static void put_given(struct out *out, enum field_id field, const void *header)
{
	if (!field_given(field, header))
		return;
	out_put(out, " ");
	out_field(out, field, header);
}

static void put_tcp(struct out *out, const struct packet *packet)
{
	const struct tcp_segment *tcp = &packet->tcp;

	if (packet->has_ports)
		out_put(out, "%u > %u ", packet->sport, packet->dport);
	put_flags(out, tcp);
	if (tcp->seq_any)
		out_put(out, " ...(%u)", tcp->len);
	else
		out_put(out, " %u:%u(%u)%s", tcp->seq, tcp->seq + tcp->len, tcp->len,
			tcp->seq_literal ? "!" : "");
	put_given(out, FIELD_tcp_ack, tcp);
	put_given(out, FIELD_tcp_window, tcp);
	put_given(out, FIELD_tcp_urgent, tcp);
	out_put(out, "%s", tcp->options_mode == OPTIONS_NONE ? "" : " ");
	put_options(out, tcp);
}

static void put_udp(struct out *out, const struct packet *packet)
{
	out_put(out, "udp ");
	if (packet->has_ports)
		out_put(out, "%u > %u ", packet->sport, packet->dport);
	out_put(out, "(%u)", packet->udp.len);
}

static void put_icmp(struct out *out, const struct packet *packet)
{
	const struct icmp_message *icmp = &packet->icmp;
	const char *type = icmp_type_name(packet->ip_version, icmp->type);
	const char *code = icmp_code_name(packet->ip_version, icmp->type, icmp->code);

	if (type)
		out_put(out, "icmp %s", type);
	else
		out_put(out, "icmp type_%u", icmp->type);
	if (code)
		out_put(out, " %s", code);
	else if (icmp->code)
		out_put(out, " code_%u", icmp->code);
	put_given(out, FIELD_icmp_mtu, icmp);
	put_given(out, FIELD_icmp_id, icmp);
	if (!icmp->has_echoed)
		return;
	if (icmp->echoed == ICMP_ECHO_TCP)
		out_put(out, " [%u:%u(%u)]", icmp->echoed_seq,
			icmp->echoed_seq + icmp->echoed_length, icmp->echoed_length);
	else
		out_put(out, " [%s (%u)]", icmp->echoed == ICMP_ECHO_UDP ? "udp" : "raw",
			icmp->echoed_length);
}

void out_packet(struct out *out, const struct packet *packet)
{
	static void (*const kinds[N_PACKET_KINDS])(struct out *, const struct packet *) = {
#define TRANSPORT(id, name, ...) [PACKET_##id] = put_##name,
#include "parser/transports.def"
#undef TRANSPORT
	};

	out_put(out, packet->direction == INBOUND ? "< " : "> ");
	for (unsigned i = 0; i < packet->n_outer; i++)
		put_outer(out, &packet->outer[i]);
	put_ip_info(out, &packet->ip);
	kinds[packet->kind](out, packet);
}

size_t packet_print(char *out, size_t size, const struct packet *packet)
{
	struct out to = OUT(out, size);

	out_packet(&to, packet);
	return out_finish(&to);
}
