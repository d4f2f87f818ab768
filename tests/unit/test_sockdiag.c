/* TCP states read from the kernel, through real connections over a real TUN device. */
#include "tests/unit/tun_child.h"
#include "tun/sockdiag.h"

#include <net/if.h>

struct env {
	const struct family *family;
	struct link *link;
	struct sockdiag *diag;
	struct sock_tuple tuple;
	int listening, fd;
	uint32_t isn; /* the kernel's */
};

static const char *const names[] = {
	[TCP_ESTABLISHED] = "ESTABLISHED",
	[TCP_SYN_SENT] = "SYN_SENT",
	[TCP_SYN_RECV] = "SYN_RECV",
	[TCP_FIN_WAIT1] = "FIN_WAIT1",
	[TCP_FIN_WAIT2] = "FIN_WAIT2",
	[TCP_TIME_WAIT] = "TIME_WAIT",
	[TCP_CLOSE] = "CLOSE",
	[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
	[TCP_LAST_ACK] = "LAST_ACK",
	[TCP_LISTEN] = "LISTEN",
	[TCP_CLOSING] = "CLOSING",
};

static struct sock_info look(struct env *env)
{
	struct sock_info info;
	int code = sockdiag_find(env->diag, &env->tuple, &info);

	CHECK(code == 0, "sock_diag: %s", strerror(-code));
	return info;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	CHECK(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0, "%s", strerror(errno));
	return cookie;
}

#define STATE(env, wanted)                                                                         \
	do {                                                                                       \
		int state_ = look(env).state;                                                      \
		CHECK(state_ == (wanted), "it is %s, not %s", names[state_], names[wanted]);       \
	} while (0)

static void set_up(struct env *env, const struct family *family)
{
	struct errbuf err;

	*env = (struct env){.family = family, .link = enter_and_open(family), .fd = -1};
	CHECK(sockdiag_open(&env->diag, &err) == 0, "%s", err.text);
	env->tuple = (struct sock_tuple){
		.local = addr(family->local),
		.remote = addr(family->remote),
		.local_port = LOCAL_PORT,
		.remote_port = REMOTE_PORT,
	};
	env->listening = listener(family);
}

static void connected(struct env *env, const struct family *family)
{
	set_up(env, family);
	env->fd = handshake(env->link, family, env->listening, &env->isn);
	STATE(env, TCP_ESTABLISHED);
}

static void tear_down(struct env *env)
{
	close(env->fd);
	close(env->listening);
	sockdiag_close(env->diag);
	env->link->ops->close(env->link);
}

static void peer(struct env *env, unsigned flags, uint32_t seq, uint32_t ack)
{
	inject(env->link, env->family, flags, REMOTE_ISN + seq, env->isn + ack, 0);
}

/* Connects a socket that is bound to a device with one of the same kernel: fds, and env's tuple. */
static void local_pair(struct env *env, const char *device, int fds[2])
{
	struct sockaddr_storage name = {.ss_family = AF_INET};
	struct sockaddr_in *in = (struct sockaddr_in *)&name;
	socklen_t size = sizeof(*in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&name, size) == 0 && listen(fd, 1) == 0, "%s",
	      strerror(errno));
	CHECK(getsockname(fd, (struct sockaddr *)&name, &size) == 0, "%s", strerror(errno));
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(setsockopt(fds[0], SOL_SOCKET, SO_BINDTODEVICE, device, 3) == 0, "%s",
	      strerror(errno));
	CHECK(connect(fds[0], (struct sockaddr *)&name, size) == 0, "%s", strerror(errno));
	fds[1] = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	env->tuple.remote_port = ntohs(in->sin_port);
	CHECK(getsockname(fds[0], (struct sockaddr *)&name, &size) == 0, "%s", strerror(errno));
	env->tuple.local_port = ntohs(in->sin_port);
	env->tuple.local = env->tuple.remote = addr("127.0.0.1");
	close(fd);
}

static void passive_open(void *argument)
{
	struct env env;

	set_up(&env, argument);
	STATE(&env, TCP_CLOSE); /* and not the listener's LISTEN */
	inject(env.link, env.family, SYN, REMOTE_ISN, 0, 0);
	env.isn = expect(env.link, SYN | ACK).seq;
	STATE(&env, TCP_SYN_RECV);
	peer(&env, ACK, 1, 1);
	STATE(&env, TCP_ESTABLISHED);
	CHECK(look(&env).inode == 0, "not yet accepted");
	env.fd = accept4(env.listening, NULL, NULL, SOCK_CLOEXEC);
	CHECK(look(&env).inode != 0, "accepted");
	peer(&env, RST, 1, 0);
	STATE(&env, TCP_CLOSE);
	tear_down(&env);
}

static void active_close(void *argument)
{
	struct env env;

	connected(&env, argument);
	close(env.fd);
	expect(env.link, FIN | ACK);
	STATE(&env, TCP_FIN_WAIT1);
	CHECK(look(&env).inode == 0, "an orphan");
	peer(&env, ACK, 1, 2);
	STATE(&env, TCP_FIN_WAIT2);
	peer(&env, FIN | ACK, 1, 2);
	expect(env.link, ACK);
	STATE(&env, TCP_TIME_WAIT);
	CHECK(look(&env).expires_ms > 55000, "%u ms left", look(&env).expires_ms);
	tear_down(&env);
}

/* With tcp_fin_timeout beyond a minute an orphan stays a whole socket in FIN_WAIT2, and is not at
 * once a TIME_WAIT one that says FIN_WAIT2 (net/ipv4/tcp.c, __tcp_close). */
static void orphan_in_fin_wait2(void *argument)
{
	struct env env;
	struct errbuf err;

	connected(&env, argument);
	CHECK(sysctl_write("net.ipv4.tcp_fin_timeout", "120", &err) == 0, "%s", err.text);
	close(env.fd);
	expect(env.link, FIN | ACK);
	peer(&env, ACK, 1, 2);
	STATE(&env, TCP_FIN_WAIT2);
	CHECK(look(&env).inode == 0, "an orphan");
	peer(&env, FIN | ACK, 1, 2);
	STATE(&env, TCP_TIME_WAIT);
	tear_down(&env);
}

static void shutdown_keeps_the_socket(void *argument)
{
	struct env env;

	connected(&env, argument);
	CHECK(shutdown(env.fd, SHUT_WR) == 0, "%s", strerror(errno));
	expect(env.link, FIN | ACK);
	STATE(&env, TCP_FIN_WAIT1);
	peer(&env, ACK, 1, 2);
	STATE(&env, TCP_FIN_WAIT2);
	CHECK(look(&env).inode != 0, "still open");
	peer(&env, FIN | ACK, 1, 2);
	STATE(&env, TCP_TIME_WAIT);
	tear_down(&env);
}

static void passive_close(void *argument)
{
	struct env env;

	connected(&env, argument);
	peer(&env, FIN | ACK, 1, 1);
	STATE(&env, TCP_CLOSE_WAIT);
	expect(env.link, ACK);
	close(env.fd);
	expect(env.link, FIN | ACK);
	STATE(&env, TCP_LAST_ACK);
	peer(&env, ACK, 2, 2);
	STATE(&env, TCP_CLOSE); /* though the listener is still there */
	tear_down(&env);
}

static void simultaneous_close(void *argument)
{
	struct env env;

	connected(&env, argument);
	close(env.fd);
	expect(env.link, FIN | ACK);
	peer(&env, FIN | ACK, 1, 1);
	STATE(&env, TCP_CLOSING);
	expect(env.link, ACK);
	peer(&env, ACK, 2, 2);
	STATE(&env, TCP_TIME_WAIT);
	tear_down(&env);
}

static void active_open(void *argument)
{
	struct env env;
	struct sockaddr_storage to;
	socklen_t size;

	set_up(&env, argument);
	env.fd = bound_socket(env.family, SOCK_STREAM, 0);
	size = sockaddr_of(env.family, env.family->connect_to, REMOTE_PORT, &to);
	CHECK(connect(env.fd, (struct sockaddr *)&to, size) < 0 && errno == EINPROGRESS, "%s",
	      strerror(errno));
	env.tuple.local_port = expect(env.link, SYN).local_port;
	STATE(&env, TCP_SYN_SENT);
	tear_down(&env);
}

static void bound_to_the_device(void *argument)
{
	struct env env;

	set_up(&env, argument);
	CHECK(setsockopt(env.listening, SOL_SOCKET, SO_BINDTODEVICE, "tun0", 5) == 0, "%s",
	      strerror(errno));
	env.fd = handshake(env.link, env.family, env.listening, &env.isn);
	STATE(&env, TCP_ESTABLISHED);
	tear_down(&env);
}

static void queues(void *argument)
{
	struct env env;

	connected(&env, argument);
	inject(env.link, env.family, ACK, REMOTE_ISN + 1, env.isn + 1, 100);
	CHECK(look(&env).rqueue == 100, "%u bytes to read", look(&env).rqueue);
	CHECK(write(env.fd, "12345", 5) == 5, "%s", strerror(errno));
	CHECK(look(&env).wqueue == 5, "%u bytes to be acknowledged", look(&env).wqueue);
	CHECK(look(&env).timer == 1 || look(&env).timer == 5, "timer %u", look(&env).timer);
	/* Unread data: close() resets, and at once nothing is left. */
	close(env.fd);
	STATE(&env, TCP_CLOSE);
	tear_down(&env);
}

static void other_tuples(void *argument)
{
	struct env env;

	connected(&env, argument);
	env.tuple.remote_port++;
	STATE(&env, TCP_CLOSE);
	env.tuple.remote_port--;
	env.tuple.local_port++;
	STATE(&env, TCP_CLOSE);
	env.tuple.local_port--;
	env.tuple.remote.bytes[1] ^= 1;
	STATE(&env, TCP_CLOSE);
	env.tuple.remote.bytes[1] ^= 1;
	STATE(&env, TCP_ESTABLISHED);
	tear_down(&env);
}

/* One cookie from the request for a connection to the end of its TIME_WAIT; another connection
 * between the same addresses and ports has another one. */
static void a_cookie_for_life(void *argument)
{
	struct env env;
	uint64_t cookie;

	set_up(&env, argument);
	CHECK(look(&env).cookie == 0, "no socket");
	inject(env.link, env.family, SYN, REMOTE_ISN, 0, 0);
	env.isn = expect(env.link, SYN | ACK).seq;
	cookie = look(&env).cookie;
	CHECK(cookie != 0, "a request");
	peer(&env, ACK, 1, 1);
	CHECK(look(&env).cookie == cookie, "a connection");
	env.fd = accept4(env.listening, NULL, NULL, SOCK_CLOEXEC);
	CHECK(cookie_of(env.fd) == cookie, "accepted");
	close(env.fd);
	expect(env.link, FIN | ACK);
	CHECK(look(&env).cookie == cookie, "an orphan");
	peer(&env, FIN | ACK, 1, 2);
	expect(env.link, ACK);
	STATE(&env, TCP_TIME_WAIT);
	CHECK(look(&env).cookie == cookie, "in TIME_WAIT");
	inject(env.link, env.family, SYN, REMOTE_ISN + 70000, 0, 0);
	env.isn = expect(env.link, SYN | ACK).seq;
	STATE(&env, TCP_SYN_RECV);
	CHECK(look(&env).cookie != cookie, "another connection");
	tear_down(&env);
}

/* Asked for by its own address, and only then. */
static void listeners(void *argument)
{
	static const struct ip_addr nobody;
	struct sockaddr_storage any = {0};
	struct env env;
	int fd;

	connected(&env, argument);
	env.tuple.remote = nobody;
	env.tuple.remote_port = 0;
	STATE(&env, TCP_LISTEN);
	CHECK(look(&env).cookie == cookie_of(env.listening), "that one");
	env.tuple.local_port++;
	STATE(&env, TCP_CLOSE);
	/* On all addresses. */
	any.ss_family = env.tuple.local.version == 4 ? AF_INET : AF_INET6;
	memset(env.tuple.local.bytes, 0, sizeof(env.tuple.local.bytes));
	fd = socket(any.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	((struct sockaddr_in *)&any)->sin_port = htons(LOCAL_PORT + 1);
	CHECK(bind(fd, (struct sockaddr *)&any, sizeof(struct sockaddr_in6)) == 0, "%s",
	      strerror(errno));
	CHECK(listen(fd, 1) == 0, "%s", strerror(errno));
	STATE(&env, TCP_LISTEN);
	CHECK(look(&env).cookie == cookie_of(fd), "that one");
	close(fd);
	STATE(&env, TCP_CLOSE);
	tear_down(&env);
}

/* Bound to a device that is not ours, it is found by that. */
static void bound_to_another_device(void *argument)
{
	struct env env;
	int fds[2];

	set_up(&env, argument);
	local_pair(&env, "lo", fds);
	STATE(&env, TCP_CLOSE);
	env.tuple.device = (int)if_nametoindex("lo");
	STATE(&env, TCP_ESTABLISHED);
	close(fds[0]);
	close(fds[1]);
	tear_down(&env);
}

/* "Not found" of a protocol that the kernel cannot tell of is no state. */
static void unknown_protocol(void *argument)
{
	struct env env;

	set_up(&env, argument);
	CHECK(sockdiag_probe(env.diag, IPPROTO_TCP) == 0, "TCP is known");
	CHECK(sockdiag_probe(env.diag, IPPROTO_IGMP) == -ENOENT, "IGMP has no sockets");
	STATE(&env, TCP_CLOSE);
	tear_down(&env);
}

static void cost(void *argument)
{
	enum { ROUNDS = 2000 };
	struct env env;
	int64_t start, each;

	connected(&env, argument);
	start = now(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < ROUNDS; i++)
		look(&env);
	each = (now(CLOCK_PROCESS_CPUTIME_ID) - start) / ROUNDS;
	printf("%lld ns of CPU a lookup\n", (long long)each);
	CHECK(each < 200000, "cheap enough to be called after every event");
	tear_down(&env);
}

static void each_family(void (*body)(void *))
{
	for (size_t i = 0; i < N_FAMILIES; i++)
		in_child(body, (void *)&families[i]);
}

#define TEST(body)                                                                                 \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		each_family(body);                                                                 \
	}

TEST(passive_open)
TEST(active_close)
TEST(orphan_in_fin_wait2)
TEST(shutdown_keeps_the_socket)
TEST(passive_close)
TEST(simultaneous_close)
TEST(active_open)
TEST(bound_to_the_device)
TEST(queues)
TEST(other_tuples)
TEST(a_cookie_for_life)
TEST(listeners)
TEST(bound_to_another_device)
TEST(unknown_protocol)
TEST(cost)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passive_open),
		cmocka_unit_test(test_active_close),
		cmocka_unit_test(test_orphan_in_fin_wait2),
		cmocka_unit_test(test_shutdown_keeps_the_socket),
		cmocka_unit_test(test_passive_close),
		cmocka_unit_test(test_simultaneous_close),
		cmocka_unit_test(test_active_open),
		cmocka_unit_test(test_bound_to_the_device),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_other_tuples),
		cmocka_unit_test(test_a_cookie_for_life),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_bound_to_another_device),
		cmocka_unit_test(test_unknown_protocol),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
