/* TCP: maps sequence numbers, acknowledgments and timestamps, and compares segments. */
#include <stdio.h>
#include <string.h>

#include "parser/ast_print.h"
#include "parser/fields.h"
#include "parser/tcp_options.h"
#include "runtime/conn/match_parts.h"
#include "runtime/conn/seqmap_parts.h"
#include "runtime/conn/transport.h"

static bool tcp_opens(const struct packet *packet)
{
	return (packet->tcp.flags & (TCP_SYN | TCP_ACK_FLAG)) == TCP_SYN;
}

static uint32_t tcp_len(const struct packet *packet)
{
	return packet->tcp.len;
}

static uint32_t tcp_seq(const struct packet *packet)
{
	return packet->tcp.seq;
}

static void tcp_write_like(const struct packet *like, struct packet *packet)
{
	if (!like->tcp.has_window)
		packet->tcp.has_window = false;
	if (like->tcp.options_mode == OPTIONS_ANY && packet->tcp.n_options)
		packet->tcp.options_mode = OPTIONS_ANY;
}

/* ---- numbers in options ------------------------------------------------------------------ */

/* A number of the sender's clock in an option, or of the other side's clock that it echoes. */
struct clock_number {
	struct tcp_option *option; /* NULL: the segment has none */
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

/* Gives the segment a copy of its options, which may be changed. */
static void own_options(struct tcp_segment *tcp, struct arena *arena)
{
	size_t size = tcp->n_options * sizeof(*tcp->options);
	const struct tcp_option *options = tcp->options;

	if (!size)
		return;
	tcp->options = arena_alloc(arena, size);
	memcpy(tcp->options, options, size);
}

/* Shifts the sequence numbers of the other side in options. */
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

/* The pair with the live val that `script` stood for when it was last seen. */
static const struct ts_pair *ts_find(const struct seqmap *seqmap, uint32_t script)
{
	for (size_t i = seqmap->n_ts; i-- > 0;)
		if (seqmap->ts[i].script == script)
			return &seqmap->ts[i];
	return NULL;
}

static bool echo_to_live(const struct seqmap *seqmap, bool scaled, struct clock_number echo,
			 struct errbuf *error)
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

/* ---- mapping ----------------------------------------------------------------------------- */

/* Shifts the sequence and acknowledgment numbers of a segment by the initial numbers. */
static void shift_fields(struct tcp_segment *tcp, uint32_t seq, uint32_t ack)
{
	static const enum field_id fields[] = {FIELD_tcp_seq, FIELD_tcp_ack};
	const uint32_t offsets[] = {[MAP_NONE] = 0, [MAP_SEQ] = seq, [MAP_ACK] = ack};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		field_set(fields[i], tcp,
			  field_get(fields[i], tcp) + offsets[field_row(fields[i])->map]);
	shift_numbers(tcp, ack);
}

/* An acknowledgment up to this far beyond the kernel's SYN belongs to this connection. */
#define ACK_FAR (1u << 20)

static void go_on(struct seqmap *seqmap)
{
	const struct remembered sent = seqmap->sent, seen = seqmap->seen;

	*seqmap = *seqmap->before;
	seqmap->before = NULL;
	seqmap->has_script_isn = true;
	seqmap->sent = sent;
	seqmap->seen = seen;
	seqmap->max_ts = seqmap->n_ts; /* the array belongs to `before` */
}

/* True if the first segment of a connection is expected in the numbering of the connection before
 * it.
 */
static bool expected_to_go_on(const struct seqmap *before, const struct tcp_segment *expected,
			      const struct tcp_segment *live)
{
	if (!before || !before->has_local_isn || !(expected->flags & TCP_SYN) ||
	    expected->seq_any || expected->seq_literal)
		return false;
	if (expected->seq == live->seq - before->local_isn + before->script_isn)
		return true;
	return live->flags & TCP_ACK_FLAG && expected->seq && expected->seq != before->script_isn;
}

/* If no event expected the kernel's SYN, the peer's first acknowledgment decides whether the script
 * goes on in the old numbering. */
static void decide_by_ack(struct seqmap *seqmap, const struct tcp_segment *tcp)
{
	const struct seqmap *before = seqmap->before;

	if (!before || !seqmap->has_local_isn || !(tcp->flags & TCP_ACK_FLAG))
		return;
	if (before->has_local_isn &&
	    tcp->ack + before->local_isn - (seqmap->local_isn + 1) < ACK_FAR)
		go_on(seqmap);
	seqmap->before = NULL;
}

static bool tcp_to_live(struct seqmap *seqmap, struct packet *live, struct arena *arena,
			bool ecr_scaled, struct errbuf *error)
{
	struct tcp_segment *tcp = &live->tcp;
	bool syn = tcp->flags & TCP_SYN, acks = tcp->flags & TCP_ACK_FLAG;
	struct clock_number echo;
	uint32_t offset;

	decide_by_ack(seqmap, tcp);
	offset = seqmap->local_isn - (syn ? seqmap->script_isn : 0);
	own_options(tcp, arena);
	echo = find_clock(tcp, VALUE_ECHO);
	if (syn && !seqmap->has_remote_isn)
		seqmap_peer_syn(seqmap, tcp->seq);
	if (acks && !tcp->has_ack)
		tcp->ack = 0;
	shift_fields(tcp, syn || tcp->seq_literal ? 0 : seqmap->remote_isn, acks ? offset : 0);
	tcp->has_ack = tcp->has_ack || acks;
	return !acks || !echo.option || echo.option->literal & 1u << echo.at ||
	       echo_to_live(seqmap, ecr_scaled, echo, error);
}

/* Learns the kernel's ISN from its first SYN, expected or not, and the script's ISN from the first
 * expectation that has one. */
static void learn_isn(struct seqmap *seqmap, const struct tcp_segment *expected,
		      const struct tcp_segment *live)
{
	if (!(live->flags & TCP_SYN))
		return;
	if (!seqmap->has_local_isn)
		seqmap_kernel_syn(seqmap, live->seq);
	if (!expected || seqmap->has_script_isn)
		return;
	if (expected_to_go_on(seqmap->before, expected, live)) {
		go_on(seqmap);
		return;
	}
	seqmap->before = NULL;
	seqmap->has_script_isn = true;
	seqmap->script_isn = expected->flags & TCP_SYN ? expected->seq : 0;
}

static void tcp_learn(struct seqmap *seqmap, const struct packet *expected,
		      const struct packet *live)
{
	struct clock_number told, seen;

	learn_isn(seqmap, expected ? &expected->tcp : NULL, &live->tcp);
	if (!expected || expected->tcp.options_mode != OPTIONS_LIST)
		return;
	told = find_clock(&expected->tcp, VALUE_CLOCK);
	seen = find_clock(&live->tcp, VALUE_CLOCK);
	if (told.option && seen.option && !(told.option->any & 1u << told.at))
		ts_learn(seqmap, (uint32_t)told.option->value[told.at],
			 (uint32_t)seen.option->value[seen.at]);
}

static void tcp_to_script(const struct seqmap *seqmap, const struct packet *expected,
			  struct packet *script, struct arena *arena)
{
	struct tcp_segment *tcp = &script->tcp;
	bool syn = tcp->flags & TCP_SYN, literal = expected && expected->tcp.seq_literal;
	uint32_t isn = seqmap->local_isn - (syn ? seqmap->script_isn : 0);
	bool acks = (tcp->flags & TCP_ACK_FLAG) && !syn;
	struct clock_number clock;
	uint64_t *value;

	own_options(tcp, arena);
	clock = find_clock(tcp, VALUE_CLOCK);
	shift_fields(tcp, literal ? 0 : -isn, acks ? -seqmap->remote_isn : 0);
	if (clock.option && seqmap->n_ts) {
		value = &clock.option->value[clock.at];
		*value = (uint32_t)(*value - seqmap->ts[0].live + seqmap->ts[0].script);
	}
	if (expected) {
		tcp->ace_given = expected->tcp.ace_given;
		tcp->seq_any = expected->tcp.seq_any;
		tcp->seq_literal = expected->tcp.seq_literal;
	}
}

/* ---- the closing RST --------------------------------------------------------------------- */

static void tcp_remember(struct seqmap *seqmap, const struct packet *live)
{
	const struct tcp_segment *tcp = &live->tcp;
	uint32_t length = tcp->len + !!(tcp->flags & TCP_SYN) + !!(tcp->flags & TCP_FIN);

	*(live->direction == INBOUND ? &seqmap->sent : &seqmap->seen) = (struct remembered){
		.valid = true,
		.flags = tcp->flags,
		.window = tcp->window,
		.ack = tcp->ack,
		.end = tcp->seq + length,
	};
}

bool seqmap_is_answered_by(const struct seqmap *seqmap, const struct tcp_segment *reset)
{
	const struct remembered *sent = &seqmap->sent;

	if (!sent->valid)
		return false;
	if (reset->flags & TCP_ACK_FLAG)
		return !(sent->flags & TCP_ACK_FLAG) && reset->seq == 0 && reset->ack == sent->end;
	return sent->flags & TCP_ACK_FLAG && reset->seq == sent->ack;
}

static bool tcp_reset(const struct seqmap *seqmap, bool expected, struct packet *live)
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
	if (!expected)
		return true;
	live->tcp.seq = seen->ack;
	live->tcp.ack = seen->end;
	return seen->valid && (seen->flags & TCP_ACK_FLAG);
}

/* ---- comparing --------------------------------------------------------------------------- */

static void match_flags(const struct tcp_segment *expected, const struct tcp_segment *actual,
			struct mismatches *mismatches)
{
	static const enum field_id parts[] = {FIELD_tcp_reserved, FIELD_tcp_ace};
	struct tcp_segment rest[2] = {*expected, *actual};
	char a[32], b[32];

	/* Bits that are compared as a number are not compared as flags. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!field_given(parts[i], expected) ||
		    !match_fields(&parts[i], 1, expected, actual, mismatches))
			continue;
		field_set(parts[i], &rest[0], 0);
		field_set(parts[i], &rest[1], 0);
	}
	if (rest[0].flags == rest[1].flags)
		return;
	tcp_flags_print(a, sizeof(a), expected);
	tcp_flags_print(b, sizeof(b), actual);
	mismatch_set_numbers(mismatch_add(mismatches, FIELD_tcp_flags, a, b), expected->flags,
			     actual->flags);
}

static void tcp_match(struct matching *m)
{
	static const enum field_id fields[] = {FIELD_tcp_seq, FIELD_tcp_length, FIELD_tcp_ack,
					       FIELD_tcp_window, FIELD_tcp_urgent};
	const struct tcp_segment *expected = &m->expected->tcp, *actual = &m->actual.tcp;
	unsigned skip = expected->seq_any; /* skips the sequence number */

	match_flags(expected, actual, &m->mismatches);
	match_fields(fields + skip, sizeof(fields) / sizeof(*fields) - skip, expected, actual,
		     &m->mismatches);
	match_options(m);
	match_data(m);
}

/* Only a beginning of the expected segment may grow into it. A segment that starts elsewhere or
 * ends the stream differs already. */
static bool tcp_may_grow(const struct packet *expected, const struct packet *actual)
{
	return actual->tcp.len < expected->tcp.len &&
	       (expected->tcp.seq_any || actual->tcp.seq == expected->tcp.seq) &&
	       !(actual->tcp.flags & (TCP_FIN | TCP_RST));
}

#define MERGED_FLAGS (TCP_SYN | TCP_RST | TCP_ACK_FLAG | TCP_URG | TCP_ECE | TCP_AE)

/* Compares the fields in which `next` must agree with the sum. */
static void tcp_continues(const struct matching *m, const struct wire_packet *next,
			  const struct packet *script, struct mismatches *why)
{
	static const enum field_id fields[] = {FIELD_tcp_ack, FIELD_tcp_window, FIELD_tcp_urgent};
	const struct tcp_segment *sum = &m->actual.tcp, *tcp = &script->tcp;
	const struct tcp_segment *last = &m->live->packet.tcp;
	bool completes = sum->len + tcp->len >= m->expected->tcp.len;
	size_t sum_options = wire_options_size(sum), options = wire_options_size(tcp);
	char a[32], b[32];

	if ((sum->flags ^ tcp->flags) & MERGED_FLAGS) {
		tcp_flags_print(a, sizeof(a), sum);
		tcp_flags_print(b, sizeof(b), tcp);
		mismatch_set_numbers(mismatch_add(why, FIELD_tcp_flags, a, b), sum->flags,
				     tcp->flags);
	}
	if (m->actual.ip_version != script->ip_version)
		mismatch_int(why, FIELD_ip_version, m->actual.ip_version, script->ip_version);
	if (m->live->ip_options != next->ip_options)
		mismatch_int(why, FIELD_ip_header, m->live->ip_options, next->ip_options);
	if (sum->seq + sum->len != tcp->seq)
		mismatch_int(why, FIELD_tcp_seq, sum->seq + sum->len, tcp->seq);
	match_fields(fields, sizeof(fields) / sizeof(*fields), sum, tcp, why);
	if (sum_options != options)
		mismatch_int(why, FIELD_tcp_options_size, (long long)sum_options,
			     (long long)options);
	if (!completes && last->len != tcp->len)
		mismatch_int(why, FIELD_tcp_length, last->len, tcp->len);
}

static void tcp_merge(struct packet *sum, const struct packet *next)
{
	struct packet first = *sum;

	*sum = *next;
	sum->tcp.seq = first.tcp.seq;
	sum->tcp.len += first.tcp.len;
	sum->tcp.flags = (uint16_t)((next->tcp.flags & ~TCP_CWR) | (first.tcp.flags & TCP_CWR));
}

const struct transport transport_tcp = {
	.opens = tcp_opens,
	.len = tcp_len,
	.seq = tcp_seq,
	.write_like = tcp_write_like,
	.to_live = tcp_to_live,
	.learn = tcp_learn,
	.to_script = tcp_to_script,
	.remember = tcp_remember,
	.reset = tcp_reset,
	.match = tcp_match,
	.may_grow = tcp_may_grow,
	.continues = tcp_continues,
	.merge = tcp_merge,
};
