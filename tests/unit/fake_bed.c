#include "tests/unit/fake_bed.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "parser/tables.h"
#include "runtime/wire/wire.h"
#include "tests/unit/parser_fixture.h"

#define MOST_QUEUED 64
/* The host's clock never starts at 0 either. */
#define BOOT (5 * NSEC_PER_SEC)

struct fake_packet {
	int64_t time;
	size_t size;
	uint8_t bytes[2048];
};

struct fake_bed {
	struct bed bed;
	struct link link;
	const struct script *script;
	const struct fake_row *rows;
	unsigned event; /* being played */
	int64_t now;
	bool started;
	struct call_slot *slots;
	int64_t *ends; /* when a call is over, by slot */
	struct descriptors *descriptors;
	struct fake_packet queue[MOST_QUEUED], given;
	size_t n_queued;
	uint16_t local_port, peer_port;
	uint64_t cookie; /* of the connection's socket */
};

static struct fake_bed *of(struct bed *bed)
{
	return (struct fake_bed *)bed;
}

static struct fake_bed *of_link(struct link *link)
{
	return (struct fake_bed *)((char *)link - offsetof(struct fake_bed, link));
}

/* Is the row of the event being played? */
static bool is_now(const struct fake_bed *fake, const struct fake_row *row)
{
	return row->event == fake->event;
}

static bool is_end(const struct fake_row *row)
{
	static const struct fake_row empty;

	return !memcmp(row, &empty, sizeof(empty));
}

#define FOR_ROWS(fake, row)                                                                        \
	for (const struct fake_row *row = (fake)->rows; !is_end(row); row++)                       \
		if (is_now(fake, row))

/* ---- the kernel ---------------------------------------------------------------------------- */

/* In live numbers: the peer's begin at 0. */
static void queue_packet(struct fake_bed *fake, const char *text, int64_t time)
{
	struct fake_packet *queued = &fake->queue[fake->n_queued++];
	const struct config *config = fake->script->config;
	struct wire_tuple tuple = {.src = config->local_ip,
				   .dst = config->remote_ip.addr,
				   .sport = fake->local_port,
				   .dport = fake->peer_port};
	struct errbuf error = {""};
	struct parsed parsed;
	char script[256];

	assert_true(fake->n_queued <= MOST_QUEUED);
	snprintf(script, sizeof(script), "0 > %s", text);
	parse(&parsed, script);
	assert_string_equal(parsed.messages, "");
	parsed.script->events[0]->packet->tcp.seq += FAKE_ISS;
	queued->size = wire_encode(parsed.script->events[0]->packet, &tuple, NULL, NULL,
				   queued->bytes, sizeof(queued->bytes), &error);
	assert_string_equal(error.text, "");
	queued->time = time;
	drop(&parsed);
}

static void react(struct fake_bed *fake)
{
	FOR_ROWS (fake, row)
		if (row->packet)
			queue_packet(fake, row->packet, fake->now + row->delay);
}

static int fake_send(struct link *link, const uint8_t *bytes, size_t size, unsigned gso_size)
{
	struct fake_bed *fake = of_link(link);

	(void)bytes;
	(void)size;
	(void)gso_size;
	react(fake);
	FOR_ROWS (fake, row)
		fake->now += row->slow_send;
	return 0;
}

static int fake_receive(struct link *link, struct link_packet *packet, int64_t deadline)
{
	struct fake_bed *fake = of_link(link);
	int64_t until = deadline > fake->now ? deadline : fake->now;

	FOR_ROWS (fake, row)
		if (row->receive_error)
			return -row->receive_error;
	if (fake->n_queued == 0 || fake->queue[0].time > until) {
		fake->now = until;
		return 0;
	}
	fake->given = fake->queue[0];
	memmove(fake->queue, fake->queue + 1, --fake->n_queued * sizeof(fake->queue[0]));
	if (fake->given.time > fake->now)
		fake->now = fake->given.time;
	*packet = (struct link_packet){.bytes = fake->given.bytes,
				       .size = fake->given.size,
				       .wire_size = fake->given.size,
				       .time_ns = fake->given.time};
	return 1;
}

static int fake_link_ready(struct link *link, struct errbuf *err)
{
	(void)link;
	(void)err;
	return 0;
}

static void fake_link_close(struct link *link)
{
	(void)link;
}

static const struct link_ops link_ops = {
	.ready = fake_link_ready,
	.send = fake_send,
	.receive = fake_receive,
	.close = fake_link_close,
};

static int fake_state(struct bed *bed, const struct sock_tuple *tuple, struct sock_info *info)
{
	struct fake_bed *fake = of(bed);

	(void)tuple;
	*info = (struct sock_info){.state = TCP_CLOSE, .cookie = fake->cookie};
	for (const struct fake_row *row = fake->rows; !is_end(row); row++) {
		if (row->state && row->event <= fake->event)
			info->state = row->state;
		if (row->timer && row->event <= fake->event) {
			info->timer = (unsigned)row->timer;
			info->expires_ms = (unsigned)(row->left / NSEC_PER_MSEC);
		}
		if (row->state_error && row->event == fake->event)
			return -row->state_error;
	}
	return 0;
}

static int fake_counters(struct bed *bed, struct nstat *nstat)
{
	static const char *const names[] = {"TcpInSegs", "TcpOutRsts", "TcpExtTCPAbortOnClose"};
	struct fake_bed *fake = of(bed);
	struct out out = OUT(nstat->text, sizeof(nstat->text));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int value = 0; /* the namespace is new */

		for (const struct fake_row *row = fake->rows; !is_end(row); row++)
			value += row->event <= fake->event && fake->started && row->counter &&
				 !strcmp(row->counter, names[i]);
		out_put(&out, "%-40s%d\n", names[i], value);
	}
	nstat->size = out_finish(&out);
	return 0;
}

static int fake_reasons(struct bed *bed, struct errbuf *err)
{
	for (const struct fake_row *row = of(bed)->rows; !is_end(row); row++)
		if (row->reason)
			return 0;
	return err_set(err, -EACCES, "run as root");
}

static const char *fake_reason(struct fake_bed *fake)
{
	FOR_ROWS (fake, row)
		if (row->reason)
			return row->reason;
	return NULL;
}

static const char *fake_drop_reason(struct bed *bed, int64_t from)
{
	(void)from;
	return fake_reason(of(bed));
}

static const char *fake_reset_reason(struct bed *bed, uint16_t port, uint16_t other, int64_t time)
{
	(void)port, (void)other, (void)time;
	return fake_reason(of(bed));
}

/* ---- the clock ----------------------------------------------------------------------------- */

static int64_t fake_now(struct bed *bed)
{
	return of(bed)->now;
}

static void fake_sleep_until(struct bed *bed, int64_t deadline)
{
	if (deadline > of(bed)->now)
		of(bed)->now = deadline;
}

static void fake_wait_until(struct bed *bed, int64_t deadline)
{
	fake_sleep_until(bed, deadline);
	FOR_ROWS (of(bed), row)
		of(bed)->now += row->oversleep;
}

static int64_t fake_realtime_offset(struct bed *bed)
{
	(void)bed;
	return 0;
}

static int64_t fake_tick(struct bed *bed)
{
	(void)bed;
	return MS(4);
}

/* ---- the program --------------------------------------------------------------------------- */

static void note_address(struct sockaddr_storage *out, const struct ip_addr *addr, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&in.sin_addr, addr->bytes, 4);
	memcpy(out, &in, sizeof(in));
}

static int make_descriptor(struct fake_bed *fake, int64_t label, const struct event *event)
{
	const struct call *call = event->call;
	struct descriptor made = {.script_fd = label,
				  .live_fd = (int)label,
				  .kind = {AF_INET, SOCK_STREAM, IPPROTO_TCP},
				  .cookie = (uint64_t)label,
				  .made_line = event->loc.line};

	if (call->row->id == CALL_socket) {
		made.kind.type = (int)call->args[1]->value;
		made.kind.protocol = (int)call->args[2]->value;
	}
	return descriptors_add(fake->descriptors, &made);
}

static int place_of(struct fake_bed *fake, int64_t label)
{
	const struct descriptor *found = descriptors_find(fake->descriptors, label);

	return found ? (int)(found - fake->descriptors->at) : -1;
}

static void fake_request(struct bed *bed, const struct event *event)
{
	struct fake_bed *fake = of(bed);
	const struct call *call = event->call;
	struct call_slot *slot = &fake->slots[call->slot];
	const struct config *config = fake->script->config;
	int64_t took = US(1);

	slot->begin_ns = fake->now;
	slot->result = call->result ? call->result->value : 0;
	slot->error = call->errno_value;
	slot->used = call->n_args ? place_of(fake, call->args[0]->value) : -1;
	slot->made = -1;
	FOR_ROWS (fake, row) {
		took = row->call_time ? row->call_time : took;
		if (row->call_errno) {
			slot->result = -1;
			slot->error = row->call_errno;
			mismatch_add(&slot->mismatches, FIELD_call_result, "as written", "-1");
		}
	}
	if (slot->result >= 0 && (call->row->id == CALL_socket || call->row->id == CALL_accept))
		slot->made = make_descriptor(fake, slot->result, event);
	if (call->row->id == CALL_close && slot->result == 0)
		descriptors_close(fake->descriptors, call->args[0]->value, event->loc.line);
	note_address(&slot->local, &config->local_ip, fake->local_port);
	note_address(&slot->peer, &config->remote_ip.addr, fake->peer_port);
	note_address(&slot->target, &config->remote_ip.addr, config->connect_port);
	snprintf(slot->live, sizeof(slot->live), "%s(...) = %lld", call->name,
		 (long long)slot->result);
	if (event->blocking)
		took = event->end - event->time.at;
	slot->end_ns = fake->ends[call->slot] = fake->now + took;
	atomic_store(&slot->state, SLOT_ENTERED);
	react(fake);
}

static const struct call_slot *fake_slot(struct bed *bed, const struct call *call)
{
	struct call_slot *slot = &of(bed)->slots[call->slot];

	if (atomic_load(&slot->state) == SLOT_ENTERED && of(bed)->now >= of(bed)->ends[call->slot])
		atomic_store(&slot->state, SLOT_DONE);
	return slot;
}

static bool fake_wait(struct bed *bed, const struct call *call, int64_t deadline)
{
	int64_t end = of(bed)->ends[call->slot];

	fake_sleep_until(bed, end < deadline ? end : deadline);
	return atomic_load(&fake_slot(bed, call)->state) == SLOT_DONE;
}

static bool fake_wait_asleep(struct bed *bed, const struct call *call, int64_t deadline)
{
	(void)bed;
	(void)call;
	(void)deadline;
	return true;
}

static bool fake_snapshot(struct bed *bed, int live_fd, struct sock_snapshot *snapshot,
			  int64_t deadline)
{
	(void)live_fd;
	(void)deadline;
	for (const struct fake_row *row = of(bed)->rows; !is_end(row); row++)
		if (row->mute && row->event <= of(bed)->event)
			return false;
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->tcp_info_size = sizeof(snapshot->tcp_info);
	snapshot->tcp_info[offsetof(struct tcp_info, tcpi_state)] = TCP_LISTEN;
	return true;
}

static int fake_end(struct bed *bed, int number)
{
	(void)number;
	react(of(bed));
	return 0;
}

static const struct descriptors *fake_descriptors(struct bed *bed)
{
	return of(bed)->descriptors;
}

/* ---- start-up and end ---------------------------------------------------------------------- */

static int fake_nothing(struct bed *bed, struct errbuf *err)
{
	(void)bed;
	(void)err;
	return 0;
}

static int fake_set_sysctl(struct bed *bed, const char *name, const char *value, struct errbuf *err)
{
	(void)bed;
	return err_set(err, -ENOENT, "no sysctl %s to set to %s", name, value);
}

static int64_t fake_start(struct bed *bed)
{
	of(bed)->started = true;
	return of(bed)->now;
}

static void fake_finish(struct bed *bed)
{
	(void)bed;
}

static void fake_close(struct bed *bed)
{
	struct fake_bed *fake = of(bed);

	free(fake->slots);
	free(fake->ends);
	free(fake->descriptors);
	free(fake);
}

static const struct bed_ops bed_ops = {
	.enter = fake_nothing,
	.open = fake_nothing,
	.set_sysctl = fake_set_sysctl,
	.ready = fake_nothing,
	.start = fake_start,
	.finish = fake_finish,
	.close = fake_close,
	.now = fake_now,
	.sleep_until = fake_sleep_until,
	.wait_until = fake_wait_until,
	.realtime_offset = fake_realtime_offset,
	.tick = fake_tick,
	.request = fake_request,
	.slot = fake_slot,
	.wait = fake_wait,
	.wait_asleep = fake_wait_asleep,
	.snapshot = fake_snapshot,
	.kill = fake_end,
	.exit = fake_end,
	.descriptors = fake_descriptors,
	.state = fake_state,
	.counters = fake_counters,
	.reasons = fake_reasons,
	.drop_reason = fake_drop_reason,
	.reset_reason = fake_reset_reason,
};

/* The descriptor of the connection, by which its socket is known: what accept() makes, or what
 * connect() is given. */
static int64_t connected_fd(const struct script *script, bool *active)
{
	for (size_t i = 0; i < script->n_events; i++) {
		const struct event *event = script->events[i];
		const struct call *call = event->kind == EVENT_CALL ? event->call : NULL;

		*active = call && call->row->id == CALL_connect;
		if (*active)
			return call->args[0]->value;
		if (call && call->row->id == CALL_accept)
			return call->result->value;
	}
	return 0;
}

static struct fake_bed *fake_new(const struct script *script, const struct fake_row *rows)
{
	struct fake_bed *fake = calloc(1, sizeof(*fake));
	bool active = false;

	assert_non_null(fake);
	fake->cookie = (uint64_t)connected_fd(script, &active);
	fake->bed = (struct bed){.ops = &bed_ops, .link = &fake->link};
	fake->link.ops = &link_ops;
	fake->script = script;
	fake->rows = rows;
	fake->now = BOOT;
	fake->slots = calloc(script->n_calls + 1, sizeof(*fake->slots));
	fake->ends = calloc(script->n_calls + 1, sizeof(*fake->ends));
	fake->descriptors = calloc(1, descriptors_bytes(32));
	assert_true(fake->slots && fake->ends && fake->descriptors);
	descriptors_init(fake->descriptors, 32);
	fake->local_port = active ? 50000 : script->config->bind_port;
	fake->peer_port = active ? script->config->connect_port : 40001;
	return fake;
}

struct run_result *fake_play(const char *text, const struct fake_row *rows)
{
	struct run_result *result = run_result_new("t.pkt", "ipv4");
	struct fake_bed *fake;
	struct run_env env = {.output_fd = -1};
	struct parsed parsed;

	parse(&parsed, text);
	assert_string_equal(parsed.messages, "");
	fake = fake_new(parsed.script, rows);
	env.bed = &fake->bed;
	env.current_event = &fake->event;
	run_script(parsed.script, &env, result);
	if (getenv("FAKE_TRACE"))
		for (size_t i = 0; i < result->n_records; i++) {
			char *line = record_to_json(result->records[i]);

			fprintf(stderr, "%s\n", line);
			free(line);
		}
	drop(&parsed);
	return result;
}
