/* Under the name packetdrill: the lines that wrappers of packetdrill look for in its standard
 * error, in its words. What they leave out stands in report_failure(). */
#include "runtime/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "parser/tables.h"
#include "parser/tcp_options.h"
#include "runtime/report/text.h"
#include "runtime/report/words.h"

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

static void print_position(FILE *out, const struct run_result *result, const struct record *record)
{
	fprintf(out, "%s:%u: ", result->path, record->line);
}

/* ---- segments ------------------------------------------------------------------------------ */

static void print_number(FILE *out, const char *name, long long expected, long long actual)
{
	fprintf(out, "live packet field %s: expected: %lld (0x%llx) vs actual: %lld (0x%llx)\n",
		name, expected, expected, actual, actual);
}

static void print_field(FILE *out, const struct mismatch *m)
{
	const char *theirs = field_row(m->field)->theirs;
	char shown[MISMATCH_NAME_SIZE];

	if (!theirs)
		theirs = mismatch_field_name(m, shown);
	if (m->is_number)
		print_number(out, theirs, m->expected_number, m->actual_number);
	else
		fprintf(out, "live packet field %s: expected: %s vs actual: %s\n", theirs,
			m->expected, m->actual);
}

/* The first that differs. */
static void print_flag(FILE *out, const struct mismatch *m)
{
	for (size_t i = 0; i < N_TCP_FLAGS; i++) {
		bool expected = m->expected_number & tcp_flag_rows[i].bit;
		bool actual = m->actual_number & tcp_flag_rows[i].bit;

		if (expected == actual)
			continue;
		print_number(out, tcp_flag_rows[i].theirs, expected, actual);
		return;
	}
	print_field(out, m);
}

static void print_option(FILE *out, const struct mismatch *m)
{
	for (size_t i = 0; i < n_tcp_option_rows; i++) {
		if (tcp_option_rows[i].id != field_option(m->field))
			continue;
		fprintf(out,
			"bad value in outbound TCP option (kind=%u): expected: %s actual: %s\n",
			tcp_option_rows[i].kind, m->expected, m->actual);
		return;
	}
	fputs("bad outbound TCP options\n", out);
}

static void print_mismatch(FILE *out, const struct mismatch *m)
{
	if (field_is_of_options(m->field))
		print_option(out, m);
	else if (m->field == FIELD_tcp_flags)
		print_flag(out, m);
	else if (m->field == FIELD_tcp_length || m->field == FIELD_udp_length)
		fprintf(out, "live packet payload: expected %lld bytes vs actual %lld bytes\n",
			(long long)m->expected_number, (long long)m->actual_number);
	else
		print_field(out, m);
}

/* "> . 1:1(0) ack 1" without its direction. */
static const char *packet_text(const char *text)
{
	return text + strspn(text, "<> ");
}

static void print_late(FILE *out, const struct record *record, const char *what)
{
	fprintf(out,
		"timing error: expected %s at %.6f sec but happened at %.6f sec; "
		"tolerance %.6f sec\n",
		what, seconds(record->due_ns), seconds(record->actual_ns),
		seconds(record->tolerance_ns));
}

static bool has_mismatch(const struct record *record)
{
	return record->mismatches && record->mismatches->n > 0;
}

static void print_segment(FILE *out, const struct run_result *result, const struct record *record)
{
	int64_t due = record->due_ns == INT64_MIN ? record->actual_ns : record->due_ns;

	print_position(out, result, record);
	fputs("error handling packet: ", out);
	if (!record->actual) {
		fputs("Timed out waiting for packet\n", out);
		return;
	}
	if (has_mismatch(record))
		print_mismatch(out, &record->mismatches->at[0]);
	else if (record->fault == FAULT_TIME)
		print_late(out, record, "outbound packet");
	else
		fprintf(out, "%s\n", record->message ? record->message : "unexpected packet");
	if (record->expected && record->actual_ns != INT64_MIN)
		fprintf(out, "script packet: %9.6f %s\nactual packet: %9.6f %s\n", seconds(due),
			packet_text(record->expected),
			seconds(record->actual_ns), packet_text(record->actual));
}

static void print_inject(FILE *out, const struct run_result *result, const struct record *record)
{
	print_position(out, result, record);
	if (record->fault == FAULT_TIME)
		print_late(out, record, "inbound packet");
	else
		fprintf(out, "error handling packet: %s\n", record->message ? record->message : "");
}

/* ---- calls --------------------------------------------------------------------------------- */

static void print_result(FILE *out, const struct call_row *row, const struct record *record)
{
	if (row && row->result == RESULT_FD && record->result_expected >= 0)
		fputs("Expected non-negative result", out);
	else
		fprintf(out, "Expected result %lld", (long long)record->result_expected);
	fprintf(out, " but got %lld with errno %d (%s)\n", (long long)record->result,
		(int)record->error, strerror((int)record->error));
}

static void print_call_error(FILE *out, const struct record *record, const struct call_row *row)
{
	const struct mismatch *m = has_mismatch(record) ? &record->mismatches->at[0] : NULL;
	char name[MISMATCH_NAME_SIZE];

	if (m && m->field == FIELD_call_result)
		print_result(out, row, record);
	else if (m && m->field == FIELD_call_errno)
		fprintf(out, "Expected errno %d (%s) but got %d (%s)\n",
			(int)record->error_expected, strerror((int)record->error_expected),
			(int)record->error, strerror((int)record->error));
	else if (m)
		fprintf(out, "Bad %s: expected: %s actual: %s\n", mismatch_field_name(m, name),
			m->expected, m->actual);
	else
		fprintf(out, "%s\n", record->message ? record->message : "wrong result");
}

static void print_call(FILE *out, const struct run_result *result, const struct record *record)
{
	const char *name = record->call ? record->call : "";

	print_position(out, result, record);
	if (record->fault == FAULT_TIME) {
		print_late(out, record,
			   record->kind == RECORD_CALL ? "system call start"
						       : "system call return");
	} else {
		fprintf(out, "runtime error in %s call: ", name);
		print_call_error(out, record, call_by_name(name));
	}
}

/* ---- commands and code --------------------------------------------------------------------- */

/* packetdrill knows no other end of a command than its exit status. */
static int status_of(const struct record *record)
{
	return record->exit_status ? (int)record->exit_status : 1;
}

static void print_command(FILE *out, const struct run_result *result, const struct record *record)
{
	print_position(out, result, record);
	if (record->fault == FAULT_TIME)
		print_late(out, record, "command");
	else
		fprintf(out, "error executing %s command: non-zero status %d\n",
			record->expected ? record->expected : "", status_of(record));
}

static void print_code(FILE *out, const struct run_result *result, const struct record *record)
{
	print_position(out, result, record);
	fprintf(out, "error in Python code\n%s: error executing code: non-zero status\n",
		result->path);
}

static void print_around(FILE *out, const struct run_result *result, const struct record *record)
{
	if (record->line)
		fprintf(out, "%s: error executing %s command: non-zero status %d\n", result->path,
			record->kind == RECORD_SETUP ? "init" : "cleanup",
			status_of(record));
}

static void (*const printers[])(FILE *out, const struct run_result *result,
				const struct record *record) = {
	[RECORD_INJECT] = print_inject,	  [RECORD_SEGMENT] = print_segment,
	[RECORD_CALL] = print_call,	  [RECORD_CALL_END] = print_call,
	[RECORD_COMMAND] = print_command, [RECORD_CODE] = print_code,
	[RECORD_SETUP] = print_around,	  [RECORD_CLEANUP] = print_around,
};

/* A copy whose texts can do no harm. */
static const char *clean(struct arena *arena, const char *text)
{
	char *copy = text_clean(text, false);
	const char *kept = text ? arena_strndup(arena, copy, strlen(copy)) : NULL;

	free(copy);
	return kept;
}

static struct mismatches *clean_mismatches(struct arena *arena, const struct mismatches *list)
{
	struct mismatches *copy = arena_new_of(arena, struct mismatches);

	*copy = *list;
	for (unsigned i = 0; i < mismatches_kept(copy); i++) {
		struct mismatch *m = &copy->at[i];

		snprintf(m->expected, sizeof(m->expected), "%s", clean(arena, m->expected));
		snprintf(m->actual, sizeof(m->actual), "%s", clean(arena, m->actual));
		snprintf(m->name, sizeof(m->name), "%s", clean(arena, m->name));
	}
	return copy;
}

void report_classic(FILE *out, const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	struct run_result shown = *result;
	struct record record;
	struct arena *arena;
	char *path;

	if (!failed || !verdict_is_failure(result->verdict) ||
	    failed->kind >= sizeof(printers) / sizeof(*printers) || !printers[failed->kind])
		return;
	arena = arena_new();
	shown.path = path = words_path(result);
	record = *failed;
	record.expected = clean(arena, failed->expected);
	record.actual = clean(arena, failed->actual);
	record.message = clean(arena, failed->message);
	record.call = clean(arena, failed->call);
	if (failed->mismatches)
		record.mismatches = clean_mismatches(arena, failed->mismatches);
	printers[failed->kind](out, &shown, &record);
	free(path);
	arena_free(arena);
}
