#include "runtime/report/peer.h"

#include <netinet/tcp.h>

#include "runtime/report/segment.h"

#define N_STATES (TCP_CLOSING + 1)

struct peer {
	struct peer_segment *segments;
	size_t n;
	size_t first;	/* of this incarnation */
	size_t pending; /* all before it are settled */
	int state;
	bool has_syn, has_fin, has_told, has_kernel;
	uint32_t sent;	   /* the number behind all that it sent */
	uint32_t syn, fin; /* the numbers behind its SYN and its FIN */
	uint32_t told;	   /* the last number that it acknowledged */
	uint32_t kernel;   /* the number behind all that the kernel sent */
	uint32_t answered; /* the last acknowledgment of the kernel */
};

/* ---- the states, RFC 9293 figure 5 ----------------------------------------------------------- */

/* What happens to the peer. An event that has no cell for a state leaves it as it is. */
enum peer_event {
	SENDS_SYN,
	SENDS_FIN,
	GETS_SYN,     /* with or without ACK */
	GETS_SYN_ACK, /* of its SYN, and a SYN in the same segment */
	GETS_ACK,     /* of its SYN */
	GETS_FIN,
	GETS_FIN_ACK, /* of its FIN */
	GETS_BOTH,    /* of its FIN, and a FIN in the same segment */
	N_PEER_EVENTS,
};

static const int next_states[N_PEER_EVENTS][N_STATES] = {
	[SENDS_SYN] = {[TCP_CLOSE] = TCP_SYN_SENT},
	[SENDS_FIN] = {[TCP_SYN_RECV] = TCP_FIN_WAIT1,
		       [TCP_ESTABLISHED] = TCP_FIN_WAIT1,
		       [TCP_CLOSE_WAIT] = TCP_LAST_ACK},
	[GETS_SYN] = {[TCP_CLOSE] = TCP_SYN_RECV, [TCP_SYN_SENT] = TCP_SYN_RECV},
	[GETS_SYN_ACK] = {[TCP_SYN_SENT] = TCP_ESTABLISHED, [TCP_SYN_RECV] = TCP_ESTABLISHED},
	[GETS_ACK] = {[TCP_SYN_RECV] = TCP_ESTABLISHED},
	[GETS_FIN] = {[TCP_SYN_RECV] = TCP_CLOSE_WAIT,
		      [TCP_ESTABLISHED] = TCP_CLOSE_WAIT,
		      [TCP_FIN_WAIT1] = TCP_CLOSING,
		      [TCP_FIN_WAIT2] = TCP_TIME_WAIT},
	[GETS_FIN_ACK] = {[TCP_FIN_WAIT1] = TCP_FIN_WAIT2,
			  [TCP_CLOSING] = TCP_TIME_WAIT,
			  [TCP_LAST_ACK] = TCP_CLOSE},
	[GETS_BOTH] = {[TCP_FIN_WAIT1] = TCP_TIME_WAIT,
		       [TCP_FIN_WAIT2] = TCP_TIME_WAIT,
		       [TCP_CLOSING] = TCP_TIME_WAIT,
		       [TCP_LAST_ACK] = TCP_CLOSE},
};

static void enter(struct peer *peer, int state, struct peer_segment *at)
{
	if (state == peer->state)
		return;
	peer->state = state;
	if (at->n_states < PEER_STATES)
		at->states[at->n_states++] = state;
}

static void happens(struct peer *peer, enum peer_event event, struct peer_segment *at)
{
	int state = next_states[event][peer->state];

	if (state)
		enter(peer, state, at);
}

static bool takes(const struct peer_segment *of, uint16_t flag)
{
	return of->segment.flags & flag;
}

/* ---- what the peer receives ------------------------------------------------------------------ */

/* What of its numbers the peer sends later, up to the next incarnation. */
static void look_ahead(struct peer_segment *segments, size_t n)
{
	uint32_t resent = 0;
	bool any = false;

	for (size_t i = n; i-- > 0;) {
		const struct tcp_segment *segment = &segments[i].segment;
		bool syn = segment->flags & TCP_SYN;

		segments[i].has_resent = any;
		segments[i].resent = resent;
		if (syn && !(segment->flags & TCP_ACK_FLAG))
			any = false;
		if (segments[i].from_kernel || syn || !segment_takes_numbers(segment))
			continue;
		if (!any || seq_before(segment->seq, resent))
			resent = segment->seq;
		any = true;
	}
}

/* Does the peer send again what this acknowledges? */
static bool is_lost(const struct peer_segment *of)
{
	return of->has_resent && seq_before(of->resent, of->segment.ack);
}

/* RFC 9293, 3.10.7: acknowledgment first, then the FIN. */
static void receive(struct peer *peer, struct peer_segment *of, struct peer_segment *at)
{
	const struct tcp_segment *segment = &of->segment;
	bool acks_syn = segment->has_ack && peer->has_syn && !seq_before(segment->ack, peer->syn);
	bool acks_fin = segment->has_ack && peer->has_fin && !seq_before(segment->ack, peer->fin);

	of->received = true;
	if (takes(of, TCP_RST)) {
		enter(peer, TCP_CLOSE, at);
		return;
	}
	if (takes(of, TCP_SYN))
		happens(peer, acks_syn ? GETS_SYN_ACK : GETS_SYN, at);
	else if (acks_syn)
		happens(peer, GETS_ACK, at);
	if (takes(of, TCP_FIN))
		happens(peer, acks_fin ? GETS_BOTH : GETS_FIN, at);
	else if (acks_fin)
		happens(peer, GETS_FIN_ACK, at);
}

/* Has the peer told that it has this one, which takes numbers? Of a SYN with data it may have told
 * only the SYN. */
static bool is_told(const struct peer *peer, const struct peer_segment *of)
{
	uint32_t end = takes(of, TCP_SYN) ? of->segment.seq + 1 : segment_end(&of->segment);

	return peer->has_told && !seq_before(peer->told, end);
}

/* Nothing more can come of it. */
static bool is_settled(const struct peer_segment *of)
{
	return !of->from_kernel || of->received || takes(of, TCP_RST) ||
	       (!segment_takes_numbers(&of->segment) && (!of->seen || is_lost(of)));
}

/* All that the peer can have received by now, in the order in which it was sent. */
static void receive_all(struct peer *peer, size_t upto, struct peer_segment *at)
{
	while (peer->pending < upto && is_settled(&peer->segments[peer->pending]))
		peer->pending++;
	for (size_t i = peer->pending; i < upto; i++) {
		struct peer_segment *of = &peer->segments[i];

		if (is_settled(of))
			continue;
		if (!segment_takes_numbers(&of->segment) || is_told(peer, of))
			receive(peer, of, at);
		else if (takes(of, TCP_SYN | TCP_FIN))
			return;
	}
}

/* ---- one segment -------------------------------------------------------------------------------
 */

static void begin(struct peer *peer, size_t i)
{
	*peer = (struct peer){.segments = peer->segments,
			      .n = peer->n,
			      .first = i,
			      .pending = i,
			      .state = TCP_CLOSE};
}

/* Is the next answer of the kernel a SYN, so that it took the peer's SYN for a new beginning? */
static bool is_answered(const struct peer *peer, size_t i)
{
	for (i++; i < peer->n; i++)
		if (peer->segments[i].from_kernel)
			return takes(&peer->segments[i], TCP_SYN);
	return false;
}

static bool is_opening(const struct peer *peer)
{
	return peer->state == TCP_SYN_SENT || peer->state == TCP_SYN_RECV;
}

static bool begins_anew(const struct peer *peer, size_t i)
{
	const struct peer_segment *of = &peer->segments[i];

	if (!takes(of, TCP_SYN) || takes(of, TCP_ACK_FLAG) || i == peer->first)
		return false;
	if (of->from_kernel) /* again, if it sent nothing else yet */
		return !is_opening(peer) && peer->kernel != segment_end(&of->segment);
	return !is_opening(peer) &&
	       (peer->state == TCP_CLOSE ? peer->sent != 0 : is_answered(peer, i));
}

static void kernel_sends(struct peer *peer, size_t i)
{
	struct peer_segment *of = &peer->segments[i];
	const struct tcp_segment *segment = &of->segment;

	if (takes(of, TCP_RST)) {
		/* Out of its window a RST is dropped (3.10.7.4). */
		if (of->seen && !(peer->has_told && seq_before(segment->seq, peer->told)))
			receive(peer, of, of);
		return;
	}
	if (!peer->has_kernel || seq_before(peer->kernel, segment_end(segment)))
		peer->kernel = segment_end(segment);
	peer->has_kernel = true;
	if (segment->has_ack)
		peer->answered = segment->ack;
	if (!segment_takes_numbers(segment))
		receive_all(peer, i + 1, of);
}

/* A RST counts if it is one that this end would send: at the number where it is, or where it was
 * asked (3.10.7.4). Any other is someone else's. */
static bool is_own_reset(const struct peer *peer, const struct tcp_segment *segment)
{
	return segment->seq == peer->sent || segment->seq == peer->answered;
}

static void own_segment(struct peer *peer, struct peer_segment *of)
{
	uint32_t end = segment_end(&of->segment);

	if (takes(of, TCP_SYN)) {
		happens(peer, SENDS_SYN, of);
		peer->syn = of->segment.seq + 1;
		peer->sent = end;
		peer->has_syn = true;
	} else if (takes(of, TCP_FIN) && !peer->has_fin) {
		happens(peer, SENDS_FIN, of);
		peer->fin = end;
		peer->has_fin = true;
	}
	if (seq_before(peer->sent, end))
		peer->sent = end;
}

static void peer_sends(struct peer *peer, size_t i)
{
	struct peer_segment *of = &peer->segments[i];
	const struct tcp_segment *segment = &of->segment;

	/* What the kernel never sent cannot have been received. */
	if (segment->has_ack && peer->has_kernel && !takes(of, TCP_RST) &&
	    !seq_before(peer->kernel, segment->ack)) {
		if (!peer->has_told || seq_before(peer->told, segment->ack))
			peer->told = segment->ack;
		peer->has_told = true;
		receive_all(peer, i, of);
	}
	if (takes(of, TCP_RST)) {
		if (is_own_reset(peer, segment))
			enter(peer, TCP_CLOSE, of);
		return;
	}
	if (takes(of, TCP_SYN) && peer->state != TCP_CLOSE && !is_opening(peer))
		return; /* in the middle of a connection, and not taken for a new one */
	own_segment(peer, of);
}

void peer_follow(struct peer_segment *segments, size_t n)
{
	struct peer peer = {.segments = segments, .n = n, .state = TCP_CLOSE};

	look_ahead(segments, n);
	for (size_t i = 0; i < n; i++) {
		if (begins_anew(&peer, i))
			begin(&peer, i);
		if (segments[i].from_kernel)
			kernel_sends(&peer, i);
		else
			peer_sends(&peer, i);
	}
}
