/* The part of netlink's framing that tun/ uses: one request, one answer of one message. Source:
 * netlink(7), linux/netlink.h. Internal to tun/.
 *
 * libmnl is not used: only a dozen of its functions would be needed, of a line or two each; Debian
 * has no static archive of it for a static binary; and every run would load it. */
#ifndef FINWAIT_TUN_NETLINK_H
#define FINWAIT_TUN_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_request {
	struct nlmsghdr header;
	char body[240]; /* the largest request of tun/ takes half of this */
};

struct netlink_answer {
	struct nlmsghdr header;
	char body[8192 - sizeof(struct nlmsghdr)];
};

/* Opens a socket with an address that the kernel chooses and subscribes to `groups`. Returns the
 * descriptor, or -errno. */
int netlink_open(int protocol, unsigned groups);

/* Begins a request. Returns its family header of `size` bytes, zeroed. */
void *netlink_begin(struct netlink_request *request, unsigned type, unsigned flags, size_t size);
/* Adds an attribute. data NULL: it is empty, and `size` is 0. */
struct nlattr *netlink_put(struct netlink_request *request, unsigned type, const void *data,
			   size_t size);
void netlink_put_u32(struct netlink_request *request, unsigned type, uint32_t value);
/* Attributes put since netlink_put(request, type, NULL, 0) returned `nest` are inside it. */
void netlink_end_nest(struct netlink_request *request, struct nlattr *nest);

/* Sends a request. 0 or -errno. */
int netlink_send(int fd, const struct netlink_request *request);
/* Waits for a message of the kernel. 0 or -errno; -EPROTO: the message is malformed. */
int netlink_receive(int fd, struct netlink_answer *answer);

/* The answer's family header; NULL: it has fewer than `size` bytes. */
const void *netlink_payload(const struct netlink_answer *answer, size_t size);
/* The attribute behind a family header of `size` bytes, its length in *length; NULL: none. */
const void *netlink_find(const struct netlink_answer *answer, size_t size, unsigned type,
			 size_t *length);

#endif
