/* A bed is what a run is played on: the kernel under test with a link to it, the program that makes
 * the script's calls, the states of connections, and a clock. The play loop knows nothing else of
 * the machine. The host's bed is host.c; tests use a scripted one (tests/unit/fake_bed.c).
 *
 * Times are int64_t nanoseconds of the bed's own monotonic clock. */
#ifndef FINWAIT_RUNTIME_BED_BED_H
#define FINWAIT_RUNTIME_BED_BED_H

#include "base/nstat.h"
#include "runtime/bed/program.h"
#include "tun/link.h"
#include "tun/sockdiag.h"
#include "tun/tracing.h"

struct bed;

struct bed_ops {
	/* ---- start-up, in this order; each returns 0, or -errno with err ---- */
	/* Moves the process into namespaces of the run's own. */
	int (*enter)(struct bed *bed, struct errbuf *err);
	/* Starts the program and opens the link; the opening may go on in the background. */
	int (*open)(struct bed *bed, struct errbuf *err);
	int (*set_sysctl)(struct bed *bed, const char *name, const char *value, struct errbuf *err);
	/* Waits until the link carries packets both ways. */
	int (*ready)(struct bed *bed, struct errbuf *err);
	/* Raises the priority of the timeline, and returns time zero. */
	int64_t (*start)(struct bed *bed);
	/* The timeline is over: lowers the priority again. */
	void (*finish)(struct bed *bed);
	/* Ends what open() started, and frees the bed. May be called after any of the above. */
	void (*close)(struct bed *bed);

	/* ---- the clock ---- */
	int64_t (*now)(struct bed *bed);
	void (*sleep_until)(struct bed *bed, int64_t deadline);
	/* Waits as precisely as the bed can, for an action that is due at the deadline. */
	void (*wait_until)(struct bed *bed, int64_t deadline);
	int64_t (*realtime_offset)(struct bed *bed); /* CLOCK_REALTIME minus now() */
	int64_t (*tick)(struct bed *bed);	     /* length of the kernel's tick, ns */

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

	/* ---- why the kernel resets and drops: see tun/tracing.h ---- */
	/* 0: it is told; -errno with err: it cannot be, or nobody asked for it. Known once ready. */
	int (*reasons)(struct bed *bed, struct errbuf *err);
	const char *(*drop_reason)(struct bed *bed, int64_t from);
	const char *(*reset_reason)(struct bed *bed, uint16_t port, uint16_t other, int64_t time);
};

/* The first member of every implementation's struct. */
struct bed {
	const struct bed_ops *ops;
	struct link *link; /* NULL before open() */
};

/* ---- the host ------------------------------------------------------------------------------ */

struct host_bed_options {
	serve_calls *serve;    /* the main function of the program under test */
	unsigned tick_eighths; /* time zero lies this many eighths of a tick after a tick */
	bool alone;	       /* finwait plays no other run at the same time */
	const struct tracepoints *tracepoints; /* to tell why the kernel resets and drops;
						* NULL: only where the script asks for it */
	bool keep_netns;       /* stay in the present namespaces; the device must then go
				* away with the run */
};

/* Makes a bed on the running kernel. The calling process is of no other use afterwards: it is in
 * other namespaces, and its priority may have changed. NULL: out of memory. */
struct bed *host_bed_new(const struct script *script, const struct host_bed_options *options);

#endif
