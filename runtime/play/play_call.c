/* System calls, blocking and not, and the program's end. */
#include "runtime/play/play_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parser/tables.h"
#include "runtime/bed/clock.h"

/* A blocking call is given this long to fall asleep or to return. */
#define ASLEEP_NS (1 * NSEC_PER_SEC)
/* And this long, once it is due, if the next call may be what wakes it up. */
#define CAUSE_NS (300 * NSEC_PER_USEC)

static struct conn *conn_of(struct run *run, const struct call_slot *slot)
{
	struct sock *sock = slot->script_fd >= 0 ? conns_sock(&run->conns, slot->script_fd) : NULL;

	return sock && sock->conn ? sock->conn : run->conns.conn_under_test;
}

/* How far the worst is off, if all are times; else 0. */
static int64_t time_off(const struct mismatches *list)
{
	int64_t worst = 0;

	for (unsigned i = 0; i < mismatches_kept(list); i++) {
		if (!list->at[i].off_ns)
			return 0;
		if (list->at[i].off_ns > worst)
			worst = list->at[i].off_ns;
	}
	return worst;
}

/* Takes a finished call over: what it tells of connections, and whether it did as written. */
static void take_result(struct run *run, struct record *record, const struct call *call,
			const struct call_slot *slot)
{
	struct arena *arena = run->result->arena;
	char field[MISMATCH_NAME_SIZE];

	conns_after_call(&run->conns, call, slot);
	record->actual = slot->live[0] ? arena_printf(arena, "%s", slot->live) : NULL;
	if (slot->failure[0]) {
		run_fail(run, record, NULL, "runtime error in %s call: %s", call->name,
			 slot->failure);
	} else if (slot->mismatches.n) {
		record->mismatches = arena_new_of(arena, struct mismatches);
		*record->mismatches = slot->mismatches;
		run_fail(run, record, NULL,
			 "%s() differs from the script in %s: expected %s, got %s", call->name,
			 mismatch_field_name(&slot->mismatches.at[0], field),
			 slot->mismatches.at[0].expected, slot->mismatches.at[0].actual);
		run->off_ns = time_off(&slot->mismatches);
	}
}

/* How long the call may take by its own arguments. */
static int64_t own_timeout(const struct call *call)
{
	const struct expr *timeout = NULL;

	if (call->row->id == CALL_poll)
		timeout = call->args[2];
	else if (call->row->id == CALL_epoll_wait)
		timeout = call->args[3];
	return timeout && timeout->value > 0 ? timeout->value * 1000 * NSEC_PER_USEC : 0;
}

static void call_at_once(struct run *run, const struct event *event)
{
	struct record *record = run_record(run, RECORD_CALL, event);
	const struct call *call = event->call;
	const struct call_slot *slot = program_slot(run->program, call);

	program_request(run->program, event);
	if (!program_wait(run->program, call, clock_now() + GRACE_NS + own_timeout(call))) {
		record->actual_ns = run_now(run);
		run_fail(run, record,
			 "write the time as START...END if it is meant to block, e.g. +0...0.5",
			 "%s() has not returned: it blocks though it is not marked as blocking",
			 call->name);
		run_record_done(run, record, run->conns.conn_under_test);
		return;
	}
	record->actual_ns = slot->begin_ns ? slot->begin_ns - run->start : run_now(run);
	run_late(run, run->due, record->actual_ns);
	take_result(run, record, call, slot);
	if (event->index)
		run_check_time(run, record, "the call was made");
	run_complete(run, slot->end_ns ? slot->end_ns - run->start : run_now(run));
	run->span = own_timeout(call) ? 0 : run->base - record->actual_ns;
	conns_sample(&run->conns);
	run_record_done(run, record, conn_of(run, slot));
}

static void call_blocking(struct run *run, const struct event *event)
{
	struct record *record = run_record(run, RECORD_CALL, event);
	struct pending *pending = arena_new_of(run->arena, struct pending), **link;
	const struct call_slot *slot = program_slot(run->program, event->call);

	pending->event = event;
	pending->begin_due = run->due;
	pending->end_due = run->due - event->time.at + event->end;
	program_request(run->program, event);
	if (!program_wait_asleep(run->program, event->call, clock_now() + ASLEEP_NS))
		run_fail(run, record, NULL, "%s() neither sleeps nor returns", event->call->name);
	record->actual_ns = slot->begin_ns ? slot->begin_ns - run->start : run_now(run);
	run_late(run, run->due, record->actual_ns);
	if (event->index)
		run_check_time(run, record, "the call was made");
	for (link = &run->pending; *link; link = &(*link)->next)
		;
	*link = pending;
	run_complete(run, record->actual_ns);
	conns_sample(&run->conns);
	run_record_done(run, record, run->conns.conn_under_test);
}

void run_call(struct run *run, const struct event *event)
{
	const struct call *call = event->call;
	static const bool connects[N_CALLS] = {
		[CALL_connect] = true, [CALL_sendto] = true, [CALL_sendmsg] = true};

	clock_sleep_until(run->start + run->due);
	if (!run_pending_due(run, run->due))
		return;
	if (connects[call->row->id])
		conns_connecting(&run->conns, (int)call->args[0]->value);
	if (event->blocking)
		call_blocking(run, event);
	else
		call_at_once(run, event);
}

/* ---- blocking calls return --------------------------------------------------------------- */

static int64_t tolerance_of(const struct run *run, const struct pending *pending)
{
	int64_t usecs = run->config->tolerance_usecs * NSEC_PER_USEC;
	int64_t percent = (int64_t)((double)(pending->end_due - pending->begin_due) *
				    run->config->tolerance_percent / 100);

	return percent > usecs ? percent : usecs;
}

static void set_window(struct run *run, struct record *record, const struct pending *pending)
{
	record->due_ns = record->until_ns = pending->end_due;
	record->tolerance_ns = tolerance_of(run, pending);
}

static void returned(struct run *run, const struct pending *pending)
{
	const struct call *call = pending->event->call;
	const struct call_slot *slot = program_slot(run->program, call);
	struct record *record = run_record(run, RECORD_CALL_END, pending->event);

	set_window(run, record, pending);
	record->actual_ns = slot->end_ns ? slot->end_ns - run->start : run_now(run);
	take_result(run, record, call, slot);
	run_check_time(run, record, "the blocking call returned");
	conns_sample(&run->conns);
	run_record_done(run, record, conn_of(run, slot));
}

static void still_blocked(struct run *run, const struct pending *pending)
{
	struct record *record = run_record(run, RECORD_CALL_END, pending->event);

	set_window(run, record, pending);
	record->actual_ns = run_now(run);
	run_fail(run, record, NULL, "%s() is still blocked; it should have returned at %.6f s",
		 pending->event->call->name, (double)pending->end_due / NSEC_PER_SEC);
	run_record_done(run, record, run->conns.conn_under_test);
}

/* Waits until CLOCK_MONOTONIC `deadline` for one pending call and takes it off the list. */
static bool settle(struct run *run, struct pending **link, int64_t deadline)
{
	struct pending *pending = *link;

	if (!program_wait(run->program, pending->event->call, deadline))
		return false;
	*link = pending->next;
	returned(run, pending);
	return true;
}

void run_pending_returned(struct run *run)
{
	struct pending **link = &run->pending;
	const struct call_slot *slot;

	while (*link && !run->failed) {
		slot = program_slot(run->program, (*link)->event->call);
		if (atomic_load(&slot->state) == SLOT_DONE)
			settle(run, link, 0);
		else if (run_now(run) > (*link)->end_due + GRACE_NS)
			still_blocked(run, *link);
		else
			link = &(*link)->next;
	}
}

/* By the script they have returned before `time`, so what follows may build on them. Or it is what
 * makes them return: if that may still be in time, it is not kept waiting for long. */
bool run_pending_due(struct run *run, int64_t time)
{
	struct pending **link = &run->pending;

	while (*link && !run->failed) {
		int64_t end = (*link)->end_due;
		bool cause = time <= end + tolerance_of(run, *link);

		if (end > time)
			link = &(*link)->next;
		else if (settle(run, link, clock_now() + (cause ? CAUSE_NS : ASLEEP_NS)))
			continue;
		else if (cause)
			link = &(*link)->next;
		else
			still_blocked(run, *link);
	}
	return !run->failed;
}

void run_pending_end(struct run *run)
{
	while (run->pending && !run->failed) {
		int64_t deadline = run->start + run->pending->end_due, now = clock_now();

		if (deadline < now)
			deadline = now;
		if (!settle(run, &run->pending, deadline + ASLEEP_NS))
			still_blocked(run, run->pending);
	}
}

/* ---- the program's end ------------------------------------------------------------------- */

void run_kill(struct run *run, const struct event *event)
{
	bool kill = event->kind == EVENT_KILL;
	struct record *record;
	int code;

	clock_sleep_until(run->start + run->due);
	if (!run_pending_due(run, run->due))
		return;
	record = run_record(run, kill ? RECORD_KILL : RECORD_EXIT, event);
	record->actual_ns = run_now(run);
	run_late(run, run->due, record->actual_ns);
	code = kill ? program_kill(run->program, event->signal)
		    : program_exit(run->program, event->status);
	if (code == -ESRCH)
		run_fail(run, record, NULL, "the program under test has already ended");
	else if (code < 0)
		run_fail(run, record, NULL, "the program under test cannot be ended: %s",
			 strerror(-code));
	else if (event->index)
		run_check_time(run, record, "the program was ended");
	run->pending = NULL; /* calls that were under way died with it */
	conns_program_ended(&run->conns);
	run_complete(run, run_now(run));
	run->span = run->base - record->actual_ns;
	conns_sample(&run->conns);
	run_record_done(run, record, run->conns.conn_under_test);
}
