#include "runtime/calls/server.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>

static bool take(int fd, int level, int option, const char *name, void *out, uint32_t room,
		 uint32_t *size, struct sock_snapshot *snapshot)
{
	socklen_t length = room;

	if (getsockopt(fd, level, option, out, &length) < 0) {
		snapshot->error = errno;
		snprintf(snapshot->failure, sizeof(snapshot->failure), "getsockopt(%s): %s", name,
			 strerror(errno));
		return false;
	}
	*size = length;
	return true;
}

void snapshot_take(int fd, struct sock_snapshot *s)
{
	memset(s, 0, sizeof(*s));
	if (take(fd, IPPROTO_TCP, TCP_INFO, "TCP_INFO", s->tcp_info, sizeof(s->tcp_info),
		 &s->tcp_info_size, s) &&
	    take(fd, IPPROTO_TCP, TCP_CC_INFO, "TCP_CC_INFO", s->cc_info,
		 sizeof(s->cc_info), &s->cc_info_size, s))
		take(fd, SOL_SOCKET, SO_MEMINFO, "SO_MEMINFO", s->meminfo,
		     sizeof(s->meminfo), &s->meminfo_size, s);
}
