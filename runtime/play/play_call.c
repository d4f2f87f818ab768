/* System calls, blocking and not, and the program's end. */
#include "runtime/play/play_internal.h"

#include <errno.h>

#include "parser/tables.h"

/* ---- calls that return at once ------------------------------------------------------------- */

/* How long the call may take by its own arguments. */
static int64_t own_timeout(const struct call *call)
{
	const struct expr *timeout = NULL;

	if (call->row->id == CALL_poll)
		timeout = call->args[2];
	else if (call->row->id == CALL_epoll_wait)
		timeout = call->args[3];
	return timeout && timeout->value > 0 ? timeout->value * NSEC_PER_MSEC : 0;
}

/* A blocking socket where the script wants to hear that it would block. */
static enum record_cause cause_of_blocking(const struct call *call)
{
	return call->errno_value == EAGAIN || call->errno_value == EINPROGRESS
		       ? CAUSE_BLOCKING_SOCKET
		       : CAUSE_NONE;
}

static void call_at_once(struct run *run, struct moment *moment)
{
	const struct call *call = moment->event->call;
	const struct bed_ops *ops = run->bed->ops;
	const struct call_slot *slot = ops->slot(run->bed, call);
	int64_t deadline;

	ops->request(run->bed, moment->event);
	deadline = ops->now(run->bed) + GRACE_NS + own_timeout(call);
	if (!ops->wait(run->bed, call, deadline)) {
		run_fail(run, moment->record, FAULT_BLOCKS);
		moment->record->cause = cause_of_blocking(call);
		moment->record->actual_ns =
			slot->begin_ns ? slot->begin_ns - run->start : run_now(run);
		return;
	}
	moment->begin = slot->begin_ns ? slot->begin_ns - run->start : run_now(run);
	moment->acted = moment->begin;
	run_take_result(run, moment->record, call, slot);
	moment->end = slot->end_ns ? slot->end_ns - run->start : run_now(run);
	moment->call_duration = own_timeout(call) ? 0 : moment->end - moment->begin;
	moment->conn = run_conn_of(run, slot);
}

/* ---- calls that block ---------------------------------------------------------------------- */

static void call_blocking(struct run *run, struct moment *moment)
{
	const struct event *event = moment->event;
	const struct bed_ops *ops = run->bed->ops;
	const struct call_slot *slot = ops->slot(run->bed, event->call);

	ops->request(run->bed, event);
	if (!ops->wait_asleep(run->bed, event->call, ops->now(run->bed) + ASLEEP_NS))
		run_fail(run, moment->record, FAULT_NOT_ASLEEP);
	moment->begin = slot->begin_ns ? slot->begin_ns - run->start : run_now(run);
	moment->acted = moment->end = moment->begin;
	moment->record->actual = run->begun[event->index];
	run_pending_add(run, event);
}

static void call(struct run *run, struct moment *moment)
{
	const struct call *call = moment->event->call;

	conns_before_call(&run->conns, call, run->bed->ops->slot(run->bed, call));
	if (moment->event->blocking)
		call_blocking(run, moment);
	else
		call_at_once(run, moment);
}

const struct player player_call = {
	.record = RECORD_CALL,
	.waits = true,
	.settles = true,
	.act = call,
};

/* ---- the program's end --------------------------------------------------------------------- */

static void end_program(struct run *run, struct moment *moment)
{
	const struct event *event = moment->event;
	struct bed *bed = run->bed;
	int code;

	moment->begin = moment->acted = run_now(run);
	code = event->kind == EVENT_KILL ? bed->ops->kill(bed, event->signal)
					 : bed->ops->exit(bed, event->status);
	if (code < 0) {
		run_fail(run, moment->record, code == -ESRCH ? FAULT_ENDED : FAULT_END);
		moment->record->error = -code;
	}
	run->pending = NULL; /* calls that were under way died with it */
	conns_program_ended(&run->conns);
	moment->end = run_now(run);
	moment->call_duration = moment->end - moment->begin;
}

const struct player player_kill = {
	.record = RECORD_KILL,
	.waits = true,
	.settles = true,
	.act = end_program,
};

const struct player player_exit = {
	.record = RECORD_EXIT,
	.waits = true,
	.settles = true,
	.act = end_program,
};
