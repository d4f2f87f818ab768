#include "tun/tracing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST_NAMES   192
#define NAME_SIZE    40
#define FORMAT_SIZE  (32 * 1024)
#define MOST_THREADS 64
#define MOST_RESETS  32
#define RING_PAGES   4	   /* of data, a power of two */
#define SLACK_NS     50000 /* between the clocks of the trace and of the capture */

enum point { SEND_RESET, KFREE_SKB, N_POINTS };

struct tracepoint {
	unsigned id, reason, source, destination; /* offsets in its record; 0: it has no such field */
	char names[MOST_NAMES][NAME_SIZE];	  /* of reasons, by number */
};

struct tracepoints {
	struct tracepoint at[N_POINTS];
	int holders[N_POINTS];
};

/* ---- what tracefs says --------------------------------------------------------------------- */

static const struct {
	const char *path, *event;
} files[N_POINTS] = {
	[SEND_RESET] = {"events/tcp/tcp_send_reset/format", "tcp:tcp_send_reset"},
	[KFREE_SKB] = {"events/skb/kfree_skb/format", "skb:kfree_skb"},
};

static int read_format(const char *path, char text[FORMAT_SIZE])
{
	static const char *const mounts[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	int code = -ENOENT;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		char name[128];
		FILE *file;
		size_t n;

		snprintf(name, sizeof(name), "%s/%s", mounts[i], path);
		file = fopen(name, "re");
		if (!file) {
			code = errno == ENOENT ? code : -errno;
			continue;
		}
		n = fread(text, 1, FORMAT_SIZE - 1, file);
		text[n] = '\0';
		fclose(file);
		return 0;
	}
	return code;
}

/* Of a line "field:TYPE NAME;	offset:N; ..." */
static unsigned offset_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	unsigned offset = 0;

	if (at)
		at = strstr(at, "offset:");
	if (!at || sscanf(at, "offset:%u", &offset) != 1)
		return 0;
	return offset;
}

/* { 11, "TCP_ABORT_ON_CLOSE" }, ... behind what names the field. */
static void read_names(struct tracepoint *point, const char *text)
{
	const char *at = strstr(text, "__print_symbolic(REC->reason");

	while (at && (at = strchr(at, '{'))) {
		unsigned number;
		char name[NAME_SIZE];

		if (sscanf(at, "{ %u, \"%39[A-Z0-9_]\" }", &number, name) == 2 &&
		    number < MOST_NAMES)
			memcpy(point->names[number], name, sizeof(name));
		at++;
	}
}

static int read_point(enum point which, struct tracepoint *point, struct errbuf *err)
{
	char *text = malloc(FORMAT_SIZE);
	int code = text ? read_format(files[which].path, text) : -ENOMEM;

	if (code == 0) {
		const char *id = strstr(text, "\nID: ");

		point->id = id ? (unsigned)strtoul(id + strlen("\nID: "), NULL, 10) : 0;
		point->reason = offset_of(text, " reason;");
		point->source = offset_of(text, " saddr[28];");
		point->destination = offset_of(text, " daddr[28];");
		read_names(point, text);
	}
	free(text);
	if (code == 0 && point->id && point->reason)
		return 0;
	if (code == 0 || code == -ENOENT)
		return err_set(err, -ENOENT,
			       "tracefs has no %s with a reason; it needs Linux 6.10, and: mount -t "
			       "tracefs none /sys/kernel/tracing",
			       files[which].event);
	return err_set(err, code, "cannot read tracefs: %s; run as root", strerror(-code));
}

/* ---- events -------------------------------------------------------------------------------- */

static int open_event(const struct tracepoint *point, pid_t thread, bool enabled)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = point->id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.disabled = !enabled,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.wakeup_events = 1u << 30, /* nobody waits */
	};
	long fd = syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int tracepoints_open(struct tracepoints **points, struct errbuf *err)
{
	struct tracepoints *made = calloc(1, sizeof(*made));
	int code = made ? 0 : err_set(err, -ENOMEM, "out of memory");

	for (int i = 0; made && i < N_POINTS; i++)
		made->holders[i] = -1;
	for (int i = 0; i < N_POINTS && code == 0; i++) {
		code = read_point(i, &made->at[i], err);
		if (code < 0)
			break;
		made->holders[i] = open_event(&made->at[i], 0, false);
		if (made->holders[i] < 0)
			code = err_set(err, made->holders[i],
				       "cannot trace %s: %s; run as root, with CONFIG_PERF_EVENTS",
				       files[i].event, strerror(-made->holders[i]));
	}
	if (code < 0)
		tracepoints_close(made);
	else
		*points = made;
	return code;
}

void tracepoints_close(struct tracepoints *points)
{
	if (!points)
		return;
	for (int i = 0; i < N_POINTS; i++)
		if (points->holders[i] >= 0)
			close(points->holders[i]);
	free(points);
}

/* ---- a run's ------------------------------------------------------------------------------- */

struct ring {
	int fd;
	enum point point;
	struct perf_event_mmap_page *page; /* the data are behind it */
	size_t size;			   /* of the data */
};

struct reset {
	int64_t time;
	uint16_t ports[2];
	const char *reason;
	bool told;
};

struct tracing {
	const struct tracepoints *points;
	struct ring rings[MOST_THREADS + 2];
	size_t n_rings;
	const char *drop; /* why the first packet was dropped since `from`; NULL: none was */
	int64_t from;
	struct reset resets[MOST_RESETS]; /* the last ones, a ring */
	size_t n_resets;
};

static int add_ring(struct tracing *tracing, enum point point, pid_t thread)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct ring *ring = &tracing->rings[tracing->n_rings];
	void *at;

	ring->point = point;
	ring->size = RING_PAGES * page;
	ring->fd = open_event(&tracing->points->at[point], thread, true);
	if (ring->fd < 0)
		return ring->fd;
	at = mmap(NULL, page + ring->size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (at == MAP_FAILED) {
		int code = -errno;

		close(ring->fd);
		return code;
	}
	ring->page = at;
	tracing->n_rings++;
	return 0;
}

/* A thread that ends meanwhile is no loss. */
static int add_threads(struct tracing *tracing, pid_t program)
{
	char path[48];
	struct dirent *entry;
	DIR *directory;
	int code = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)program);
	directory = opendir(path);
	if (!directory)
		return add_ring(tracing, SEND_RESET, program);
	while (code == 0 && (entry = readdir(directory)) && tracing->n_rings < MOST_THREADS) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread > 0)
			code = add_ring(tracing, SEND_RESET, thread);
		if (code == -ESRCH)
			code = 0;
	}
	closedir(directory);
	return code;
}

int tracing_start(struct tracing **tracing, const struct tracepoints *points, pid_t program,
		  struct errbuf *err)
{
	struct tracing *made = calloc(1, sizeof(*made));
	int code;

	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	made->points = points;
	code = add_ring(made, SEND_RESET, 0);
	if (code == 0)
		code = add_ring(made, KFREE_SKB, 0);
	if (code == 0)
		code = add_threads(made, program);
	if (code < 0) {
		tracing_stop(made);
		return err_set(err, code, "cannot trace why packets are dropped: %s",
			       strerror(-code));
	}
	*tracing = made;
	return 0;
}

void tracing_stop(struct tracing *tracing)
{
	if (!tracing)
		return;
	for (size_t i = 0; i < tracing->n_rings; i++) {
		struct ring *ring = &tracing->rings[i];

		munmap(ring->page, ring->size + (size_t)sysconf(_SC_PAGESIZE));
		close(ring->fd);
	}
	free(tracing);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What stands in front of a tracepoint's own record. */
struct sample {
	struct perf_event_header header;
	uint64_t time;
	uint32_t size;
};

#define SAMPLE_HEAD 20
#define MOST_RECORD 512

static void copy_out(const struct ring *ring, uint64_t from, void *to, size_t n)
{
	const char *data = (const char *)ring->page + ring->page->data_offset;
	char *out = to;

	for (size_t i = 0; i < n; i++)
		out[i] = data[(from + i) % ring->size];
}

static const char *reason_of(const struct tracepoint *point, const uint8_t *record, size_t size)
{
	uint32_t number;

	if (point->reason + sizeof(number) > size)
		return NULL;
	memcpy(&number, record + point->reason, sizeof(number));
	return number < MOST_NAMES && point->names[number][0] ? point->names[number] : NULL;
}

/* Where the kernel's answers go when nobody reads the device, and packets without a word. */
static bool is_of_receiving(const char *reason)
{
	static const char *const others[] = {
		"NOT_SPECIFIED", "FULL_RING",	"QUEUE_PURGE",	 "QDISC_DROP",
		"TAP_FILTER",	 "TAP_TXFILTER", "PACKET_SOCK_ERROR", "SOCKET_FILTER",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(reason, others[i]))
			return false;
	return true;
}

static void take_drop(struct tracing *tracing, int64_t time, const char *reason)
{
	if (time >= tracing->from && !tracing->drop && is_of_receiving(reason))
		tracing->drop = reason;
}

/* The port of a struct sockaddr of either family. */
static uint16_t port_at(const uint8_t *record, size_t size, unsigned offset)
{
	return offset && offset + 4 <= size
		       ? (uint16_t)(record[offset + 2] << 8 | record[offset + 3])
		       : 0;
}

static void take(struct tracing *tracing, const struct ring *ring, int64_t time,
		 const uint8_t *record, size_t size)
{
	const struct tracepoint *point = &tracing->points->at[ring->point];
	const char *reason = reason_of(point, record, size);

	if (!reason)
		return;
	if (ring->point == KFREE_SKB)
		take_drop(tracing, time, reason);
	else
		tracing->resets[tracing->n_resets++ % MOST_RESETS] = (struct reset){
			.time = time,
			.ports = {port_at(record, size, point->source),
				  port_at(record, size, point->destination)},
			.reason = reason,
		};
}

static void read_ring(struct tracing *tracing, struct ring *ring)
{
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail;

	while (tail < head) {
		uint8_t record[MOST_RECORD];
		struct sample sample = {.size = 0};
		size_t size;

		copy_out(ring, tail, &sample, SAMPLE_HEAD);
		if (sample.header.size < sizeof(sample.header))
			break;
		size = sample.size < sizeof(record) ? sample.size : sizeof(record);
		if (sample.header.type == PERF_RECORD_SAMPLE &&
		    SAMPLE_HEAD + size <= sample.header.size) {
			copy_out(ring, tail + SAMPLE_HEAD, record, size);
			take(tracing, ring, (int64_t)sample.time, record, size);
		}
		tail += sample.header.size;
	}
	__atomic_store_n(&ring->page->data_tail, head, __ATOMIC_RELEASE);
}

static void read_rings(struct tracing *tracing)
{
	for (size_t i = 0; i < tracing->n_rings; i++)
		read_ring(tracing, &tracing->rings[i]);
}

const char *tracing_drop(struct tracing *tracing, int64_t from)
{
	tracing->from = from;
	tracing->drop = NULL;
	read_rings(tracing);
	return tracing->drop;
}

/* Of a listener's RST the kernel tells one port alone, the other is 0. */
static bool is_between(const struct reset *reset, uint16_t port, uint16_t other)
{
	return (reset->ports[0] == port || !reset->ports[0]) &&
	       (reset->ports[1] == other || !reset->ports[1]);
}

const char *tracing_reset(struct tracing *tracing, uint16_t port, uint16_t other, int64_t time)
{
	struct reset *found = NULL;

	tracing->from = INT64_MAX;
	read_rings(tracing);
	for (size_t i = 0; i < MOST_RESETS && i < tracing->n_resets; i++) {
		struct reset *reset = &tracing->resets[i];
		bool same = is_between(reset, port, other) || is_between(reset, other, port);

		if (same && !reset->told && reset->time <= time + SLACK_NS &&
		    (!found || reset->time > found->time))
			found = reset;
	}
	if (!found)
		return NULL;
	found->told = true;
	return found->reason;
}
