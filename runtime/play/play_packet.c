/* Packets: injected and expected. */
#include "runtime/play/play_internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "parser/ast_print.h"
#include "runtime/conn/match.h"
#include "tun/pcap_file.h"

/* `*` is not checked, but a run must end; by itself, not by the suite's time limit. */
#define ANY_TIME_LIMIT_NS (50 * NSEC_PER_SEC)

const char *run_packet_text(struct run *run, const struct packet *packet)
{
	size_t size = packet_print(NULL, 0, packet) + 1;
	char *text = arena_alloc(run->result->arena, size);

	packet_print(text, size, packet);
	return text;
}

/* `time` is the bed's. */
static void save(struct run *run, int64_t time, const uint8_t *bytes, size_t size)
{
	if (run->pcap)
		pcap_file_add(run->pcap, time + run->bed->ops->realtime_offset(run->bed), bytes,
			      size);
}

/* ---- inbound ----------------------------------------------------------------------------- */

/* The packet that the next injection is about, made before it is due. */
struct injection {
	struct packet live;
	size_t size; /* in run->buffer; 0: it cannot be made */
	struct wire_error error;
};

static void prepare_inject(struct run *run, struct moment *moment)
{
	const struct packet *packet = moment->event->packet;
	struct injection *injection = arena_new_of(run->arena, struct injection);
	struct wire_tuple tuple;

	run_drain(run); /* what the kernel said so far decides which connection is meant */
	moment->injection = injection;
	moment->conn = conns_for_inbound(&run->conns, packet, &tuple, &injection->error);
	if (moment->conn &&
	    seqmap_to_live(moment->conn->seqmap, packet, &injection->live, run->arena,
			   run->config->tcp_ts_ecr_scaled, &injection->error))
		injection->size = wire_encode(&injection->live, &tuple, &moment->conn->tuple,
					      run->config->md5_secret, run->buffer, WIRE_MAX_PACKET,
					      &injection->error);
}

static void inject(struct run *run, struct moment *moment)
{
	struct record *record = moment->record;
	struct injection *injection = moment->injection;
	unsigned gso_size = moment->event->packet->kind == PACKET_TCP ? run->config->mss : 0;
	int64_t due = run->due > run->base ? run->due : run->base;
	int code;

	moment->begin = run_now(run);
	if (!injection->size) {
		run_fail_text(run, record, FAULT_INJECTION, injection->error.text);
		return;
	}
	code = run->bed->link->ops->send(run->bed->link, run->buffer, injection->size, gso_size);
	moment->acted = moment->end = run_now(run);
	run_result_add_lateness(run->result, moment->begin - due);
	save(run, run->start + moment->begin, run->buffer, injection->size);
	if (injection->live.kind == PACKET_TCP)
		seqmap_sent(moment->conn->seqmap, &injection->live);
	if (code < 0) {
		run_fail(run, record, FAULT_INJECTION);
		record->error = -code;
	}
}

const struct player player_inject = {
	.record = RECORD_INJECT,
	.waits = true,
	.prepare = prepare_inject,
	.act = inject,
};

/* Nobody listens to what the kernel makes of these. */
void run_reset(struct run *run)
{
	struct link *link = run->bed->link;
	struct wire_error error;
	struct wire_tuple tuple;
	struct packet packet;
	size_t size;

	for (const struct conn *conn = run->conns.conns; conn; conn = conn->next) {
		if (conn->kind != PACKET_TCP || !conn->port_known)
			continue;
		seqmap_reset_packet(conn->seqmap, &packet);
		packet.ip_version = conn->tuple.src.version;
		tuple = tuple_reverse(&conn->tuple);
		size = wire_encode(&packet, &tuple, &conn->tuple, NULL, run->buffer,
				   WIRE_MAX_PACKET, &error);
		if (size && link->ops->send(link, run->buffer, size, 0) < 0)
			return;
	}
}

/* ---- what the kernel sends --------------------------------------------------------------- */

static void keep_stray(struct run *run, const struct live_packet *live)
{
	struct stray *stray = arena_new_of(run->arena, struct stray);

	stray->live = *live;
	*run->strays_tail = stray;
	run->strays_tail = &stray->next;
}

enum run_read run_read(struct run *run, int64_t deadline, struct wire_error *error)
{
	struct live_packet *live;
	struct link_packet raw;
	struct conn *conn;
	uint8_t *bytes;
	int code;

	if (run->read_error.text[0]) {
		*error = run->read_error;
		run->read_error.text[0] = '\0';
		return READ_FAILED;
	}
	code = run->bed->link->ops->receive(run->bed->link, &raw, deadline);
	if (code == 0)
		return READ_NOTHING;
	if (code < 0) {
		snprintf(error->text, sizeof(error->text), "cannot read from the device: %s",
			 strerror(-code));
		return READ_FAILED;
	}
	save(run, raw.time_ns, raw.bytes, raw.size);
	live = arena_new_of(run->arena, struct live_packet);
	bytes = arena_alloc(run->arena, raw.size);
	memcpy(bytes, raw.bytes, raw.size);
	live->time_ns = raw.time_ns;
	switch (wire_decode(bytes, raw.size, run->arena, &live->packet, &live->tuple, error)) {
	case WIRE_FOREIGN:
		return READ_PACKET;
	case WIRE_BAD:
		return READ_FAILED;
	case WIRE_OK:
		break;
	}
	conn = conns_for_live(&run->conns, &live->packet, &live->tuple);
	if (conn)
		conn_queue(conn, live);
	else
		keep_stray(run, live);
	return READ_PACKET;
}

void run_drain(struct run *run)
{
	struct wire_error error = {""};

	if (run->read_error.text[0])
		return;
	while (run_read(run, 0, &error) == READ_PACKET)
		;
	run->read_error = error;
}

static void match(struct run *run, struct conn *conn, const struct packet *expected,
		  const struct live_packet *live, const struct packet *actual,
		  struct mismatches *mismatches)
{
	struct match_env env = {.config = run->config,
				.since_start_ns = live->time_ns - run->start,
				.tuple = &live->tuple};

	match_packet(&env, conn->seqmap, expected, &live->packet, actual, mismatches);
}

/* Is the first queued packet of a connection not under test just what is expected? Then it is
 * meant; anything else of it is left alone. */
static bool matches_head(struct run *run, struct conn *conn, const struct packet *expected)
{
	struct mismatches mismatches = {0};
	int64_t time = conn->queue->time_ns - run->start;
	struct packet actual;

	if (conn->kind != expected->kind || time < run->due - run->tolerance)
		return false;
	seqmap_to_script(conn->seqmap, NULL, &conn->queue->packet, &actual, run->arena);
	match(run, conn, expected, conn->queue, &actual, &mismatches);
	return mismatches.n == 0;
}

/* The connection whose next queued packet the expectation is to be held against. */
static struct conn *next_sender(struct run *run, const struct packet *expected)
{
	struct conn *under_test = run->conns.conn_under_test, *conn;
	bool ports = expected->has_ports && (expected->sport || expected->dport);

	if (under_test && under_test->queue && conn_has_ports(under_test, expected))
		return under_test;
	for (conn = run->conns.conns; conn; conn = conn->next) {
		if (!conn->queue || conn == under_test)
			continue;
		if (ports ? conn_has_ports(conn, expected) : matches_head(run, conn, expected))
			return conn;
	}
	return NULL;
}

static uint32_t payload(const struct packet *packet)
{
	return packet->kind == PACKET_TCP ? packet->tcp.payload : 0;
}

struct expectation {
	const struct packet *expected;
	int64_t deadline; /* the bed's clock */
	struct conn *conn;
	struct live_packet *live; /* the last one, if merged */
	struct packet actual;	  /* in script numbers */
	bool timed_out;
	bool other_size; /* as wrong as no packet: what follows would be out of step */
	struct wire_error error;
	struct mismatches mismatches;
};

static bool await_conn(struct run *run, struct expectation *want)
{
	enum run_read read;

	while (!(want->conn = next_sender(run, want->expected))) {
		read = run_read(run, want->deadline, &want->error);
		if (read == READ_PACKET)
			continue;
		want->timed_out = read == READ_NOTHING;
		return false;
	}
	return true;
}

/* Only the expected segment's own beginning may be waited for to grow: a segment that starts
 * elsewhere or ends the stream is wrong as it is. */
static bool may_grow(const struct packet *expected, const struct packet *actual)
{
	return payload(actual) < payload(expected) &&
	       (expected->tcp.seq_any || actual->tcp.seq == expected->tcp.seq) &&
	       !(actual->tcp.flags & (TCP_FIN | TCP_RST));
}

/* What came so far, against all that is expected; then why it did not go on. */
static bool unfinished(struct run *run, struct expectation *want, const struct mismatches *why)
{
	want->other_size = true;
	match(run, want->conn, want->expected, want->live, &want->actual, &want->mismatches);
	for (unsigned i = 0; why && i < mismatches_kept(why); i++)
		*mismatch_add(&want->mismatches, FIELD_none, "", "") = why->at[i];
	return false;
}

/* Segments that continue the first are taken together until the expected length is reached. */
static bool merge(struct run *run, struct expectation *want)
{
	struct mismatches why = {0};
	struct live_packet *live;
	struct packet next;
	enum run_read read;

	while (want->expected->kind == PACKET_TCP && !run->config->strict_segments &&
	       may_grow(want->expected, &want->actual)) {
		while (!want->conn->queue) {
			read = run_read(run, want->deadline, &want->error);
			if (read == READ_PACKET)
				continue;
			want->timed_out = read == READ_NOTHING;
			return unfinished(run, want, NULL);
		}
		live = conn_dequeue(want->conn);
		seqmap_to_script(want->conn->seqmap, want->expected, &live->packet, &next,
				 run->arena);
		if (!match_merge(want->expected, &want->actual, &next, &why))
			return unfinished(run, want, &why);
		want->live = live;
	}
	return true;
}

static bool await_packet(struct run *run, struct expectation *want)
{
	if (!await_conn(run, want))
		return false;
	want->live = conn_dequeue(want->conn);
	seqmap_to_script(want->conn->seqmap, want->expected, &want->live->packet, &want->actual,
			 run->arena);
	if (!merge(run, want))
		return false;
	want->other_size = payload(&want->actual) != payload(want->expected);
	match(run, want->conn, want->expected, want->live, &want->actual, &want->mismatches);
	return want->mismatches.n == 0;
}

static enum record_cause cause_of_silence(const struct run *run)
{
	const struct sock *sock = run->conns.sock_under_test;
	const struct conn *conn;

	for (conn = run->conns.conns; conn; conn = conn->next)
		if (conn->queue)
			return CAUSE_OTHER_CONNECTION;
	if (!run->conns.conn_under_test && sock && sock->phase == SOCK_FRESH)
		return CAUSE_SOCKET_UNUSED;
	return CAUSE_NONE;
}

static void explain(struct run *run, struct record *record, const struct expectation *want)
{
	if (want->mismatches.n) {
		record->mismatches = arena_new_of(run->result->arena, struct mismatches);
		*record->mismatches = want->mismatches;
	}
	if (want->error.text[0]) {
		run_fail_text(run, record, FAULT_DEVICE, want->error.text);
	} else if (want->timed_out && want->live) {
		run_fail(run, record, FAULT_INCOMPLETE);
		record->bytes = payload(&want->actual);
		record->bytes_expected = payload(want->expected);
	} else if (want->timed_out) {
		run_fail(run, record, FAULT_NO_PACKET);
		record->cause = cause_of_silence(run);
		record->actual_ns = run_now(run); /* given up */
		record->limit_ns = record->actual_ns - run->until;
	} else {
		run_fail(run, record, FAULT_DIFFERS);
	}
}

static void take_packet(struct run *run, struct moment *moment, const struct expectation *want)
{
	moment->begin = moment->end = want->live->time_ns - run->start;
	moment->conn = want->conn;
	moment->non_fatal = run->config->non_fatal_packet && !want->other_size;
	moment->record->actual = run_packet_text(run, &want->actual);
	if (want->live->packet.kind == PACKET_TCP)
		seqmap_seen(want->conn->seqmap, &want->live->packet);
	run->conns.conn_under_test = want->conn;
}

static void expect(struct run *run, struct moment *moment)
{
	struct expectation *want = arena_new_of(run->arena, struct expectation);
	bool any = moment->event->time.kind == TIME_ANY, good;
	int64_t now = run_now(run), limit = any ? now + ANY_TIME_LIMIT_NS : run->until + GRACE_NS;

	if (limit < now + GRACE_NS / 2)
		limit = now + GRACE_NS / 2;
	want->expected = moment->event->packet;
	want->deadline = run->start + limit;
	good = await_packet(run, want);
	if (want->live)
		take_packet(run, moment, want);
	if (!good)
		explain(run, moment->record, want);
}

const struct player player_expect = {.record = RECORD_SEGMENT, .act = expect};
