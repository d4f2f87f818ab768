/* Readers of the records. None of them includes run.h. */
#ifndef FINWAIT_RUNTIME_REPORT_H
#define FINWAIT_RUNTIME_REPORT_H

#include <stdio.h>
#include "runtime/record.h"

/* diff.c: everything about a failed run: FILE:LINE:COLUMN, the source line, expected and actual one
 * under the other with every differing field marked, how late or early, the state, the last events before it. `source`
 * is the script's text (NULL: not shown). */
void report_failure(FILE *out, const struct run_result *result, const char *source, bool color);

/* trace.c: one line per record as it happened: time, direction, segment, state. */
void report_trace_line(FILE *out, const struct record *record, bool color);
void report_trace(FILE *out, const struct run_result *result, bool color);

#endif
