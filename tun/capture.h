/* Says when the kernel sent a packet: a libpcap capture of the heads of a device's outgoing
 * packets, with the kernel's timestamps in ns. Internal to tun/.
 *
 * The whole packet comes from the device itself (device.c), so the ring has many small frames. A
 * packet is visible the moment it is sent, without the timer of larger ring blocks, and a burst of
 * a thousand packets fits in half a MiB. */
#ifndef FINWAIT_TUN_CAPTURE_H
#define FINWAIT_TUN_CAPTURE_H

#include <stddef.h>
#include <stdint.h>
#include "base/errbuf.h"

struct capture;

struct capture_frame {
	const uint8_t *bytes; /* valid until the next capture_next or capture_close */
	size_t size;	      /* captured: the head of the packet */
	size_t wire_size;
	int64_t time_ns; /* CLOCK_MONOTONIC */
};

/* The kernel waits for RCU grace periods when a capture begins and ends: 8 and 30 ms at HZ=250,
 * without CPU time (net/packet/af_packet.c: packet_set_ring, packet_release). A thread of the
 * capture waits for the first of them.
 *
 * capture_open() starts the opening; the device must be up. capture_ready() waits until it is done.
 * Before that has returned 0, only capture_close() may be called. Both return 0, or -errno with
 * err.
 */
int capture_open(const char *device, struct capture **capture, struct errbuf *err);
int capture_ready(struct capture *capture, struct errbuf *err);
/* Takes the capture from the caller without waiting for the kernel; the end of the process waits.
 * Accepts NULL. */
void capture_close(struct capture *capture);
/* The descriptor of the capture; -1: it is not ready. While another descriptor of it is open,
 * closing takes no time (leave.h). */
int capture_fd(const struct capture *capture);
void capture_close_shared(struct capture *capture);

/* Takes the oldest frame; never waits. Returns 1: a frame; 0: none; or -errno. */
int capture_next(struct capture *capture, struct capture_frame *frame);

/* The number of frames lost since the last call because the ring was full. */
unsigned capture_lost(struct capture *capture);

#endif
