#include <stdio.h>
#include <string.h>

#include "parser/tcp_options.h"
#include "runtime/conn/seqmap.h"

/* A script's TS val and the live one it stood for. */
struct ts_pair {
	uint32_t script, live;
};

/* What the closing RST needs to know of a segment. */
struct remembered {
	bool valid;
	uint16_t flags, window;
	uint32_t ack, end; /* end: the sequence number after it */
};

struct seqmap {
	struct arena *arena;
	bool has_local_isn, has_remote_isn, has_label;
	uint32_t local_isn, local_script_isn; /* live, and as the script's SYN says */
	uint32_t remote_isn;		      /* live and script are the same */
	uint32_t script_label, live_label;    /* of the last outbound packet that told one */
	struct ts_pair *ts;		      /* in the order seen; the first is the baseline */
	size_t n_ts, max_ts;
	struct remembered sent, seen;
};

struct seqmap *seqmap_new(struct arena *arena)
{
	struct seqmap *seqmap = arena_new_of(arena, struct seqmap);

	seqmap->arena = arena;
	return seqmap;
}

/* ---- options ----------------------------------------------------------------------------- */

/* The number of its clock that the sender tells, or of the other's that it echoes. */
struct clock_number {
	struct tcp_option *option; /* NULL: it tells none */
	unsigned at;
};

static struct clock_number find_clock(const struct tcp_segment *tcp, enum option_value value)
{
	for (unsigned i = 0; i < tcp->n_options; i++) {
		int at = tcp_option_find_value(&tcp->options[i], value);

		if (at >= 0)
			return (struct clock_number){&tcp->options[i], (unsigned)at};
	}
	return (struct clock_number){NULL, 0};
}

/* A copy whose options may be changed. */
static void copy_packet(struct packet *out, const struct packet *in, struct arena *arena)
{
	size_t size;

	*out = *in;
	if (in->kind != PACKET_TCP || !in->tcp.n_options)
		return;
	size = in->tcp.n_options * sizeof(*in->tcp.options);
	out->tcp.options = arena_alloc(arena, size);
	memcpy(out->tcp.options, in->tcp.options, size);
}

/* The sequence numbers of the other side in options. */
static void shift_numbers(struct tcp_segment *tcp, uint32_t offset)
{
	for (unsigned i = 0; i < tcp->n_options; i++) {
		struct tcp_option *option = &tcp->options[i];

		for (unsigned j = 0; j < option->n_values; j++)
			if (tcp_option_value(option, j) & VALUE_SEQ)
				option->value[j] = (uint32_t)(option->value[j] + offset);
	}
}

/* ---- timestamps -------------------------------------------------------------------------- */

static void ts_learn(struct seqmap *seqmap, uint32_t script, uint32_t live)
{
	if (seqmap->n_ts == seqmap->max_ts) {
		size_t max = seqmap->max_ts ? 2 * seqmap->max_ts : 16;
		struct ts_pair *ts = arena_alloc(seqmap->arena, max * sizeof(*ts));

		if (seqmap->n_ts)
			memcpy(ts, seqmap->ts, seqmap->n_ts * sizeof(*ts));
		seqmap->ts = ts;
		seqmap->max_ts = max;
	}
	seqmap->ts[seqmap->n_ts++] = (struct ts_pair){.script = script, .live = live};
}

/* The live val that `script` stood for when it was last seen. */
static const struct ts_pair *ts_find(const struct seqmap *seqmap, uint32_t script)
{
	for (size_t i = seqmap->n_ts; i-- > 0;)
		if (seqmap->ts[i].script == script)
			return &seqmap->ts[i];
	return NULL;
}

static bool echo_to_live(const struct seqmap *seqmap, bool scaled, struct clock_number echo,
			 struct wire_error *error)
{
	uint64_t *value = &echo.option->value[echo.at];
	uint32_t number = (uint32_t)*value;
	const struct ts_pair *pair = ts_find(seqmap, number);

	if (pair) {
		*value = pair->live;
	} else if (scaled && seqmap->n_ts) {
		*value = number + seqmap->ts[0].live - seqmap->ts[0].script;
	} else {
		snprintf(error->text, sizeof(error->text),
			 "TS ecr %u: no outbound segment before it was expected with TS val %u "
			 "(<...> "
			 "tells none; ecr %u! sends the number as it is)",
			 number, number, number);
		return false;
	}
	return true;
}

/* ---- inbound ----------------------------------------------------------------------------- */

static bool tcp_to_live(struct seqmap *seqmap, struct tcp_segment *tcp, bool ecr_scaled,
			struct wire_error *error)
{
	bool syn = tcp->flags & TCP_SYN;
	struct clock_number echo = find_clock(tcp, VALUE_ECHO);
	uint32_t offset = seqmap->local_isn - (syn ? seqmap->local_script_isn : 0);

	if (syn && !seqmap->has_remote_isn) {
		seqmap->has_remote_isn = true;
		seqmap->remote_isn = tcp->seq;
	}
	if (!syn && !tcp->seq_literal)
		tcp->seq += seqmap->remote_isn;
	if (!(tcp->flags & TCP_ACK_FLAG))
		return true;
	tcp->ack = (tcp->has_ack ? tcp->ack : 0) + offset;
	tcp->has_ack = true;
	shift_numbers(tcp, offset);
	return !echo.option || echo.option->literal & 1u << echo.at ||
	       echo_to_live(seqmap, ecr_scaled, echo, error);
}

bool seqmap_to_live(struct seqmap *seqmap, const struct packet *script, struct packet *live,
		  struct arena *arena, bool ecr_scaled, struct wire_error *error)
{
	copy_packet(live, script, arena);
	if (live->kind == PACKET_TCP)
		return tcp_to_live(seqmap, &live->tcp, ecr_scaled, error);
	if (live->kind == PACKET_ICMP && live->icmp.echoed == ICMP_ECHO_TCP)
		live->icmp.echoed_seq += seqmap->local_isn;
	return true;
}

/* ---- outbound ---------------------------------------------------------------------------- */

static void tcp_learn(struct seqmap *seqmap, const struct tcp_segment *expected,
		      const struct tcp_segment *live)
{
	struct clock_number told, seen;

	if ((live->flags & TCP_SYN) && !seqmap->has_local_isn) {
		seqmap->has_local_isn = true;
		seqmap->local_isn = live->seq;
		seqmap->local_script_isn = expected->flags & TCP_SYN ? expected->seq : 0;
	}
	if (expected->options_mode != OPTIONS_LIST)
		return;
	told = find_clock(expected, VALUE_CLOCK);
	seen = find_clock(live, VALUE_CLOCK);
	if (told.option && seen.option && !(told.option->any & 1u << told.at))
		ts_learn(seqmap, (uint32_t)told.option->value[told.at],
			 (uint32_t)seen.option->value[seen.at]);
}

static void tcp_to_script(const struct seqmap *seqmap, const struct tcp_segment *expected,
			  struct tcp_segment *tcp)
{
	bool syn = tcp->flags & TCP_SYN;
	/* Nothing learned yet: a SYN begins at 0, as most scripts write it. */
	uint32_t isn = syn && !seqmap->has_local_isn ? tcp->seq : seqmap->local_isn;
	struct clock_number clock = find_clock(tcp, VALUE_CLOCK);
	uint64_t *value;

	if (!expected || !expected->seq_literal)
		tcp->seq -= isn - (syn ? seqmap->local_script_isn : 0);
	if ((tcp->flags & TCP_ACK_FLAG) && !syn) {
		tcp->ack -= seqmap->remote_isn;
		shift_numbers(tcp, -seqmap->remote_isn);
	}
	if (clock.option && seqmap->n_ts) {
		value = &clock.option->value[clock.at];
		*value = (uint32_t)(*value - seqmap->ts[0].live + seqmap->ts[0].script);
	}
	if (expected) {
		tcp->ace_given = expected->ace_given;
		tcp->seq_any = expected->seq_any;
		tcp->seq_literal = expected->seq_literal;
	}
}

/* The words that tell of the IP header: those of the expectation. */
static void ip_to_script(const struct ip_info *expected, struct ip_info *ip)
{
	static const struct ip_info nothing;
	const struct ip_info *like = expected ? expected : &nothing;

	ip->has_ttl = like->has_ttl;
	ip->has_flow_label = like->has_flow_label && ip->has_flow_label;
	ip->tos_check = like->tos_check;
	if (ip->tos_check == TOS_ECT01)
		ip->tos_check = TOS_ECN;
	if (ip->tos_check == TOS_DSCP_ECN01)
		ip->tos_check = TOS_BYTE;
	if (!expected && ip->tos)
		ip->tos_check = ip->tos & ~3 ? TOS_BYTE : TOS_ECN;
}

void seqmap_to_script(struct seqmap *seqmap, const struct packet *expected, const struct packet *live,
		    struct packet *script, struct arena *arena)
{
	const struct tcp_segment *tcp = NULL;

	if (expected && expected->kind == PACKET_TCP)
		tcp = &expected->tcp;
	if (tcp && live->kind == PACKET_TCP)
		tcp_learn(seqmap, tcp, &live->tcp);
	copy_packet(script, live, arena);
	ip_to_script(expected ? &expected->ip : NULL, &script->ip);
	if (live->kind == PACKET_TCP)
		tcp_to_script(seqmap, tcp, &script->tcp);
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

void seqmap_label_learn(struct seqmap *seqmap, const struct packet *expected, const struct packet *live)
{
	if (!expected->ip.has_flow_label || live->ip_version != 6)
		return;
	seqmap->has_label = true;
	seqmap->script_label = expected->ip.flow_label;
	seqmap->live_label = live->ip.flow_label;
}

/* ---- the end ----------------------------------------------------------------------------- */

static struct remembered remember(const struct tcp_segment *tcp)
{
	uint32_t length = tcp->payload + !!(tcp->flags & TCP_SYN) + !!(tcp->flags & TCP_FIN);

	return (struct remembered){
		.valid = true,
		.flags = tcp->flags,
		.window = tcp->window,
		.ack = tcp->ack,
		.end = tcp->seq + length,
	};
}

void seqmap_sent(struct seqmap *seqmap, const struct packet *live)
{
	if (live->kind == PACKET_TCP)
		seqmap->sent = remember(&live->tcp);
}

void seqmap_seen(struct seqmap *seqmap, const struct packet *live)
{
	if (live->kind == PACKET_TCP)
		seqmap->seen = remember(&live->tcp);
}

void seqmap_reset_packet(const struct seqmap *seqmap, struct packet *live)
{
	const struct remembered *sent = &seqmap->sent, *seen = &seqmap->seen;
	bool own = sent->valid && (sent->flags & TCP_ACK_FLAG);

	*live = (struct packet){.direction = INBOUND, .kind = PACKET_TCP};
	live->tcp = (struct tcp_segment){
		.flags = TCP_RST | TCP_ACK_FLAG,
		.seq = sent->valid ? sent->end : seen->ack,
		.ack = own ? sent->ack : seen->end,
		.window = own ? sent->window : 0,
		.has_ack = true,
		.has_window = true,
	};
}
