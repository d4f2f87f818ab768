#include "runtime/conn/match.h"

#include <string.h>

#include "base/out.h"
#include "runtime/conn/match_parts.h"
#include "runtime/conn/transport.h"

/* ---- IP ---------------------------------------------------------------------------------- */

static bool is_ect(const struct ip_info *info)
{
	return field_get(FIELD_ip_ecn, info) == 1 || field_get(FIELD_ip_ecn, info) == 2;
}

static void match_ecn(const struct ip_info *expected, const struct ip_info *actual,
		      struct mismatches *mismatches)
{
	static const enum field_id ecn = FIELD_ip_ecn;
	char text[16];
	struct out out = OUT(text, sizeof(text));

	if (!expected->ect01) {
		match_fields(&ecn, 1, expected, actual, mismatches);
		return;
	}
	out_field_value(&out, ecn, field_get(ecn, actual));
	out_finish(&out);
	if (!is_ect(actual))
		mismatch_add(mismatches, ecn, "ect01", text);
}

static void match_ip_info(const struct ip_info *expected, const struct ip_info *actual,
			  struct mismatches *mismatches)
{
	static const enum field_id fields[] = {FIELD_ip_tos, FIELD_ip_dscp}, ttl = FIELD_ip_ttl;

	match_fields(fields, sizeof(fields) / sizeof(*fields), expected, actual, mismatches);
	match_ecn(expected, actual, mismatches);
	/* 0 and 255 stand for any TTL; 255 is what injected packets have. */
	if (expected->ttl && expected->ttl != 255)
		match_fields(&ttl, 1, expected, actual, mismatches);
}

static void match_ip(struct matching *m)
{
	const struct packet *expected = m->expected, *live = &m->live->packet;
	struct mismatches *mismatches = &m->mismatches;

	if (expected->ip_version && expected->ip_version != live->ip_version)
		mismatch_int(mismatches, FIELD_ip_version, expected->ip_version, live->ip_version);
	if (m->live->ip_options)
		mismatch_printf(mismatches, FIELD_ip_header, "no options\n%u bytes of %s",
				m->live->ip_options,
				live->ip_version == 6 ? "extension headers" : "options");
	match_ip_info(&expected->ip, &live->ip, mismatches);
	if (!seqmap_label_ok(m->seqmap, expected, live))
		mismatch_printf(mismatches, FIELD_ip_flow_label, "0x%05x\n0x%05x (%s)",
				expected->ip.flow_label, live->ip.flow_label,
				live->ip.flow_label ? "not the one it stood for" : "none");
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
	const struct {
		enum field_id field;
		const struct ip_addr *expected, *actual;
	} pairs[] = {
		{FIELD_ip_source, &expected->src, &actual->src},
		{FIELD_ip_destination, &expected->dst, &actual->dst},
	};
	char a[46], b[46];

	for (unsigned i = 0; i < 2; i++) {
		if (!memcmp(pairs[i].expected->bytes, pairs[i].actual->bytes,
			    expected->kind == HEADER_IPV6 ? 16 : 4))
			continue;
		mismatch_add(mismatches, pairs[i].field, ip_addr_print(pairs[i].expected, a),
			     ip_addr_print(pairs[i].actual, b));
	}
	match_ip_info(&expected->ip, &actual->ip, mismatches);
}

static void match_gre(const struct outer_header *expected, const struct outer_header *actual,
		      struct mismatches *mismatches)
{
	static const enum field_id flags = FIELD_gre_flags;
	static const enum field_id fields[] = {FIELD_gre_sum, FIELD_gre_off, FIELD_gre_key,
					       FIELD_gre_seq};
	const struct gre_header none = {0}, *a = &expected->gre, *b = &actual->gre;

	if (a->plain)
		a = &none;
	match_fields(&flags, 1, a, b, mismatches);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (a->flags & b->flags & field_row(fields[i])->present)
			match_fields(&fields[i], 1, a, b, mismatches);
}

static void match_mpls(const struct outer_header *expected, const struct outer_header *actual,
		       struct mismatches *mismatches)
{
	static const enum field_id fields[] = {FIELD_mpls_label, FIELD_mpls_tc, FIELD_mpls_bottom,
					       FIELD_mpls_ttl};
	unsigned before;

	if (expected->n_labels != actual->n_labels) {
		mismatch_int(mismatches, FIELD_mpls_labels, expected->n_labels, actual->n_labels);
		return;
	}
	for (unsigned i = 0; i < expected->n_labels; i++) {
		before = mismatches_kept(mismatches);
		match_fields(fields, sizeof(fields) / sizeof(*fields), &expected->labels[i],
			     &actual->labels[i], mismatches);
		for (; before < mismatches_kept(mismatches); before++)
			mismatches->at[before].index = i + 1;
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

/* ---- all of it --------------------------------------------------------------------------- */

static enum match_result compare(struct matching *m)
{
	const struct packet *expected = m->expected, *live = &m->live->packet;

	match_outer(expected, live, &m->mismatches);
	match_ip(m);
	if (expected->kind != live->kind)
		mismatch_add(&m->mismatches, FIELD_protocol, transport_rows[expected->kind].name,
			     transport_rows[live->kind].name);
	else
		transport_of(expected->kind)->match(m);
	m->other_length = transport_of(expected->kind)->len(expected) !=
			  transport_of(live->kind)->len(&m->actual);
	return m->mismatches.n ? MATCH_DIFFERS : MATCH_SAME;
}

/* Checks that the packet continues the previous ones of the segment. False: it does not, and the
 * mismatches say why. */
static bool go_on(struct matching *m, const struct wire_packet *live)
{
	const struct transport *transport = transport_of(m->expected->kind);
	struct mismatches why = {0};
	struct packet next;

	seqmap_to_script(m->seqmap, m->expected, &live->packet, &next, m->arena);
	if (next.kind != m->actual.kind)
		mismatch_add(&why, FIELD_protocol, transport_rows[m->actual.kind].name,
			     transport_rows[next.kind].name);
	else
		transport->continues(m, live, &next, &why);
	if (why.n) {
		match_end(m);
		for (unsigned i = 0; i < mismatches_kept(&why); i++) {
			why.at[i].next_segment = true;
			*mismatch_add(&m->mismatches, FIELD_none, "", "") = why.at[i];
		}
		return false;
	}
	if (live->first_nonzero && !m->first_nonzero)
		m->first_nonzero = transport->len(&m->actual) + live->first_nonzero;
	transport->merge(&m->actual, &next);
	return true;
}

static void begin(struct matching *m, const struct wire_packet *live)
{
	m->first_nonzero = live->first_nonzero;
	seqmap_to_script(m->seqmap, m->expected, &live->packet, &m->actual, m->arena);
}

static bool may_grow(const struct matching *m)
{
	const struct transport *transport = transport_of(m->expected->kind);

	return transport->may_grow && m->actual.kind == m->expected->kind &&
	       !m->config->strict_segments && transport->may_grow(m->expected, &m->actual);
}

enum match_result match_live(struct matching *m, const struct wire_packet *live,
			     int64_t since_start_ns)
{
	if (!m->live)
		begin(m, live);
	else if (!go_on(m, live))
		return MATCH_DIFFERS;
	m->live = live;
	m->since_start_ns = since_start_ns;
	if (may_grow(m))
		return MATCH_MORE;
	if (compare(m) == MATCH_DIFFERS)
		return MATCH_DIFFERS;
	seqmap_label_learn(m->seqmap, m->expected, &live->packet);
	return MATCH_SAME;
}

void match_end(struct matching *m)
{
	compare(m);
	m->other_length = true;
}

bool match_would(const struct matching *m, const struct wire_packet *live, int64_t since_start_ns)
{
	struct matching trial = {
		.config = m->config,
		.seqmap = m->seqmap,
		.expected = m->expected,
		.live = live,
		.since_start_ns = since_start_ns,
		.first_nonzero = live->first_nonzero,
	};

	seqmap_to_script(trial.seqmap, NULL, &live->packet, &trial.actual, m->arena);
	return compare(&trial) == MATCH_SAME;
}
