#include "runtime/conn/match.h"

#include <stdio.h>
#include <string.h>

#include "parser/ast_print.h"
#include "parser/tables.h"
#include "runtime/conn/match_options.h"

/* ---- IP ---------------------------------------------------------------------------------- */

static const char *ecn_word(uint8_t tos)
{
	static const char *const words[] = {"noecn", "ect1", "ect0", "ce"};

	return words[tos & 3];
}

static bool is_ect(uint8_t tos)
{
	return (tos & 3) == 1 || (tos & 3) == 2;
}

static void match_tos(const struct ip_info *expected, const struct ip_info *actual,
		      struct mismatches *mismatches)
{
	bool dscp = expected->tos_check == TOS_DSCP || expected->tos_check == TOS_DSCP_ECN01;
	bool ect = expected->tos_check == TOS_ECT01 || expected->tos_check == TOS_DSCP_ECN01;

	if (expected->tos_check == TOS_ECN && (expected->tos ^ actual->tos) & 3)
		mismatch_add(mismatches, FIELD_ip_ecn, ecn_word(expected->tos), ecn_word(actual->tos));
	if (ect && !is_ect(actual->tos))
		mismatch_add(mismatches, FIELD_ip_ecn, "ect01", ecn_word(actual->tos));
	if (expected->tos_check == TOS_BYTE && expected->tos != actual->tos)
		mismatch_printf(mismatches, FIELD_ip_tos, "0x%02x\n0x%02x", expected->tos, actual->tos);
	if (dscp && (expected->tos ^ actual->tos) & ~3)
		mismatch_printf(mismatches, FIELD_ip_dscp, "0x%02x\n0x%02x", expected->tos >> 2,
				actual->tos >> 2);
}

static void match_ip_info(const struct ip_info *expected, const struct ip_info *actual,
			  struct mismatches *mismatches)
{
	bool ttl_said = expected->has_ttl && expected->ttl && expected->ttl != 255;

	match_tos(expected, actual, mismatches);
	if (ttl_said && expected->ttl != actual->ttl)
		mismatch_int(mismatches, FIELD_ip_ttl, expected->ttl, actual->ttl);
}

static void match_ip(struct seqmap *seqmap, const struct packet *expected, const struct packet *live,
		     struct mismatches *mismatches)
{
	if (expected->ip_version && expected->ip_version != live->ip_version)
		mismatch_int(mismatches, FIELD_ip_version, expected->ip_version, live->ip_version);
	if (live->ip_options)
		mismatch_printf(mismatches, FIELD_ip_header, "no options\n%u bytes of %s",
				live->ip_options,
				live->ip_version == 6 ? "extension headers" : "options");
	match_ip_info(&expected->ip, &live->ip, mismatches);
	if (!seqmap_label_ok(seqmap, expected, live))
		mismatch_printf(mismatches, FIELD_ip_flow_label, "0x%05x\n%s (live 0x%05x)",
				expected->ip.flow_label,
				!live->ip.flow_label ? "none" : "not the one it stood for",
				live->ip.flow_label);
}

/* ---- outer headers ----------------------------------------------------------------------- */

static const char *const header_names[] = {
	[HEADER_IPV4] = "ipv4",
	[HEADER_IPV6] = "ipv6",
	[HEADER_GRE] = "gre",
	[HEADER_MPLS] = "mpls",
};

static void match_outer_ip(const struct outer_header *expected, const struct outer_header *actual,
			   struct mismatches *mismatches)
{
	const struct ip_addr *pairs[][2] = {
		{&expected->src, &actual->src},
		{&expected->dst, &actual->dst},
	};
	char a[46], b[46];

	for (unsigned i = 0; i < 2; i++) {
		if (!memcmp(pairs[i][0]->bytes, pairs[i][1]->bytes,
			    expected->kind == HEADER_IPV6 ? 16 : 4))
			continue;
		mismatch_add(mismatches, i ? FIELD_ip_destination : FIELD_ip_source,
			     ip_addr_print(pairs[i][0], a), ip_addr_print(pairs[i][1], b));
	}
	match_ip_info(&expected->ip, &actual->ip, mismatches);
}

static void match_gre(const struct outer_header *expected, const struct outer_header *actual,
		      struct mismatches *mismatches)
{
	uint16_t flags = expected->gre.plain ? 0 : expected->gre.flags;
	const struct {
		enum field_id field;
		uint16_t present; /* any of these bits: the field is on the wire */
		uint32_t expected, actual;
	} fields[] = {
		{FIELD_gre_sum, 0xc000, expected->gre.sum, actual->gre.sum},
		{FIELD_gre_off, 0xc000, expected->gre.off, actual->gre.off},
		{FIELD_gre_key, 0x2000, expected->gre.key, actual->gre.key},
		{FIELD_gre_seq, 0x1000, expected->gre.seq, actual->gre.seq},
	};

	if (flags != actual->gre.flags)
		mismatch_printf(mismatches, FIELD_gre_flags, "0x%04x\n0x%04x", flags,
				actual->gre.flags);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (flags & actual->gre.flags & fields[i].present &&
		    fields[i].expected != fields[i].actual)
			mismatch_int(mismatches, fields[i].field, fields[i].expected,
				     fields[i].actual);
}

static void match_mpls(const struct outer_header *expected, const struct outer_header *actual,
		       struct mismatches *mismatches)
{
	if (expected->n_labels != actual->n_labels) {
		mismatch_int(mismatches, FIELD_mpls_labels, expected->n_labels, actual->n_labels);
		return;
	}
	for (unsigned i = 0; i < expected->n_labels; i++) {
		const struct mpls_label *a = &expected->labels[i], *b = &actual->labels[i];

		if (a->label != b->label)
			mismatch_int(mismatches, FIELD_mpls_label, a->label, b->label)->index =
				i + 1;
		if (a->tc != b->tc)
			mismatch_int(mismatches, FIELD_mpls_tc, a->tc, b->tc)->index = i + 1;
		if (a->bottom != b->bottom)
			mismatch_add(mismatches, FIELD_mpls_bottom, a->bottom ? "[S]" : "none",
				     b->bottom ? "[S]" : "none")
				->index = i + 1;
		if (a->ttl != b->ttl)
			mismatch_int(mismatches, FIELD_mpls_ttl, a->ttl, b->ttl)->index = i + 1;
	}
}

static void match_outer(const struct packet *expected, const struct packet *live,
			struct mismatches *mismatches)
{
	static void (*const matchers[])(const struct outer_header *, const struct outer_header *,
					struct mismatches *) = {
		[HEADER_IPV4] = match_outer_ip,
		[HEADER_IPV6] = match_outer_ip,
		[HEADER_GRE] = match_gre,
		[HEADER_MPLS] = match_mpls,
	};

	unsigned before;

	if (expected->n_outer != live->n_outer)
		mismatch_int(mismatches, FIELD_outer_headers, expected->n_outer, live->n_outer);
	for (unsigned i = 0; i < expected->n_outer && i < live->n_outer; i++) {
		const struct outer_header *a = &expected->outer[i], *b = &live->outer[i];

		before = mismatches->n;
		if (a->kind != b->kind)
			mismatch_add(mismatches, FIELD_outer_kind, header_names[a->kind],
				     header_names[b->kind]);
		else
			matchers[a->kind](a, b, mismatches);
		for (; before < mismatches_kept(mismatches); before++)
			mismatches->at[before].outer = i + 1;
	}
}

/* ---- transport --------------------------------------------------------------------------- */

/* The AccECN counter: AE, CWR, ECE as one number. */
static unsigned ace(const struct tcp_segment *tcp)
{
	return (tcp->flags & TCP_AE ? 4u : 0) | (tcp->flags & TCP_CWR ? 2u : 0) |
	       (tcp->flags & TCP_ECE ? 1u : 0);
}

static void match_flags(const struct tcp_segment *expected, const struct tcp_segment *actual,
			struct mismatches *mismatches)
{
	uint16_t differing = (expected->flags ^ actual->flags) & 0xfff;
	char a[32], b[32];

	if (differing & TCP_RESERVED)
		mismatch_printf(mismatches, FIELD_tcp_reserved, "0x%03x\n0x%03x",
				expected->flags & TCP_RESERVED, actual->flags & TCP_RESERVED);
	differing &= ~TCP_RESERVED;
	if (expected->ace_given && ace(expected) != ace(actual)) {
		mismatch_int(mismatches, FIELD_tcp_ace, ace(expected), ace(actual));
		differing &= ~(TCP_AE | TCP_CWR | TCP_ECE);
	}
	if (!differing)
		return;
	tcp_flags_print(a, sizeof(a), expected);
	tcp_flags_print(b, sizeof(b), actual);
	mismatch_add(mismatches, FIELD_tcp_flags, a, b);
}

static void match_payload(const struct packet *actual, struct mismatches *mismatches)
{
	uint32_t at = actual->dirty;

	if (at)
		mismatch_printf(mismatches, FIELD_payload,
				"zeros\na byte that is not zero at offset %u", at - 1);
}

static void match_tcp(const struct match_env *env, const struct packet *expected,
		      const struct packet *live, const struct packet *actual,
		      struct mismatches *mismatches)
{
	const struct tcp_segment *a = &expected->tcp, *b = &actual->tcp;
	uint32_t ack = a->has_ack ? a->ack : 0;
	uint16_t urgent = a->has_urgent ? a->urgent : 0;

	match_flags(a, b, mismatches);
	if (!a->seq_any && a->seq != b->seq)
		mismatch_int(mismatches, FIELD_tcp_seq, a->seq, b->seq);
	if (a->payload != b->payload)
		mismatch_int(mismatches, FIELD_tcp_length, a->payload, b->payload);
	if (ack != b->ack)
		mismatch_printf(mismatches, FIELD_tcp_ack, a->has_ack ? "%u\n%u" : "none (%u)\n%u", ack,
				b->ack);
	if (a->has_window && a->window != b->window)
		mismatch_int(mismatches, FIELD_tcp_window, a->window, b->window);
	if (urgent != b->urgent)
		mismatch_int(mismatches, FIELD_tcp_urgent, urgent, b->urgent);
	match_options(env, expected, live, actual, mismatches);
	match_payload(actual, mismatches);
}

static void match_udp(const struct match_env *env, const struct packet *expected,
		      const struct packet *live, const struct packet *actual,
		      struct mismatches *mismatches)
{
	(void)env, (void)live;
	if (expected->udp.payload != actual->udp.payload)
		mismatch_int(mismatches, FIELD_udp_length, expected->udp.payload,
			     actual->udp.payload);
	match_payload(actual, mismatches);
}

static const char *word_or_number(char out[16], const char *word, const char *prefix,
				  uint8_t number)
{
	if (word)
		return word;
	snprintf(out, 16, "%s_%u", prefix, number);
	return out;
}

/* Not the payload: it quotes other packets. */
static void match_icmp(const struct match_env *env, const struct packet *expected,
		       const struct packet *live, const struct packet *actual,
		       struct mismatches *mismatches)
{
	const struct icmp_message *a = &expected->icmp, *b = &actual->icmp;
	size_t expected_size = wire_icmp_size(expected), actual_size = wire_icmp_size(actual);
	uint8_t version = actual->ip_version;
	char x[16], y[16];

	(void)env, (void)live;
	if (a->type != b->type)
		mismatch_add(mismatches, FIELD_icmp_type,
			     word_or_number(x, icmp_type_name(version, a->type), "type", a->type),
			     word_or_number(y, icmp_type_name(version, b->type), "type", b->type));
	if (a->code != b->code)
		mismatch_add(mismatches, FIELD_icmp_code,
			     word_or_number(x, icmp_code_name(version, a->type, a->code), "code",
					    a->code),
			     word_or_number(y, icmp_code_name(version, b->type, b->code), "code",
					    b->code));
	if (expected_size != actual_size)
		mismatch_int(mismatches, FIELD_icmp_length, (long long)expected_size,
			     (long long)actual_size);
}

static const struct {
	const char *name;
	void (*match)(const struct match_env *env, const struct packet *expected,
		      const struct packet *live, const struct packet *actual,
		      struct mismatches *mismatches);
} transports[] = {
	[PACKET_TCP] = {"tcp", match_tcp},
	[PACKET_UDP] = {"udp", match_udp},
	[PACKET_ICMP] = {"icmp", match_icmp},
};

void match_packet(const struct match_env *env, struct seqmap *seqmap, const struct packet *expected,
		  const struct packet *live, const struct packet *actual,
		  struct mismatches *mismatches)
{
	unsigned before = mismatches->n;

	match_outer(expected, live, mismatches);
	match_ip(seqmap, expected, live, mismatches);
	if (expected->kind != actual->kind)
		mismatch_add(mismatches, FIELD_protocol, transports[expected->kind].name,
			     transports[actual->kind].name);
	else
		transports[expected->kind].match(env, expected, live, actual, mismatches);
	/* An expectation merely tried on a packet must leave no trace. */
	if (mismatches->n == before)
		seqmap_label_learn(seqmap, expected, live);
}

/* ---- merging ----------------------------------------------------------------------------- */

#define MERGED_FLAGS (TCP_SYN | TCP_RST | TCP_ACK_FLAG | TCP_URG | TCP_ECE | TCP_AE)

/* Everything in which `next` must go on as `sum` began. */
static void match_continuation(const struct packet *expected, const struct packet *sum,
			       const struct packet *next, struct mismatches *mismatches)
{
	bool completes = sum->tcp.payload + next->tcp.payload >= expected->tcp.payload;
	const struct {
		enum field_id field;
		long long sum, next;
	} same[] = {
		{FIELD_ip_version, sum->ip_version, next->ip_version},
		{FIELD_ip_header, sum->ip_options, next->ip_options},
		{FIELD_tcp_seq, sum->tcp.seq + sum->tcp.payload, next->tcp.seq},
		{FIELD_tcp_ack, sum->tcp.ack, next->tcp.ack},
		{FIELD_tcp_window, sum->tcp.window, next->tcp.window},
		{FIELD_tcp_urgent, sum->tcp.urgent, next->tcp.urgent},
		{FIELD_tcp_options_size, (long long)wire_options_size(&sum->tcp),
		 (long long)wire_options_size(&next->tcp)},
		/* n_data is still the length of the segment before. */
		{FIELD_tcp_length, (long long)sum->n_data,
		 completes ? (long long)sum->n_data : (long long)next->tcp.payload},
	};
	char a[32], b[32];

	if ((sum->tcp.flags ^ next->tcp.flags) & MERGED_FLAGS) {
		tcp_flags_print(a, sizeof(a), &sum->tcp);
		tcp_flags_print(b, sizeof(b), &next->tcp);
		mismatch_add(mismatches, FIELD_tcp_flags, a, b)->next_segment = true;
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (same[i].sum != same[i].next)
			mismatch_int(mismatches, same[i].field, same[i].sum, same[i].next)
				->next_segment = true;
}

bool match_merge(const struct packet *expected, struct packet *sum, const struct packet *next,
		 struct mismatches *mismatches)
{
	unsigned before = mismatches->n;
	struct packet first = *sum;

	if (expected->kind != PACKET_TCP || sum->kind != PACKET_TCP || next->kind != PACKET_TCP)
		mismatch_add(mismatches, FIELD_protocol, "tcp", transports[next->kind].name)
			->next_segment = true;
	else
		match_continuation(expected, sum, next, mismatches);
	if (mismatches->n != before)
		return false;
	*sum = *next;
	sum->tcp.seq = first.tcp.seq;
	sum->tcp.payload += first.tcp.payload;
	sum->tcp.flags = (uint16_t)((next->tcp.flags & ~TCP_CWR) | (first.tcp.flags & TCP_CWR));
	sum->dirty = first.dirty ? first.dirty : next->dirty ? first.tcp.payload + next->dirty : 0;
	return true;
}
