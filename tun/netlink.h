/* Netlink's framing (netlink(7), linux/netlink.h), as much of it as tun/ speaks: one request, one
 * answer of one message. Internal to tun/.
 *
 * Own lines and not libmnl: of that we would use a dozen functions of a line or two, it has no
 * archive in Debian, so no static binary could be had, and every run would load it. */
#ifndef FINWAIT_TUN_NETLINK_H
#define FINWAIT_TUN_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_request {
	struct nlmsghdr header;
	char body[240]; /* the largest request here takes half of it */
};

struct netlink_answer {
	struct nlmsghdr header;
	char body[8192 - sizeof(struct nlmsghdr)];
};

/* A socket that takes an address of the kernel's choice and listens to `groups`. fd or -errno. */
int netlink_open(int protocol, unsigned groups);

/* Begins a request. Returns its family header, `size` zero bytes. */
void *netlink_begin(struct netlink_request *request, unsigned type, unsigned flags, size_t size);
/* Adds an attribute; data NULL: `size` is 0. */
struct nlattr *netlink_put(struct netlink_request *request, unsigned type, const void *data,
			   size_t size);
void netlink_put_u32(struct netlink_request *request, unsigned type, uint32_t value);
/* Attributes put since netlink_put(request, type, NULL, 0) returned `nest` are inside it. */
void netlink_end_nest(struct netlink_request *request, struct nlattr *nest);

/* 0 or -errno. */
int netlink_send(int fd, const struct netlink_request *request);
/* Waits for a message of the kernel. 0; -errno: -EPROTO when it is none, or longer than it says. */
int netlink_receive(int fd, struct netlink_answer *answer);

/* The answer's family header, or NULL: it has not as many bytes. */
const void *netlink_payload(const struct netlink_answer *answer, size_t size);
/* The attribute behind a family header of `size` bytes, its length in *length; NULL: none. */
const void *netlink_find(const struct netlink_answer *answer, size_t size, unsigned type,
			 size_t *length);

#endif
