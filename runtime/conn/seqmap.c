#include <string.h>

#include "parser/fields.h"
#include "runtime/conn/seqmap_parts.h"
#include "runtime/conn/transport.h"

struct seqmap *seqmap_new(struct arena *arena)
{
	struct seqmap *seqmap = arena_new_of(arena, struct seqmap);

	seqmap->arena = arena;
	return seqmap;
}

struct seqmap *seqmap_new_after(struct arena *arena, const struct seqmap *before)
{
	struct seqmap *seqmap = seqmap_new(arena);

	seqmap->before = before;
	return seqmap;
}

struct seqmap *seqmap_copy(struct arena *arena, const struct seqmap *seqmap)
{
	struct seqmap *copy = seqmap_new(arena);

	*copy = *seqmap;
	copy->arena = arena;
	copy->max_ts = copy->n_ts; /* the array stays the other's */
	return copy;
}

void seqmap_kernel_syn(struct seqmap *seqmap, uint32_t seq)
{
	seqmap->has_local_isn = true;
	seqmap->local_isn = seq;
}

void seqmap_peer_syn(struct seqmap *seqmap, uint32_t seq)
{
	seqmap->has_remote_isn = true;
	seqmap->remote_isn = seq;
}

/* ---- inbound ----------------------------------------------------------------------------- */

bool seqmap_to_live(struct seqmap *seqmap, const struct packet *script, struct packet *live,
		    struct arena *arena, bool ecr_scaled, struct errbuf *error)
{
	const struct transport *transport = transport_of(script->kind);

	*live = *script;
	return !transport->to_live || transport->to_live(seqmap, live, arena, ecr_scaled, error);
}

/* ---- outbound ---------------------------------------------------------------------------- */

/* Keeps of the IP header what the expectation has written. */
static void ip_to_script(const struct ip_info *expected, struct ip_info *ip)
{
	static const enum field_id fields[] = {FIELD_ip_tos, FIELD_ip_dscp, FIELD_ip_ecn,
					       FIELD_ip_ttl};
	static const struct ip_info nothing;
	const struct ip_info *like = expected ? expected : &nothing;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		field_set_given(fields[i], ip, field_given(fields[i], like));
	ip->has_flow_label = like->has_flow_label && ip->has_flow_label;
	if (!expected && field_get(FIELD_ip_dscp, ip))
		ip->has_tos = true;
	else if (!expected && ip->tos)
		ip->has_ecn = true;
}

void seqmap_to_script(struct seqmap *seqmap, const struct packet *expected,
		      const struct packet *live, struct packet *script, struct arena *arena)
{
	const struct transport *transport = transport_of(live->kind);
	const struct packet *like = expected && expected->kind == live->kind ? expected : NULL;

	if (transport->learn)
		transport->learn(seqmap, like, live);
	*script = *live;
	ip_to_script(expected ? &expected->ip : NULL, &script->ip);
	if (transport->to_script)
		transport->to_script(seqmap, like, script, arena);
}

/* ---- flow labels ------------------------------------------------------------------------- */

bool seqmap_label_ok(const struct seqmap *seqmap, const struct packet *expected,
		     const struct packet *live)
{
	bool same_script, same_live;

	if (!expected->ip.has_flow_label || live->ip_version != 6)
		return true;
	same_script = expected->ip.flow_label == seqmap->script_label;
	same_live = live->ip.flow_label == seqmap->live_label;
	return live->ip.flow_label && (!seqmap->has_label || same_script == same_live);
}

void seqmap_label_learn(struct seqmap *seqmap, const struct packet *expected,
			const struct packet *live)
{
	if (!expected->ip.has_flow_label || live->ip_version != 6)
		return;
	seqmap->has_label = true;
	seqmap->script_label = expected->ip.flow_label;
	seqmap->live_label = live->ip.flow_label;
}

/* ---- the end ----------------------------------------------------------------------------- */

void seqmap_remember(struct seqmap *seqmap, const struct packet *live)
{
	const struct transport *transport = transport_of(live->kind);

	if (transport->remember)
		transport->remember(seqmap, live);
}

bool seqmap_reset_packet(const struct seqmap *seqmap, enum packet_kind kind, bool expected,
			 struct packet *live)
{
	const struct transport *transport = transport_of(kind);

	return transport->reset && transport->reset(seqmap, expected, live);
}
