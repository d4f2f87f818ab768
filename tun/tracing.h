/* Why the kernel sent a RST or dropped a packet: its tracepoints tcp:tcp_send_reset and skb:kfree_skb, by
 * perf_event_open(2). To make the first event of a tracepoint takes 1 ms and to close the last one 100 ms,
 * since the kernel waits for all processors; who holds one open makes all others take microseconds.
 * Events are those of tasks, so that other runs are not seen: the receive path runs inside who injects, and
 * a RST is sent by who closes. What a timer does is of no task of ours and is not told. */
#ifndef FINWAIT_TUN_TRACING_H
#define FINWAIT_TUN_TRACING_H

#include <stdint.h>
#include <sys/types.h>

#include "base/errbuf.h"

struct tracepoints; /* what tracefs says of them, and one event of each, held open */

/* 0, or -errno with err: the rights, the kernel or the mount are missing. */
int tracepoints_open(struct tracepoints **points, struct errbuf *err);
void tracepoints_close(struct tracepoints *points); /* accepts NULL */

struct tracing; /* the events of one run */

/* Of the calling thread, and of all threads that the process `program` has. 0, or -errno with err. */
int tracing_start(struct tracing **tracing, const struct tracepoints *points, pid_t program,
		  struct errbuf *err);
void tracing_stop(struct tracing *tracing); /* accepts NULL */

/* Why the calling thread's last packets were dropped: the kernel's word for the first drop since `from`
 * (CLOCK_MONOTONIC, ns) that is one of receiving; NULL: none. */
const char *tracing_drop(struct tracing *tracing, int64_t from);
/* Why the RST between these ports, either way, that was seen at `time` was sent; NULL: not told. Each is told
 * once. */
const char *tracing_reset(struct tracing *tracing, uint16_t port, uint16_t other, int64_t time);

#endif
