/* MD5 (RFC 1321), for the TCP option that still needs it (RFC 2385). Not for anything new. */
#ifndef FINWAIT_RUNTIME_WIRE_MD5_H
#define FINWAIT_RUNTIME_WIRE_MD5_H

#include <stddef.h>
#include <stdint.h>

struct md5 {
	uint32_t state[4];
	uint64_t size; /* bytes so far */
	uint8_t block[64];
};

void md5_begin(struct md5 *md5);
void md5_add(struct md5 *md5, const void *bytes, size_t size);
void md5_end(struct md5 *md5, uint8_t digest[16]);

#endif
