/* Packets to script notation. */
#include <string.h>

#include "parser/ast_print.h"
#include "parser/config.h"
#include "parser/print_parts.h"
#include "parser/tables.h"
#include "parser/tcp_options.h"

static void put_flags(struct out *out, const struct tcp_segment *tcp)
{
	static const struct {
		uint16_t flag;
		char letter;
	} letters[] = {
		{TCP_FIN, 'F'}, {TCP_SYN, 'S'}, {TCP_RST, 'R'}, {TCP_PSH, 'P'},	     {TCP_URG, 'U'},
		{TCP_ECE, 'E'}, {TCP_CWR, 'W'}, {TCP_AE, 'A'},	{TCP_ACK_FLAG, '.'},
	};
	const uint16_t ace = TCP_AE | TCP_CWR | TCP_ECE;
	uint16_t flags = tcp->ace_given ? tcp->flags & ~ace : tcp->flags;
	size_t before = out->n;
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (flags & letters[i].flag)
			out_put(out, "%c", letters[i].letter);
	if (tcp->ace_given)
		out_put(out, "%d",
			(tcp->flags & TCP_AE ? 4 : 0) + (tcp->flags & TCP_CWR ? 2 : 0) +
				(tcp->flags & TCP_ECE ? 1 : 0));
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
	static const char *const ecn_words[] = {"noecn", "ect1", "ect0", "ce"};
	const char *between = "[";
	switch (info->tos_check) {
	case TOS_NONE:
		break;
	case TOS_ECN:
		out_put(out, "[%s", ecn_words[info->tos & 3]);
		break;
	case TOS_ECT01:
		out_put(out, "[ect01");
		break;
	case TOS_BYTE:
		out_put(out, "[tos 0x%02x", info->tos);
		break;
	case TOS_DSCP:
	case TOS_DSCP_ECN01:
		out_put(out, "[dscp 0x%02x%s", info->tos >> 2,
			info->tos_check == TOS_DSCP_ECN01 ? ", ect01" : "");
		break;
	}
	if (info->tos_check != TOS_NONE)
		between = ", ";
	if (info->has_flow_label) {
		out_put(out, "%sflowlabel 0x%05x", between, info->flow_label);
		between = ", ";
	}
	if (info->has_ttl) {
		out_put(out, "%sttl %u", between, info->ttl);
		between = ", ";
	}
	if (*between == ',')
		out_put(out, "] ");
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
		if (outer->gre.plain)
			out_put(out, "gre: ");
		else
			out_put(out, "gre flags 0x%04x, sum %u, off %u, key %u, seq %u: ",
				outer->gre.flags, outer->gre.sum, outer->gre.off, outer->gre.key,
				outer->gre.seq);
		return;
	case HEADER_MPLS:
		out_put(out, "mpls");
		for (unsigned i = 0; i < outer->n_labels; i++)
			out_put(out, " (label %u, tc %u, %sttl %u)", outer->labels[i].label,
				outer->labels[i].tc, outer->labels[i].bottom ? "[S], " : "",
				outer->labels[i].ttl);
		out_put(out, ": ");
		return;
	}
}

static void put_tcp(struct out *out, const struct packet *packet)
{
	const struct tcp_segment *tcp = &packet->tcp;
	if (packet->has_ports)
		out_put(out, "%u > %u ", packet->sport, packet->dport);
	put_flags(out, tcp);
	if (tcp->seq_any)
		out_put(out, " ...(%u)", tcp->payload);
	else
		out_put(out, " %u:%u(%u)%s", tcp->seq, tcp->seq + tcp->payload, tcp->payload,
			tcp->seq_literal ? "!" : "");
	if (tcp->has_ack)
		out_put(out, " ack %u", tcp->ack);
	if (tcp->has_window)
		out_put(out, " win %u", tcp->window);
	if (tcp->has_urgent)
		out_put(out, " urg %u", tcp->urgent);
	out_put(out, "%s", tcp->options_mode == OPTIONS_NONE ? "" : " ");
	put_options(out, tcp);
}

static void put_udp(struct out *out, const struct packet *packet)
{
	out_put(out, "udp ");
	if (packet->has_ports)
		out_put(out, "%u > %u ", packet->sport, packet->dport);
	out_put(out, "(%u)", packet->udp.payload);
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
	if (icmp->has_mtu)
		out_put(out, " mtu %u", icmp->mtu);
	if (icmp->has_id)
		out_put(out, " id %u", icmp->id);
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
	static void (*const kinds[])(struct out *, const struct packet *) = {
		[PACKET_TCP] = put_tcp,
		[PACKET_UDP] = put_udp,
		[PACKET_ICMP] = put_icmp,
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
