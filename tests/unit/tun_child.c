#include "tests/unit/tun_child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

void child_skip(const char *reason)
{
	printf("%s", reason);
	exit(CHILD_SKIPPED);
}

int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

int64_t mono(void)
{
	return now(CLOCK_MONOTONIC);
}

void in_child(void (*body)(void *), void *argument)
{
	char text[1024];
	size_t used = 0;
	ssize_t n;
	int out[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		body(argument);
		exit(0);
	}
	close(out[1]);
	while ((n = read(out[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += n;
	close(out[0]);
	text[used] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_SKIPPED) {
		print_message("skipped: %s\n", text);
		skip();
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s (wait status %#x)", text, status);
	if (used)
		print_message("%s", text);
}

void become_nobody(void)
{
	const struct mounts outside = mounts_here();
	const char *folder = "/tmp", *node = "/tmp/tun-node";
	const uid_t nobody = 65534;

	if (geteuid() != 0)
		return;
	if (unshare(CLONE_NEWNS) < 0 || mounts_private(&outside) < 0 ||
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

void as_nobody(void (*body)(void *), void *argument)
{
	become_nobody();
	body(argument);
}

struct ip_addr addr(const char *text)
{
	struct ip_addr made = {.version = strchr(text, ':') ? 6 : 4};

	CHECK(inet_pton(made.version == 6 ? AF_INET6 : AF_INET, text, made.bytes) == 1, "%s", text);
	return made;
}

const struct family families[N_FAMILIES] = {
	{"ipv4", 4, AF_INET, "192.168.0.1", "192.168.0.2", "192.0.2.1", "192.0.2.0", "192.168.0.1",
	 "192.0.2.1", 16, 24},
	{"ipv6", 6, AF_INET6, "fd3d:a0b:17d6::1", "fd3d:a0b:17d6::2", "2001:db8::1",
	 "2001:db8::", "fd3d:a0b:17d6::1", "2001:db8::1", 48, 32},
	{"ipv4-mapped-ipv6", 4, AF_INET6, "192.168.0.1", "192.168.0.2", "192.0.2.1", "192.0.2.0",
	 "::ffff:192.168.0.1", "::ffff:192.0.2.1", 16, 24},
};

struct tun_config config_of(const struct family *family)
{
	return (struct tun_config){
		.mtu = 1500,
		.local = addr(family->local),
		.local_bits = family->local_bits,
		.gateway = addr(family->gateway),
		.remote = addr(family->remote_prefix),
		.remote_bits = family->remote_bits,
	};
}

void enter(void)
{
	struct errbuf err;
	int code = netns_enter(&err);

	if (code == -EPERM || code == -ENOSPC)
		child_skip(err.text);
	CHECK(code == 0, "%s", err.text);
}

struct link *open_link(const struct tun_config *config)
{
	struct errbuf err;
	struct link *link;
	int code = tun_open(config, &link, &err);

	if (code == -ENOENT || code == -ENODEV || code == -EACCES)
		child_skip(err.text);
	CHECK(code == 0, "%s", err.text);
	return link;
}

struct link *enter_and_open(const struct family *family)
{
	struct tun_config config = config_of(family);

	enter();
	return open_link(&config);
}

socklen_t sockaddr_of(const struct family *family, const char *text, int port,
		      struct sockaddr_storage *storage)
{
	struct sockaddr_in *in = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	storage->ss_family = family->domain;
	if (family->domain == AF_INET) {
		in->sin_port = htons(port);
		CHECK(inet_pton(AF_INET, text, &in->sin_addr) == 1, "%s", text);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	CHECK(inet_pton(AF_INET6, text, &in6->sin6_addr) == 1, "%s", text);
	return sizeof(*in6);
}

int bound_socket(const struct family *family, int type, int port)
{
	struct sockaddr_storage name;
	socklen_t size = sockaddr_of(family, family->bind_to, port, &name);
	int on = 1;
	int fd = socket(family->domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	CHECK(bind(fd, (struct sockaddr *)&name, size) == 0, "bind: %s", strerror(errno));
	return fd;
}

int listener(const struct family *family)
{
	int fd = bound_socket(family, SOCK_STREAM, LOCAL_PORT);

	CHECK(listen(fd, 5) == 0, "listen: %s", strerror(errno));
	return fd;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint32_t sum16(uint32_t sum, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static unsigned fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static size_t put_ip(uint8_t *at, const struct family *family, size_t size)
{
	struct ip_addr from = addr(family->remote), to = addr(family->local);

	if (family->version == 4) {
		at[0] = 0x45;
		put16(at + 2, 20 + size);
		at[8] = 64;
		at[9] = IPPROTO_TCP;
		memcpy(at + 12, from.bytes, 4);
		memcpy(at + 16, to.bytes, 4);
		put16(at + 10, fold(sum16(0, at, 20)));
		return 20;
	}
	at[0] = 0x60;
	put16(at + 4, size);
	at[6] = IPPROTO_TCP;
	at[7] = 64;
	memcpy(at + 8, from.bytes, 16);
	memcpy(at + 24, to.bytes, 16);
	return 40;
}

static size_t put_segment(uint8_t *at, const struct family *family, const struct segment *segment)
{
	size_t size = 20 + segment->payload;
	size_t ip = put_ip(at, family, size);
	size_t addresses = family->version == 4 ? 8 : 32;
	uint8_t *tcp = at + ip;

	put16(tcp, segment->remote_port ? segment->remote_port : REMOTE_PORT);
	put16(tcp + 2, segment->local_port ? segment->local_port : LOCAL_PORT);
	put32(tcp + 4, segment->seq);
	put32(tcp + 8, segment->ack);
	tcp[12] = 5 << 4;
	tcp[13] = segment->flags;
	put16(tcp + 14, segment->window ? segment->window : 65535);
	put16(tcp + 16,
	      fold(sum16(sum16(IPPROTO_TCP + size, at + ip - addresses, addresses), tcp, size)));
	return ip + size;
}

void inject_gso(struct link *link, const struct family *family, const struct segment *segment,
		unsigned gso_size)
{
	static uint8_t bytes[1 << 16];
	int code;

	memset(bytes, 0, sizeof(bytes));
	code = link->ops->send(link, bytes, put_segment(bytes, family, segment), gso_size);
	CHECK(code == 0, "send: %s", strerror(-code));
}

void inject(struct link *link, const struct family *family, unsigned flags, uint32_t seq,
	    uint32_t ack, unsigned payload)
{
	struct segment segment = {.flags = flags, .seq = seq, .ack = ack, .payload = payload};

	inject_gso(link, family, &segment, 0);
}

bool next_segment(struct link *link, struct segment *segment, int64_t deadline)
{
	struct link_packet packet;
	const uint8_t *tcp;
	size_t ip;
	int n;

	for (;;) {
		n = link->ops->receive(link, &packet, deadline);
		CHECK(n >= 0, "receive: %s", strerror(-n));
		if (n == 0)
			return false;
		ip = packet.bytes[0] >> 4 == 4 ? 20 : 40;
		if (packet.bytes[ip == 20 ? 9 : 6] == IPPROTO_TCP)
			break;
	}
	CHECK(packet.size == packet.wire_size && packet.size >= ip + 20, "size %zu of %zu",
	      packet.size, packet.wire_size);
	tcp = packet.bytes + ip;
	*segment = (struct segment){
		.flags = tcp[13],
		.seq = get32(tcp + 4),
		.ack = get32(tcp + 8),
		.window = get16(tcp + 14),
		.payload = packet.size - ip - (tcp[12] >> 4) * 4u,
		.local_port = get16(tcp),
		.remote_port = get16(tcp + 2),
		.wire_size = packet.wire_size,
		.time_ns = packet.time_ns,
	};
	return true;
}

struct segment expect(struct link *link, unsigned flags)
{
	struct segment segment;

	CHECK(next_segment(link, &segment, mono() + SECOND), "no segment, flags %#x wanted", flags);
	CHECK(segment.flags == flags, "flags %#x, not %#x", segment.flags, flags);
	return segment;
}

int handshake(struct link *link, const struct family *family, int listening, uint32_t *isn)
{
	int fd;

	inject(link, family, SYN, REMOTE_ISN, 0, 0);
	*isn = expect(link, SYN | ACK).seq;
	inject(link, family, ACK, REMOTE_ISN + 1, *isn + 1, 0);
	fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	CHECK(fd >= 0, "accept: %s", strerror(errno));
	return fd;
}
