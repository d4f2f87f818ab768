/* Packets: injected, expected, and not to come. */
#include "runtime/play/play_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/ast_print.h"
#include "runtime/bed/clock.h"
#include "runtime/conn/match.h"
#include "tun/pcap_file.h"

/* `*` is not checked, but a run must end; by itself, not by the suite's limit of 60 s more than the
 * script's own time. */
#define ANY_TIME_LIMIT_NS (50 * NSEC_PER_SEC)

static const char *packet_text(struct run *run, const struct packet *packet)
{
	size_t size = packet_print(NULL, 0, packet) + 1;
	char *text = arena_alloc(run->result->arena, size);

	packet_print(text, size, packet);
	return text;
}

static void save(struct run *run, int64_t time_ns, const uint8_t *bytes, size_t size)
{
	if (run->pcap)
		pcap_file_add(run->pcap, time_ns + clock_realtime_offset(), bytes, size);
}

/* ---- inbound ----------------------------------------------------------------------------- */

static void add_lateness(struct run *run, int64_t late)
{
	struct run_result *result = run->result;
	size_t n = result->n_lateness;

	if (!result->lateness)
		result->lateness = arena_alloc(result->arena,
					       run->script->n_events * sizeof(*result->lateness));
	if (n < run->script->n_events)
		result->lateness[result->n_lateness++] = late;
}

/* All but the writing is done before the packet is due. */
static size_t prepare(struct run *run, const struct packet *packet, struct conn **conn,
		      struct packet *live, uint8_t *bytes, struct wire_error *error)
{
	struct wire_tuple tuple;
	size_t size;

	*conn = conns_for_inbound(&run->conns, packet, &tuple, error);
	if (!*conn)
		return 0;
	if (!seqmap_to_live((*conn)->seqmap, packet, live, run->arena, run->config->tcp_ts_ecr_scaled,
			  error))
		return 0;
	size = wire_encode(live, &tuple, &(*conn)->tuple, run->config->md5_secret, bytes,
			   WIRE_MAX_PACKET, error);
	return size;
}

void run_inbound(struct run *run, const struct event *event)
{
	struct record *record = run_record(run, RECORD_INJECT, event);
	struct packet live;
	struct conn *conn = NULL;
	struct wire_error error = {""};
	unsigned mss = event->packet->kind == PACKET_TCP ? run->config->mss : 0;
	size_t size = prepare(run, event->packet, &conn, &live, run->buffer, &error);
	int64_t due = run->due > run->base ? run->due : run->base, now;
	int code;

	clock_sleep_until(run->start + run->due);
	now = clock_now();
	record->actual_ns = now - run->start;
	if (!size) {
		run_fail(run, record, NULL, "cannot inject this packet: %s", error.text);
		run_record_done(run, record, conn);
		return;
	}
	code = run->link->ops->send(run->link, run->buffer, size, mss);
	run_late(run, run->due, record->actual_ns);
	add_lateness(run, record->actual_ns - due);
	save(run, now, run->buffer, size);
	if (live.kind == PACKET_TCP)
		seqmap_sent(conn->seqmap, &live);
	if (code < 0)
		run_fail(run, record, NULL, "cannot inject this packet: %s", strerror(-code));
	else if (event->index)
		run_check_time(run, record, "the packet was injected");
	run_complete(run, run_now(run));
	conns_sample(&run->conns);
	run_record_done(run, record, conn);
}

/* Nobody listens to what the kernel makes of these. */
void run_reset(struct run *run)
{
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
		if (size && run->link->ops->send(run->link, run->buffer, size, 0) < 0)
			return;
	}
}

/* ---- what the kernel sends --------------------------------------------------------------- */

enum { READ_FAILED = -1, READ_NOTHING = 0, READ_PACKET = 1 };

/* Reads one packet, of whatever connection, into its queue. On failure `text` says why. */
static int read_live(struct run *run, int64_t deadline, struct wire_error *error)
{
	struct live_packet *live;
	struct link_packet raw;
	struct conn *conn;
	uint8_t *bytes;
	int code = run->link->ops->receive(run->link, &raw, deadline);

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
	return READ_PACKET;
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
static bool fits(struct run *run, struct conn *conn, const struct packet *expected)
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
static struct conn *speaking(struct run *run, const struct packet *expected)
{
	struct conn *under_test = run->conns.conn_under_test, *conn;
	bool ports = expected->has_ports && (expected->sport || expected->dport);

	if (under_test && under_test->queue && conn_has_ports(under_test, expected))
		return under_test;
	for (conn = run->conns.conns; conn; conn = conn->next) {
		if (!conn->queue || conn == under_test)
			continue;
		if (ports ? conn_has_ports(conn, expected) : fits(run, conn, expected))
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
	int64_t deadline; /* CLOCK_MONOTONIC */
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
	int code;

	while (!(want->conn = speaking(run, want->expected))) {
		code = read_live(run, want->deadline, &want->error);
		if (code == READ_PACKET)
			continue;
		want->timed_out = code == READ_NOTHING;
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
	unsigned i;

	want->other_size = true;
	match(run, want->conn, want->expected, want->live, &want->actual, &want->mismatches);
	for (i = 0; why && i < mismatches_kept(why); i++)
		*mismatch_add(&want->mismatches, FIELD_none, "", "") = why->at[i];
	return false;
}

/* Segments that continue the first are taken together until the expected length is reached. */
static bool merge(struct run *run, struct expectation *want)
{
	struct mismatches why = {0};
	struct live_packet *live;
	struct packet next;
	int code;

	while (want->expected->kind == PACKET_TCP && !run->config->strict_segments &&
	       may_grow(want->expected, &want->actual)) {
		while (!want->conn->queue) {
			code = read_live(run, want->deadline, &want->error);
			if (code == READ_PACKET)
				continue;
			want->timed_out = code == READ_NOTHING;
			return unfinished(run, want, NULL);
		}
		live = conn_dequeue(want->conn);
		seqmap_to_script(want->conn->seqmap, want->expected, &live->packet, &next, run->arena);
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

static const char *timed_out_hint(const struct run *run)
{
	const struct sock *sock = run->conns.sock_under_test;
	const struct conn *conn;

	for (conn = run->conns.conns; conn; conn = conn->next)
		if (conn->queue)
			return "another connection did send; write its ports (SPORT > DPORT) "
			       "before the "
			       "flags to speak of it";
	if (!run->conns.conn_under_test && sock && sock->phase == SOCK_FRESH)
		return "the socket made last is the one under test, and it neither listens nor has "
		       "connected";
	return NULL;
}

static void explain(struct run *run, struct record *record, const struct expectation *want)
{
	double waited = (double)(run_now(run) - run->until) / NSEC_PER_SEC;
	struct mismatches *copy = arena_new_of(run->result->arena, struct mismatches);
	char field[MISMATCH_NAME_SIZE];

	*copy = want->mismatches;
	if (copy->n)
		record->mismatches = copy;
	if (want->error.text[0]) {
		run_fail(run, record, NULL, "%s", want->error.text);
	} else if (want->timed_out && want->live) {
		run_fail(run, record, NULL,
			 "Timed out waiting for packet: only %u of %u bytes came",
			 payload(&want->actual), payload(want->expected));
	} else if (want->timed_out) {
		run_fail(run, record, timed_out_hint(run),
			 "Timed out waiting for packet: none came within %.1f s of its window",
			 waited);
	} else {
		run_fail(run, record, NULL, "the segment differs from the expected one in %s%s",
			 mismatch_field_name(&copy->at[0], field), copy->n > 1 ? " and more" : "");
	}
}

void run_outbound(struct run *run, const struct event *event)
{
	struct record *record = run_record(run, RECORD_SEGMENT, event);
	struct expectation *want = arena_new_of(run->arena, struct expectation);
	bool any = event->time.kind == TIME_ANY, good;
	int64_t limit = any ? run_now(run) + ANY_TIME_LIMIT_NS : run->until + GRACE_NS;
	int64_t now = run_now(run);

	if (limit < now + GRACE_NS / 2)
		limit = now + GRACE_NS / 2;
	want->expected = event->packet;
	want->deadline = run->start + limit;
	good = await_packet(run, want);
	if (want->live) {
		record->actual_ns = want->live->time_ns - run->start;
		record->actual = packet_text(run, &want->actual);
		if (want->live->packet.kind == PACKET_TCP)
			seqmap_seen(want->conn->seqmap, &want->live->packet);
		run->conns.conn_under_test = want->conn;
		run_complete(run, record->actual_ns);
	}
	if (!good)
		explain(run, record, want);
	if (want->live && event->index)
		run_check_time(run, record, "the segment came");
	if (record->status == RECORD_FAILED && run->config->non_fatal_packet && want->live &&
	    !want->other_size)
		record->status = RECORD_WARNING;
	conns_sample(&run->conns);
	run_record_done(run, record, want->conn ? want->conn : run->conns.conn_under_test);
}

/* ---- silence ----------------------------------------------------------------------------- */

static void unexpected(struct run *run, struct record *record, struct conn *conn,
		       const char *message)
{
	struct live_packet *live = conn_dequeue(conn);
	struct packet actual;

	seqmap_to_script(conn->seqmap, NULL, &live->packet, &actual, run->arena);
	record->actual = packet_text(run, &actual);
	record->actual_ns = live->time_ns - run->start;
	run_fail(run, record, NULL, "%s", message);
}

static bool is_foreign(const struct run *run, const struct conn *conn)
{
	return run->conns.conn_under_test && run->conns.conn_under_test != conn;
}

/* A connection with something to say until `until`; NULL: none. */
static struct conn *noisy(const struct run *run, int64_t until, bool any_conn)
{
	struct conn *conn;

	for (conn = run->conns.conns; conn; conn = conn->next)
		if (conn->queue && conn->queue->time_ns - run->start <= until &&
		    (any_conn || !is_foreign(run, conn)))
			return conn;
	return NULL;
}

/* Reads until `until` or the first unexpected packet. */
static struct conn *listen_until(struct run *run, int64_t until, bool any_conn,
				 struct wire_error *error)
{
	struct conn *conn;
	int code;

	while (!(conn = noisy(run, until, any_conn))) {
		code = read_live(run, run->start + until, error);
		if (code != READ_PACKET)
			return noisy(run, until, any_conn);
	}
	return conn;
}

void run_quiet(struct run *run, const struct event *event)
{
	struct record *record = run_record(run, RECORD_QUIET, event);
	struct wire_error error = {""};
	struct conn *conn = listen_until(run, run->until, false, &error);

	record->actual_ns = run->until;
	if (conn)
		unexpected(run, record, conn, "a segment came though silence was expected");
	else if (error.text[0])
		run_fail(run, record, NULL, "%s", error.text);
	run_complete(run, run->until);
	conns_sample(&run->conns);
	run_record_done(run, record, conn ? conn : run->conns.conn_under_test);
}

void run_drain(struct run *run)
{
	int64_t until = run_now(run) + run->config->tolerance_usecs * NSEC_PER_USEC;
	struct wire_error error = {""};
	struct conn *conn = listen_until(run, until, true, &error);
	const struct event *last = run->script->events[run->script->n_events - 1];
	struct record *record;

	if (!conn && !error.text[0])
		return;
	record = run_record(run, RECORD_EXTRA, NULL);
	record->line = last->loc.line;
	record->column = last->loc.column;
	if (conn)
		unexpected(run, record, conn,
			   "the kernel sent a segment that the script does not expect (--strict)");
	else
		run_fail(run, record, NULL, "%s", error.text);
	run_record_done(run, record, conn);
}
