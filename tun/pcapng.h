/* The blocks of a pcapng file, as far as a capture of ours needs them (draft-ietf-opsawg-pcapng): a
 * section, one interface of whole IP packets with times in nanoseconds, and packets with a comment
 * each, which libpcap cannot write. In the machine's own byte order, as the format allows. Errors are
 * the stream's. */
#ifndef FINWAIT_TUN_PCAPNG_H
#define FINWAIT_TUN_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A packet and its comment are cut to these. */
#define PCAPNG_PACKET_MAX  (1 << 18)
#define PCAPNG_COMMENT_MAX 4096

/* What stands in front of the packets. */
void pcapng_begin(FILE *out);
/* A packet: ns since 1970; `inbound`: the kernel received it, otherwise it sent it. `comment` is
 * UTF-8; NULL: none. */
void pcapng_packet(FILE *out, int64_t realtime_ns, const uint8_t *bytes, size_t size, bool inbound,
		   const char *comment);

#endif
