/* The Internet checksum (RFC 1071) and pseudo-headers (RFC 9293 3.1, RFC 8200 8.1). */
#ifndef FINWAIT_RUNTIME_WIRE_CHECKSUM_H
#define FINWAIT_RUNTIME_WIRE_CHECKSUM_H

#include "runtime/wire/wire.h"

/* Adds bytes to a running sum. In all calls but the last `size` must be even. */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t size);
/* The one's complement of the folded sum, host order. It is 0 if the sum covers a right checksum.
 */
uint16_t checksum_fold(uint64_t sum);
/* The sum of the pseudo-header for `length` bytes of `protocol`. */
uint64_t checksum_pseudo(const struct wire_tuple *tuple, uint8_t protocol, uint32_t length);

#endif
