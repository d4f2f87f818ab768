/* What tun/ asks of rtnetlink(7): links up, addresses, routes. Internal to tun/.
 *
 * Every call sends one request and waits for its acknowledgement; it returns 0 or -errno with the
 * kernel's own words (extended acknowledgement) in `err` where it gives any. */
#ifndef FINWAIT_TUN_RTNL_H
#define FINWAIT_TUN_RTNL_H

#include "tun/device.h"

/* A socket for all below, closed with close(); -errno with err. */
int rtnl_open(struct errbuf *err);

/* No IPv6 link-local address of the kernel's own making, hence no duplicate address detection and
 * no router solicitation. Before the link goes up. */
int rtnl_link_quiet(int fd, unsigned index, struct errbuf *err);
/* mtu 0: unchanged. */
int rtnl_link_up(int fd, unsigned index, unsigned mtu, struct errbuf *err);

/* The address is usable when it returns; no duplicate address detection. The link must be up. */
int rtnl_addr_add(int fd, unsigned index, const struct ip_addr *addr, unsigned bits,
		  struct errbuf *err);

struct rtnl_route {
	const struct ip_addr *to; /* host bits are cleared here */
	unsigned bits;
	const struct ip_addr *gateway; /* NULL: none */
	bool onlink;	/* take the gateway as a neighbour whatever the prefixes say */
	bool local;	/* type local, table local: the prefix is the machine's own */
	unsigned index; /* of the device */
};

int rtnl_route_add(int fd, const struct rtnl_route *route, struct errbuf *err);

#endif
