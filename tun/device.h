/* A TUN device with a capture on it, as a struct link. Source: Documentation/networking/tuntap.rst,
 * linux/virtio_net.h, drivers/net/tun.c. */
#ifndef FINWAIT_TUN_DEVICE_H
#define FINWAIT_TUN_DEVICE_H

#include <stdbool.h>
#include "base/addr.h"
#include "tun/link.h"
#include "base/errbuf.h"

struct tun_config {
	const char *node;      /* NULL: /dev/net/tun */
	unsigned mtu;	       /* bytes */
	unsigned speed_mbps;   /* Mbit/s; 0: unchanged */
	struct ip_addr local;  /* address of the device, unless any_ip */
	unsigned local_bits;
	struct ip_addr gateway; /* next hop of the route */
	struct ip_addr remote;	/* the prefix of remote_bits is routed through the device */
	unsigned remote_bits;
	bool any_ip;	 /* local gets no address; its prefix of local_bits becomes a local route
				of low priority */
	bool transient;	 /* the device goes away when the link is closed, for a namespace that
			  * outlives the run. The process that closes it last waits 20 ms for
			  * that. If tun0 is in use, tun_open() waits for it, at most a second */
	bool alone;	 /* no other runs go on: the process that closes the link need not wait
			  * for the end of the capture, neither then nor at its own end */
	bool background; /* return before the capture runs; link->ops->ready() waits for it */
};

/* Creates tun0 with a virtio-net header and TSO, sets addresses and routes over netlink, and starts
 * a capture of what the kernel sends. The device is persistent unless `transient`, so that it is
 * removed with its namespace (netns.h). Starting the capture takes about 8 ms; with `background`
 * the caller can do something else meanwhile.
 *
 * receive() returns whole packets. If more than 500 packets are unread, it returns only the first
 * 432 bytes of later ones (size < wire_size).
 *
 * Returns 0 and *link, or -errno with err: -EBUSY if the namespace has a tun0 already. */
int tun_open(const struct tun_config *config, struct link **link, struct errbuf *err);

#endif
