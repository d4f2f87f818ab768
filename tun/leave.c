#include "tun/leave.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union rights {
	struct cmsghdr header;
	char bytes[CMSG_SPACE((LEAVE_MOST + 2) * sizeof(int))];
};

static bool send_files(int from, const int *fds, size_t n)
{
	char byte = 0;
	union rights rights = {.header = {.cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
					  .cmsg_len = CMSG_LEN(n * sizeof(int))}};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &rights,
				 .msg_controllen = CMSG_SPACE(n * sizeof(int))};

	memcpy(CMSG_DATA(&rights.header), fds, n * sizeof(int));
	return sendmsg(from, &message, 0) == 1;
}

/* The descriptors wait in a message over a socket pair, together with both ends of that pair. */
bool leave_begin(struct leave *leave, const int *fds, size_t n)
{
	int all[LEAVE_MOST + 2];

	if (n > LEAVE_MOST || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, leave->pair) < 0)
		return false;
	leave->last = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(all, fds, n * sizeof(int));
	memcpy(all + n, leave->pair, sizeof(leave->pair));
	if (leave->last >= 0 && send_files(leave->pair[0], all, n + 2))
		return true;
	leave_end(leave);
	return false;
}

/* Once both ends are closed nobody can receive the message. The kernel's collector of such
 * messages, which runs when a socket of the family is closed, then closes the descriptors in it.
 * Since Linux 6.8 a kernel worker does that (net/unix/garbage.c: unix_gc(); fs/file_table.c:
 * delayed_fput()).
 */
void leave_end(struct leave *leave)
{
	close(leave->pair[0]);
	close(leave->pair[1]);
	if (leave->last >= 0)
		close(leave->last);
}
