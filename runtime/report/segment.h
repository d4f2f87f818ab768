/* TCP segments as records have them: read from script notation, and named as people name them. */
#ifndef FINWAIT_RUNTIME_REPORT_SEGMENT_H
#define FINWAIT_RUNTIME_REPORT_SEGMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "parser/ast.h"

/* Reads flags, numbers, length, ack and win of "< 40001 > 8080 F. 1:1(0) ack 1 win 0 <...>". False:
 * it is of another transport, or its numbers are left open. Outer headers may stand before it. */
bool segment_read(struct tcp_segment *segment, const char *text);

/* The sequence number behind it: SYN and FIN take one each. */
uint32_t segment_end(const struct tcp_segment *segment);
bool segment_takes_numbers(const struct tcp_segment *segment);

/* Is number `a` before `b`? They wrap around (RFC 9293, 3.4). */
bool seq_before(uint32_t a, uint32_t b);

/* What stands on an arrow: "FIN 1 ack 1", "PSH 1:1001(1000) ack 1", "ACK 2 ack 2 win 0". ACK is
 * named where no other flag is, and the window where it is closed. What is not TCP stands as it is.
 */
const char *segment_label(struct arena *arena, const char *text);

#endif
