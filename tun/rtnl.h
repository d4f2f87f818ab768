/* The requests of tun/ to rtnetlink(7): set links up, add addresses and routes. Internal to tun/.
 *
 * Every call sends one request and waits for its acknowledgement; it returns 0 or -errno with the
 * kernel's own words (extended acknowledgement) in `err` where it gives any. */
#ifndef FINWAIT_TUN_RTNL_H
#define FINWAIT_TUN_RTNL_H

#include "tun/device.h"

/* Opens a socket for the functions below, to be closed with close(). Returns the descriptor, or
 * -errno with err. */
int rtnl_open(struct errbuf *err);

/* Makes the kernel add no IPv6 link-local address to the link, so that it sends no duplicate
 * address detection and no router solicitation. To be called before the link goes up. */
int rtnl_link_quiet(int fd, unsigned index, struct errbuf *err);
/* Sets a link up. mtu in bytes; 0: unchanged. */
int rtnl_link_up(int fd, unsigned index, unsigned mtu, struct errbuf *err);

/* Adds an address without duplicate address detection; it is usable when this returns. The link
 * must be up. */
int rtnl_addr_add(int fd, unsigned index, const struct ip_addr *addr, unsigned bits,
		  struct errbuf *err);

struct rtnl_route {
	const struct ip_addr *to; /* may have host bits, which are cleared */
	unsigned bits;
	const struct ip_addr *gateway; /* NULL: none */
	bool onlink;	/* the gateway is a neighbour even if no prefix contains it */
	bool local;	/* type local, table local: the prefix belongs to this machine */
	unsigned index; /* of the device */
};

int rtnl_route_add(int fd, const struct rtnl_route *route, struct errbuf *err);

#endif
