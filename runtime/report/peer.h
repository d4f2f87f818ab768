/* The state of the scripted peer, as far as its own segments imply it: the connection states of RFC
 * 9293, 3.3.2, for an end whose segments are known and whose mind is not.
 *
 * What the peer sends is what it has decided; what it has received is seen from what it
 * acknowledges. A SYN or FIN of the kernel counts as received by the first later segment of the
 * peer that acknowledges it. A segment without numbers of its own (an ACK, a RST) is never
 * acknowledged: it counts as received when the script says that it saw it, which is when it met an
 * expectation, though not before a SYN or FIN that was sent before it; and not at all if the peer
 * later sends again what it acknowledges, as one does that has not got the ACK. */
#ifndef FINWAIT_RUNTIME_REPORT_PEER_H
#define FINWAIT_RUNTIME_REPORT_PEER_H

#include "parser/ast.h"

/* The peer's part in one segment may bring it through several: a SYN-ACK received, an ACK received,
 * its own FIN sent. */
#define PEER_STATES 6

struct peer_segment {
	struct tcp_segment segment;
	bool from_kernel;
	bool seen;		 /* from the kernel: it met an expectation of the script */
	int states[PEER_STATES]; /* out: those that the peer came to, netinet/tcp.h */
	unsigned n_states;
	bool received; /* out: from the kernel, and the peer has it */
	bool has_resent;
	uint32_t resent; /* the lowest number that the peer sends later */
};

/* Follows all segments of one connection, in the order of their times. A port may be used again: a
 * new SYN begins anew. */
void peer_follow(struct peer_segment *segments, size_t n);

#endif
