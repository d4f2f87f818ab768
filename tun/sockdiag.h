/* Asks for TCP states by 4-tuple over sock_diag(7), for open, orphaned and TIME_WAIT sockets.
 * Source: linux/inet_diag.h, net/ipv4/inet_diag.c. */
#ifndef FINWAIT_TUN_SOCKDIAG_H
#define FINWAIT_TUN_SOCKDIAG_H

#include "tun/device.h"

struct sockdiag; /* one netlink socket, opened before the timeline */

struct sock_tuple {
	/* Addresses as on the wire: version 4 for IPv4-mapped sockets too. Remote version 0 means a
	 * listener on exactly that local address; 0 means one on all addresses. */
	struct ip_addr local, remote;
	unsigned short local_port, remote_port; /* host order */
	int device; /* index of the device the socket is bound to; 0: tun0 or none */
};

struct sock_info {
	int state;		 /* netinet/tcp.h; TCP_CLOSE (7) when there is no such socket */
	unsigned inode;		 /* 0: an orphan, or in TIME_WAIT */
	uint64_t cookie;	 /* SO_COOKIE: the same from SYN_RECV to TIME_WAIT; 0: no socket */
	unsigned timer;		 /* idiag_timer */
	unsigned expires_ms;	 /* idiag_expires */
	unsigned retrans;	 /* idiag_retrans */
	unsigned rqueue, wqueue; /* bytes */
};

/* Opens the netlink socket. Fails if the kernel has no sock_diag for TCP: it would answer "not
 * found" for every socket, as for one that is gone. 0, or -errno with err. */
int sockdiag_open(struct sockdiag **diag, struct errbuf *err);
/* Checks that the kernel has sock_diag for this IPPROTO_. 0, or -errno. */
int sockdiag_probe(struct sockdiag *diag, int protocol);
void sockdiag_close(struct sockdiag *diag); /* accepts NULL */

/* Looks up one connection or listener. A socket that is gone has the state TCP_CLOSE. Never finds a
 * listener in place of a connection. Cheap enough to be called after every event. Returns 0, or
 * -errno. */
int sockdiag_find(struct sockdiag *diag, const struct sock_tuple *tuple, struct sock_info *info);

#endif
