/* The bed of the running kernel: a TUN device in a network namespace, a process, sock_diag. */
#include "runtime/bed/bed.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "runtime/bed/clock.h"
#include "runtime/bed/priority.h"
#include "tun/counters.h"
#include "tun/device.h"
#include "tun/netns.h"

struct host_bed {
	struct bed bed;
	const struct script *script;
	struct host_bed_options options;
	struct program *program;
	struct sockdiag *diag;
	struct tracepoints *tracepoints; /* ours, where none were given; NULL */
	struct tracing *tracing;	 /* NULL: not to be had, or not asked for */
	int tracing_error;
	struct errbuf tracing_why;
	struct counters *counters; /* NULL: not asked for yet, or counters_error says why not */
	int counters_error;
	cpu_set_t cpus;		  /* the CPUs to use again after the timeline; empty before it */
	struct clock_watch watch; /* for precise waits */
	pthread_t ticks_thread;	  /* while `looking`: writes ticks_at_multiples */
	bool ticks_at_multiples;  /* see clock.h */
	bool looking;		  /* ticks_thread runs */
};

/* An idle processor wakes up within WATCH_NS, nearly always. Without real-time priority the watch
 * is shorter than the slice that priority.c asks for, since a thread that has used its slice up
 * waits for others. */
#define WATCH_NS       (150 * NSEC_PER_USEC)
#define WATCH_SHORT_NS (70 * NSEC_PER_USEC)

static struct host_bed *of(struct bed *bed)
{
	return (struct host_bed *)bed;
}

/* ---- start-up ------------------------------------------------------------------------------ */

/* In the namespaces to come tracefs may be out of sight. */
static void find_tracepoints(struct host_bed *host)
{
	host->tracing_error = err_set(&host->tracing_why, -ENODATA, "it was not asked for");
	if (!host->options.tracepoints && host->script->has_reasons)
		host->tracing_error = tracepoints_open(&host->tracepoints, &host->tracing_why);
	if (host->tracepoints)
		host->options.tracepoints = host->tracepoints;
}

static int host_enter(struct bed *bed, struct errbuf *err)
{
	find_tracepoints(of(bed));
	prctl(PR_SET_TIMERSLACK, 1UL);
	return of(bed)->options.keep_netns ? 0 : netns_enter(err);
}

static int open_link(struct host_bed *host, struct errbuf *err)
{
	const struct config *config = host->script->config;
	struct tun_config tun = {
		.mtu = config->mtu,
		.speed_mbps = config->speed_mbps,
		.local = config->local_ip,
		.local_bits = config->netmask_bits,
		.gateway = config->gateway_ip,
		.remote = config->remote_ip.addr,
		.remote_bits = config->remote_ip.length,
		.any_ip = config->is_anyip,
		.background = true, /* init commands run meanwhile */
		.transient = host->options.keep_netns,
		.alone = host->options.alone && !host->options.keep_netns,
	};

	return tun_open(&tun, &host->bed.link, err);
}

static void *look_for_ticks(void *argument)
{
	struct host_bed *host = argument;

	host->ticks_at_multiples = clock_ticks_at_multiples();
	return NULL;
}

/* Finds out how ticks come, in a thread: it takes up to two ticks, in which the link opens and init
 * commands run. */
static void start_looking(struct host_bed *host)
{
	host->looking = host->options.alone &&
			pthread_create(&host->ticks_thread, NULL, look_for_ticks, host) == 0;
}

static void stop_looking(struct host_bed *host)
{
	if (host->looking)
		pthread_join(host->ticks_thread, NULL);
	host->looking = false;
}

/* IPv6's counters are read only if the script needs them: they make a reading half as long again.
 */
static bool asks_for_ipv6_counter(const struct script *script)
{
	for (size_t i = 0; i < script->n_events; i++)
		if (script->events[i]->kind == EVENT_COUNTER &&
		    strchr(script->events[i]->counter->name, '6'))
			return true;
	return false;
}

/* A namespace that is not the run's own counts other traffic as well, so its counters are not read.
 */
static void open_counters(struct host_bed *host)
{
	struct errbuf err;

	host->counters_error =
		host->options.keep_netns
			? -EXDEV
			: counters_open(&host->counters, asks_for_ipv6_counter(host->script), &err);
}

/* The program is forked before the device is opened, so that it does not inherit the device. */
static int host_open(struct bed *bed, struct errbuf *err)
{
	struct host_bed *host = of(bed);
	struct program_env env = {
		.script = host->script,
		.tolerance_ns = host->script->config->tolerance_usecs * NSEC_PER_USEC,
		.serve = host->options.serve,
	};
	int code = program_start(&env, &host->program, err);

	if (code == 0)
		code = open_link(host, err);
	if (code == 0)
		start_looking(host);
	return code == 0 ? sockdiag_open(&host->diag, err) : code;
}

static int host_set_sysctl(struct bed *bed, const char *name, const char *value, struct errbuf *err)
{
	(void)bed;
	return sysctl_write(name, value, err);
}

static int host_ready(struct bed *bed, struct errbuf *err)
{
	struct host_bed *host = of(bed);
	int code = program_ready(host->program, err);

	if (code == 0 && host->options.tracepoints)
		host->tracing_error =
			tracing_start(&host->tracing, host->options.tracepoints,
				      program_pid(host->program), &host->tracing_why);
	if (code == 0)
		code = bed->link->ops->ready(bed->link, err);
	stop_looking(host);
	return code;
}

static int64_t host_start(struct bed *bed)
{
	struct host_bed *host = of(bed);
	bool real_time = priority_raise(program_pid(host->program), &host->cpus);
	int64_t start;

	/* Beside other runs there is no processor to spare for polling. */
	if (host->options.alone && CPU_COUNT(&host->cpus) > 1)
		host->watch =
			(struct clock_watch){real_time ? WATCH_NS : WATCH_SHORT_NS, real_time};
	start = clock_align_to_tick(host->options.tick_eighths, host->ticks_at_multiples,
				    host->watch);
	program_set_start(host->program, start, start + clock_realtime_offset());
	return start;
}

static void host_finish(struct bed *bed)
{
	priority_lower(&of(bed)->cpus);
}

static void host_close(struct bed *bed)
{
	struct host_bed *host = of(bed);

	stop_looking(host);
	program_stop(host->program);
	sockdiag_close(host->diag);
	counters_close(host->counters);
	tracing_stop(host->tracing);
	tracepoints_close(host->tracepoints);
	/* Beside other runs the link is not closed here, which would take time: the kernel releases
	 * it after the process has exited. */
	if (bed->link && (host->options.keep_netns || host->options.alone))
		bed->link->ops->close(bed->link);
	free(host);
}

/* ---- the clock ----------------------------------------------------------------------------- */

static int64_t host_now(struct bed *bed)
{
	(void)bed;
	return clock_now();
}

static void host_sleep_until(struct bed *bed, int64_t deadline)
{
	(void)bed;
	clock_sleep_until(deadline);
}

static void host_wait_until(struct bed *bed, int64_t deadline)
{
	clock_wait_until(deadline, of(bed)->watch);
}

static int64_t host_realtime_offset(struct bed *bed)
{
	(void)bed;
	return clock_realtime_offset();
}

static int64_t host_tick(struct bed *bed)
{
	(void)bed;
	return clock_tick();
}

/* ---- program and states -------------------------------------------------------------------- */

static void host_request(struct bed *bed, const struct event *event)
{
	program_request(of(bed)->program, event);
}

static const struct call_slot *host_slot(struct bed *bed, const struct call *call)
{
	return program_slot(of(bed)->program, call);
}

static bool host_wait(struct bed *bed, const struct call *call, int64_t deadline)
{
	return program_wait(of(bed)->program, call, deadline);
}

static bool host_wait_asleep(struct bed *bed, const struct call *call, int64_t deadline)
{
	return program_wait_asleep(of(bed)->program, call, deadline);
}

static const struct descriptors *host_descriptors(struct bed *bed)
{
	return program_descriptors(of(bed)->program);
}

static bool host_snapshot(struct bed *bed, int live_fd, struct sock_snapshot *snapshot,
			  int64_t deadline)
{
	return program_snapshot(of(bed)->program, live_fd, snapshot, deadline);
}

static int host_kill(struct bed *bed, int signal)
{
	return program_kill(of(bed)->program, signal);
}

static int host_exit(struct bed *bed, int status)
{
	return program_exit(of(bed)->program, status);
}

static int host_state(struct bed *bed, const struct sock_tuple *tuple, struct sock_info *info)
{
	return sockdiag_find(of(bed)->diag, tuple, info);
}

static int host_counters(struct bed *bed, struct nstat *nstat)
{
	struct host_bed *host = of(bed);

	if (!host->counters && !host->counters_error)
		open_counters(host);
	return host->counters ? counters_read(host->counters, nstat) : host->counters_error;
}

static int host_reasons(struct bed *bed, struct errbuf *err)
{
	*err = of(bed)->tracing_why;
	return of(bed)->tracing_error;
}

static const char *host_drop_reason(struct bed *bed, int64_t from)
{
	return tracing_drop(of(bed)->tracing, from);
}

static const char *host_reset_reason(struct bed *bed, uint16_t port, uint16_t other, int64_t time)
{
	return tracing_reset(of(bed)->tracing, port, other, time);
}

static const struct bed_ops host_ops = {
	.enter = host_enter,
	.open = host_open,
	.set_sysctl = host_set_sysctl,
	.ready = host_ready,
	.start = host_start,
	.finish = host_finish,
	.close = host_close,
	.now = host_now,
	.sleep_until = host_sleep_until,
	.wait_until = host_wait_until,
	.realtime_offset = host_realtime_offset,
	.tick = host_tick,
	.request = host_request,
	.slot = host_slot,
	.wait = host_wait,
	.wait_asleep = host_wait_asleep,
	.descriptors = host_descriptors,
	.snapshot = host_snapshot,
	.kill = host_kill,
	.exit = host_exit,
	.state = host_state,
	.counters = host_counters,
	.reasons = host_reasons,
	.drop_reason = host_drop_reason,
	.reset_reason = host_reset_reason,
};

struct bed *host_bed_new(const struct script *script, const struct host_bed_options *options)
{
	struct host_bed *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	host->bed.ops = &host_ops;
	host->script = script;
	host->options = *options;
	return &host->bed;
}
