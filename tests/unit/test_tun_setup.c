/* Tests the addresses, routes and settings of the device, and errors in setting them. */
#include "tests/unit/tun_child.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#define V4 (&families[0])

static bool connects(const struct family *family, const struct tun_config *config)
{
	struct link *link = open_link(config);
	struct sockaddr_storage to;
	socklen_t size = sockaddr_of(family, family->connect_to, REMOTE_PORT, &to);
	int fd = socket(family->domain, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct segment segment;
	bool ok;

	ok = connect(fd, (struct sockaddr *)&to, size) < 0 && errno == EINPROGRESS &&
	     next_segment(link, &segment, mono() + SECOND) && segment.flags == SYN;
	link->ops->close(link);
	return ok;
}

static void gateway_is_local(void *argument)
{
	const struct family *family = argument;
	struct tun_config config = config_of(family);

	config.gateway = config.local;
	enter();
	CHECK(connects(family, &config), "no SYN");
}

static void gateway_off_link(void *argument)
{
	const struct family *family = argument;
	struct tun_config config = config_of(family);

	config.gateway = addr(family->version == 4 ? "10.9.8.7" : "fd00:9:8::7");
	enter();
	CHECK(connects(family, &config), "no SYN");
}

/* Every address of the local prefix is ours, none is configured. */
static void any_address(void *argument)
{
	const struct family *family = argument;
	struct tun_config config = config_of(family);
	struct link *link;

	config.any_ip = true;
	enter();
	link = open_link(&config);
	handshake(link, family, listener(family), &(uint32_t){0});
	link->ops->close(link);
}

/* No DAD, no router solicitation: nothing comes of IPv6 but its multicast reports (ICMPv6 143, RFC
 * 3810), and the address can be used at once. */
static void quiet_ipv6(void *argument)
{
	const struct family *family = argument;
	struct link *link = enter_and_open(family);
	int64_t deadline = mono() + 1200 * MILLISECOND;
	struct link_packet packet;

	close(bound_socket(family, SOCK_STREAM, LOCAL_PORT));
	while (link->ops->receive(link, &packet, deadline) > 0)
		CHECK(packet.size > 48 && packet.bytes[0] >> 4 == 6 && packet.bytes[6] == 0 &&
			      packet.bytes[48] == 143,
		      "an unasked-for packet of protocol %d", packet.bytes[6]);
	link->ops->close(link);
}

static void settings(void *argument)
{
	struct tun_config config = config_of(argument);
	struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
	struct ifreq request = {.ifr_name = "tun0"};
	struct link *link;
	int fd;

	config.mtu = 1520;
	config.speed_mbps = 100;
	enter();
	link = open_link(&config);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu == 1520, "MTU %d",
	      request.ifr_mtu);
	request.ifr_data = (void *)&command;
	CHECK(ioctl(fd, SIOCETHTOOL, &request) == 0, "ethtool: %s", strerror(errno));
	CHECK(ethtool_cmd_speed(&command) == 100, "speed %u", ethtool_cmd_speed(&command));
	link->ops->close(link);
}

/* The start-up's waiting is done elsewhere. */
static void background(void *argument)
{
	struct tun_config config = config_of(argument);
	struct errbuf err;
	struct link_packet packet;
	struct link *link;

	config.background = true;
	enter();
	link = open_link(&config);
	CHECK(link->ops->receive(link, &packet, 0) == -EAGAIN, "ready without being asked");
	CHECK(link->ops->ready(link, &err) == 0, "%s", err.text);
	CHECK(link->ops->ready(link, &err) == 0, "%s", err.text);
	handshake(link, argument, listener(argument), &(uint32_t){0});
	link->ops->close(link);
	/* Closed before it ever was ready. */
	CHECK(unshare(CLONE_NEWNET) == 0, "%s", strerror(errno));
	link = open_link(&config);
	link->ops->close(link);
}

/* Two runs in a namespace that outlives them. */
static void transient(void *argument)
{
	struct tun_config config = config_of(argument);
	struct errbuf err;
	struct link *link;

	enter();
	config.transient = true;
	for (int i = 0; i < 2; i++) {
		link = open_link(&config);
		CHECK(if_nametoindex("tun0") != 0, "no device");
		link->ops->close(link);
		CHECK(if_nametoindex("tun0") == 0, "the device is still there");
	}
	config.transient = false;
	link = open_link(&config);
	link->ops->close(link);
	CHECK(if_nametoindex("tun0") != 0, "the device is gone");
	CHECK(tun_open(&config, &link, &err) == -EBUSY && strstr(err.text, "ip link delete"), "%s",
	      err.text);
}

static bool captures(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/net/packet", "r");
	int lines = 0;

	CHECK(file != NULL, "%s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		lines++;
	fclose(file);
	return lines > 1; /* the first is a heading */
}

/* The lock that says that the kernel is still closing what was left to it. */
static int node_lock(int operation)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/net/tun: %s", strerror(errno));
	if (flock(fd, operation) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The kernel closes the capture though this process goes on, and then another may be left to it;
 * where one is already, it is closed as usual. */
static void alone(void *argument)
{
	struct tun_config config = config_of(argument);
	int64_t deadline;
	struct link *link;

	config.alone = true;
	enter();
	for (int locked = 0; locked < 2; locked++) {
		int lock = locked ? node_lock(LOCK_EX) : -1;

		link = open_link(&config);
		handshake(link, argument, listener(argument), &(uint32_t){0});
		CHECK(captures(), "no capture in /proc/self/net/packet");
		link->ops->close(link);
		CHECK(if_nametoindex("tun0") != 0, "the device is gone");
		for (deadline = mono() + 20 * SECOND; captures() && mono() < deadline;)
			usleep(1000);
		CHECK(!captures(), "the capture is still there");
		if (locked)
			close(lock);
		while ((lock = node_lock(LOCK_EX | LOCK_NB)) < 0 && mono() < deadline)
			usleep(1000);
		CHECK(lock >= 0, "still locked");
		close(lock);
		CHECK(unshare(CLONE_NEWNET) == 0, "%s", strerror(errno));
	}
	/* Closed before it ever was ready. */
	config.background = true;
	link = open_link(&config);
	link->ops->close(link);
}

/* Only ever in a namespace that was made for it. */
static void machine_namespace(void *argument)
{
	struct tun_config config = config_of(argument);
	struct errbuf err;
	struct link *link;
	unsigned there = if_nametoindex("tun0");

	if (netns_is_first()) {
		CHECK(tun_open(&config, &link, &err) == -EPERM && strstr(err.text, "own network"),
		      "%s", err.text);
		CHECK(if_nametoindex("tun0") == there, "a device was made");
	}
	enter();
	CHECK(!netns_is_first(), "a new namespace is taken for the first");
}

static void errors(void *argument)
{
	struct tun_config config = config_of(argument);
	struct errbuf err = {""};
	struct link *link;
	int code;

	enter();
	config.node = "/nonexistent/tun";
	CHECK(tun_open(&config, &link, &err) == -ENOENT && strstr(err.text, "modprobe"), "%s",
	      err.text);
	config.node = "/dev/null";
	code = tun_open(&config, &link, &err);
	CHECK(code < 0 && strstr(err.text, "tun0"), "%d %s", code, err.text);
	config.node = NULL;
	config.mtu = 1;
	code = tun_open(&config, &link, &err);
	if (code == -ENOENT || code == -EACCES)
		child_skip(err.text);
	CHECK(code == -EINVAL && strstr(err.text, "link up"), "%d %s", code, err.text);
}

/* Where the node is as the kernel makes it, the message says what to do. */
static void unprivileged_without_node(void *argument)
{
	struct tun_config config = config_of(argument);
	struct errbuf err;
	struct link *link;
	int code;

	become_nobody();
	enter();
	config.node = "/proc/sys/kernel/core_pattern"; /* root's */
	code = tun_open(&config, &link, &err);
	CHECK(code == -EACCES || code == -EROFS, "%d %s", code, err.text);
	CHECK(code == -EROFS || strstr(err.text, "0666"), "%s", err.text);
}

#define V4_TEST(body)                                                                              \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(body, (void *)V4);                                                        \
	}

#define TEST(body)                                                                                 \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		for (size_t i = 0; i < N_FAMILIES; i++)                                            \
			in_child(body, (void *)&families[i]);                                      \
	}

TEST(gateway_is_local)
TEST(gateway_off_link)
TEST(quiet_ipv6)
TEST(background)
V4_TEST(settings)
V4_TEST(transient)
V4_TEST(alone)
V4_TEST(machine_namespace)
V4_TEST(errors)
V4_TEST(unprivileged_without_node)

static void test_any_address(void **state)
{
	(void)state;
	in_child(any_address, (void *)&families[0]);
	in_child(any_address, (void *)&families[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gateway_is_local),
		cmocka_unit_test(test_gateway_off_link),
		cmocka_unit_test(test_any_address),
		cmocka_unit_test(test_quiet_ipv6),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_transient),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_machine_namespace),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_unprivileged_without_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
