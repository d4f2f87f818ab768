/* What the kernel itself says of a failure, as lines of a report. */
#ifndef FINWAIT_RUNTIME_REPORT_KERNEL_H
#define FINWAIT_RUNTIME_REPORT_KERNEL_H

#include "runtime/report/report.h"

/* How each line of a failure begins. */
#define LABEL "  %-9s "

/* Why it sent the RST that is wrong, and dropped what was injected last: its own word. */
void kernel_reasons(FILE *out, const struct run_result *result, const struct record *failed);
/* Its counters that have grown, and what that means, where there are words for it. */
void kernel_counters(FILE *out, const struct run_result *result);

#endif
