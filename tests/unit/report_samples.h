/* Results as the run loop makes them, one for each kind of failure, for the tests of the reports.
 */
#ifndef FINWAIT_TESTS_REPORT_SAMPLES_H
#define FINWAIT_TESTS_REPORT_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser/tables.h"
#include "runtime/report/report.h"

#define MS 1000000LL

/* Compares with tests/unit/report/NAME; FINWAIT_UPDATE_GOLDEN=1 writes it anew instead. */
void golden(const char *name, const char *text);
struct record *event(struct run_result *result, enum record_kind kind, unsigned line,
		     int64_t due_ns, const char *expected, const char *actual, const char *state);
struct mismatch *differ(struct run_result *result, struct record *record, enum field_id field,
			const char *expected, const char *actual);

/* A handshake and a close, up to where it will fail. */
struct run_result *begin(const char *mode);
#define N_SUITE 12

/* One of each verdict, a flaky pass, and texts that every format has to escape. */
void suite_new(struct run_result **results);
void suite_free(struct run_result **results);

/* What a report writes. sink_text closes the stream; the text is the caller's, to be freed. */
FILE *sink_open(void);
char *sink_text(void);
#define NEW(report, ...) (report(sink_open(), __VA_ARGS__), sink_text())

#endif
