/* Sentences about records. What a run leaves are facts; message and hint of a record, and a
 * result's reason, are made from them here, by whoever reads them. */
#ifndef FINWAIT_RUNTIME_REPORT_WORDS_H
#define FINWAIT_RUNTIME_REPORT_WORDS_H

#include "runtime/report/report.h"
#include "runtime/report/text.h"

/* What is said of runs with a verdict, in all reports. */
struct verdict_words {
	const char *level;    /* in front of a headline: "error" */
	const char *headline; /* of a run that has nothing to say for itself */
	const char *one, *many; /* behind a number */
	enum paint paint;
};

const struct verdict_words *words_of_verdict(enum verdict verdict);

/* A run's path, and the same with its mode, "x.pkt (ipv4)": clean, also where a line begins; malloc'd. */
char *words_path(const struct run_result *result);
char *words_name(const struct run_result *result);

/* "3 passed (1 flaky), 1 failed, 0 skipped" */
void words_counts(FILE *out, const struct report_counts *counts, bool color);

/* What a run has to say for itself, one line, malloc'd: the message of its failed record, or why it
 * was not played, or what else its verdict means. */
char *words_headline(const struct run_result *result);

/* What is wrong with a record, one line, malloc'd; NULL: nothing. */
char *words_message(const struct record *record);

/* why.c: what it comes from, where that is certain and in the script, one line, malloc'd; NULL: not. */
char *words_why(const struct record *record);

/* Does the message say what was expected and what came of the only mismatch? */
bool words_tell_mismatch(const struct record *record);

/* Fills in message, hint and why of every record that has a fault, and the reason of the result, where
 * there are none yet. */
void words_complete(struct run_result *result);

/* When it happened, and when it was to; malloc'd, "" if neither is known. */
char *words_time(const struct record *record);

/* Why a run was tried again: "the run itself was up to 12.3 ms late"; malloc'd. */
char *words_lateness(const struct run_result *result);

/* What stands in the place of `actual` where there is none, "has not returned"; NULL: nothing. */
const char *words_absent(const struct record *record);

/* What a kind of record is, where it is as expected but for its time: "segment". */
const char *words_label(enum record_kind kind);

#endif
