/* TCP states read from the kernel, through real connections over a real TUN device. */
#include "tests/unit/tun_child.h"
#include "tun/sockdiag.h"

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
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
