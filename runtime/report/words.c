/* Where facts become sentences: what is wrong with a record, and what that means. Those about runs stand in
 * words_run.c; no other file has any. */
#include "runtime/report/words.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "parser/tables.h"
#include "runtime/report/align.h"
#include "runtime/report/text.h"

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

static const char *detail(const struct record *record)
{
	return record->detail ? record->detail : "not known";
}

static const char *call_name(const struct record *record)
{
	return record->call ? record->call : "the call";
}

struct word {
	char text[64];
};

static struct word signal_name(int64_t number)
{
	const char *symbol = signal_symbol((int)number);
	struct word word;

	if (symbol)
		snprintf(word.text, sizeof(word.text), "%s", symbol);
	else
		snprintf(word.text, sizeof(word.text), "signal %lld", (long long)number);
	return word;
}

/* ---- kinds of records ---------------------------------------------------------------------- */

/* What a kind of record is, and what came at a wrong time. */
static const struct {
	const char *label, *happened;
} kinds[N_RECORD_KINDS] = {
	[RECORD_INJECT] = {"packet", "the packet was injected"},
	[RECORD_SEGMENT] = {"segment", "the segment came"},
	[RECORD_EXTRA] = {"segment", "the segment came"},
	[RECORD_CALL] = {"call", "the call was made"},
	[RECORD_CALL_END] = {"call", "the blocking call returned"},
	[RECORD_COMMAND] = {"command", "the command ran"},
	[RECORD_CODE] = {"event", "the code's values were taken"},
	[RECORD_STATE] = {"state", "the state came"},
	[RECORD_STATES] = {"states", "the states came"},
	[RECORD_COUNTER] = {"counter", "the counter had grown"},
	[RECORD_TIMER] = {"timer", "the timer was so"},
	[RECORD_RESET_REASON] = {"reason", "the reason was so"},
	[RECORD_DROP_REASON] = {"reason", "the reason was so"},
	[RECORD_QUIET] = {"event", "a segment came"},
	[RECORD_KILL] = {"event", "the program was ended"},
	[RECORD_EXIT] = {"event", "the program was ended"},
	[RECORD_SETUP] = {"event", "the start-up ran"},
	[RECORD_CLEANUP] = {"event", "the cleanup ran"},
};

const char *words_label(enum record_kind kind)
{
	return kinds[kind].label;
}

const char *words_absent(const struct record *record)
{
	static const char *const by_fault[N_FAULTS] = {
		[FAULT_NO_PACKET] = "nothing",
		[FAULT_CALL] = "was not made",
		[FAULT_BLOCKS] = "has not returned",
		[FAULT_NOT_ASLEEP] = "has not returned",
		[FAULT_STILL_BLOCKED] = "has not returned",
		[FAULT_TIME_LIMIT] = "was not over",
		[FAULT_INTERRUPTED] = "was not over",
		[FAULT_CRASH] = "was not over",
	};

	return by_fault[record->fault];
}

/* ---- what is wrong ------------------------------------------------------------------------- */

typedef void (*sentence)(FILE *out, const struct record *record);

static void say_time(FILE *out, const struct record *record)
{
	int64_t off = record_off_ns(record);

	fprintf(out, "%s %s %s", kinds[record->kind].happened, text_duration(off).text,
		off < 0 ? "early" : "late");
}

/* "flags and seq", "flags, seq and 2 more". */
static void say_fields(FILE *out, const struct mismatches *list)
{
	enum { NAMED = 3 };
	unsigned kept = mismatches_kept(list), named = kept < NAMED ? kept : NAMED;
	char name[MISMATCH_NAME_SIZE];

	for (unsigned i = 0; i < named; i++) {
		bool last = i + 1 == named && list->n == named;

		fputs(!i ? "" : last ? " and " : ", ", out);
		fputs(mismatch_field_name(&list->at[i], name), out);
	}
	if (list->n > named)
		fprintf(out, " and %u more", list->n - named);
}

bool words_tell_mismatch(const struct record *record)
{
	return (record->fault == FAULT_DIFFERS || record->fault == FAULT_STATE ||
		record->fault == FAULT_CLAIM) &&
	       record->mismatches->n == 1;
}

/* One difference is told in whole, of several what they are. */
static void say_differs(FILE *out, const struct record *record)
{
	const struct mismatches *list = record->mismatches;

	if (record->call)
		fprintf(out, "%s()", record->call);
	else
		fputs("the segment", out);
	fputs(" differs", out);
	if (!list || !list->n)
		return;
	fputs(" in ", out);
	say_fields(out, list);
	if (list->n == 1)
		fprintf(out, ": expected %s, got %s", list->at[0].expected, list->at[0].actual);
}

static void say_no_packet(FILE *out, const struct record *record)
{
	fprintf(out, "no packet came within %.1f s of its window", seconds(record->limit_ns));
}

static void say_incomplete(FILE *out, const struct record *record)
{
	fprintf(out, "only %lld of %lld bytes came", (long long)record->bytes,
		(long long)record->bytes_expected);
}

static void say_unexpected(FILE *out, const struct record *record)
{
	fputs(record->kind == RECORD_QUIET
		      ? "a segment came though silence was expected"
		      : "the kernel sent a segment that the script does not expect (--strict)",
	      out);
}

static void say_injection(FILE *out, const struct record *record)
{
	fprintf(out, "cannot inject this packet: %s",
		record->detail ? record->detail : strerror((int)record->error));
}

static void say_detail(FILE *out, const struct record *record)
{
	fputs(detail(record), out);
}

static void say_blocks(FILE *out, const struct record *record)
{
	fprintf(out, "%s() has not returned: it blocks though it is not written as blocking",
		call_name(record));
}

static void say_not_asleep(FILE *out, const struct record *record)
{
	fprintf(out, "%s() neither sleeps nor returns", call_name(record));
}

static void say_still_blocked(FILE *out, const struct record *record)
{
	fprintf(out, "%s() is still blocked; it should have returned at %.6f s",
		call_name(record), seconds(record->due_ns));
}

static void say_call(FILE *out, const struct record *record)
{
	fprintf(out, "%s() was not made: %s", call_name(record), detail(record));
}

static void say_ended(FILE *out, const struct record *record)
{
	(void)record;
	fputs("the program under test has already ended", out);
}

static void say_end(FILE *out, const struct record *record)
{
	fprintf(out, "the program under test cannot be ended: %s", strerror((int)record->error));
}

static void say_no_shell(FILE *out, const struct record *record)
{
	fprintf(out, "cannot run /bin/sh: %s: `%s`", strerror((int)record->error), detail(record));
}

static void say_command_limit(FILE *out, const struct record *record)
{
	fprintf(out,
		"the command ran longer than %.4g s, its time limit (--command_timeout), and was "
		"ended: `%s`",
		seconds(record->limit_ns), record->detail);
}

static void say_exit_status(FILE *out, const struct record *record)
{
	fprintf(out, "the command exited with status %lld: `%s`", (long long)record->exit_status,
		detail(record));
}

static void say_signal(FILE *out, const struct record *record)
{
	fprintf(out, "the command was killed by signal %lld (%s): `%s`", (long long)record->signal,
		strsignal((int)record->signal), detail(record));
}

static void say_no_socket(FILE *out, const struct record *record)
{
	(void)record;
	fputs("no open socket whose values this code could see", out);
}

static void say_no_answer(FILE *out, const struct record *record)
{
	(void)record;
	fputs("the program under test did not answer", out);
}

static void say_no_interpreter(FILE *out, const struct record *record)
{
	fprintf(out, "the code cannot be run: %s", detail(record));
}

static void say_state(FILE *out, const struct record *record)
{
	const struct mismatch *m = record->mismatches ? &record->mismatches->at[0] : NULL;
	char name[MISMATCH_NAME_SIZE];

	if (!m) {
		fputs("the state is another one", out);
		return;
	}
	if (record->kind == RECORD_STATES)
		fprintf(out, "%s: ", mismatch_field_name(m, name));
	fprintf(out, "expected %s%s, got %s", m->expected,
		record->until_ns != record->due_ns ? " within the window" : "", m->actual);
}

static void say_no_descriptor(FILE *out, const struct record *record)
{
	(void)record;
	fputs("no socket of the script has had this descriptor", out);
}

static void say_no_connection(FILE *out, const struct record *record)
{
	(void)record;
	fputs("there is no connection under test yet", out);
}

static void say_state_unknown(FILE *out, const struct record *record)
{
	fprintf(out, "the state cannot be known: %s", detail(record));
}

static void say_claim(FILE *out, const struct record *record)
{
	const struct mismatch *m = record->mismatches ? &record->mismatches->at[0] : NULL;
	char name[MISMATCH_NAME_SIZE];

	if (!m) {
		fputs("the kernel says otherwise", out);
		return;
	}
	fprintf(out, "%s: expected %s%s, got %s", mismatch_field_name(m, name), m->expected,
		record->until_ns != record->due_ns ? " within the window" : "", m->actual);
}

static void say_claim_unknown(FILE *out, const struct record *record)
{
	fprintf(out, "the kernel does not say it: %s", detail(record));
}

static void say_where(FILE *out, const struct record *record)
{
	if (record->line)
		fprintf(out, " at line %u", record->line);
	else if (record->kind == RECORD_SETUP)
		fputs(" before the first event", out);
	else
		fputs(" after the last event", out);
}

static void say_time_limit(FILE *out, const struct record *record)
{
	const char *what = record->kind == RECORD_SETUP	    ? "the start-up"
			   : record->kind == RECORD_CLEANUP ? "the clean-up"
							    : "the run";

	fprintf(out, "%s reached its time limit of %.4g s", what, seconds(record->limit_ns));
	if (!record->line)
		return;
	fputs(" (--timeout)", out);
	say_where(out, record);
}

/* Without its line: many are, at one time. */
static void say_interrupted(FILE *out, const struct record *record)
{
	if (record->signal)
		fprintf(out, "interrupted by %s", signal_name(record->signal).text);
	else
		fputs("ended early: enough others have failed (--fail-fast, --max-failures)", out);
}

static void say_crash(FILE *out, const struct record *record)
{
	if (record->signal == SIGKILL)
		fputs("the run was killed: SIGKILL, from another process or since memory ran out,",
		      out);
	else if (record->signal)
		fprintf(out, "the run crashed: %s", signal_name(record->signal).text);
	else
		fprintf(out, "the run crashed: exit status %lld", (long long)record->exit_status);
	say_where(out, record);
}

static const sentence sentences[] = {
	[FAULT_NONE] = NULL,
	[FAULT_TIME] = say_time,
	[FAULT_DIFFERS] = say_differs,
	[FAULT_NO_PACKET] = say_no_packet,
	[FAULT_INCOMPLETE] = say_incomplete,
	[FAULT_UNEXPECTED] = say_unexpected,
	[FAULT_INJECTION] = say_injection,
	[FAULT_DEVICE] = say_detail,
	[FAULT_BLOCKS] = say_blocks,
	[FAULT_NOT_ASLEEP] = say_not_asleep,
	[FAULT_STILL_BLOCKED] = say_still_blocked,
	[FAULT_CALL] = say_call,
	[FAULT_ENDED] = say_ended,
	[FAULT_END] = say_end,
	[FAULT_NO_SHELL] = say_no_shell,
	[FAULT_COMMAND_LIMIT] = say_command_limit,
	[FAULT_EXIT_STATUS] = say_exit_status,
	[FAULT_SIGNAL] = say_signal,
	[FAULT_NO_SOCKET] = say_no_socket,
	[FAULT_NO_ANSWER] = say_no_answer,
	[FAULT_NO_VALUES] = say_detail,
	[FAULT_ASSERTION] = say_detail,
	[FAULT_NO_INTERPRETER] = say_no_interpreter,
	[FAULT_STATE] = say_state,
	[FAULT_NO_DESCRIPTOR] = say_no_descriptor,
	[FAULT_NO_CONNECTION] = say_no_connection,
	[FAULT_STATE_UNKNOWN] = say_state_unknown,
	[FAULT_CLAIM] = say_claim,
	[FAULT_CLAIM_UNKNOWN] = say_claim_unknown,
	[FAULT_SYSTEM] = say_detail,
	[FAULT_TIME_LIMIT] = say_time_limit,
	[FAULT_INTERRUPTED] = say_interrupted,
	[FAULT_CRASH] = say_crash,
};
_Static_assert(sizeof(sentences) / sizeof(sentences[0]) == N_FAULTS,
	       "each fault of record.def has its sentence");

/* ---- what it means ------------------------------------------------------------------------- */

static const char *const hints_of_faults[N_FAULTS] = {
	[FAULT_BLOCKS] = "write the time as START...END if it is meant to block, e.g. +0...0.5",
	[FAULT_NO_SOCKET] = "code sees the TCP_INFO of an open descriptor; accept() the connection "
			    "first, or use tcp_state() for closed ones",
};

static const char *const hints_of_causes[N_CAUSES] = {
	[CAUSE_OTHER_CONNECTION] = "another connection did send; write its ports (SPORT > DPORT) "
				   "before the flags to speak of it",
	[CAUSE_SOCKET_UNUSED] = "the socket made last is the one under test, and it neither "
				"listens nor has connected",
	[CAUSE_BLOCKING_SOCKET] = "the socket blocks; make it non-blocking first: "
				  "fcntl(FD, F_SETFL, O_RDWR|O_NONBLOCK) = 0",
};

/* FA where F. is meant. */
static const char *hint_of_flags(struct arena *arena, const struct record *record)
{
	const struct mismatches *list = record->mismatches;

	for (unsigned i = 0; list && i < mismatches_kept(list); i++) {
		const struct mismatch *m = &list->at[i];
		int64_t meant = (m->expected_number & ~(int64_t)TCP_AE) | TCP_ACK_FLAG;

		if (m->field == FIELD_tcp_flags && m->is_number &&
		    m->expected_number & TCP_AE && meant == m->actual_number)
			return arena_printf(arena, "A is the flag AE; a dot is ACK: write %s",
					    m->actual);
	}
	return NULL;
}

static const char *hint_of(const struct run_result *result, const struct record *record)
{
	const char *hint;
	char *advice;

	if (result->tick_ns && record == run_result_failed(result) && record->kind != RECORD_CODE)
		return arena_printf(
			result->arena,
			"that may be the kernel's clock, whose ticks are %lld ms apart here; a "
			"tolerance of three ticks: --tolerance_usecs=%lld",
			(long long)(result->tick_ns / 1000000),
			(long long)(3 * result->tick_ns / 1000 + 1000));
	if (hints_of_causes[record->cause])
		return hints_of_causes[record->cause];
	advice = words_advice(record);
	if (advice) {
		hint = arena_printf(result->arena, "%s", advice);
		free(advice);
		return hint;
	}
	if (record->fault == FAULT_DIFFERS)
		return hint_of_flags(result->arena, record);
	return hints_of_faults[record->fault];
}

/* ---- the door ------------------------------------------------------------------------------ */

char *words_message(const struct record *record)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!record->fault || !sentences[record->fault])
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	if (!words_of_alignment(out, record))
		sentences[record->fault](out, record);
	fclose(out);
	return text;
}

static void complete(struct run_result *result, struct record *record)
{
	char *message, *why;

	if (record->message || !record->fault)
		return;
	message = words_message(record);
	why = words_why(record);
	if (message)
		record->message = arena_printf(result->arena, "%s", message);
	if (why)
		record->why = arena_printf(result->arena, "%s", why);
	free(message);
	free(why);
	if (!record->hint)
		record->hint = hint_of(result, record);
}

void words_complete(struct run_result *result)
{
	const struct record *failed = run_result_failed(result);

	for (size_t i = 0; i < result->n_records; i++)
		complete(result, result->records[i]);
	if (!result->reason && failed && result->verdict != VERDICT_PASS)
		result->reason = failed->message;
}
