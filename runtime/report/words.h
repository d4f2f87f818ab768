/* Sentences about records. What a run leaves are facts; message and hint of a record, and a
 * result's reason, are made from them here, by whoever reads them. */
#ifndef FINWAIT_RUNTIME_REPORT_WORDS_H
#define FINWAIT_RUNTIME_REPORT_WORDS_H

#include "runtime/record/record.h"

/* What is wrong with a record, one line, malloc'd; NULL: nothing. */
char *words_message(const struct record *record);

/* Does the message say what was expected and what came of the only mismatch? */
bool words_tell_mismatch(const struct record *record);

/* Fills in message and hint of every record that has a fault, and the reason of the result, where
 * there are none yet. */
void words_complete(struct run_result *result);

/* What stands in the place of `actual` where there is none, "has not returned"; NULL: nothing. */
const char *words_absent(const struct record *record);

/* What a kind of record is, where it is as expected but for its time: "segment". */
const char *words_label(enum record_kind kind);

#endif
