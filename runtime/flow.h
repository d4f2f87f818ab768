/* Connections: which packet belongs to which, and live numbers <-> script numbers
 * (language: "Sequence numbers", "TCP timestamps", "Which connection a packet belongs to"). */
#ifndef FINWAIT_RUNTIME_FLOW_H
#define FINWAIT_RUNTIME_FLOW_H

#include "parser/arena.h"
#include "parser/ast.h"
#include "runtime/mismatch.h"
#include "runtime/wire/wire.h"

struct flow; /* ISNs, timestamp and flow-label maps of one connection; no tuple, no descriptor */

struct flow *flow_new(struct arena *arena);

/* Inbound: script numbers -> live. Records the remote ISN from SYNs. `ecr_scaled` as the option.
 * On failure false and `error` (e.g. an ecr no outbound segment had as val). */
bool flow_to_live(struct flow *flow, const struct packet *script, struct packet *live,
		  struct arena *arena, bool ecr_scaled, struct wire_error *error);

/* Outbound, given the script's expectation (NULL: none, e.g. for a trace) and the live packet:
 * learns ISN, timestamp baseline and flow label where the language says so, then gives the live packet in
 * script numbers. Learns nothing if `expected` is NULL. */
void flow_to_script(struct flow *flow, const struct packet *expected, const struct packet *live,
		    struct packet *script, struct arena *arena);

/* What an outbound packet told that was checked as it was learned; used by match.h. */
bool flow_label_ok(struct flow *flow, const struct packet *expected, const struct packet *live);
/* Live TS val that the script's val maps to (from the baseline, one tick = tick_usecs). */
bool flow_ts_expected(const struct flow *flow, uint32_t script_val, uint32_t *live_val);

/* For the RST that ends a connection after the script, as a live packet: last injected numbers, or
 * the last outbound header's (language: "End of script"). */
void flow_reset_packet(const struct flow *flow, struct packet *live);
/* Remember the last injected / seen live TCP packet, for that. */
void flow_sent(struct flow *flow, const struct packet *live);
void flow_seen(struct flow *flow, const struct packet *live);

#endif
