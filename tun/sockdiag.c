#include "tun/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tun/netlink.h"

struct sockdiag {
	int fd;
	unsigned device; /* index of tun0, to find sockets bound to it too; 0: none */
	unsigned seq;
};

int sockdiag_open(struct sockdiag **diag, struct errbuf *err)
{
	struct sockdiag *made = calloc(1, sizeof(*made));
	int code;

	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	made->fd = netlink_open(NETLINK_SOCK_DIAG, 0);
	if (made->fd < 0) {
		code = err_set(err, made->fd,
			       "cannot open sock_diag: %s; the kernel needs "
			       "CONFIG_INET_DIAG",
			       strerror(-made->fd));
		free(made);
		return code;
	}
	code = sockdiag_probe(made, IPPROTO_TCP);
	if (code < 0) {
		sockdiag_close(made);
		return err_set(err, code,
			       "sock_diag knows no TCP sockets: %s; the kernel needs "
			       "CONFIG_INET_TCP_DIAG (modprobe tcp_diag)",
			       strerror(-code));
	}
	made->device = if_nametoindex("tun0");
	*diag = made;
	return 0;
}

void sockdiag_close(struct sockdiag *diag)
{
	if (!diag)
		return;
	close(diag->fd);
	free(diag);
}

static struct inet_diag_req_v2 *begin(struct sockdiag *diag, struct netlink_request *message,
				      unsigned flags, int protocol)
{
	struct inet_diag_req_v2 *request =
		netlink_begin(message, SOCK_DIAG_BY_FAMILY, flags, sizeof(*request));

	message->header.nlmsg_seq = ++diag->seq;
	request->sdiag_family = AF_INET;
	request->sdiag_protocol = (uint8_t)protocol;
	return request;
}

/* Receives the answer to the last request. 0, or -errno. */
static int receive(struct sockdiag *diag, struct netlink_answer *answer)
{
	int code;

	do {
		code = netlink_receive(diag->fd, answer);
		/* An answer with an older number belongs to a request that was abandoned. */
	} while (code == -EINTR || (code == 0 && answer->header.nlmsg_seq != diag->seq));
	return code;
}

/* Asks for all sockets in an empty set of states. There are none, but the kernel answers with an
 * error if it does not know the protocol. */
int sockdiag_probe(struct sockdiag *diag, int protocol)
{
	struct netlink_request message;
	struct netlink_answer answer;
	const int *result;
	int code;

	begin(diag, &message, NLM_F_DUMP, protocol);
	code = netlink_send(diag->fd, &message);
	if (code == 0)
		code = receive(diag, &answer);
	if (code < 0)
		return code;
	/* Both kinds of answer begin with 0 or -errno. */
	result = netlink_payload(&answer, sizeof(*result));
	if (answer.header.nlmsg_type != NLMSG_ERROR && answer.header.nlmsg_type != NLMSG_DONE)
		return 0;
	return result ? *result : -EPROTO;
}

/* Asks for one socket. AF_INET finds IPv4-mapped sockets as well: the kernel keeps both in one
 * table by their IPv4 addresses (__inet_lookup_established). */
static int ask(struct sockdiag *diag, const struct sock_tuple *tuple)
{
	struct netlink_request message;
	struct inet_diag_req_v2 *request = begin(diag, &message, 0, IPPROTO_TCP);
	size_t size = tuple->local.version == 4 ? 4 : 16;

	request->sdiag_family = tuple->local.version == 4 ? AF_INET : AF_INET6;
	request->idiag_states = ~0u;
	request->id.idiag_sport = htons(tuple->local_port);
	request->id.idiag_dport = htons(tuple->remote_port);
	memcpy(request->id.idiag_src, tuple->local.bytes, size);
	memcpy(request->id.idiag_dst, tuple->remote.bytes, size);
	request->id.idiag_if = tuple->device ? (unsigned)tuple->device : diag->device;
	request->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return netlink_send(diag->fd, &message);
}

/* Keeps the answer, unless it is a listener in place of a connection: the kernel looks for a
 * listener if the connection is gone. */
static void keep(const struct inet_diag_msg *msg, bool listener, struct sock_info *info)
{
	if ((msg->idiag_state == TCP_LISTEN) != listener)
		return;
	info->state = msg->idiag_state;
	info->inode = msg->idiag_inode;
	info->cookie = msg->id.idiag_cookie[0] | (uint64_t)msg->id.idiag_cookie[1] << 32;
	info->timer = msg->idiag_timer;
	info->expires_ms = msg->idiag_expires;
	info->retrans = msg->idiag_retrans;
	info->rqueue = msg->idiag_rqueue;
	info->wqueue = msg->idiag_wqueue;
}

static int take_answer(const struct netlink_answer *answer, bool listener, struct sock_info *info)
{
	const struct nlmsgerr *error = netlink_payload(answer, sizeof(*error));
	const struct inet_diag_msg *msg = netlink_payload(answer, sizeof(*msg));

	if (answer->header.nlmsg_type == NLMSG_ERROR && error)
		return error->error == -ENOENT ? 0 : error->error;
	if (answer->header.nlmsg_type != SOCK_DIAG_BY_FAMILY || !msg)
		return -EPROTO;
	keep(msg, listener, info);
	return 0;
}

int sockdiag_find(struct sockdiag *diag, const struct sock_tuple *tuple, struct sock_info *info)
{
	struct netlink_answer answer;
	int code = ask(diag, tuple);

	memset(info, 0, sizeof(*info));
	info->state = TCP_CLOSE;
	if (code == 0)
		code = receive(diag, &answer);
	return code == 0 ? take_answer(&answer, !tuple->remote.version, info) : code;
}
