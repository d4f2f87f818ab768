#include "tun/netlink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_open(int protocol, unsigned groups)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int code;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	code = -errno;
	close(fd);
	return code;
}

static void *extend(struct netlink_request *request, size_t size)
{
	void *end = (char *)request + request->header.nlmsg_len;

	request->header.nlmsg_len += NLMSG_ALIGN(size);
	assert(request->header.nlmsg_len <= sizeof(*request));
	return memset(end, 0, NLMSG_ALIGN(size));
}

void *netlink_begin(struct netlink_request *request, unsigned type, unsigned flags, size_t size)
{
	request->header = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
	};
	return extend(request, size);
}

struct nlattr *netlink_put(struct netlink_request *request, unsigned type, const void *data,
			   size_t size)
{
	struct nlattr *attr = extend(request, NLA_HDRLEN + size);

	attr->nla_type = (uint16_t)type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size)
		memcpy((char *)attr + NLA_HDRLEN, data, size);
	return attr;
}

void netlink_put_u32(struct netlink_request *request, unsigned type, uint32_t value)
{
	netlink_put(request, type, &value, sizeof(value));
}

void netlink_end_nest(struct netlink_request *request, struct nlattr *nest)
{
	char *end = (char *)request + request->header.nlmsg_len;

	nest->nla_len = (uint16_t)(end - (char *)nest);
}

int netlink_send(int fd, const struct netlink_request *request)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n = sendto(fd, request, request->header.nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));

	return n < 0 ? -errno : 0;
}

int netlink_receive(int fd, struct netlink_answer *answer)
{
	struct sockaddr_nl from = {0};
	socklen_t from_size = sizeof(from);
	ssize_t n = recvfrom(fd, answer, sizeof(*answer), MSG_TRUNC, (struct sockaddr *)&from,
			     &from_size);

	if (n < 0)
		return -errno;
	/* Port 0 is the kernel's: other processes may send here too. */
	if ((size_t)n > sizeof(*answer) || from.nl_pid != 0 || n < NLMSG_HDRLEN ||
	    answer->header.nlmsg_len < NLMSG_HDRLEN || answer->header.nlmsg_len > (size_t)n)
		return -EPROTO;
	return 0;
}

const void *netlink_payload(const struct netlink_answer *answer, size_t size)
{
	return answer->header.nlmsg_len - NLMSG_HDRLEN < size ? NULL : answer->body;
}

const void *netlink_find(const struct netlink_answer *answer, size_t size, unsigned type,
			 size_t *length)
{
	size_t left = answer->header.nlmsg_len - NLMSG_HDRLEN;
	size_t at = NLMSG_ALIGN(size);

	while (at < left && left - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const struct nlattr *)(answer->body + at);

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > left - at)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type) {
			*length = attr->nla_len - NLA_HDRLEN;
			return answer->body + at + NLA_HDRLEN;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}
