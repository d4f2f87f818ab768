/* Namespace, device, capture and capture files, against the running kernel. */
#include "tests/unit/tun_child.h"

#include <dirent.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <grp.h>

#include "tun/fake.h"
#include "tun/pcap_file.h"

#define V4	    (&families[0])
#define CLOCK_ERROR 10000 /* ns, between two clocks on a busy machine */

/* A connected UDP socket: one datagram sent is one packet. */
static int datagrams(const struct family *family)
{
	struct sockaddr_storage to;
	int fd = bound_socket(family, SOCK_DGRAM, 0);
	socklen_t size = sockaddr_of(family, family->connect_to, 9, &to);

	CHECK(connect(fd, (struct sockaddr *)&to, size) == 0, "connect: %s", strerror(errno));
	return fd;
}

/* The next packet that is UDP; false: none. -ENOBUFS is counted in *lost. */
static bool next_datagram(struct link *link, struct link_packet *packet, int64_t deadline,
			  unsigned *lost)
{
	int n;

	for (;;) {
		n = link->ops->receive(link, packet, deadline);
		if (n == -ENOBUFS && lost) {
			++*lost;
			continue;
		}
		CHECK(n >= 0, "receive: %s", strerror(-n));
		if (n == 0)
			return false;
		if (packet->bytes[packet->bytes[0] >> 4 == 4 ? 9 : 6] == IPPROTO_UDP)
			return true;
	}
}

static void handshake_and_times(void *argument)
{
	const struct family *family = argument;
	struct link *link = enter_and_open(family);
	int listening = listener(family);
	int64_t before = mono(), after;
	struct segment segment;
	uint32_t isn;

	inject(link, family, SYN, REMOTE_ISN, 0, 0);
	after = mono();
	usleep(30000); /* reading late must not matter */
	segment = expect(link, SYN | ACK);
	CHECK(segment.ack == REMOTE_ISN + 1, "ack %u", segment.ack);
	CHECK(segment.time_ns >= before - CLOCK_ERROR && segment.time_ns <= after + CLOCK_ERROR,
	      "sent %lld ns after the injection began, which took %lld",
	      (long long)(segment.time_ns - before), (long long)(after - before));
	isn = segment.seq;
	inject(link, family, ACK, REMOTE_ISN + 1, isn + 1, 0);
	CHECK(accept(listening, NULL, NULL) >= 0, "accept: %s", strerror(errno));
	link->ops->close(link);
}

static void burst(void *argument)
{
	enum { BURST = 400 };
	const struct family *family = argument;
	struct link *link = enter_and_open(family);
	int fd = datagrams(family);
	int64_t sent[BURST + 1], last = 0;
	struct link_packet packet;
	size_t headers = (family->version == 4 ? 20 : 40) + 8;

	for (int i = 0; i < BURST; i++) {
		sent[i] = mono();
		CHECK(send(fd, &i, sizeof(i), 0) == sizeof(i), "send: %s", strerror(errno));
	}
	sent[BURST] = mono();
	usleep(20000);
	for (int i = 0; i < BURST; i++) {
		int number;

		CHECK(next_datagram(link, &packet, 0, NULL), "packet %d is missing", i);
		CHECK(packet.size == headers + sizeof(i) && packet.wire_size == packet.size,
		      "size %zu of %zu", packet.size, packet.wire_size);
		memcpy(&number, packet.bytes + headers, sizeof(number));
		CHECK(number == i, "packet %d in place of %d", number, i);
		CHECK(packet.time_ns >= last, "time goes back at packet %d", i);
		CHECK(packet.time_ns >= sent[i] - CLOCK_ERROR &&
			      packet.time_ns <= sent[i + 1] + CLOCK_ERROR,
		      "packet %d is %lld ns off", i, (long long)(packet.time_ns - sent[i]));
		last = packet.time_ns;
	}
	CHECK(!next_datagram(link, &packet, 0, NULL), "one more than was sent");
	link->ops->close(link);
}

/* The device's queue holds 500 packets: the rest are known by their heads, none is forgotten. */
static void device_overflow(void *argument)
{
	enum { BURST = 800, PAYLOAD = 1000 };
	struct link *link = enter_and_open(argument);
	int fd = datagrams(argument);
	char payload[PAYLOAD] = {0};
	struct link_packet packet;
	unsigned whole = 0, heads = 0, lost = 0;

	for (int i = 0; i < BURST; i++)
		CHECK(send(fd, payload, PAYLOAD, 0) == PAYLOAD, "send: %s", strerror(errno));
	while (next_datagram(link, &packet, 0, &lost)) {
		if (packet.size == packet.wire_size)
			whole++;
		else
			heads++;
		CHECK(packet.wire_size == PAYLOAD + 28, "size %zu", packet.wire_size);
	}
	CHECK(whole >= 500 && whole + heads == BURST && lost == 0, "%u whole, %u heads, %u lost",
	      whole, heads, lost);
	/* And the two are in step again. */
	CHECK(send(fd, payload, 1, 0) == 1, "send: %s", strerror(errno));
	CHECK(next_datagram(link, &packet, mono() + SECOND, &lost), "nothing");
	CHECK(packet.size == 29 && packet.wire_size == 29, "size %zu", packet.size);
	link->ops->close(link);
}

static void capture_overflow(void *argument)
{
	struct link *link = enter_and_open(argument);
	int fd = datagrams(argument);
	struct link_packet packet;
	unsigned n = 0, lost = 0;

	for (unsigned i = 0; i < 3000; i++)
		CHECK(send(fd, &i, sizeof(i), 0) == sizeof(i), "send: %s", strerror(errno));
	while (next_datagram(link, &packet, 0, &lost))
		n++;
	CHECK(n >= 900 && n < 3000, "%u packets", n);
	CHECK(lost == 1, "told %u times that packets were lost", lost);
	CHECK(send(fd, "x", 1, 0) == 1, "send: %s", strerror(errno));
	while (next_datagram(link, &packet, mono() + 50 * MILLISECOND, &lost))
		n = packet.wire_size;
	CHECK(lost == 1, "told %u times that packets were lost", lost);
	CHECK(n == 29, "the last one read has %u bytes", n);
	link->ops->close(link);
}

static void deadlines(void *argument)
{
	struct link *link = enter_and_open(argument);
	struct link_packet packet;
	int64_t start, cpu, took;

	while (link->ops->receive(link, &packet, mono() + 200 * MILLISECOND) > 0)
		; /* IPv6 telling its groups */
	start = mono();
	CHECK(link->ops->receive(link, &packet, start - SECOND) == 0, "a packet from nowhere");
	CHECK(mono() - start < 20 * MILLISECOND, "waited for a deadline that had passed");
	start = mono();
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(link->ops->receive(link, &packet, start + 100 * MILLISECOND) == 0, "a packet");
	took = mono() - start;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	CHECK(took >= 100 * MILLISECOND && took < 200 * MILLISECOND, "waited %lld ns",
	      (long long)took);
	CHECK(cpu < 5 * MILLISECOND, "used %lld ns of CPU in waiting", (long long)cpu);
	link->ops->close(link);
}

/* A reader that waits is woken by the packet, not by a timer. */
static void wake_up(void *argument)
{
	struct link *link = enter_and_open(argument);
	int fd = datagrams(argument);
	struct link_packet packet;
	int64_t best = SECOND;
	int status;

	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			usleep(3000);
			_exit(send(fd, "x", 1, 0) == 1 ? 0 : 1);
		}
		CHECK(next_datagram(link, &packet, mono() + SECOND, NULL), "nothing came");
		if (mono() - packet.time_ns < best)
			best = mono() - packet.time_ns;
		CHECK(waitpid(pid, &status, 0) == pid && status == 0, "the sender failed");
	}
	CHECK(best < 500000, "at best %lld ns from sending to reading", (long long)best);
	link->ops->close(link);
}

/* What the kernel takes for one segment: the largest payload it saw at once (tcp_measure_rcv_mss).
 */
static unsigned seen_mss(const struct family *family, unsigned gso_size, unsigned flags)
{
	struct link *link = enter_and_open(family);
	int listening = listener(family);
	struct tcp_info info;
	socklen_t size = sizeof(info);
	uint32_t isn;
	int fd = handshake(link, family, listening, &isn);
	struct segment data = {
		.flags = ACK | flags, .seq = REMOTE_ISN + 1, .ack = isn + 1, .payload = 3000};
	char byte[4000];

	inject_gso(link, family, &data, gso_size);
	CHECK(recv(fd, byte, sizeof(byte), 0) == 3000, "recv: %s", strerror(errno));
	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0, "%s", strerror(errno));
	link->ops->close(link);
	return info.tcpi_rcv_mss;
}

static void aggregate(void *argument)
{
	unsigned mss = seen_mss(argument, 1000, 0);

	CHECK(mss == 1000, "the kernel takes segments for %u bytes", mss);
}

static void aggregate_with_cwr(void *argument)
{
	unsigned mss = seen_mss(argument, 700, 0x80);

	CHECK(mss == 700, "the kernel takes segments for %u bytes", mss);
}

static void no_aggregate(void *argument)
{
	unsigned mss = seen_mss(argument, 0, 0);

	CHECK(mss != 1000 && mss != 700, "the kernel takes segments for %u bytes", mss);
}

/* The kernel hands over segments of many MSS whole. */
static void large_segments(void *argument)
{
	const struct family *family = argument;
	struct link *link = enter_and_open(family);
	static char data[60000];
	uint32_t isn;
	int fd = handshake(link, family, listener(family), &isn);
	size_t largest = 0, total = 0;
	int room = 4 * sizeof(data);
	struct segment segment;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	CHECK(write(fd, data, sizeof(data)) == sizeof(data), "write: %s", strerror(errno));
	while (total < sizeof(data) && next_segment(link, &segment, mono() + SECOND)) {
		total += segment.payload;
		if (segment.wire_size > largest)
			largest = segment.wire_size;
		inject(link, family, ACK, REMOTE_ISN + 1, segment.seq + segment.payload, 0);
	}
	CHECK(total == sizeof(data), "%zu bytes", total);
	CHECK(largest > 1500, "no segment of more than %zu bytes", largest);
	link->ops->close(link);
}

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

/* Several at once, and the start-up's waiting done elsewhere. */
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

static void sysctls(void *argument)
{
	struct errbuf err;
	char value[64];

	(void)argument;
	enter();
	CHECK(sysctl_write("net.ipv4.tcp_sack", "0", &err) == 0, "%s", err.text);
	CHECK(sysctl_read("net/ipv4/tcp_sack", value, sizeof(value), &err) == 0, "%s", err.text);
	CHECK(strcmp(value, "0") == 0, "it is \"%s\"", value);
	CHECK(sysctl_write("net.ipv4.tcp_rmem", "4096 5000 6000", &err) == 0, "%s", err.text);
	CHECK(sysctl_read("net.ipv4.tcp_rmem", value, sizeof(value), &err) == 0, "%s", err.text);
	CHECK(strcmp(value, "4096\t5000\t6000") == 0, "it is \"%s\"", value);
	CHECK(sysctl_write("net.ipv4.tcp_sack", "many", &err) == -EINVAL, "%s", err.text);
	CHECK(sysctl_write("net.ipv4.no_such", "1", &err) == -ENOENT, "%s", err.text);
	CHECK(strstr(err.text, "net.ipv4.no_such"), "%s", err.text);
	CHECK(sysctl_write("../../etc/passwd", "1", &err) == -EINVAL, "%s", err.text);
	CHECK(sysctl_write("", "1", &err) == -EINVAL, "%s", err.text);
}

static void host_sysctls_guarded(void *argument)
{
	struct errbuf err;
	char value[64];
	int code;

	(void)argument;
	enter();
	CHECK(netns_sysctls_guarded(), "/proc/sys can be written");
	CHECK(sysctl_read("vm.swappiness", value, sizeof(value), &err) == 0, "%s", err.text);
	code = sysctl_write("vm.swappiness", value, &err);
	CHECK(code == -EROFS || code == -EACCES, "%d: the host's sysctl was written", code);
	CHECK(sysctl_write("net.ipv4.tcp_sack", "1", &err) == 0, "%s", err.text);
}

/* From here on as an ordinary user, whose /dev/net/tun has the mode that udev gives it. The node is
 * a private one, on top of the machine's, in a mount namespace of this process. */
static void become_nobody(void)
{
	const char *folder = "/tmp", *node = "/tmp/tun-node";
	const uid_t nobody = 65534;

	if (geteuid() != 0)
		return;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, NULL) < 0)
		child_skip("mounts are not allowed here");
	if (mknod(node, S_IFCHR, makedev(10, 200)) < 0 || chmod(node, 0666) < 0 ||
	    mount(node, "/dev/net/tun", NULL, MS_BIND, NULL) < 0)
		child_skip("no device nodes can be made here");
	CHECK(setgroups(0, NULL) == 0 && setgid(nobody) == 0 && setuid(nobody) == 0, "%s",
	      strerror(errno));
	/* setuid() gives /proc/self to root; a user who starts a program has it. */
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0, "%s", strerror(errno));
}

static void as_nobody(void (*body)(void *), void *argument)
{
	become_nobody();
	body(argument);
}

static void unprivileged_handshake(void *argument)
{
	as_nobody(handshake_and_times, argument);
}

static void unprivileged_guard(void *argument)
{
	as_nobody(host_sysctls_guarded, argument);
}

static void unprivileged_burst(void *argument)
{
	as_nobody(burst, argument);
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

/* Everything of the host that a run might change: interfaces, addresses, routes, sysctls. */

struct snapshot {
	size_t size;
	char text[1 << 20];
};

static void snap_file(struct snapshot *snapshot, const char *path)
{
	size_t room = sizeof(snapshot->text) - snapshot->size;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, snapshot->text + snapshot->size, room);
	if (n > 0)
		snapshot->size += n;
	close(fd);
}

static void snap_folder(struct snapshot *snapshot, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);
	char path[512];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		assert_true(snapshot->size + sizeof(path) < sizeof(snapshot->text));
		snapshot->size += sprintf(snapshot->text + snapshot->size, "\n%s: ", path);
		snap_file(snapshot, path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static struct snapshot *snap_host(void)
{
	static const char *const folders[] = {
		"/proc/sys/net/ipv4",
		"/proc/sys/net/ipv4/conf/all",
		"/proc/sys/net/ipv4/conf/default",
		"/proc/sys/net/ipv6/conf/all",
		"/proc/sys/net/ipv6/conf/default",
		"/proc/sys/net/core",
		"/proc/sys/vm",
		"/sys/class/net",
	};
	static const char *const files[] = {"/proc/net/route", "/proc/net/if_inet6",
					    "/proc/net/fib_trie", "/proc/mounts"};
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		snap_folder(snapshot, folders[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		snap_file(snapshot, files[i]);
	return snapshot;
}

static int before_all(void **state)
{
	*state = snap_host();
	return 0;
}

static int after_all(void **state)
{
	free(*state);
	return 0;
}

static void test_host_is_untouched(void **state)
{
	struct snapshot *before = *state, *after = snap_host();

	const char *a = before->text, *b = after->text;

	assert_true(after->size > 1000);
	for (; *a || *b; a += strcspn(a, "\n"), b += strcspn(b, "\n"), a += *a != 0, b += *b != 0) {
		size_t n = strcspn(a, "\n");

		if (n != strcspn(b, "\n") || memcmp(a, b, n) != 0)
			fail_msg("before: %.*s\nafter:  %.*s", (int)n, a, (int)strcspn(b, "\n"), b);
	}
	free(after);
}

/* Capture files. */

static char *scratch(void)
{
	static const char template[] = "/tmp/test-tun-XXXXXX";
	char *folder = strdup(template);

	assert_non_null(folder);
	assert_non_null(mkdtemp(folder));
	return folder;
}

static int files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void test_pcap_file(void **state)
{
	const int64_t time_ns = 1700000000 * SECOND + 123456789;
	static uint8_t large[65535] = {0x45};
	char *folder = scratch();
	char path[64], text[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	struct pcap_file *file;
	const u_char *bytes;
	struct errbuf err;
	pcap_t *pcap;

	(void)state;
	snprintf(path, sizeof(path), "%s/x.pcap", folder);
	assert_int_equal(pcap_file_open(path, &file, &err), 0);
	pcap_file_add(file, time_ns, (const uint8_t *)"\x45packet", 7);
	pcap_file_add(file, time_ns + 1, large, sizeof(large));
	assert_int_equal(access(path, F_OK), -1); /* not before it is whole */
	assert_int_equal(pcap_file_close(file, &err), 0);

	pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_RAW);
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
	assert_int_equal(header->ts.tv_sec, 1700000000);
	assert_int_equal(header->ts.tv_usec, 123456789);
	assert_int_equal(header->len, 7);
	assert_memory_equal(bytes, "\x45packet", 7);
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
	assert_int_equal(header->ts.tv_usec, 123456790);
	assert_int_equal(header->caplen, sizeof(large));
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
	pcap_close(pcap);
	assert_int_equal(files_in(folder), 1);
	unlink(path);
	rmdir(folder);
	free(folder);
}

static void test_pcap_file_not_written(void **state)
{
	char *folder = scratch();
	char path[64];
	struct pcap_file *file;
	struct errbuf err;

	(void)state;
	snprintf(path, sizeof(path), "%s/x.pcap", folder);
	assert_int_equal(pcap_file_open(path, &file, &err), 0);
	pcap_file_drop(file);
	assert_int_equal(files_in(folder), 0);
	pcap_file_drop(NULL);

	/* Its place is taken by a folder. */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(pcap_file_open(path, &file, &err), 0);
	assert_int_equal(pcap_file_close(file, &err), -EISDIR);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(files_in(folder), 1);
	rmdir(path);

	snprintf(path, sizeof(path), "%s/none/x.pcap", folder);
	assert_int_equal(pcap_file_open(path, &file, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	rmdir(folder);
	free(folder);
}

/* A full disk is an error, not half a file. */
static void full_disk(void *argument)
{
	static uint8_t bytes[60000];
	struct pcap_file *file;
	struct errbuf err;

	(void)argument;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, "size=64k") < 0)
		child_skip("mounts are not allowed here");
	CHECK(pcap_file_open("/tmp/x.pcap", &file, &err) == 0, "%s", err.text);
	for (int i = 0; i < 3; i++)
		pcap_file_add(file, i, bytes, sizeof(bytes));
	CHECK(pcap_file_close(file, &err) == -ENOSPC, "%s", err.text);
	CHECK(access("/tmp/x.pcap", F_OK) < 0, "half a file");
}

/* The fake. */

static int answer(struct link *link, const struct fake_sent *sent, void *cookie)
{
	int64_t *time_ns = cookie;

	return fake_link_queue(link, sent->bytes, sent->size, *time_ns);
}

static void test_fake_link(void **state)
{
	int64_t time_ns = 500;
	struct link *link = fake_link_new(answer, &time_ns);
	struct link_packet packet;
	struct errbuf err;
	size_t n;

	(void)state;
	assert_int_equal(link->ops->ready(link, &err), 0);
	assert_int_equal(link->ops->receive(link, &packet, INT64_MAX), 0);
	assert_int_equal(link->ops->send(link, (const uint8_t *)"abc", 3, 7), 0);
	assert_int_equal(fake_link_sent(link, &n)->gso_size, 7);
	assert_int_equal(n, 1);
	assert_int_equal(fake_link_queue(link, (const uint8_t *)"late", 4, 900), 0);
	assert_int_equal(link->ops->receive(link, &packet, 499), 0);
	assert_int_equal(link->ops->receive(link, &packet, 500), 1);
	assert_int_equal(packet.time_ns, 500);
	assert_memory_equal(packet.bytes, "abc", 3);
	assert_int_equal(link->ops->receive(link, &packet, 500), 0);
	fake_link_fail(link, ENOBUFS);
	assert_int_equal(link->ops->receive(link, &packet, 900), -ENOBUFS);
	assert_int_equal(link->ops->receive(link, &packet, 900), 1);
	assert_int_equal(packet.wire_size, 4);
	link->ops->close(link);
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

TEST(handshake_and_times)
TEST(burst)
V4_TEST(device_overflow)
V4_TEST(capture_overflow)
V4_TEST(deadlines)
V4_TEST(wake_up)
TEST(aggregate)
TEST(aggregate_with_cwr)
TEST(no_aggregate)
TEST(large_segments)
TEST(gateway_is_local)
TEST(gateway_off_link)
TEST(quiet_ipv6)
V4_TEST(settings)
TEST(background)
V4_TEST(errors)
V4_TEST(sysctls)
V4_TEST(host_sysctls_guarded)
TEST(unprivileged_handshake)
V4_TEST(unprivileged_guard)
V4_TEST(unprivileged_burst)
V4_TEST(unprivileged_without_node)
V4_TEST(full_disk)

static void test_any_address(void **state)
{
	(void)state;
	in_child(any_address, (void *)&families[0]);
	in_child(any_address, (void *)&families[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake_and_times),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_device_overflow),
		cmocka_unit_test(test_capture_overflow),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_wake_up),
		cmocka_unit_test(test_aggregate),
		cmocka_unit_test(test_aggregate_with_cwr),
		cmocka_unit_test(test_no_aggregate),
		cmocka_unit_test(test_large_segments),
		cmocka_unit_test(test_gateway_is_local),
		cmocka_unit_test(test_gateway_off_link),
		cmocka_unit_test(test_any_address),
		cmocka_unit_test(test_quiet_ipv6),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_sysctls),
		cmocka_unit_test(test_host_sysctls_guarded),
		cmocka_unit_test(test_unprivileged_handshake),
		cmocka_unit_test(test_unprivileged_guard),
		cmocka_unit_test(test_unprivileged_burst),
		cmocka_unit_test(test_unprivileged_without_node),
		cmocka_unit_test(test_pcap_file),
		cmocka_unit_test(test_pcap_file_not_written),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_fake_link),
		cmocka_unit_test(test_host_is_untouched), /* by all of the above */
	};

	return cmocka_run_group_tests(tests, before_all, after_all);
}
