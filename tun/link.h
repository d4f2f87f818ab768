/* The interface between the play loop and what carries packets: a TUN device, or a fake in tests.
 *
 * Packets are whole IP packets (no link header). Times are CLOCK_MONOTONIC nanoseconds. */
#ifndef FINWAIT_TUN_LINK_H
#define FINWAIT_TUN_LINK_H

#include <stddef.h>
#include <stdint.h>
#include "base/errbuf.h"

struct link;

/* A packet that the kernel under test has sent. `bytes` stay valid until the next receive() or
 * close(). */
struct link_packet {
	const uint8_t *bytes;
	size_t size;	  /* captured bytes */
	size_t wire_size; /* bytes on the wire; if larger than size, the packet is truncated */
	int64_t time_ns;  /* when the kernel sent it: capture timestamp, CLOCK_MONOTONIC */
};

struct link_ops {
	/* Waits until the link carries packets both ways; a link that is opened in the background
	 * takes a while. To be called before the timeline; may be called again. Packets sent before
	 * are dropped. Returns 0, or -errno with err. */
	int (*ready)(struct link *link, struct errbuf *err);
	/* Injects one IP packet. gso_size > 0 marks a TCP packet as an aggregate of segments of
	 * that size. When it returns, the network stack has processed the packet. Returns 0 or
	 * -errno. */
	int (*send)(struct link *link, const uint8_t *bytes, size_t size, unsigned gso_size);
	/* Takes the next packet that the kernel has sent, in the order of sending. Waits until
	 * `deadline_ns` (CLOCK_MONOTONIC; a time in the past: does not wait). Returns 1: a packet;
	 * 0: the deadline has passed; or -errno. -ENOBUFS says once that packets were lost, and the
	 * next call goes on behind them. */
	int (*receive)(struct link *link, struct link_packet *packet, int64_t deadline_ns);
	/* Frees the link. The kernel may go on removing the device and the capture until the
	 * process has ended. */
	void (*close)(struct link *link);
};

/* The first member of every implementation's struct. */
struct link {
	const struct link_ops *ops;
};

#endif
