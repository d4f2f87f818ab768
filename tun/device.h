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
	unsigned speed_mbps;   /* 0: unchanged */
	struct ip_addr local; /* configured on the device unless any_ip */
	unsigned local_bits;
	struct ip_addr gateway; /* next hop of the route */
	struct ip_addr remote;	 /* its prefix of remote_bits is routed through the device */
	unsigned remote_bits;
	bool any_ip;	 /* local is not configured; local's /bits is made a local route, of low
			    priority */
	bool transient;	 /* the device goes away when the link is closed: for a namespace that
			  * outlives the run. The process that closes it last waits for that, 20
			  * ms. A tun0 in use is waited for, a second at most */
	bool alone;	 /* no others do the same all the time: the process that closes the link
			  * need not wait for the capture to end, neither then nor at its own end */
	bool background; /* return before the capture runs: call link->ops->ready() later */
};

/* Creates tun0 with a virtio-net header and TSO, addresses and routes over netlink, and a running
 * capture of what the kernel sends. The device is persistent unless `transient`, so that its
 * removal is left to the clean-up of a namespace of its own (netns.h). Starting the capture makes
 * the kernel wait for 8 ms or so; `background` lets the caller do something else meanwhile.
 *
 * A packet the kernel sends is given whole; when more than 500 are left unread, the later ones are
 * given as their first 432 bytes (size < wire_size).
 *
 * Returns 0 and *link, or -errno with err: -EBUSY if the namespace has a tun0 already. */
int tun_open(const struct tun_config *config, struct link **link, struct errbuf *err);

#endif
