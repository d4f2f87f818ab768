/* Plays every call with the real kernel: once as it is, and once with a wrong expectation. */
#include "tests/unit/program_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* `before` must go as written; then `line` does, or differs just in `field`. */
struct row {
	const char *before, *line;
	const char *field, *expected, *actual; /* NULL: as expected */
};

#define SAME	  NULL, NULL, NULL
#define DATA(n)	  "+0 write(4, ..., " #n ") = " #n "\n"
#define DGRAM	  "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 connect(3, ..., ...) = 0\n"
#define EPOLL	  PAIR "+0 epoll_create(1) = 9\n"
#define EPOLL_OUT EPOLL "+0 epoll_ctl(9, EPOLL_CTL_ADD, 4, {events=EPOLLOUT, fd=4}) = 0\n"
#define EPOLL_TWO EPOLL_OUT "+0 epoll_ctl(9, EPOLL_CTL_ADD, 5, {events=EPOLLOUT, u32=77}) = 0\n"
#define TMPFILE	  "/tmp/finwait-test-calls"

static const struct row socket_rows[] = {
	{"", "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3", SAME},
	{"", "0 socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP) = 3", SAME},
	{"", "0 socket(..., SOCK_STREAM, IPPROTO_UDP) = -1 EPROTONOSUPPORT (not so)", SAME},
	{"", "0 socket(..., SOCK_STREAM, IPPROTO_UDP) = 3", "result", "3",
	 "-1 EPROTONOSUPPORT (Protocol not supported)"},
	{"", "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = -1 EACCES (no)", "result",
	 "-1 EACCES (Permission denied)", NULL},
	{LISTENER, "+0 bind(3, ..., ...) = -1 EINVAL (bound)", SAME},
	{LISTENER, "+0 bind(3, ..., ...) = -1 EACCES (bound)", "errno", "EACCES", "EINVAL"},
	{LISTENER, "+0 bind(3, ..., ...) = -1", SAME},
	{LISTENER, "+0 listen(3, 5) = 0", SAME},
	{PAIR, "+0 listen(4, 5) = 0", "result", "0", "-1 EINVAL (Invalid argument)"},
	{LISTENER "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n",
	 "+0 accept(3, ..., ...) = -1 EAGAIN (none)", SAME},
	{LISTENER "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n", "+0 accept(3, ..., ...) = 4",
	 "result", "4", "-1 EAGAIN (Resource temporarily unavailable)"},
	{PAIR, "+0 connect(4, ..., ...) = -1 EISCONN (connected)", SAME},
	{PAIR, "+0 connect(4, ..., ...) = 0", "result", "0",
	 "-1 EISCONN (Transport endpoint is already connected)"},
	{PAIR "+0 connect(4, AF_UNSPEC, ...) = 0\n", "+0 connect(4, ..., ...) = 0", SAME},
	{PAIR, "+0 shutdown(4, SHUT_WR) = 0", SAME},
	{LISTENER, "+0 shutdown(3, 7) = 0", "result", "0", "-1 EINVAL (Invalid argument)"},
	{PAIR "+0 shutdown(4, SHUT_WR) = 0\n", "+0 write(4, ..., 1) = -1 EPIPE (closed)", SAME},
	{PAIR, "+0 close(4) = 0", SAME},
	{PAIR, "+0 close(4) = -1", "result", "-1", "0"},
};

static const struct row io_rows[] = {
	{PAIR, "+0 write(4, ..., 1000) = 1000", SAME},
	{PAIR, "+0 write(4, ..., 1000) = 999", "result", "999", "1000"},
	{PAIR, "+0 write(4, NULL, 10) = -1 EFAULT (no buffer)", SAME},
	{PAIR DATA(1000), "+0 read(5, ..., 2000) = 1000", SAME},
	{PAIR DATA(1000), "+0 read(5, ..., 2000) = 2000", "result", "2000", "1000"},
	{PAIR DATA(10), "+0 read(5, NULL, 10) = -1 EFAULT (no buffer)", SAME},
	{PAIR, "+0 send(4, ..., 700, MSG_DONTWAIT) = 700", SAME},
	{PAIR, "+0 send(4, ..., 700, 0) = -1 EAGAIN (no)", "result",
	 "-1 EAGAIN (Resource temporarily unavailable)", "700"},
	{PAIR DATA(10), "+0 recv(5, ..., 20, MSG_PEEK) = 10", SAME},
	{PAIR, "+0 recv(5, ..., 20, MSG_DONTWAIT) = 0", "result", "0",
	 "-1 EAGAIN (Resource temporarily unavailable)"},
	{PAIR DATA(10), "+0 recvfrom(5, ..., 20, 0, ..., ...) = 10", SAME},
	{PAIR DATA(10), "+0 recvfrom(5, ..., 20, 0, ..., ...) = 20", "result", "20", "10"},
	{"0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n",
	 "+0 sendto(3, ..., 100, 0, ..., ...) = 100", SAME},
	{"0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n", "+0 sendto(3, ..., 100, 0, NULL, 0) = 100",
	 "result", "100", "-1 EDESTADDRREQ (Destination address required)"},
	{PAIR, "+0 writev(4, [{..., 10}, {..., 20}], 2) = 30", SAME},
	{PAIR, "+0 writev(4, [{..., 10}, {..., 20}], 2) = 20", "result", "20", "30"},
	{PAIR DATA(30), "+0 readv(5, [{..., 10}, {..., 30}], 2) = 30", SAME},
	{PAIR DATA(30), "+0 readv(5, [{..., 10}, {..., 30}], 2) = 40", "result", "40", "30"},
	{PAIR, "+0 fcntl(4, F_GETFL) = 0x2", SAME},
	{PAIR, "+0 fcntl(4, F_GETFL) = 0x802", "result", "2050", "2"},
	{PAIR "+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n", "+0 fcntl(4, F_GETFL) = 0x802",
	 SAME},
	{PAIR "+0 fcntl(4, F_DUPFD, 40) = 40\n+0 close(4) = 0\n", "+0 write(40, ..., 9) = 9", SAME},
	{PAIR "+0 dup(4) = 7\n+0 close(4) = 0\n", "+0 write(7, ..., 9) = 9", SAME},
	{PAIR, "+0 dup(4) = -1", "result", "-1", NULL},
	{PAIR, "+0 dup(-1) = -1 EBADF (none)", SAME},
	/* The labels 20 and 21 are no live numbers. */
	{PAIR "+0 dup(4) = 20\n", "+0 fcntl(20, F_DUPFD_CLOEXEC, 0) = 7", SAME},
	{PAIR "+0 dup(4) = 20\n+0 dup(20) = 21\n+0 close(4) = 0\n+0 close(20) = 0\n",
	 "+0 write(21, ..., 9) = 9", SAME},
	{PAIR "+0 dup2(4, 8) = 8\n+0 close(4) = 0\n", "+0 write(8, ..., 9) = 9", SAME},
	{PAIR, "+0 dup2(4, 8) = 9", "result", "9", "8"},
	/* An open one is closed: 5 was the other end. */
	{PAIR "+0 dup2(3, 5) = 5\n", "+0 read(4, ..., 9) = 0", SAME},
	{PAIR "+0 dup2(3, 5) = 5\n", "+0 listen(5, 4) = 0", SAME},
	{PAIR "+0 dup2(4, 4) = 4\n+0 close(4) = 0\n", "+0 read(5, ..., 9) = 0", SAME},
	{PAIR, "+0 dup2(4, 1000000) = -1 EBADF (too many)", SAME},
	{PAIR, "+0 dup2(4, -1) = -1 EBADF (none)", SAME},
	{PAIR, "+0 dup2(-1, 8) = -1 EBADF (none)", SAME},
	/* The live number 6 is that of label 20: it stays as it is. */
	{PAIR "+0 dup(4) = 20\n+0 dup2(5, 6) = 6\n+0 write(6, ..., 7) = 7\n",
	 "+0 read(20, ..., 9) = 7", SAME},
	{PAIR "+0 dup3(4, 8, O_CLOEXEC) = 8\n", "+0 fcntl(8, F_GETFD) = 1", SAME},
	{PAIR, "+0 dup3(4, 4, 0) = -1 EINVAL (the same)", SAME},
	{PAIR, "+0 dup3(4, 8, O_APPEND) = -1 EINVAL (no such flag)", SAME},
	{PAIR DATA(1000), "+0 ioctl(5, SIOCINQ, [1000]) = 0", SAME},
	{PAIR DATA(1000), "+0 ioctl(5, SIOCINQ, [1001]) = 0", "stored value", "[1001]", "[1000]"},
};

static const struct row sockopt_rows[] = {
	{PAIR, "+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0", SAME},
	{PAIR, "+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 3) = 0", "result", "0",
	 "-1 EINVAL (Invalid argument)"},
	{PAIR "+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0\n",
	 "+0 getsockopt(4, SOL_TCP, TCP_NODELAY, [1], [4]) = 0", SAME},
	{PAIR, "+0 getsockopt(4, SOL_TCP, TCP_NODELAY, [1], [4]) = 0", "option value", "[1]",
	 "[0]"},
	{PAIR, "+0 getsockopt(4, SOL_TCP, 12345, [0], [4]) = -1 ENOPROTOOPT (no)", SAME},
	/* Compared even when the call is expected to fail. */
	{PAIR, "+0 getsockopt(4, SOL_TCP, 12345, [7], [4]) = -1 ENOPROTOOPT (no)", "option value",
	 "[7]", "[0]"},
	{PAIR "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0\n",
	 "+0 getsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, [8]) = 0", SAME},
	{PAIR "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0\n",
	 "+0 getsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=6}, [8]) = 0", "option value",
	 "{onoff=1, linger=6}", "{onoff=1, linger=5}"},
	{PAIR "+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0\n",
	 "+0 getsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", [4]) = 0", SAME},
	{PAIR "+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0\n",
	 "+0 getsockopt(4, SOL_TCP, TCP_CONGESTION, \"vega\", [4]) = 0", "option value", "\"vega\"",
	 "\"reno\""},
	{PAIR, "+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"nonesuch\", 8) = 0", "result", "0",
	 "-1 ENOENT (No such file or directory)"},
	{DGRAM "+0 setsockopt(3, SOL_IP, IP_MULTICAST_IF, inet_addr(\"127.0.0.1\"), 4) = 0\n",
	 "+0 getsockopt(3, SOL_IP, IP_MULTICAST_IF, inet_addr(\"127.0.0.1\"), [4]) = 0", SAME},
	{DGRAM, "+0 getsockopt(3, SOL_IP, IP_MULTICAST_IF, inet_addr(\"127.0.0.1\"), [4]) = 0",
	 "option value", "inet_addr(\"127.0.0.1\")", "inet_addr(\"0.0.0.0\")"},
};

static const struct row poll_rows[] = {
	{PAIR, "+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1", SAME},
	{PAIR, "+0 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 10) = 0", "revents of fd 4",
	 "POLLIN", "0"},
	{PAIR DATA(1),
	 "+0 poll([{fd=4, events=POLLIN}, {fd=5, events=POLLIN, revents=POLLIN}], 2, 0) = 1", SAME},
	{PAIR DATA(1),
	 "+0 poll([{fd=4, events=POLLIN}, {fd=5, events=POLLIN, revents=POLLOUT}], 2, 0) = 1",
	 "revents of fd 5", "POLLOUT", "POLLIN"},
	{"", "0 epoll_create(1) = 5", SAME},
	{"", "0 epoll_create(0) = 5", "result", "5", "-1 EINVAL (Invalid argument)"},
	{EPOLL, "+0 epoll_ctl(9, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0", SAME},
	{EPOLL_OUT, "+0 epoll_ctl(9, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0", "result", "0",
	 "-1 EEXIST (File exists)"},
	{EPOLL_OUT, "+0 epoll_wait(9, {events=EPOLLOUT, fd=4}, 1, 0) = 1", SAME},
	{EPOLL_OUT, "+0 epoll_wait(9, {events=EPOLLOUT, fd=5}, 1, 0) = 1", "fd of event 1", "5",
	 "4"},
	{EPOLL_OUT, "+0 epoll_wait(9, {events=EPOLLIN, fd=4}, 1, 0) = 1", "events of event 1",
	 "EPOLLIN", "EPOLLOUT"},
	{EPOLL, "+0 epoll_wait(9, {events=0, ptr=0}, 1, 0) = 0", SAME},
	{EPOLL, "+0 epoll_wait(9, {events=EPOLLIN, ptr=0}, 1, 0) = 0", "events of event 1",
	 "EPOLLIN", "0"},
	/* A list names every event, a record only the first. */
	{EPOLL_TWO,
	 "+0 epoll_wait(9, [{events=EPOLLOUT, fd=4}, {events=EPOLLOUT, u32=77}], 5, 0) = 2", SAME},
	{EPOLL_TWO, "+0 epoll_wait(9, {events=EPOLLOUT, fd=4}, 5, 0) = 2", SAME},
	{EPOLL_TWO,
	 "+0 epoll_wait(9, [{events=EPOLLOUT, fd=4}, {events=EPOLLOUT, u32=78}], 5, 0) = 2",
	 "u32 of event 2", "78", "77"},
	{EPOLL_TWO, "+0 epoll_wait(9, [{events=EPOLLOUT, fd=4}], 5, 0) = 2", "events",
	 "no more events", "{events=EPOLLOUT, fd=77}"},
};

static const struct row file_rows[] = {
	{"", "0 open(\"" TMPFILE "\", O_RDONLY) = 5", SAME},
	{"", "0 open(\"/nonesuch\", O_RDONLY) = -1 ENOENT (none)", SAME},
	{"", "0 open(\"/nonesuch\", O_RDONLY) = 5", "result", "5",
	 "-1 ENOENT (No such file or directory)"},
	{"", "0 pipe([5, 6]) = 0", SAME},
	{"", "0 pipe([5, 6]) = 1", "result", "1", "0"},
	{PAIR "+0 open(\"" TMPFILE "\", O_RDONLY) = 6\n", "+0 sendfile(4, 6, [0], 5) = 5", SAME},
	{PAIR "+0 open(\"" TMPFILE "\", O_RDONLY) = 6\n", "+0 sendfile(4, 6, NULL, 500) = 100",
	 SAME},
	{PAIR "+0 open(\"" TMPFILE "\", O_RDONLY) = 6\n", "+0 sendfile(4, 6, [90], 500) = 500",
	 "result", "500", "10"},
	{PAIR DATA(50) "+0 pipe([7, 8]) = 0\n", "+0 splice(5, NULL, 8, NULL, 99, 0) = 50", SAME},
	{PAIR DATA(50) "+0 pipe([7, 8]) = 0\n", "+0 splice(5, NULL, 8, NULL, 99, 0) = 99", "result",
	 "99", "50"},
	{"", "0 cap_set(CAP_EFFECTIVE, CAP_NET_ADMIN, CAP_CLEAR) = 0", SAME},
	{"", "0 cap_set(7, CAP_NET_ADMIN, CAP_CLEAR) = -1", "result", "-1", "0"},
	{PAIR "+0 cap_set(CAP_EFFECTIVE, CAP_NET_ADMIN, CAP_CLEAR) = 0\n",
	 "+0 setsockopt(4, SOL_SOCKET, SO_SNDBUFFORCE, [9000], 4) = -1 EPERM (not allowed)", SAME},
	{PAIR "+0 cap_set(CAP_EFFECTIVE, CAP_NET_ADMIN, CAP_CLEAR) = 0\n"
	      "+0 cap_set(CAP_EFFECTIVE, CAP_NET_ADMIN, CAP_SET) = 0\n",
	 "+0 setsockopt(4, SOL_SOCKET, SO_SNDBUFFORCE, [9000], 4) = 0", SAME},
};

/* 1000 bytes sent with timestamps asked for, and their ACK: three messages wait in the queue. */
#define STAMPED                                                                                    \
	PAIR "+0 setsockopt(4, SOL_SOCKET, SO_TIMESTAMPING, [SOF_TIMESTAMPING_TX_ACK|"             \
	     "SOF_TIMESTAMPING_SOFTWARE|SOF_TIMESTAMPING_OPT_ID|SOF_TIMESTAMPING_OPT_TSONLY], 4) " \
	     "= "                                                                                  \
	     "0\n" DATA(1000)
#define STAMP_MESSAGE(time, info, data)                                                            \
	"+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], "                               \
	"msg_flags=MSG_ERRQUEUE, msg_control=["                                                    \
	"{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, cmsg_data={" time "}}, "              \
	"{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=ENOMSG, "                   \
	"ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0, ee_code=0, ee_info=" info                 \
	", ee_data=" data "}}]}, MSG_ERRQUEUE) = 0"
#define INQ PAIR "+0 setsockopt(5, SOL_TCP, TCP_INQ, [1], 4) = 0\n" DATA(1000)
#define INQ_MESSAGE(flags, control)                                                                \
	"+0 recvmsg(5, {msg_name(...)=..., msg_iov(1)=[{..., 400}], msg_flags=" flags control      \
	"}, 0) = 400"
#define INQ_CONTROL(type, data)                                                                    \
	", msg_control=[{cmsg_level=SOL_TCP, cmsg_type=" type ", cmsg_data=" data "}]"

static const struct row msg_rows[] = {
	{PAIR,
	 "+0 sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {..., 20}], msg_flags=0}, 0) "
	 "= 30",
	 SAME},
	{PAIR, "+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 30",
	 "result", "30", "10"},
	{DGRAM,
	 "+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0, "
	 "msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=300}]}, 0) = 10",
	 "result", "10", "-1 EINVAL (Invalid argument)"},
	{DGRAM,
	 "+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0, "
	 "msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=30}]}, 0) = 10",
	 SAME},
	{INQ, INQ_MESSAGE("0", ""), "msg_flags", "0", "MSG_CTRUNC"},
	{INQ, INQ_MESSAGE("0", INQ_CONTROL("TCP_CM_INQ", "600")), SAME},
	{INQ, INQ_MESSAGE("0", INQ_CONTROL("TCP_CM_INQ", "601")), "msg_control[0] cmsg_data", "601",
	 "600"},
	{INQ, INQ_MESSAGE("0", INQ_CONTROL("TCP_NODELAY", "600")), "msg_control[0] cmsg_type",
	 "TCP_NODELAY", "36"},
	{PAIR DATA(1000), INQ_MESSAGE("0", INQ_CONTROL("TCP_CM_INQ", "600")), "msg_control[0]",
	 "{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=600}", "none"},
	{PAIR,
	 "+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 9}], msg_flags=0, msg_control=[]}, "
	 "MSG_ERRQUEUE) = -1 EAGAIN (none)",
	 SAME},
	{STAMPED, STAMP_MESSAGE("scm_sec=0,scm_nsec=0", "SCM_TSTAMP_ACK", "999"), SAME},
	{STAMPED, STAMP_MESSAGE("scm_sec=0,scm_nsec=1000", "SCM_TSTAMP_ACK", "999"), SAME},
	{STAMPED, STAMP_MESSAGE("scm_sec=0,scm_nsec=0", "SCM_TSTAMP_SND", "999"),
	 "msg_control[1] ee_info", "0", "2"},
	{STAMPED, STAMP_MESSAGE("scm_sec=0,scm_nsec=0", "SCM_TSTAMP_ACK", "99"),
	 "msg_control[1] ee_data", "99", "999"},
	{STAMPED, STAMP_MESSAGE("scm_sec=5,scm_nsec=0", "SCM_TSTAMP_ACK", "999"),
	 "msg_control[0] time", "{scm_sec=5,scm_nsec=0}", NULL},
	/* Nobody listens: the answer comes as an ICMP error. */
	{DGRAM "+0 setsockopt(3, SOL_IP, IP_RECVERR, [1], 4) = 0\n"
	       "+0 send(3, ..., 10, 0) = 10\n",
	 "+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=MSG_ERRQUEUE, "
	 "msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, "
	 "cmsg_data={ee_errno=ECONNREFUSED, ee_origin=2, ee_type=3, ee_code=3, ee_info=0, "
	 "ee_data=0}}]}, MSG_ERRQUEUE) = 10",
	 SAME},
};

static void check_mismatch(const struct row *row, const struct call_slot *slot)
{
	const struct mismatch *first = &slot->mismatches.at[0];
	char field[MISMATCH_NAME_SIZE];

	if (slot->mismatches.n == 0)
		fail_msg("passes though it should not: %s", row->line);
	/* What differs, and the result if it is a matter of the result too. */
	if (strcmp(mismatch_field_name(first, field), row->field) && slot->mismatches.n > 1)
		first = &slot->mismatches.at[1];
	if (strcmp(mismatch_field_name(first, field), row->field) || strcmp(first->expected, row->expected) ||
	    (row->actual && strcmp(first->actual, row->actual)))
		fail_msg("%s\n%s: expected %s, actual %s\nlive: %s", row->line, field,
			 first->expected, first->actual, slot->live);
	assert_true(slot->live[0]);
}

static void check_row(const struct row *row)
{
	const struct call_slot *slot;
	struct play play;
	char text[4096], field[MISMATCH_NAME_SIZE];

	snprintf(text, sizeof(text), "%s%s\n", row->before, row->line);
	play_script(&play, text);
	for (size_t i = 1; i <= play.script->n_events; i++) {
		slot = slot_at(&play, i);
		if (slot->failure[0])
			fail_msg("%s\nline %zu: %s", text, i, slot->failure);
		if (slot->mismatches.n && (i < play.script->n_events || !row->field))
			fail_msg("%s\nline %zu: %s: expected %s, actual %s", text, i,
				 mismatch_field_name(&slot->mismatches.at[0], field),
				 slot->mismatches.at[0].expected, slot->mismatches.at[0].actual);
	}
	if (row->field)
		check_mismatch(row, last_slot(&play));
	play_close(&play);
}

#define CHECK_ROWS(name, rows)                                                                     \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)                        \
			check_row(&rows[i]);                                                       \
	}

CHECK_ROWS(test_socket, socket_rows)
CHECK_ROWS(test_io, io_rows)
CHECK_ROWS(test_sockopt, sockopt_rows)
CHECK_ROWS(test_poll, poll_rows)
CHECK_ROWS(test_file, file_rows)
CHECK_ROWS(test_msg, msg_rows)

static void test_zerocopy(void **state)
{
	struct play play;
	char field[MISMATCH_NAME_SIZE];

	(void)state;
	play_script(&play, PAIR "+0 setsockopt(4, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0\n"
				"+0 send(4, ..., 4000, MSG_ZEROCOPY) = 4000\n"
				"+0 read(5, ..., 9000) = 4000\n"
				"+0.02 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 0}], "
				"msg_flags=MSG_ERRQUEUE, msg_control=[{cmsg_level=SOL_IP, "
				"cmsg_type=IP_RECVERR, cmsg_data={ee_errno=0, "
				"ee_origin=SO_EE_ORIGIN_ZEROCOPY, ee_type=0, "
				"ee_code=SO_EE_CODE_ZEROCOPY_COPIED, ee_info=0, ee_data=0}}]}, "
				"MSG_ERRQUEUE) = 0\n");
	for (size_t i = 8; i <= 11; i++) {
		assert_string_equal(slot_at(&play, i)->failure, "");
		if (slot_at(&play, i)->mismatches.n)
			fail_msg("%s: %s %s %s", slot_at(&play, i)->live,
				 mismatch_field_name(&slot_at(&play, i)->mismatches.at[0], field),
				 slot_at(&play, i)->mismatches.at[0].expected,
				 slot_at(&play, i)->mismatches.at[0].actual);
	}
	play_close(&play);
}

#define STATS_ON                                                                                   \
	PAIR "+0 setsockopt(4, SOL_SOCKET, SO_TIMESTAMPING, [SOF_TIMESTAMPING_TX_ACK|"             \
	     "SOF_TIMESTAMPING_SOFTWARE|SOF_TIMESTAMPING_OPT_STATS|SOF_TIMESTAMPING_OPT_TSONLY|"   \
	     "SOF_TIMESTAMPING_OPT_ID], 4) = 0\n" DATA(1000)
#define STATS_MESSAGE(list)                                                                        \
	"+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], "                               \
	"msg_flags=MSG_ERRQUEUE|MSG_CTRUNC|MSG_TRUNC, msg_control=["                               \
	"{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, "                                     \
	"cmsg_data={scm_sec=0,scm_nsec=0}}, "                                                      \
	"{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING_OPT_STATS, cmsg_data={" list           \
	"}}]}, MSG_ERRQUEUE) = 10\n"

/* The kernel's attributes in its order; the buffer ends where the script's list does. They are the
 * message's data, too (net/core/skbuff.c, __skb_tstamp_tx). */
static void test_statistics(void **state)
{
	static const struct {
		const char *list, *field, *expected, *actual;
	} rows[] = {
		{"TCP_NLA_BUSY=2000, TCP_NLA_RWND_LIMITED=0, TCP_NLA_SNDBUF_LIMITED=0, "
		 "TCP_NLA_DATA_SEGS_OUT=1",
		 NULL, NULL, NULL},
		{"TCP_NLA_BUSY=..., TCP_NLA_RWND_LIMITED=-1, TCP_NLA_SNDBUF_LIMITED=0", NULL, NULL,
		 NULL},
		{"TCP_NLA_BUSY=..., TCP_NLA_RWND_LIMITED=0, TCP_NLA_SNDBUF_LIMITED=0, "
		 "TCP_NLA_DATA_SEGS_OUT=7",
		 "msg_control[1] TCP_NLA_DATA_SEGS_OUT", "7", "1"},
		{"TCP_NLA_BUSY=..., TCP_NLA_SNDBUF_LIMITED=0", "msg_control[1] attribute 2",
		 "TCP_NLA_SNDBUF_LIMITED", "TCP_NLA_RWND_LIMITED"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[1024], text[4096], field[MISMATCH_NAME_SIZE];
		const struct call_slot *slot;
		struct play play;

		snprintf(line, sizeof(line), STATS_MESSAGE("%s"), rows[i].list);
		snprintf(text, sizeof(text), STATS_ON "%s", line);
		play_script(&play, text);
		slot = last_slot(&play);
		assert_string_equal(slot->failure, "");
		if (slot->mismatches.n != !!rows[i].field)
			fail_msg("%s: %s: %s, %s", slot->live,
				 mismatch_field_name(&slot->mismatches.at[0], field),
				 slot->mismatches.at[0].expected, slot->mismatches.at[0].actual);
		if (rows[i].field) {
			assert_string_equal(mismatch_field_name(&slot->mismatches.at[0], field),
					    rows[i].field);
			assert_string_equal(slot->mismatches.at[0].expected, rows[i].expected);
			assert_string_equal(slot->mismatches.at[0].actual, rows[i].actual);
		}
		play_close(&play);
	}
}

/* Addresses in each mode, and what the run loop is told of them. */
static void test_addresses(void **state)
{
	static const enum ip_mode modes[] = {IP_V4, IP_V6, IP_V4_MAPPED_V6};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct sockaddr_in6 *in6;
		const struct sockaddr_in *in;
		struct play play;
		char ip[INET6_ADDRSTRLEN] = "";

		play_open(&play, PAIR, modes[i]);
		play_all(&play);
		for (size_t line = 1; line <= 7; line++) {
			assert_string_equal(slot_at(&play, line)->failure, "");
			assert_int_equal(slot_at(&play, line)->mismatches.n, 0);
		}
		assert_ptr_equal(&program_descriptors(play.program)->at[slot_at(&play, 7)->made],
				 descriptors_find(program_descriptors(play.program), 5));
		in = (const struct sockaddr_in *)&slot_at(&play, 7)->local;
		in6 = (const struct sockaddr_in6 *)in;
		assert_int_equal(in->sin_family, i == 0 ? AF_INET : AF_INET6);
		assert_int_equal(ntohs(in->sin_port), 8080);
		inet_ntop(in->sin_family, i ? (const void *)&in6->sin6_addr : &in->sin_addr, ip,
			  sizeof(ip));
		assert_string_equal(ip, i == 0 ? "127.0.0.1" : i == 1 ? "::1" : "::ffff:127.0.0.1");
		/* The peer of the one is the local end of the other. */
		in = (const struct sockaddr_in *)&slot_at(&play, 7)->peer;
		assert_int_equal(in->sin_port,
				 ((const struct sockaddr_in *)&slot_at(&play, 6)->local)->sin_port);
		in = (const struct sockaddr_in *)&slot_at(&play, 6)->peer;
		assert_int_equal(ntohs(in->sin_port), 8080);
		play_close(&play);
	}
}

/* The kernel wants a whole echo request from a ping socket, and answers it on loopback. */
static void test_ping(void **state)
{
	struct play play;
	FILE *range;

	(void)state;
	play_open(&play,
		  "0 socket(..., SOCK_DGRAM, IPPROTO_ICMP) = 3\n"
		  "+0 sendto(3, ..., 28, 0, ..., ...) = 28\n"
		  "+.01 recv(3, ..., 100, MSG_DONTWAIT) = 28\n",
		  IP_V4);
	range = fopen("/proc/sys/net/ipv4/ping_group_range", "w");
	assert_non_null(range);
	fprintf(range, "0 0\n");
	assert_int_equal(fclose(range), 0);
	play_all(&play);
	for (size_t line = 1; line <= 3; line++)
		assert_int_equal(slot_at(&play, line)->mismatches.n, 0);
	play_close(&play);
}

static void test_large_buffers(void **state)
{
	struct play play;

	(void)state;
	play_script(&play, PAIR "+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
				"+0 setsockopt(4, SOL_SOCKET, SO_SNDBUF, [10000000], 4) = 0\n"
				"+0 write(4, ..., 3000000) = 1\n"
				"+0 read(5, ..., 3000000) = 1\n");
	assert_true(slot_at(&play, 10)->result > 100000);
	assert_true(slot_at(&play, 11)->result > 100000);
	play_close(&play);
}

static int make_file(void **state)
{
	int fd = open(TMPFILE, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	(void)state;
	if (fd < 0 || ftruncate(fd, 100) < 0)
		return -1;
	return close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(TMPFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socket),	      cmocka_unit_test(test_io),
		cmocka_unit_test(test_sockopt),	      cmocka_unit_test(test_poll),
		cmocka_unit_test(test_file),	      cmocka_unit_test(test_msg),
		cmocka_unit_test(test_zerocopy),      cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_addresses),     cmocka_unit_test(test_ping),
		cmocka_unit_test(test_large_buffers),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
