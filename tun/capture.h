/* When the kernel sent a packet: a libpcap capture of a device's outgoing packets with the kernel's
 * nanosecond timestamps, heads only. Internal to tun/.
 *
 * The whole packet comes from the device itself (device.c), so the ring can be of many small
 * frames: a packet is visible the moment it is sent, without the timer of larger ring blocks, and a
 * burst of a thousand fits in half a MiB. */
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

/* The kernel waits for RCU grace periods where a capture begins and ends: 8 and 30 ms on a machine
 * of 250 ticks a second, at no CPU (net/packet/af_packet.c: packet_set_ring, packet_release). A
 * thread of the capture's own waits them out.
 *
 * capture_open starts the opening; the device must be up. capture_ready waits until it is done;
 * nothing else may be called before it returned 0, but capture_close. Both return 0 or -errno with
 * err. */
int capture_open(const char *device, struct capture **capture, struct errbuf *err);
int capture_ready(struct capture *capture, struct errbuf *err);
/* Takes the capture away from the caller and does not wait; the end of the process does. Accepts
 * NULL. */
void capture_close(struct capture *capture);
/* Where somebody else holds its descriptor too (-1: it is not ready), closing takes no time. */
int capture_fd(const struct capture *capture);
void capture_close_shared(struct capture *capture);

/* Takes the oldest frame; never waits. 1 a frame, 0 none, or -errno. */
int capture_next(struct capture *capture, struct capture_frame *frame);

/* Frames lost for want of room since the last call. */
unsigned capture_lost(struct capture *capture);

#endif
