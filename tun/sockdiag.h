/* TCP states by 4-tuple, for open, orphaned and TIME_WAIT sockets alike, over sock_diag(7).
 * Source: linux/inet_diag.h, net/ipv4/inet_diag.c. */
#ifndef FINWAIT_TUN_SOCKDIAG_H
#define FINWAIT_TUN_SOCKDIAG_H

#include "tun/device.h"

struct sockdiag; /* one netlink socket, opened before the timeline */

struct sock_tuple {
	struct ip_addr local, remote; /* as on the wire: version 4 for IPv4-mapped sockets too */
	unsigned short local_port, remote_port; /* host order */
};

struct sock_info {
	int state;		 /* netinet/tcp.h; TCP_CLOSE (7) when there is no such socket */
	unsigned inode;		 /* 0: orphan or TIME_WAIT */
	unsigned timer;		 /* idiag_timer */
	unsigned expires_ms;	 /* idiag_expires */
	unsigned rqueue, wqueue; /* bytes */
};

int sockdiag_open(struct sockdiag **diag, struct errbuf *err);
void sockdiag_close(struct sockdiag *diag); /* accepts NULL */

/* Looks one connection up. A socket that is gone is state TCP_CLOSE. Never finds a listener in
 * place of the connection. Returns 0, or -errno. Cheap enough to be called after every event. */
int sockdiag_find(struct sockdiag *diag, const struct sock_tuple *tuple, struct sock_info *info);

#endif
