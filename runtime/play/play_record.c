/* What every kind of event needs: its record, its time checked, lateness accounted for. */
#include "runtime/play/play_internal.h"

#include "parser/tables.h"

int64_t run_now(const struct run *run)
{
	return run->bed->ops->now(run->bed) - run->start;
}

void run_wait_until(struct run *run, int64_t time)
{
	if (run->env->idle && time - run_now(run) > IDLE_WAIT_NS)
		run->env->idle(run->env->cookie);
	run->bed->ops->wait_until(run->bed, run->start + time);
}

/* ---- records ----------------------------------------------------------------------------- */

struct record *run_record_at(struct run *run, enum record_kind kind, struct loc loc)
{
	struct record *record = record_new(run->result->arena, kind);

	record->line = loc.line;
	record->column = loc.column;
	return record;
}

struct record *run_record(struct run *run, enum record_kind kind, const struct event *event)
{
	struct record *record = run_record_at(run, kind, event->loc);

	record->event = (int)event->index;
	record->tolerance_ns = run->tolerance;
	record->expected = run->texts[event->index];
	if (event->kind == EVENT_CALL)
		record->call = event->call->row->name;
	if (event->time.kind != TIME_ANY) {
		record->due_ns = run->due;
		record->until_ns = run->until;
	}
	return record;
}

void run_fail(struct run *run, struct record *record, enum record_fault fault)
{
	record->status = RECORD_FAILED;
	record->fault = fault;
	run->off_ns = 0;
}

void run_fail_text(struct run *run, struct record *record, enum record_fault fault,
		   const char *detail)
{
	run_fail(run, record, fault);
	record->detail = arena_printf(run->result->arena, "%s", detail);
}

void run_not_run(struct run *run)
{
	if (!run->failed)
		run->result->verdict = VERDICT_NOT_RUN;
}

static void describe_conn(struct run *run, struct record *record, const struct conn *conn)
{
	char text[128];

	if (transport_rows[conn->kind].connects && conn->n_path)
		record->state = conn->path[conn->n_path - 1];
	record->connection = arena_printf(run->result->arena, "%s", conn_print(conn, text));
}

void run_close(struct run *run, struct record *record, const struct conn *conn)
{
	if (conn)
		describe_conn(run, record, conn);
	if (record->status == RECORD_FAILED) {
		run->failed = true;
		run_locate(run, record);
		run_explain(run, record, conn);
	}
	run_result_close(run->result, record);
}

/* ---- time -------------------------------------------------------------------------------- */

bool run_check_time(struct run *run, struct record *record)
{
	if (record->due_ns == INT64_MIN ||
	    (record->actual_ns >= record->due_ns - record->tolerance_ns &&
	     record->actual_ns <= record->until_ns + record->tolerance_ns))
		return true;
	record->late = true;
	if (record->status == RECORD_FAILED)
		return false;
	run_fail(run, record, FAULT_TIME);
	run->off_ns = record->actual_ns < record->due_ns ? record->actual_ns - record->due_ns
							 : record->actual_ns - record->until_ns;
	return false;
}

/* From where on lateness may be why the kernel did otherwise. Round-trip times, and with them the
 * kernel's windows for reordering and timers, are as long as the waits of a script. */
static int64_t lateness_threshold(const struct run *run)
{
	int64_t limit = run->config->tolerance_usecs * NSEC_PER_USEC / LATENESS_SHARE;
	int64_t share = run->wait / LATENESS_SHARE;

	if (share <= 0)
		return limit;
	if (share < LATENESS_USUAL_NS)
		share = LATENESS_USUAL_NS;
	return share < limit ? share : limit;
}

void run_late_note(struct run *run, int64_t late)
{
	run->lateness[run->n_lateness++ % LATENESS_REACH] =
		late > lateness_threshold(run) ? late : 0;
}

void run_late(struct run *run, int64_t due, int64_t acted)
{
	/* What the script itself took (a slow command before it) is not ours. */
	if (due < run->base)
		due = run->base;
	if (acted - due > run->result->max_late_ns)
		run->result->max_late_ns = acted - due;
	run_late_note(run, acted - due);
}

/* The kernel announces no change to ordinary users, so that it is looked for at growing intervals. */
#define FIRST_LOOK_NS (200 * NSEC_PER_USEC)
#define LAST_LOOK_NS  (5000 * NSEC_PER_USEC)

bool run_look_again(struct run *run, int64_t *look)
{
	int64_t end = run->until + run->tolerance, now = run_now(run), next;

	if (run->until == run->due || now >= end)
		return false;
	if (!*look)
		*look = FIRST_LOOK_NS;
	else if (*look < LAST_LOOK_NS)
		*look *= 2;
	next = now + *look < end ? now + *look : end;
	run->bed->ops->sleep_until(run->bed, run->start + next);
	return true;
}

void run_complete(struct run *run, int64_t time)
{
	if (time > run->base)
		run->base = time;
}
