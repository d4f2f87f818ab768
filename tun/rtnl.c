#include "tun/rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define REPLY_SIZE 4096 /* an acknowledgement with the request echoed and a message */

static int family_of(const struct ip_addr *addr)
{
	return addr->version == 4 ? AF_INET : AF_INET6;
}

static size_t size_of(const struct ip_addr *addr)
{
	return addr->version == 4 ? 4 : 16;
}

static int open_socket(struct mnl_socket **nl, unsigned groups, struct errbuf *err)
{
	int code;

	*nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!*nl)
		return err_set(err, -errno, "cannot open rtnetlink: %s", strerror(errno));
	if (mnl_socket_bind(*nl, groups, MNL_SOCKET_AUTOPID) == 0)
		return 0;
	code = err_set(err, -errno, "cannot bind rtnetlink: %s", strerror(errno));
	mnl_socket_close(*nl);
	*nl = NULL;
	return code;
}

int rtnl_open(struct mnl_socket **nl, struct errbuf *err)
{
	int on = 1;
	int code = open_socket(nl, 0, err);

	if (code < 0)
		return code;
	/* Words are nice to have; a kernel without them still answers with a number. */
	mnl_socket_setsockopt(*nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(*nl, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

static int keep_message(const struct nlattr *attr, void *data)
{
	const char **message = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		*message = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* The kernel's words for a refusal, NULL if it has none. With NETLINK_CAP_ACK the attributes follow
 * the error number directly (Documentation/userspace-api/netlink/intro.rst). */
static const char *reply_message(const struct nlmsghdr *reply)
{
	const char *message = NULL;

	if (reply->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(reply, sizeof(struct nlmsgerr), keep_message, &message);
	return message;
}

static int talk(struct mnl_socket *nl, struct nlmsghdr *request, const char *what,
		struct errbuf *err)
{
	char reply[REPLY_SIZE] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)reply;
	const struct nlmsgerr *ack;
	const char *message;
	ssize_t size;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = 1;
	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return err_set(err, -errno, "cannot %s: %s", what, strerror(errno));
	size = mnl_socket_recvfrom(nl, reply, sizeof(reply));
	if (size < 0)
		return err_set(err, -errno, "cannot %s: %s", what, strerror(errno));
	if (!mnl_nlmsg_ok(nlh, size) || nlh->nlmsg_type != NLMSG_ERROR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ack))
		return err_set(err, -EPROTO, "cannot %s: unexpected netlink reply", what);
	ack = mnl_nlmsg_get_payload(nlh);
	if (ack->error == 0)
		return 0;
	message = reply_message(nlh);
	return err_set(err, ack->error, "cannot %s: %s%s%s", what, strerror(-ack->error),
		       message ? ": " : "", message ? message : "");
}

static struct nlmsghdr *put_link(char *buffer, unsigned index, unsigned flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;

	nlh->nlmsg_type = RTM_NEWLINK;
	link = mnl_nlmsg_put_extra_header(nlh, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = flags;
	return nlh;
}

int rtnl_link_quiet(struct mnl_socket *nl, unsigned index, struct errbuf *err)
{
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = put_link(buffer, index, 0);
	struct nlattr *spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	int code;

	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, spec);
	code = talk(nl, nlh, "keep the link quiet", err);
	/* A kernel without IPv6 is as quiet as can be. */
	return code == -EAFNOSUPPORT ? 0 : code;
}

int rtnl_link_up(struct mnl_socket *nl, unsigned index, unsigned mtu, struct errbuf *err)
{
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = put_link(buffer, index, IFF_UP);

	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return talk(nl, nlh, "bring the link up", err);
}

static int add_address(struct mnl_socket *nl, unsigned index, const struct ip_addr *addr,
		       unsigned bits, struct errbuf *err)
{
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = RTM_NEWADDR;
	nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = family_of(addr);
	ifa->ifa_prefixlen = bits;
	ifa->ifa_flags = addr->version == 6 ? IFA_F_NODAD : 0;
	ifa->ifa_scope = RT_SCOPE_UNIVERSE;
	ifa->ifa_index = index;
	mnl_attr_put(nlh, IFA_LOCAL, size_of(addr), addr->bytes);
	mnl_attr_put(nlh, IFA_ADDRESS, size_of(addr), addr->bytes);
	return talk(nl, nlh, "add the local address", err);
}

static int keep_destination(const struct nlattr *attr, void *data)
{
	const void **destination = data;

	if (mnl_attr_get_type(attr) == RTA_DST && mnl_attr_get_payload_len(attr) == 16)
		*destination = mnl_attr_get_payload(attr);
	return MNL_CB_OK;
}

static bool is_route_to(const struct nlmsghdr *nlh, const struct ip_addr *addr)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const void *destination = NULL;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    rtm->rtm_type != RTN_LOCAL)
		return false;
	mnl_attr_parse(nlh, sizeof(*rtm), keep_destination, &destination);
	return destination && memcmp(destination, addr->bytes, 16) == 0;
}

/* Reads what `watch` is told of until that is the route to the machine's own address `addr`. */
static int wait_for_route(struct mnl_socket *watch, const struct ip_addr *addr, struct errbuf *err)
{
	const struct timeval limit = {.tv_sec = 5};
	char message[REPLY_SIZE] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)message;

	setsockopt(mnl_socket_get_fd(watch), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (;;) {
		ssize_t size = mnl_socket_recvfrom(watch, message, sizeof(message));

		if (size < 0 && errno != EINTR)
			return err_set(err, -errno, "the local address does not become usable: %s",
				       strerror(errno));
		if (size > 0 && mnl_nlmsg_ok(nlh, size) && is_route_to(nlh, addr))
			return 0;
	}
}

/* With IFA_F_NODAD the kernel leaves the route to the address to a work queue, though no detection
 * is to be done (net/ipv6/addrconf.c: inet6_addr_add, addrconf_dad_completed); packets that come
 * before it find no one at home. */
int rtnl_addr_add(struct mnl_socket *nl, unsigned index, const struct ip_addr *addr, unsigned bits,
		  struct errbuf *err)
{
	struct mnl_socket *watch;
	int code;

	if (addr->version == 4)
		return add_address(nl, index, addr, bits, err);
	code = open_socket(&watch, RTMGRP_IPV6_ROUTE, err);
	if (code < 0)
		return code;
	code = add_address(nl, index, addr, bits, err);
	if (code == 0)
		code = wait_for_route(watch, addr, err);
	mnl_socket_close(watch);
	return code;
}

/* The kernel refuses IPv4 destinations with bits beyond the prefix. */
static void put_prefix(struct nlmsghdr *nlh, const struct ip_addr *addr, unsigned bits)
{
	unsigned char prefix[16] = {0};
	size_t size = size_of(addr);

	for (size_t i = 0; i < size && i * 8 < bits; i++) {
		unsigned left = bits - i * 8;

		prefix[i] = addr->bytes[i] & (left >= 8 ? 0xff : 0xff00 >> left);
	}
	mnl_attr_put(nlh, RTA_DST, size, prefix);
}

static unsigned char route_scope(const struct rtnl_route *route)
{
	if (route->local)
		return RT_SCOPE_HOST;
	return route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

/* Behind any local route that a script's command adds for the same prefix. */
#define LOCAL_PRIORITY 9999

int rtnl_route_add(struct mnl_socket *nl, const struct rtnl_route *route, struct errbuf *err)
{
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_NEWROUTE;
	nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = family_of(route->to);
	rtm->rtm_dst_len = route->bits;
	rtm->rtm_table = route->local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_BOOT;
	rtm->rtm_scope = route_scope(route);
	rtm->rtm_type = route->local ? RTN_LOCAL : RTN_UNICAST;
	rtm->rtm_flags = route->gateway && route->onlink ? RTNH_F_ONLINK : 0;
	put_prefix(nlh, route->to, route->bits);
	if (route->gateway)
		mnl_attr_put(nlh, RTA_GATEWAY, size_of(route->gateway), route->gateway->bytes);
	mnl_attr_put_u32(nlh, RTA_OIF, route->index);
	if (route->local)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, LOCAL_PRIORITY);
	return talk(nl, nlh,
		    route->local ? "add the local route" : "add the route to the remote prefix",
		    err);
}
