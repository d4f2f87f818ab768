#include "tun/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tun/capture.h"
#include "tun/leave.h"
#include "tun/netns.h"
#include "tun/rtnl.h"

#define DEVICE_NAME	 "tun0"
#define DEVICE_NODE	 "/dev/net/tun"
#define QUEUED_WITHIN_NS 1000000   /* from capture to queue it takes a few us */
#define NAME_WAITS	 10	   /* how often to wait for a run that still has the name, */
#define NAME_WAIT_NS	 100000000 /* this long each time */
#define PACKET_MAX	 (1 << 16) /* the largest IP packet, and the default limit of offloading */

/* A TUN device. A packet read from it waits here until the capture says when it was sent. */
struct tun_device {
	struct link link;
	int fd;
	struct capture *capture;
	bool ready;
	bool alone;  /* from struct tun_config */
	bool held;   /* packet[] holds `size` bytes that no receive() has returned yet */
	bool framed; /* `frame` holds a frame of the capture that was not returned yet */
	struct capture_frame frame;
	size_t size;
	uint8_t packet[]; /* PACKET_MAX bytes */
};

static struct tun_device *of(struct link *link)
{
	return (struct tun_device *)link;
}

/* Fills in the virtio-net header of a TCP aggregate (virtio 1.2, 5.1.6.2). NEEDS_CSUM is not set:
 * the packet has a checksum, and the kernel should find a wrong one. */
static void describe_aggregate(struct virtio_net_hdr *header, const uint8_t *bytes, size_t size,
			       unsigned gso_size)
{
	bool v4 = size >= 20 && bytes[0] >> 4 == 4;
	bool v6 = size >= 40 && bytes[0] >> 4 == 6;
	size_t ip_size = v4 ? (bytes[0] & 0xf) * 4u : 40;
	size_t tcp_size;

	if ((!v4 && !v6) || bytes[v4 ? 9 : 6] != IPPROTO_TCP || size < ip_size + 20)
		return;
	tcp_size = (bytes[ip_size + 12] >> 4) * 4u;
	if (tcp_size < 20 || size < ip_size + tcp_size)
		return;
	header->gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	if (bytes[ip_size + 13] & 0x80) /* CWR, in the first segment only (RFC 3168) */
		header->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	header->gso_size = gso_size;
	/* hdr_len stays 0: the kernel then keeps the packet in one piece. Its smaller truesize has
	 * an effect on the windows that the kernel announces (tun_alloc_skb() in
	 * drivers/net/tun.c). */
}

static int tun_send(struct link *link, const uint8_t *bytes, size_t size, unsigned gso_size)
{
	struct virtio_net_hdr header = {0};
	struct iovec parts[] = {{&header, sizeof(header)}, {(void *)bytes, size}};

	if (gso_size)
		describe_aggregate(&header, bytes, size, gso_size);
	return writev(of(link)->fd, parts, 2) < 0 ? -errno : 0;
}

/* Reads a packet from the device's queue into packet[]. Returns 1: a packet; 0: none; or -errno. */
static int take(struct tun_device *tun)
{
	struct virtio_net_hdr header;
	struct iovec parts[] = {{&header, sizeof(header)}, {tun->packet, PACKET_MAX}};
	ssize_t n = readv(tun->fd, parts, 2);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if ((size_t)n < sizeof(header))
		return -EPROTO;
	tun->size = n - sizeof(header);
	tun->held = true;
	return 1;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Compares the headers, which differ from packet to packet. The payload of a packet that is sent
 * without copying may change between the capture and the device. */
static bool same_packet(const struct capture_frame *frame, const struct tun_device *tun)
{
	size_t n = frame->size < 60 ? frame->size : 60;

	return frame->wire_size == tun->size && memcmp(frame->bytes, tun->packet, n) == 0;
}

/* Takes a frame from the capture unless one is held. Returns 1: a frame; 0: none; or -errno. */
static int peek(struct tun_device *tun)
{
	int n = tun->framed ? 1 : capture_next(tun->capture, &tun->frame);

	tun->framed = n > 0;
	return n;
}

static int give_packet(struct tun_device *tun, struct link_packet *packet, int64_t time_ns)
{
	packet->bytes = tun->packet;
	packet->size = packet->wire_size = tun->size;
	packet->time_ns = time_ns;
	tun->held = false;
	return 1;
}

/* Returns the captured head of a packet that found no room in the device's queue. The capture may
 * have been short of room as well. */
static int give_head(struct tun_device *tun, struct link_packet *packet)
{
	if (capture_lost(tun->capture))
		return -ENOBUFS; /* the frame is still held: the next call returns it */
	packet->bytes = tun->frame.bytes;
	packet->size = tun->frame.size;
	packet->wire_size = tun->frame.wire_size;
	packet->time_ns = tun->frame.time_ns;
	tun->framed = false;
	return 1;
}

/* Finds the frame of the packet held. The kernel captures a packet before it queues it for the
 * device, so the frame is already in the ring. A frame before it belongs to a packet that was not
 * queued. If there is no frame at all, the ring was full. */
static int pair_up(struct tun_device *tun, struct link_packet *packet)
{
	int n = peek(tun);

	if (n < 0)
		return n;
	if (n == 0) {
		if (capture_lost(tun->capture))
			return -ENOBUFS;
		return give_packet(tun, packet, now_ns());
	}
	if (!same_packet(&tun->frame, tun))
		return give_head(tun, packet);
	tun->framed = false;
	return give_packet(tun, packet, tun->frame.time_ns);
}

/* Returns 1: there is something to read; 0: the deadline has passed; or -errno. */
static int wait_readable(int fd, int64_t deadline_ns)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int64_t left = deadline_ns - now_ns();
	struct timespec timeout = {left / 1000000000, left % 1000000000};
	int n;

	if (left <= 0)
		return 0;
	n = ppoll(&ready, 1, &timeout, NULL);
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	return n;
}

/* Drops the packets of the start, such as multicast reports of the device coming up. Some of them
 * are older than the capture. */
static void forget_start(struct tun_device *tun)
{
	while (take(tun) > 0)
		;
	while (peek(tun) > 0)
		tun->framed = false;
	tun->held = false;
}

static int tun_ready(struct link *link, struct errbuf *err)
{
	struct tun_device *tun = of(link);
	int code;

	if (tun->ready)
		return 0;
	code = capture_ready(tun->capture, err);
	if (code == 0)
		forget_start(tun);
	tun->ready = code == 0;
	return code;
}

/* Called when the device's queue is empty. A frame in the ring then belongs to a packet that is
 * about to be queued, or, after some time, to one that found no room. Returns 1: look at the queue
 * again; 2: no packet will come for the frame held; 0: the deadline has passed; or -errno. */
static int wait_packet(struct tun_device *tun, int64_t deadline_ns)
{
	int n = peek(tun);

	if (n <= 0)
		return n < 0 ? n : wait_readable(tun->fd, deadline_ns);
	n = wait_readable(tun->fd, tun->frame.time_ns + QUEUED_WITHIN_NS);
	if (n != 0)
		return n;
	/* Looks once more: this process may not have been running since its last look. */
	n = take(tun);
	return n == 0 ? 2 : n;
}

static int tun_receive(struct link *link, struct link_packet *packet, int64_t deadline_ns)
{
	struct tun_device *tun = of(link);

	if (!tun->ready)
		return -EAGAIN;
	while (!tun->held) {
		int n = take(tun);

		if (n == 0) {
			n = wait_packet(tun, deadline_ns);
			if (n == 0)
				return 0;
			if (n == 2)
				return give_head(tun, packet);
		}
		if (n < 0)
			return n;
	}
	return pair_up(tun, packet);
}

/* Leaves the last close to the kernel. The kernel does these closes one after the other, 40 in a
 * second. A lock on the device node, which is one for the whole machine, allows only one at a time,
 * so that they do not pile up. */
static bool leave(struct tun_device *tun)
{
	int fds[] = {capture_fd(tun->capture), tun->fd};
	struct leave left;

	if (fds[0] < 0 || flock(tun->fd, LOCK_EX | LOCK_NB) < 0 || !leave_begin(&left, fds, 2))
		return false;
	capture_close_shared(tun->capture);
	close(tun->fd);
	leave_end(&left);
	return true;
}

/* Closing the descriptor of a persistent device does not remove the device, so it does not wait. */
static void tun_close(struct link *link)
{
	struct tun_device *tun = of(link);

	if (!tun->alone || !leave(tun)) {
		capture_close(tun->capture);
		if (tun->fd >= 0)
			close(tun->fd);
	}
	free(tun);
}

static const struct link_ops tun_ops = {
	.ready = tun_ready,
	.send = tun_send,
	.receive = tun_receive,
	.close = tun_close,
};

static const char *node_hint(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "load it (modprobe tun), or mknod /dev/net/tun c 10 200";
	case EACCES:
	case EPERM:
		return "run as root, or chmod 0666 /dev/net/tun (the usual udev rule)";
	default:
		return "see Documentation/networking/tuntap.rst";
	}
}

static int open_node(const struct tun_config *config, struct errbuf *err)
{
	const char *node = config->node ? config->node : DEVICE_NODE;
	int fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return err_set(err, -errno, "cannot open %s: %s; %s", node, strerror(errno),
			       node_hint(errno));
	return fd;
}

static const char *make_hint(int error)
{
	switch (error) {
	case EBUSY:
		return "; there is one already: ip link delete " DEVICE_NAME
		       ", or use a namespace of its own";
	case EPERM:
		return "; CAP_NET_ADMIN is needed in the namespace";
	default:
		return "";
	}
}

/* Attaches to the name. If runs share a namespace, the previous run may still be closing its
 * device.
 */
static int claim_name(int fd, struct ifreq *request, unsigned waits)
{
	const struct timespec nap = {.tv_nsec = NAME_WAIT_NS};

	while (ioctl(fd, TUNSETIFF, request) < 0) {
		if (errno != EBUSY || waits-- == 0)
			return -errno;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static int make_device(int fd, bool persistent, struct errbuf *err)
{
	/* TUN_EXCL: a device that another run has left there is not configured for this one. */
	struct ifreq request = {.ifr_flags =
					(short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL)};
	unsigned long offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	int code;

	strcpy(request.ifr_name, DEVICE_NAME);
	code = claim_name(fd, &request, persistent ? 0 : NAME_WAITS);
	if (code < 0)
		return err_set(err, code, "cannot make " DEVICE_NAME ": %s%s", strerror(-code),
			       make_hint(-code));
	if (ioctl(fd, TUNSETOFFLOAD, offloads) < 0)
		return err_set(err, -errno, "cannot offer segmentation on " DEVICE_NAME ": %s",
			       strerror(errno));
	if (persistent && ioctl(fd, TUNSETPERSIST, 1) < 0)
		return err_set(err, -errno, "cannot make " DEVICE_NAME " persistent: %s",
			       strerror(errno));
	return 0;
}

/* Uses struct ethtool_cmd and not its successor: it has a fixed size and all members that a TUN
 * device needs. */
static int set_speed(unsigned mbps, struct errbuf *err)
{
	struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
	struct ifreq request = {.ifr_data = (void *)&command};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code = 0;

	if (fd < 0)
		return err_set(err, -errno, "cannot open a socket: %s", strerror(errno));
	strcpy(request.ifr_name, DEVICE_NAME);
	if (ioctl(fd, SIOCETHTOOL, &request) < 0)
		code = -errno;
	command.cmd = ETHTOOL_SSET;
	ethtool_cmd_speed_set(&command, mbps);
	if (code == 0 && ioctl(fd, SIOCETHTOOL, &request) < 0)
		code = -errno;
	close(fd);
	if (code < 0)
		return err_set(err, code, "cannot set the speed of " DEVICE_NAME ": %s",
			       strerror(-code));
	return 0;
}

/* Adds the route to the remote prefix through the gateway, which is taken as a neighbour even if it
 * is outside the local prefix. IPv6 refuses a local address as gateway; the route then names only
 * the device, which means the same on a device without neighbours. */
static int route_remote(int nl, const struct tun_config *config, unsigned index,
			struct errbuf *err)
{
	struct rtnl_route route = {
		.to = &config->remote,
		.bits = config->remote_bits,
		.gateway = config->any_ip ? NULL : &config->gateway,
		.index = index,
	};
	struct errbuf ignored;

	if (route.gateway && rtnl_route_add(nl, &route, &ignored) == 0)
		return 0;
	route.onlink = true;
	if (route.gateway && rtnl_route_add(nl, &route, &ignored) == 0)
		return 0;
	route.gateway = NULL;
	return rtnl_route_add(nl, &route, err);
}

static int configure(struct tun_device *tun, int nl, const struct tun_config *config,
		     struct errbuf *err)
{
	unsigned index = if_nametoindex(DEVICE_NAME);
	struct rtnl_route own = {
		.to = &config->local, .bits = config->local_bits, .local = true, .index = index};
	int code;

	if (!index)
		return err_set(err, -errno, DEVICE_NAME " is not there: %s", strerror(errno));
	if (config->speed_mbps && (code = set_speed(config->speed_mbps, err)) < 0)
		return code;
	if ((code = rtnl_link_quiet(nl, index, err)) < 0 ||
	    (code = rtnl_link_up(nl, index, config->mtu, err)) < 0 ||
	    (code = capture_open(DEVICE_NAME, &tun->capture, err)) < 0)
		return code;
	code = config->any_ip ? rtnl_route_add(nl, &own, err)
			      : rtnl_addr_add(nl, index, &config->local, config->local_bits, err);
	return code < 0 ? code : route_remote(nl, config, index, err);
}

static int build(struct tun_device *tun, const struct tun_config *config, struct errbuf *err)
{
	int nl, code;

	if (netns_is_first())
		return err_set(err, -EPERM,
			       "a device is not made in the machine's own network namespace");
	tun->fd = open_node(config, err);
	if (tun->fd < 0)
		return tun->fd;
	code = make_device(tun->fd, !config->transient, err);
	if (code < 0)
		return code;
	nl = rtnl_open(err);
	if (nl < 0)
		return nl;
	code = configure(tun, nl, config, err);
	close(nl);
	if (code < 0 || config->background)
		return code;
	return tun_ready(&tun->link, err);
}

int tun_open(const struct tun_config *config, struct link **link, struct errbuf *err)
{
	struct tun_device *tun = malloc(sizeof(*tun) + PACKET_MAX);
	int code;

	if (!tun)
		return err_set(err, -ENOMEM, "out of memory");
	*tun = (struct tun_device){.link.ops = &tun_ops, .fd = -1, .alone = config->alone};
	code = build(tun, config, err);
	if (code < 0) {
		tun_close(&tun->link);
		return code;
	}
	*link = &tun->link;
	return 0;
}
