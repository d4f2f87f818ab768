/* A record as the cells of one line; shared by the trace and the failure report. */
#ifndef FINWAIT_RUNTIME_REPORT_TRACE_H
#define FINWAIT_RUNTIME_REPORT_TRACE_H

#include "runtime/record/record.h"

struct trace_cells {
	char time[32];	   /* "    0.150312", or blanks: seconds, right-aligned to 12 columns */
	const char *mark;  /* "<", ">", "call", ... */
	char *text;	   /* what happened, clean; malloc'd */
	const char *state; /* "" if none */
};

struct trace_cells trace_cells(const struct record *record);
void trace_cells_free(struct trace_cells *cells);

#endif
