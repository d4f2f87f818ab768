/* What every kind of event needs: its record, its time checked, its failure told. */
#include "runtime/play/play_internal.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "parser/tables.h"
#include "runtime/bed/clock.h"

int64_t run_now(const struct run *run)
{
	return clock_now() - run->start;
}

/* ---- records ----------------------------------------------------------------------------- */

struct record *run_record(struct run *run, enum record_kind kind, const struct event *event)
{
	struct record *record = run_result_add(run->result, kind);

	if (event) {
		record->event = (int)event->index;
		record->line = event->loc.line;
		record->column = event->loc.column;
		record->due_ns = event->time.kind == TIME_ANY ? INT64_MIN : run->due;
		record->until_ns = event->time.kind == TIME_ANY ? INT64_MIN : run->until;
		record->tolerance_ns = run->tolerance;
		record->expected = run->texts[event->index];
	}
	return record;
}

void run_record_done(struct run *run, struct record *record, const struct conn *conn)
{
	char text[128];

	if (conn) {
		if (conn->kind == PACKET_TCP && conn->n_path)
			record->state = tcp_state_symbol(conn->path[conn->n_path - 1]);
		record->connection = arena_printf(run->result->arena, "%s", conn_print(conn, text));
	}
	if (record->status == RECORD_FAILED)
		run->failed = true;
	if (run->env->recorded)
		run->env->recorded(run->env->cookie, record);
}

void run_fail(struct run *run, struct record *record, const char *hint, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	record->status = RECORD_FAILED;
	run->off_ns = 0;
	record->message = arena_printf(run->result->arena, "%s", text);
	if (hint)
		record->hint = arena_printf(run->result->arena, "%s", hint);
}

/* ---- time -------------------------------------------------------------------------------- */

static double seconds(int64_t ns)
{
	return (double)ns / NSEC_PER_SEC;
}

bool run_check_time(struct run *run, struct record *record, const char *what)
{
	if (record->due_ns == INT64_MIN ||
	    (record->actual_ns >= record->due_ns - record->tolerance_ns &&
	     record->actual_ns <= record->until_ns + record->tolerance_ns))
		return true;
	record->late = true;
	if (record->status == RECORD_FAILED)
		return false;
	if (record->until_ns != record->due_ns)
		run_fail(run, record, NULL,
			 "%s at %.6f s, expected between %.6f s and %.6f s (tolerance %.6f s)",
			 what, seconds(record->actual_ns), seconds(record->due_ns),
			 seconds(record->until_ns), seconds(record->tolerance_ns));
	else
		run_fail(run, record, NULL, "%s at %.6f s, expected at %.6f s (tolerance %.6f s)",
			 what, seconds(record->actual_ns), seconds(record->due_ns),
			 seconds(record->tolerance_ns));
	run->off_ns = record->actual_ns < record->due_ns ? record->actual_ns - record->due_ns
							 : record->actual_ns - record->until_ns;
	return false;
}

/* From where on lateness may be why the kernel did otherwise. Round-trip times, and with them the
 * kernel's windows for reordering and timers, are as long as the waits of a script. */
static int64_t telling_lateness(const struct run *run)
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
	run->lateness[run->n_lateness++ % LATENESS_REACH] = late > telling_lateness(run) ? late : 0;
}

void run_late(struct run *run, int64_t due, int64_t actual)
{
	/* What the script itself took (a slow command before it) is not ours. */
	if (due < run->base)
		due = run->base;
	if (actual - due > run->result->max_late_ns)
		run->result->max_late_ns = actual - due;
	run_late_note(run, actual - due);
}

void run_complete(struct run *run, int64_t time)
{
	if (time > run->base)
		run->base = time;
}
