/* Blocking calls that are under way, and their return. */
#include "runtime/play/play_internal.h"

#include <stdatomic.h>

/* A blocking call that is due may be waited for this long if the next event may be what wakes it.
 */
#define CAUSE_NS (300 * NSEC_PER_USEC)

void run_pending_add(struct run *run, const struct event *event)
{
	struct pending *pending = arena_new_of(run->arena, struct pending), **link;

	pending->event = event;
	pending->begin_due = run->due;
	pending->end_due = run->due - event->time.at + event->end;
	for (link = &run->pending; *link; link = &(*link)->next)
		;
	*link = pending;
}

static int64_t tolerance_of(const struct run *run, const struct pending *pending)
{
	int64_t usecs = run->config->tolerance_usecs * NSEC_PER_USEC;
	int64_t percent = (int64_t)((double)(pending->end_due - pending->begin_due) *
				    run->config->tolerance_percent / 100);

	return percent > usecs ? percent : usecs;
}

static struct record *record_of_end(struct run *run, const struct pending *pending)
{
	struct record *record = run_record(run, RECORD_CALL_END, pending->event);

	record->due_ns = record->until_ns = pending->end_due;
	record->tolerance_ns = tolerance_of(run, pending);
	return record;
}

static void returned(struct run *run, const struct pending *pending)
{
	const struct call *call = pending->event->call;
	const struct call_slot *slot = run->bed->ops->slot(run->bed, call);
	struct record *record = record_of_end(run, pending);

	record->actual_ns = slot->end_ns ? slot->end_ns - run->start : run_now(run);
	run_take_result(run, record, call, slot);
	run_check_time(run, record);
	conns_sample(&run->conns);
	run_close(run, record, run_conn_of(run, slot));
}

static void still_blocked(struct run *run, const struct pending *pending)
{
	struct record *record = record_of_end(run, pending);

	record->actual_ns = run_now(run);
	run_fail(run, record, FAULT_STILL_BLOCKED);
	run_close(run, record, run->conns.conn_under_test);
}

/* Waits until `deadline` (the bed's clock) for one pending call and takes it off the list. */
static bool take_returned(struct run *run, struct pending **link, int64_t deadline)
{
	struct pending *pending = *link;

	if (!run->bed->ops->wait(run->bed, pending->event->call, deadline))
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
		slot = run->bed->ops->slot(run->bed, (*link)->event->call);
		if (atomic_load(&slot->state) == SLOT_DONE)
			take_returned(run, link, 0);
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
		int64_t end = (*link)->end_due, now;
		bool cause = time <= end + tolerance_of(run, *link);

		now = run->bed->ops->now(run->bed);
		if (end > time)
			link = &(*link)->next;
		else if (take_returned(run, link, now + (cause ? CAUSE_NS : ASLEEP_NS)))
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
		int64_t deadline = run->start + run->pending->end_due;
		int64_t now = run->bed->ops->now(run->bed);

		if (deadline < now)
			deadline = now;
		if (!take_returned(run, &run->pending, deadline + ASLEEP_NS))
			still_blocked(run, run->pending);
	}
}
