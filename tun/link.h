/* The seam between the run loop and whatever carries packets: a TUN device, a fake in tests.
 *
 * Packets are whole IP packets (no link header). Times are CLOCK_MONOTONIC nanoseconds. */
#ifndef FINWAIT_TUN_LINK_H
#define FINWAIT_TUN_LINK_H

#include <stddef.h>
#include <stdint.h>
#include "base/errbuf.h"

struct link;

/* A packet the kernel under test sent. `bytes` stay valid until the next receive or close. */
struct link_packet {
	const uint8_t *bytes;
	size_t size;	  /* captured bytes */
	size_t wire_size; /* bytes on the wire; larger than size: truncated */
	int64_t time_ns;  /* when the kernel sent it: capture timestamp, CLOCK_MONOTONIC */
};

struct link_ops {
	/* Waits until the link carries packets both ways, which for one opened in the background
	 * takes a while; to be called before the timeline. What was sent before is forgotten.
	 * Returns 0, or -errno with err. May be called again. */
	int (*ready)(struct link *link, struct errbuf *err);
	/* Injects one IP packet. gso_size > 0 marks a TCP packet as an aggregate of segments of
	 * that size. Returns 0 or -errno. When it returns, the stack has processed the packet. */
	int (*send)(struct link *link, const uint8_t *bytes, size_t size, unsigned gso_size);
	/* The next packet the kernel sent, in the order they were sent, waiting until `deadline_ns`
	 * (CLOCK_MONOTONIC; a time in the past: do not wait). Returns 1 a packet, 0 the deadline
	 * passed, or -errno: -ENOBUFS says once that packets were lost, and the next call goes on.
	 */
	int (*receive)(struct link *link, struct link_packet *packet, int64_t deadline_ns);
	/* Frees the link. Does not wait for the kernel to take the device and the capture down;
	 * that may go on until the process ends. */
	void (*close)(struct link *link);
};

/* Embedded first in every implementation. */
struct link {
	const struct link_ops *ops;
};

#endif
