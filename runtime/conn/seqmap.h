/* Maps live numbers of one connection to script numbers and back (docs/language.md: "Sequence
 * numbers", "TCP timestamps"). */
#ifndef FINWAIT_RUNTIME_CONN_SEQMAP_H
#define FINWAIT_RUNTIME_CONN_SEQMAP_H

#include "base/arena.h"
#include "parser/ast.h"
#include "runtime/record/mismatch.h"
#include "runtime/wire/wire.h"

struct seqmap; /* ISNs, timestamp and flow-label maps of one connection; no tuple, no descriptor */

struct seqmap *seqmap_new(struct arena *arena);
/* For a connection that takes the place of another one between the same ports. Its numbers start
 * anew, unless the script writes the number of the kernel's SYN or SYN-ACK in the old numbering, as
 * packetdrill does, which learns initial numbers only once. The old numbering then goes on in both
 * directions. A SYN-ACK starts anew only with the number 0 or the script number of the old SYN-ACK;
 * any other number, right or wrong, belongs to the old numbering. If no event expects the SYN or
 * SYN-ACK, the first acknowledgment that fits one numbering decides. */
struct seqmap *seqmap_new_after(struct arena *arena, const struct seqmap *before);
/* Makes a copy that can learn without a change to the original. */
struct seqmap *seqmap_copy(struct arena *arena, const struct seqmap *seqmap);
/* Set the live initial numbers, if they are not learned by the functions below. */
void seqmap_kernel_syn(struct seqmap *seqmap, uint32_t seq);
void seqmap_peer_syn(struct seqmap *seqmap, uint32_t seq);

/* Maps an inbound packet from script numbers to live ones. Learns the remote ISN from the first SYN
 * or SYN-ACK. An echo reply (ecr) becomes the live val that the script's number stood for; with
 * `ecr_scaled` (the option of that name) a live val is computed for a number never seen. False with
 * `error` on failure, e.g. an ecr that no outbound segment had as val. */
bool seqmap_to_live(struct seqmap *seqmap, const struct packet *script, struct packet *live,
		    struct arena *arena, bool ecr_scaled, struct errbuf *error);

/* Maps an outbound packet from live numbers to script ones. `expected` is the script's expectation
 * (NULL: none, e.g. for a trace). Learns the kernel's live ISN from its first SYN, expected or not,
 * and the script's ISN and timestamps from expectations. `script` has TOS, TTL and flow label only
 * if the expectation names them; without an expectation, only if they are unusual. It has the whole
 * TCP header. */
void seqmap_to_script(struct seqmap *seqmap, const struct packet *expected,
		      const struct packet *live, struct packet *script, struct arena *arena);

/* Flow labels are symbolic: the same script number as last time must mean the same live label, and
 * another number another label. A live label is never 0. */
bool seqmap_label_ok(const struct seqmap *seqmap, const struct packet *expected,
		     const struct packet *live);
/* Learns the pair that the next packet is compared with. */
void seqmap_label_learn(struct seqmap *seqmap, const struct packet *expected,
			const struct packet *live);

/* seqmap_remember() keeps what seqmap_reset_packet() needs of each live packet. The latter builds
 * the RST that ends the connection after the script, in live numbers: those injected last, or else
 * those of the last outbound header (docs/language.md: "End of script"). With `expected` it has the
 * number that the kernel acknowledged last, since the last injected segment may have been outside
 * the kernel's window. The caller sets the IP version. False: no RST can be built. */
void seqmap_remember(struct seqmap *seqmap, const struct packet *live);
bool seqmap_reset_packet(const struct seqmap *seqmap, enum packet_kind kind, bool expected,
			 struct packet *live);
/* True if a live RST echoes the numbers of the last injected segment (RFC 9293, 3.10.7.1). */
bool seqmap_is_answered_by(const struct seqmap *seqmap, const struct tcp_segment *reset);

#endif
