#include "tun/rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tun/netlink.h"

static int family_of(const struct ip_addr *addr)
{
	return addr->version == 4 ? AF_INET : AF_INET6;
}

static size_t size_of(const struct ip_addr *addr)
{
	return addr->version == 4 ? 4 : 16;
}

int rtnl_open(struct errbuf *err)
{
	int on = 1;
	int fd = netlink_open(NETLINK_ROUTE, 0);

	if (fd < 0)
		return err_set(err, fd, "cannot open rtnetlink: %s", strerror(-fd));
	/* This may fail: a kernel without error texts still answers with a number. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return fd;
}

/* The kernel's text for an error; NULL: none. With NETLINK_CAP_ACK the attributes follow the error
 * number directly (Documentation/userspace-api/netlink/intro.rst). */
static const char *reply_message(const struct netlink_answer *reply)
{
	size_t length = 0;
	const char *message = NULL;

	if (reply->header.nlmsg_flags & NLM_F_ACK_TLVS)
		message = netlink_find(reply, sizeof(struct nlmsgerr), NLMSGERR_ATTR_MSG, &length);
	return message && length && !message[length - 1] ? message : NULL;
}

static int talk(int fd, struct netlink_request *request, const char *what, struct errbuf *err)
{
	struct netlink_answer reply;
	const struct nlmsgerr *ack;
	const char *message;
	int code;

	request->header.nlmsg_flags |= NLM_F_ACK;
	request->header.nlmsg_seq = 1;
	code = netlink_send(fd, request);
	if (code == 0)
		code = netlink_receive(fd, &reply);
	if (code < 0)
		return err_set(err, code, "cannot %s: %s", what, strerror(-code));
	ack = netlink_payload(&reply, sizeof(*ack));
	if (reply.header.nlmsg_type != NLMSG_ERROR || !ack)
		return err_set(err, -EPROTO, "cannot %s: unexpected netlink reply", what);
	if (ack->error == 0)
		return 0;
	message = reply_message(&reply);
	return err_set(err, ack->error, "cannot %s: %s%s%s", what, strerror(-ack->error),
		       message ? ": " : "", message ? message : "");
}

static void begin_link(struct netlink_request *request, unsigned index, unsigned flags)
{
	struct ifinfomsg *link = netlink_begin(request, RTM_NEWLINK, 0, sizeof(*link));

	link->ifi_family = AF_UNSPEC;
	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = flags;
}

int rtnl_link_quiet(int fd, unsigned index, struct errbuf *err)
{
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	struct netlink_request request;
	struct nlattr *spec, *inet6;
	int code;

	begin_link(&request, index, 0);
	spec = netlink_put(&request, IFLA_AF_SPEC, NULL, 0);
	inet6 = netlink_put(&request, AF_INET6, NULL, 0);
	netlink_put(&request, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	netlink_end_nest(&request, inet6);
	netlink_end_nest(&request, spec);
	code = talk(fd, &request, "keep the link quiet", err);
	/* A kernel without IPv6 sends no such packets anyway. */
	return code == -EAFNOSUPPORT ? 0 : code;
}

int rtnl_link_up(int fd, unsigned index, unsigned mtu, struct errbuf *err)
{
	struct netlink_request request;

	begin_link(&request, index, IFF_UP);
	if (mtu)
		netlink_put_u32(&request, IFLA_MTU, mtu);
	return talk(fd, &request, "bring the link up", err);
}

static int add_address(int fd, unsigned index, const struct ip_addr *addr, unsigned bits,
		       struct errbuf *err)
{
	struct netlink_request request;
	struct ifaddrmsg *ifa = netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
					      sizeof(*ifa));

	ifa->ifa_family = family_of(addr);
	ifa->ifa_prefixlen = bits;
	ifa->ifa_flags = addr->version == 6 ? IFA_F_NODAD : 0;
	ifa->ifa_scope = RT_SCOPE_UNIVERSE;
	ifa->ifa_index = index;
	netlink_put(&request, IFA_LOCAL, addr->bytes, size_of(addr));
	netlink_put(&request, IFA_ADDRESS, addr->bytes, size_of(addr));
	return talk(fd, &request, "add the local address", err);
}

static bool is_route_to(const struct netlink_answer *message, const struct ip_addr *addr)
{
	const struct rtmsg *rtm = netlink_payload(message, sizeof(*rtm));
	const void *destination;
	size_t length;

	if (message->header.nlmsg_type != RTM_NEWROUTE || !rtm || rtm->rtm_type != RTN_LOCAL)
		return false;
	destination = netlink_find(message, sizeof(*rtm), RTA_DST, &length);
	return destination && length == 16 && memcmp(destination, addr->bytes, 16) == 0;
}

/* Reads the notifications of `watch` until the local route to `addr` is announced. */
static int wait_for_route(int watch, const struct ip_addr *addr, struct errbuf *err)
{
	const struct timeval limit = {.tv_sec = 5};
	struct netlink_answer message;

	setsockopt(watch, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (;;) {
		int code = netlink_receive(watch, &message);

		if (code < 0 && code != -EINTR && code != -EPROTO)
			return err_set(err, code, "the local address does not become usable: %s",
				       strerror(-code));
		if (code == 0 && is_route_to(&message, addr))
			return 0;
	}
}

/* Waits for the local route of an IPv6 address. Even with IFA_F_NODAD the kernel adds it in a work
 * queue (net/ipv6/addrconf.c: inet6_addr_add, addrconf_dad_completed), and packets to the address
 * are dropped before that. */
int rtnl_addr_add(int fd, unsigned index, const struct ip_addr *addr, unsigned bits,
		  struct errbuf *err)
{
	int watch, code;

	if (addr->version == 4)
		return add_address(fd, index, addr, bits, err);
	watch = netlink_open(NETLINK_ROUTE, RTMGRP_IPV6_ROUTE);
	if (watch < 0)
		return err_set(err, watch, "cannot open rtnetlink: %s", strerror(-watch));
	code = add_address(fd, index, addr, bits, err);
	if (code == 0)
		code = wait_for_route(watch, addr, err);
	close(watch);
	return code;
}

/* The kernel refuses IPv4 destinations with bits beyond the prefix. */
static void put_prefix(struct netlink_request *request, const struct ip_addr *addr, unsigned bits)
{
	unsigned char prefix[16] = {0};
	size_t size = size_of(addr);

	for (size_t i = 0; i < size && i * 8 < bits; i++) {
		unsigned left = bits - i * 8;

		prefix[i] = addr->bytes[i] & (left >= 8 ? 0xff : 0xff00 >> left);
	}
	netlink_put(request, RTA_DST, prefix, size);
}

static unsigned char route_scope(const struct rtnl_route *route)
{
	if (route->local)
		return RT_SCOPE_HOST;
	return route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

/* A lower priority than that of any local route that a script's command adds for the same prefix.
 */
#define LOCAL_PRIORITY 9999

int rtnl_route_add(int fd, const struct rtnl_route *route, struct errbuf *err)
{
	struct netlink_request request;
	struct rtmsg *rtm = netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
					  sizeof(*rtm));

	rtm->rtm_family = family_of(route->to);
	rtm->rtm_dst_len = route->bits;
	rtm->rtm_table = route->local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_BOOT;
	rtm->rtm_scope = route_scope(route);
	rtm->rtm_type = route->local ? RTN_LOCAL : RTN_UNICAST;
	rtm->rtm_flags = route->gateway && route->onlink ? RTNH_F_ONLINK : 0;
	put_prefix(&request, route->to, route->bits);
	if (route->gateway)
		netlink_put(&request, RTA_GATEWAY, route->gateway->bytes, size_of(route->gateway));
	netlink_put_u32(&request, RTA_OIF, route->index);
	if (route->local)
		netlink_put_u32(&request, RTA_PRIORITY, LOCAL_PRIORITY);
	return talk(fd, &request,
		    route->local ? "add the local route" : "add the route to the remote prefix",
		    err);
}
