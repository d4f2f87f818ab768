#include "tun/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD_BYTES 432	     /* an IP header and all TCP can put after it, several times */
#define RING_BYTES (1 << 19) /* about a thousand frames; the device's own queue holds 500 */

struct capture {
	pcap_t *pcap;
	pthread_t opener;
	bool opening; /* the thread is not joined yet; it owns pcap and all members below */
	int code;     /* result of the opening, with err */
	struct errbuf err;
	unsigned lost; /* frames lost since the start, as pcap_stats() counts them */
};

struct setting {
	const char *what;
	int (*set)(pcap_t *pcap, int value);
	int value;
};

static const struct setting settings[] = {
	{"the capture length", pcap_set_snaplen, HEAD_BYTES},
	{"the capture buffer", pcap_set_buffer_size, RING_BYTES},
	{"immediate mode", pcap_set_immediate_mode,
	 1}, /* one ring slot per packet, no block timer */
	{"nanosecond timestamps", pcap_set_tstamp_precision, PCAP_TSTAMP_PRECISION_NANO},
};

/* Attaches a filter in the kernel, so that injected packets take no room in the ring.
 * pcap_setfilter() cannot be used: it also runs the filter itself on the first frame, where a
 * packet has no type (libpcap 1.10, pcap_setfilter_linux, blocks_to_filter_in_userland), and so
 * would lose that frame. */
static int keep_outgoing(pcap_t *pcap)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, HEAD_BYTES),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};

	if (setsockopt(pcap_fileno(pcap), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) <
	    0)
		return -errno;
	/* Drops injected packets that came before the filter. */
	return pcap_setdirection(pcap, PCAP_D_OUT) < 0 ? -EIO : 0;
}

/* Commands of a script must not inherit the capture; libpcap makes its socket without this flag. */
static void close_on_exec(pcap_t *pcap)
{
	int fd = pcap_fileno(pcap);

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return; /* commands then inherit it, which does no harm */
}

static int activate(pcap_t *pcap, struct errbuf *err)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	int code;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (settings[i].set(pcap, settings[i].value) != 0)
			return err_set(err, -EINVAL, "libpcap refuses %s", settings[i].what);
	}
	code = pcap_activate(pcap);
	if (code < 0)
		return err_set(err,
			       code == PCAP_ERROR_PERM_DENIED	 ? -EPERM
			       : code == PCAP_ERROR_IFACE_NOT_UP ? -ENETDOWN
								 : -EIO,
			       "cannot capture: %s: %.150s", pcap_statustostr(code),
			       pcap_geterr(pcap));
	close_on_exec(pcap);
	if (pcap_datalink(pcap) != DLT_RAW)
		return err_set(err, -EPROTO, "the capture does not give plain IP packets");
	if (pcap_setnonblock(pcap, 1, text) < 0)
		return err_set(err, -EIO, "cannot capture without waiting: %.150s", text);
	code = keep_outgoing(pcap);
	if (code < 0)
		return err_set(err, code, "cannot capture outgoing packets only: %s",
			       strerror(-code));
	return 0;
}

static void *open_in_thread(void *argument)
{
	struct capture *capture = argument;

	capture->code = activate(capture->pcap, &capture->err);
	return NULL;
}

int capture_open(const char *device, struct capture **capture, struct errbuf *err)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	struct capture *made = calloc(1, sizeof(*made));
	int code;

	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	made->pcap = pcap_create(device, text);
	if (!made->pcap) {
		free(made);
		return err_set(err, -EIO, "cannot capture on %s: %.150s", device, text);
	}
	code = pthread_create(&made->opener, NULL, open_in_thread, made);
	if (code != 0) {
		pcap_close(made->pcap);
		free(made);
		return err_set(err, -code, "cannot start a thread: %s", strerror(code));
	}
	made->opening = true;
	*capture = made;
	return 0;
}

int capture_ready(struct capture *capture, struct errbuf *err)
{
	if (capture->opening) {
		pthread_join(capture->opener, NULL);
		capture->opening = false;
	}
	if (capture->code < 0)
		return err_set(err, capture->code, "%s", capture->err.text);
	return 0;
}

static void *close_in_thread(void *argument)
{
	struct capture *capture = argument;

	if (capture->opening)
		pthread_join(capture->opener, NULL);
	pcap_close(capture->pcap);
	free(capture);
	return NULL;
}

void capture_close(struct capture *capture)
{
	pthread_t closer;

	if (!capture)
		return;
	if (pthread_create(&closer, NULL, close_in_thread, capture) == 0)
		pthread_detach(closer);
	else
		close_in_thread(capture);
}

int capture_fd(const struct capture *capture)
{
	bool ready = capture && !capture->opening && capture->code == 0;

	return ready ? pcap_fileno(capture->pcap) : -1;
}

void capture_close_shared(struct capture *capture)
{
	close_in_thread(capture);
}

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* CLOCK_REALTIME minus CLOCK_MONOTONIC, in ns. It is read for each packet, since CLOCK_REALTIME may
 * be stepped. The monotonic clock is read before and after, and the middle is taken: the error is
 * half of the duration of the reading, so that a reading that was interrupted is repeated. */
static int64_t realtime_offset(void)
{
	int64_t offset = 0, best = INT64_MAX;

	for (int tries = 0; tries < 4 && best > 500; tries++) {
		int64_t before = nanoseconds(CLOCK_MONOTONIC);
		int64_t real = nanoseconds(CLOCK_REALTIME);
		int64_t took = nanoseconds(CLOCK_MONOTONIC) - before;

		if (took < best) {
			best = took;
			offset = real - (before + took / 2);
		}
	}
	return offset;
}

int capture_next(struct capture *capture, struct capture_frame *frame)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int n = pcap_next_ex(capture->pcap, &header, &bytes);

	if (n < 0)
		return -EIO;
	if (n == 0)
		return 0;
	frame->bytes = bytes;
	frame->size = header->caplen;
	frame->wire_size = header->len;
	/* tv_usec holds nanoseconds: PCAP_TSTAMP_PRECISION_NANO. */
	frame->time_ns =
		header->ts.tv_sec * INT64_C(1000000000) + header->ts.tv_usec - realtime_offset();
	return 1;
}

unsigned capture_lost(struct capture *capture)
{
	struct pcap_stat stat;
	unsigned lost;

	if (pcap_stats(capture->pcap, &stat) < 0)
		return 0;
	lost = stat.ps_drop - capture->lost;
	capture->lost = stat.ps_drop;
	return lost;
}
