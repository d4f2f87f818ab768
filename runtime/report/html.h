/* The page of a suite: what html.c and html_run.c share. */
#ifndef FINWAIT_RUNTIME_REPORT_HTML_H
#define FINWAIT_RUNTIME_REPORT_HTML_H

#include "runtime/record/record.h"

/* html_run.c: the panes of one run: failure, ladder, script with results, trace, output. */
void html_run(FILE *out, const struct run_result *result, unsigned id);

/* html_source.c: the text of the run's script, malloc'd, read again. NULL with what is wrong in
 * *why: it cannot be read, or is not what was played. */
char *html_source(const struct run_result *result, const char **why);

#endif
