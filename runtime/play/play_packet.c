/* Packets: injected and expected. */
#include "runtime/play/play_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "parser/ast_print.h"
#include "runtime/conn/match.h"
#include "runtime/conn/transport.h"

/* `*` is not checked, but a run must end; by itself, not by the suite's time limit. */
#define ANY_TIME_LIMIT_NS (50 * NSEC_PER_SEC)

const char *run_packet_text(struct run *run, const struct packet *packet)
{
	size_t size = packet_print(NULL, 0, packet) + 1;
	char *text = arena_alloc(run->result->arena, size);

	packet_print(text, size, packet);
	return text;
}

/* `time` is the bed's. Returns its number in the capture. */
static size_t save(struct run *run, int64_t time, const uint8_t *bytes, size_t size, bool inbound)
{
	return run->pcap ? pcap_file_add(run->pcap, time + run->bed->ops->realtime_offset(run->bed),
					 bytes, size, inbound)
			 : 0;
}

void run_note_packet(struct run *run, size_t saved, const struct record *record)
{
	if (run->pcap)
		pcap_file_note(run->pcap, saved, record);
}

/* ---- inbound ----------------------------------------------------------------------------- */

/* The packet that the next injection is about, made before it is due. */
struct injection {
	struct packet live;
	size_t size; /* in run->buffer; 0: it cannot be made */
	struct errbuf error;
};

/* It may be that it needs what the script has no line for: the first that is not spoken for. */
static void fail_to_make(struct run *run, struct moment *moment)
{
	const struct live_packet *queued = moment->conn ? moment->conn->queue : NULL;
	struct packet actual;

	run_fail_text(run, moment->record, FAULT_INJECTION, moment->injection->error.text);
	if (!queued)
		return;
	seqmap_to_script(moment->conn->seqmap, NULL, &queued->wire.packet, &actual, run->arena);
	run_align_extra(run, moment->record, &actual, queued->time_ns - run->start);
}

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
	bool segments = transport_rows[moment->event->packet->kind].connects;
	unsigned gso_size = segments ? run->config->mss : 0;
	int64_t due = run->due > run->base ? run->due : run->base;
	int code;

	moment->begin = run_now(run);
	if (!injection->size) {
		fail_to_make(run, moment);
		return;
	}
	code = run->bed->link->ops->send(run->bed->link, run->buffer, injection->size, gso_size);
	moment->acted = moment->end = run_now(run);
	run_result_add_lateness(run->result, moment->begin - due);
	run_note_packet(run, save(run, run->start + moment->begin, run->buffer, injection->size, true),
			record);
	seqmap_remember(moment->conn->seqmap, &injection->live);
	record->drop_reason = run_drop_reason(run, moment->begin);
	run_note(run, moment->conn, moment->event, moment->event->packet, moment->begin,
		 record->drop_reason);
	if (err_is_scarcity(code) || code == -EIO)
		run_not_run(run);
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

static void inject_reset(struct run *run, const struct conn *conn, struct packet *packet)
{
	struct wire_tuple tuple = tuple_reverse(&conn->tuple);
	struct link *link = run->bed->link;
	struct errbuf error;
	size_t size;

	packet->ip_version = conn->tuple.src.version;
	size = wire_encode(packet, &tuple, &conn->tuple, NULL, run->buffer, WIRE_MAX_PACKET,
			   &error);
	if (size)
		link->ops->send(link, run->buffer, size, 0);
}

/* Nobody listens to what the kernel makes of these. */
void run_reset(struct run *run)
{
	struct packet packet;

	for (const struct conn *conn = run->conns.conns; conn; conn = conn->next) {
		if (conn->over)
			continue;
		if (seqmap_reset_packet(conn->seqmap, conn->kind, false, &packet))
			inject_reset(run, conn, &packet);
		if (seqmap_reset_packet(conn->seqmap, conn->kind, true, &packet))
			inject_reset(run, conn, &packet);
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

enum run_read run_read(struct run *run, int64_t deadline, struct errbuf *error)
{
	struct live_packet *live;
	struct link_packet raw;
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
		run_not_run(run);
		snprintf(error->text, sizeof(error->text), "cannot read from the device: %s",
			 strerror(-code));
		return READ_FAILED;
	}
	live = arena_new_of(run->arena, struct live_packet);
	live->saved = save(run, raw.time_ns, raw.bytes, raw.size, false);
	bytes = arena_alloc(run->arena, raw.size);
	memcpy(bytes, raw.bytes, raw.size);
	live->time_ns = raw.time_ns;
	switch (wire_decode(bytes, raw.size, run->arena, &live->wire, error)) {
	case WIRE_FOREIGN:
		return READ_PACKET;
	case WIRE_BAD:
		return READ_FAILED;
	case WIRE_OK:
		break;
	}
	if (!conns_take_live(&run->conns, live))
		keep_stray(run, live);
	return READ_PACKET;
}

void run_drain(struct run *run)
{
	struct errbuf error = {""};

	if (run->read_error.text[0])
		return;
	while (run_read(run, 0, &error) == READ_PACKET)
		;
	run->read_error = error;
}

static struct matching begin_match(struct run *run, const struct conn *conn,
				   const struct packet *expected)
{
	return (struct matching){.config = run->config,
				 .arena = run->arena,
				 .seqmap = conn->seqmap,
				 .expected = expected};
}

/* Is the first queued packet of a connection not under test just what is expected? Then it is
 * meant; anything else of it is left alone. */
static bool matches_head(struct run *run, struct conn *conn, const struct packet *expected)
{
	struct matching trial = begin_match(run, conn, expected);
	int64_t time = conn->queue->time_ns - run->start;

	return conn->kind == expected->kind && time >= run->due - run->tolerance &&
	       match_would(&trial, &conn->queue->wire, time);
}

/* The connection whose next queued packet the expectation is to be held against. */
static struct conn *next_sender(struct run *run, const struct packet *expected)
{
	struct conn *under_test = run->conns.conn_under_test, *conn;
	bool ports = expected->has_ports && (expected->sport || expected->dport);

	if (under_test && conn_has_ports(under_test, expected)) {
		conn = conn_first_in_line(under_test);
		if (conn)
			return conn;
	}
	for (conn = run->conns.conns; conn; conn = conn->next) {
		if (conn == under_test || conn_first_in_line(conn) != conn)
			continue;
		if (ports ? conn_has_ports(conn, expected) : matches_head(run, conn, expected))
			return conn;
	}
	return NULL;
}

static uint32_t length_of(const struct packet *packet)
{
	return transport_of(packet->kind)->len(packet);
}

struct expectation {
	const struct packet *expected;
	const struct record *record;
	int64_t deadline; /* the bed's clock */
	struct conn *conn;
	struct live_packet *first, *live; /* what is held against it: the first, the last */
	bool timed_out;
	struct errbuf error;
	struct matching match;
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

/* The next packet of the connection; NULL: none came. */
static struct live_packet *await_more(struct run *run, struct expectation *want)
{
	enum run_read read;

	while (!want->conn->queue) {
		read = run_read(run, want->deadline, &want->error);
		if (read == READ_PACKET)
			continue;
		want->timed_out = read == READ_NOTHING;
		return NULL;
	}
	return conn_dequeue(want->conn);
}

static void keep_part(struct expectation *want, struct live_packet *live)
{
	if (want->live)
		want->live->next = live;
	else
		want->first = live;
	want->live = live;
}

static bool await_packet(struct run *run, struct expectation *want)
{
	enum match_result result = MATCH_MORE;
	struct live_packet *live;

	if (!await_conn(run, want))
		return false;
	want->match = begin_match(run, want->conn, want->expected);
	while (result == MATCH_MORE) {
		live = await_more(run, want);
		if (!live) {
			match_end(&want->match);
			return false;
		}
		result = match_live(&want->match, &live->wire, live->time_ns - run->start);
		if (want->match.live != &live->wire) {
			conn_requeue(want->conn, live);
			continue;
		}
		keep_part(want, live); /* it is a part of what was expected */
		run_note_packet(run, live->saved, want->record);
	}
	return result == MATCH_SAME;
}

static enum record_cause cause_of_silence(const struct run *run)
{
	const struct sock *sock = run->conns.sock_under_test;
	const struct conn *conn;

	for (conn = run->conns.conns; conn; conn = conn->next)
		if (conn->queue)
			return CAUSE_OTHER_CONNECTION;
	if (!run->conns.conn_under_test && sock && sock->phase == SOCK_FRESH &&
	    !sock_is_asking(&run->conns, sock))
		return CAUSE_SOCKET_UNUSED;
	return CAUSE_NONE;
}

static void explain(struct run *run, struct record *record, const struct expectation *want)
{
	if (want->match.mismatches.n) {
		record->mismatches = arena_new_of(run->result->arena, struct mismatches);
		*record->mismatches = want->match.mismatches;
	}
	if (want->error.text[0]) {
		run_fail_text(run, record, FAULT_DEVICE, want->error.text);
	} else if (want->timed_out && want->live) {
		run_fail(run, record, FAULT_INCOMPLETE);
		record->bytes = length_of(&want->match.actual);
		record->bytes_expected = length_of(want->expected);
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
	moment->first = want->first;
	moment->last = want->live;
	moment->non_fatal = run->config->non_fatal_packet && !want->match.other_length;
	moment->record->actual = run_packet_text(run, &want->match.actual);
	seqmap_remember(want->conn->seqmap, &want->live->wire.packet);
	moment->record->reset_reason = run_reset_reason(run, want->conn, want->live);
	run_note(run, want->conn, moment->event, &want->match.actual, moment->begin,
		 moment->record->reset_reason);
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
	want->record = moment->record;
	want->deadline = run->start + limit;
	good = await_packet(run, want);
	if (want->live)
		take_packet(run, moment, want);
	if (!good)
		explain(run, moment->record, want);
}

const struct player player_expect = {.record = RECORD_SEGMENT, .act = expect};
