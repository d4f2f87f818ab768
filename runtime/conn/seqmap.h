/* Connections: which packet belongs to which, and live numbers <-> script numbers
 * (language: "Sequence numbers", "TCP timestamps", "Which connection a packet belongs to"). */
#ifndef FINWAIT_RUNTIME_CONN_SEQMAP_H
#define FINWAIT_RUNTIME_CONN_SEQMAP_H

#include "base/arena.h"
#include "parser/ast.h"
#include "runtime/record/mismatch.h"
#include "runtime/wire/wire.h"

struct seqmap; /* ISNs, timestamp and flow-label maps of one connection; no tuple, no descriptor */

struct seqmap *seqmap_new(struct arena *arena);
/* For a connection that takes the place of another one between the same ports. Its numbers start
 * anew, unless the script writes the number of the kernel's SYN or SYN-ACK as the old numbering has
 * it (packetdrill learns initial numbers once): then that goes on, in both directions. A SYN-ACK
 * starts anew with 0 or the old one's script number only; any other number is one of the old
 * numbering, right or wrong. Where no event expects it, the first acknowledgment that fits tells. */
struct seqmap *seqmap_new_after(struct arena *arena, const struct seqmap *before);
/* One that goes on as this one is, and leaves it alone. */
struct seqmap *seqmap_copy(struct arena *arena, const struct seqmap *seqmap);
/* The live initial numbers, when they are known otherwise than by the functions below. */
void seqmap_kernel_syn(struct seqmap *seqmap, uint32_t seq);
void seqmap_peer_syn(struct seqmap *seqmap, uint32_t seq);

/* Inbound: script numbers -> live. Learns the remote ISN from the first SYN or SYN-ACK. An echo
 * reply (ecr) becomes the live val that the script's number stood for; `ecr_scaled` (the option of
 * that name) computes one for a number never seen. On failure false and `error` (e.g. an ecr no
 * outbound segment had as val). */
bool seqmap_to_live(struct seqmap *seqmap, const struct packet *script, struct packet *live,
		    struct arena *arena, bool ecr_scaled, struct errbuf *error);

/* Outbound, given the script's expectation (NULL: none, e.g. for a trace) and the live packet:
 * gives the live packet in script numbers. The kernel's initial sequence number is learned from its
 * first SYN, expected or not, the script's and timestamps from expectations. TOS, TTL and flow
 * label are told as the expectation tells them, without one if out of the ordinary; all of the TCP
 * header is told. */
void seqmap_to_script(struct seqmap *seqmap, const struct packet *expected,
		      const struct packet *live, struct packet *script, struct arena *arena);

/* Flow labels are symbolic: the same script number as last time must be the same live label,
 * another number another one; a live label is never 0. */
bool seqmap_label_ok(const struct seqmap *seqmap, const struct packet *expected,
		     const struct packet *live);
/* The pair to compare the next one with. */
void seqmap_label_learn(struct seqmap *seqmap, const struct packet *expected,
			const struct packet *live);

/* Keeps what the packet that ends the connection will need of the last live one of either
 * direction; then that packet, an RST, as a live one: last injected numbers, or the last outbound
 * header's (language: "End of script"); `expected`: with the number that the kernel said last it
 * expects, since a segment out of its window may have been injected after it. The IP version is the
 * caller's to set. False: there is none. */
void seqmap_remember(struct seqmap *seqmap, const struct packet *live);
bool seqmap_reset_packet(const struct seqmap *seqmap, enum packet_kind kind, bool expected,
			 struct packet *live);
/* Does a live RST echo the numbers of the last injected segment (RFC 9293, 3.10.7.1)? */
bool seqmap_is_answered_by(const struct seqmap *seqmap, const struct tcp_segment *reset);

#endif
