/* Packets that no event expects: silence that is claimed, --strict, and what else was captured. */
#include "runtime/play/play_internal.h"

#include "parser/ast_print.h"

/* ---- quiet --------------------------------------------------------------------------------- */

static bool is_foreign(const struct run *run, const struct conn *conn)
{
	return run->conns.conn_under_test &&
	       !conn_is_incarnation_of(run->conns.conn_under_test, conn);
}

/* The connection that sent the first packet by `until` that no event expected; NULL: none. */
static struct conn *first_sender(const struct run *run, int64_t until, bool any_conn)
{
	struct conn *conn, *first = NULL;

	for (conn = run->conns.conns; conn; conn = conn->next)
		if (conn->queue && conn->queue->time_ns - run->start <= until &&
		    (any_conn || !is_foreign(run, conn)) &&
		    (!first || conn->queue->time_ns < first->queue->time_ns))
			first = conn;
	return first;
}

static struct packet describe(struct run *run, struct record *record, struct conn *conn)
{
	struct live_packet *live = conn_dequeue(conn);
	struct packet actual;

	run_note_packet(run, live->saved, record);
	seqmap_to_script(conn->seqmap, NULL, &live->wire.packet, &actual, run->arena);
	record->actual = run_packet_text(run, &actual);
	record->actual_ns = live->time_ns - run->start;
	record->reset_reason = run_reset_reason(run, conn, live);
	run_note(run, conn, NULL, &actual, record->actual_ns, record->reset_reason);
	return actual;
}

static void listen_quietly(struct run *run, struct moment *moment)
{
	struct errbuf error = {""};
	enum run_read read = READ_PACKET;
	struct packet actual;
	struct conn *conn;

	while (!(conn = first_sender(run, run->until, false)) && read == READ_PACKET)
		read = run_read(run, run->start + run->until, &error);
	moment->end = run->until;
	moment->untimed = true;
	moment->conn = conn;
	moment->record->actual_ns = run->until;
	if (conn) {
		actual = describe(run, moment->record, conn);
		run_fail(run, moment->record, FAULT_UNEXPECTED);
		run_align_extra(run, moment->record, &actual, moment->record->actual_ns);
	} else if (read == READ_FAILED) {
		run_fail_text(run, moment->record, FAULT_DEVICE, error.text);
	}
}

const struct player player_quiet = {.record = RECORD_QUIET, .act = listen_quietly};

/* ---- what no event expected ---------------------------------------------------------------- */

/* Its place is that of the event after which it came; `time`: ns since start. They come in order, so
 * each record is looked at once. */
static struct record *extra_new(struct run *run, int64_t time)
{
	const struct run_result *result = run->result;

	for (; run->n_before < result->n_records; run->n_before++) {
		const struct record *record = result->records[run->n_before];

		if (record->event < 0)
			continue;
		if (record->actual_ns > time)
			break;
		run->event_before = (size_t)record->event;
	}
	return run_record_at(run, RECORD_EXTRA, run->script->events[run->event_before]->loc);
}

/* One of no connection: in the kernel's own numbers. */
static void close_stray(struct run *run)
{
	struct stray *stray = run->strays;
	struct record *record = extra_new(run, stray->live.time_ns - run->start);
	char text[128];

	run_note_packet(run, stray->live.saved, record);
	run->strays = stray->next;
	if (!run->strays)
		run->strays_tail = &run->strays;
	record->actual = run_packet_text(run, &stray->live.wire.packet);
	record->actual_ns = stray->live.time_ns - run->start;
	tuple_print(text, sizeof(text), &stray->live.wire.tuple);
	record->connection = arena_printf(run->result->arena, "%s", text);
	run_close(run, record, NULL);
}

static void close_extra(struct run *run, struct conn *conn)
{
	struct record *record = extra_new(run, conn->queue->time_ns - run->start);
	struct packet actual = describe(run, record, conn);
	char text[128];

	if (run->config->strict && !run->failed) {
		run_fail(run, record, FAULT_UNEXPECTED);
		run_align_extra(run, record, &actual, record->actual_ns);
		run_explain(run, record, conn);
	}
	conn_print(conn, text);
	record->connection = arena_printf(run->result->arena, "%s", text);
	run_close(run, record, NULL); /* the state when it was sent is not known */
}

void run_extras(struct run *run, int64_t until)
{
	if (until == INT64_MIN)
		until = run_now(run);
	for (;;) {
		struct conn *conn = first_sender(run, until, true);
		int64_t stray = run->strays ? run->strays->live.time_ns - run->start : INT64_MAX;

		if (run->strays && stray <= until &&
		    (!conn || stray + run->start < conn->queue->time_ns))
			close_stray(run);
		else if (conn)
			close_extra(run, conn);
		else
			return;
	}
}

/* At a plain end what has come by now is read; --strict, and a failure that it may explain, are
 * worth waiting for one tolerance. */
void run_rest(struct run *run)
{
	int64_t tolerance = run->config->tolerance_usecs * NSEC_PER_USEC;
	int64_t until = run_now(run) + tolerance;
	struct errbuf error = {""};
	enum run_read read = READ_PACKET;
	struct record *record;

	if (!run->config->strict && !run->failed) {
		run_drain(run);
	} else {
		while (read == READ_PACKET && run_now(run) < until)
			read = run_read(run, run->start + until, &error);
	}
	run_extras(run, INT64_MAX);
	if (read == READ_FAILED && !run->failed) {
		record = extra_new(run, run_now(run));
		run_fail_text(run, record, FAULT_DEVICE, error.text);
		run_close(run, record, NULL);
	}
}
