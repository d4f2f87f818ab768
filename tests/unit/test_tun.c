/* Device and capture, against the running kernel. */
#include "tests/unit/tun_child.h"

#include <sys/wait.h>

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
	/* A reader that polls, or a capture that gathers, takes longer every time. */
	CHECK(best < 5000000, "at best %lld ns from sending to reading", (long long)best);
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
	const struct {
		unsigned gso_size, flags;
	} rows[] = {{1000, 0}, {700, CWR}};

	for (size_t i = 0; i < 2; i++) {
		unsigned mss = seen_mss(argument, rows[i].gso_size, rows[i].flags);

		CHECK(mss == rows[i].gso_size, "the kernel takes segments for %u bytes", mss);
	}
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

static void unprivileged_handshake(void *argument)
{
	as_nobody(handshake_and_times, argument);
}

static void unprivileged_burst(void *argument)
{
	as_nobody(burst, argument);
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
TEST(no_aggregate)
TEST(large_segments)
TEST(unprivileged_handshake)
V4_TEST(unprivileged_burst)

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
		cmocka_unit_test(test_no_aggregate),
		cmocka_unit_test(test_large_segments),
		cmocka_unit_test(test_unprivileged_handshake),
		cmocka_unit_test(test_unprivileged_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
