/* The blocks of a pcapng file that finwait writes (draft-ietf-opsawg-pcapng): a section, one
 * interface with whole IP packets and times in ns, and packets with a comment each, which libpcap
 * cannot write. Numbers are in the machine's byte order, as the format allows. Errors are those of
 * the stream, see ferror(3). */
#ifndef FINWAIT_TUN_PCAPNG_H
#define FINWAIT_TUN_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The sizes to which a packet and its comment are cut, in bytes. */
#define PCAPNG_PACKET_MAX  (1 << 18)
#define PCAPNG_COMMENT_MAX 4096

/* Writes the blocks in front of the packets. */
void pcapng_begin(FILE *out);
/* Writes a packet with its time in ns since 1970; `inbound`: the kernel received it, otherwise the
 * kernel sent it. `comment` is UTF-8; NULL: none. */
void pcapng_packet(FILE *out, int64_t realtime_ns, const uint8_t *bytes, size_t size, bool inbound,
		   const char *comment);

#endif
