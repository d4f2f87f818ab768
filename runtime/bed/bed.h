/* What a run is played on: the kernel under test with a link to it, the program that makes the
 * script's calls, the states of connections, and a clock. The play loop knows nothing else of the
 * machine. The host's bed is host.c; tests have a scripted one (tests/unit/fake_bed.c).
 *
 * Times are int64_t nanoseconds of the bed's own monotonic clock. */
#ifndef FINWAIT_RUNTIME_BED_BED_H
#define FINWAIT_RUNTIME_BED_BED_H

#include "base/nstat.h"
#include "runtime/bed/program.h"
#include "tun/link.h"
#include "tun/sockdiag.h"

struct bed;

struct bed_ops {
	/* ---- start-up, in this order; 0, or -errno with err ---- */
	/* Leaves what the machine has: namespaces of the run's own. */
	int (*enter)(struct bed *bed, struct errbuf *err);
	/* Starts the program and opens the link, which may go on in the background. */
	int (*open)(struct bed *bed, struct errbuf *err);
	int (*set_sysctl)(struct bed *bed, const char *name, const char *value, struct errbuf *err);
	/* Waits until the link carries packets both ways. */
	int (*ready)(struct bed *bed, struct errbuf *err);
	/* Makes the timeline the first to be served, and returns time zero. */
	int64_t (*start)(struct bed *bed);
	/* The timeline is over: it need not be served first any more. */
	void (*finish)(struct bed *bed);
	/* Ends what open() started, and frees the bed. May follow any of the above. */
	void (*close)(struct bed *bed);

	/* ---- the clock ---- */
	int64_t (*now)(struct bed *bed);
	void (*sleep_until)(struct bed *bed, int64_t deadline);
	/* The same, as close to the deadline as can be had: for what is to happen on time. */
	void (*wait_until)(struct bed *bed, int64_t deadline);
	int64_t (*realtime_offset)(struct bed *bed); /* CLOCK_REALTIME minus now() */
	int64_t (*tick)(struct bed *bed);	     /* of the kernel's jiffies, ns */

	/* ---- the program under test: see program.h ---- */
	void (*request)(struct bed *bed, const struct event *event);
	const struct call_slot *(*slot)(struct bed *bed, const struct call *call);
	bool (*wait)(struct bed *bed, const struct call *call, int64_t deadline);
	bool (*wait_asleep)(struct bed *bed, const struct call *call, int64_t deadline);
	const struct descriptors *(*descriptors)(struct bed *bed);
	bool (*snapshot)(struct bed *bed, int live_fd, struct sock_snapshot *snapshot,
			 int64_t deadline);
	int (*kill)(struct bed *bed, int signal);
	int (*exit)(struct bed *bed, int status);

	/* ---- states: see sockdiag_find() ---- */
	int (*state)(struct bed *bed, const struct sock_tuple *tuple, struct sock_info *info);

	/* ---- counters of the namespace: see counters_read() ---- */
	int (*counters)(struct bed *bed, struct nstat *nstat);
};

/* Embedded first in every implementation. */
struct bed {
	const struct bed_ops *ops;
	struct link *link; /* NULL before open() */
};

/* ---- the host ------------------------------------------------------------------------------ */

struct host_bed_options {
	serve_calls *serve;    /* the program under test */
	unsigned tick_eighths; /* time zero is so many eighths of a tick after one */
	bool alone;	       /* no other run of ours goes on at the same time */
	bool keep_netns;       /* stay in the namespaces the process is in; the device must then go
				* away with the run */
};

/* A bed on the running kernel. The calling process is spent afterwards: it is in other namespaces
 * and may have had another priority. NULL: out of memory. */
struct bed *host_bed_new(const struct script *script, const struct host_bed_options *options);

#endif
