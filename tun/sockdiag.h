/* TCP states by 4-tuple, for open, orphaned and TIME_WAIT sockets alike, over sock_diag(7).
 * Source: linux/inet_diag.h, net/ipv4/inet_diag.c. */
#ifndef FINWAIT_TUN_SOCKDIAG_H
#define FINWAIT_TUN_SOCKDIAG_H

#include "tun/device.h"

struct sockdiag; /* one netlink socket, opened before the timeline */

struct sock_tuple {
	/* As on the wire: version 4 for IPv4-mapped sockets too. Remote version 0: a listener, on
	 * that very local address (0 is the one on all addresses). */
	struct ip_addr local, remote;
	unsigned short local_port, remote_port; /* host order */
	int device; /* index of the one the socket is bound to; 0: to tun0, or to none */
};

struct sock_info {
	int state;		 /* netinet/tcp.h; TCP_CLOSE (7) when there is no such socket */
	unsigned inode;		 /* 0: orphan or TIME_WAIT */
	uint64_t cookie;	 /* SO_COOKIE: the same from SYN_RECV to TIME_WAIT; 0: no socket */
	unsigned timer;		 /* idiag_timer */
	unsigned expires_ms;	 /* idiag_expires */
	unsigned retrans;	 /* idiag_retrans */
	unsigned rqueue, wqueue; /* bytes */
};

/* Fails where the kernel would not know TCP sockets: it says "not found" then, as of any that is gone. */
int sockdiag_open(struct sockdiag **diag, struct errbuf *err);
/* Are sockets of this IPPROTO_ known? 0, or -errno. */
int sockdiag_probe(struct sockdiag *diag, int protocol);
void sockdiag_close(struct sockdiag *diag); /* accepts NULL */

/* Looks one connection or listener up. A socket that is gone is state TCP_CLOSE. Never finds a
 * listener in place of a connection. Returns 0, or -errno. Cheap enough to be called after every event. */
int sockdiag_find(struct sockdiag *diag, const struct sock_tuple *tuple, struct sock_info *info);

#endif
