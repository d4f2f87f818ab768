#include "tun/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_SIZE 8192

struct sockdiag {
	struct mnl_socket *nl;
	unsigned device; /* index of tun0: finds sockets bound to it too; 0: there is none */
	unsigned seq;
};

int sockdiag_open(struct sockdiag **diag, struct errbuf *err)
{
	struct sockdiag *made = calloc(1, sizeof(*made));
	int code;

	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	made->nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!made->nl || mnl_socket_bind(made->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		code = err_set(err, -errno,
			       "cannot open sock_diag: %s; the kernel needs "
			       "CONFIG_INET_DIAG",
			       strerror(errno));
		sockdiag_close(made);
		return code;
	}
	made->device = if_nametoindex("tun0");
	*diag = made;
	return 0;
}

void sockdiag_close(struct sockdiag *diag)
{
	if (!diag)
		return;
	if (diag->nl)
		mnl_socket_close(diag->nl);
	free(diag);
}

/* AF_INET finds IPv4-mapped sockets as well: the kernel looks both up in one table by their IPv4
 * addresses (__inet_lookup_established). */
static int ask(struct sockdiag *diag, const struct sock_tuple *tuple)
{
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	size_t size = tuple->local.version == 4 ? 4 : 16;
	struct inet_diag_req_v2 *request;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++diag->seq;
	request = mnl_nlmsg_put_extra_header(nlh, sizeof(*request));
	request->sdiag_family = tuple->local.version == 4 ? AF_INET : AF_INET6;
	request->sdiag_protocol = IPPROTO_TCP;
	request->idiag_states = ~0u;
	request->id.idiag_sport = htons(tuple->local_port);
	request->id.idiag_dport = htons(tuple->remote_port);
	memcpy(request->id.idiag_src, tuple->local.bytes, size);
	memcpy(request->id.idiag_dst, tuple->remote.bytes, size);
	request->id.idiag_if = diag->device;
	request->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return mnl_socket_sendto(diag->nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

/* A listener is what the kernel falls back to when the connection is gone. */
static void keep(const struct inet_diag_msg *msg, struct sock_info *info)
{
	if (msg->idiag_state == TCP_LISTEN)
		return;
	info->state = msg->idiag_state;
	info->inode = msg->idiag_inode;
	info->timer = msg->idiag_timer;
	info->expires_ms = msg->idiag_expires;
	info->rqueue = msg->idiag_rqueue;
	info->wqueue = msg->idiag_wqueue;
}

static int take_answer(const struct nlmsghdr *nlh, struct sock_info *info)
{
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

		if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
			return -EPROTO;
		return error->error == -ENOENT ? 0 : error->error;
	}
	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct inet_diag_msg))
		return -EPROTO;
	keep(mnl_nlmsg_get_payload(nlh), info);
	return 0;
}

int sockdiag_find(struct sockdiag *diag, const struct sock_tuple *tuple, struct sock_info *info)
{
	char answer[ANSWER_SIZE] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)answer;
	int code = ask(diag, tuple);

	memset(info, 0, sizeof(*info));
	info->state = TCP_CLOSE;
	while (code == 0) {
		ssize_t size = mnl_socket_recvfrom(diag->nl, answer, sizeof(answer));

		if (size < 0)
			return -errno;
		if (!mnl_nlmsg_ok(nlh, size))
			return -EPROTO;
		/* An older number: the answer to a call that a signal broke off. */
		if (nlh->nlmsg_seq == diag->seq)
			return take_answer(nlh, info);
	}
	return code;
}
