/* Sentences about records. What a run leaves are facts; message and hint of a record, and a
 * result's reason, are made from them here, by whoever reads them. */
#ifndef FINWAIT_RUNTIME_REPORT_WORDS_H
#define FINWAIT_RUNTIME_REPORT_WORDS_H

#include "runtime/record/record.h"

struct word {
	char text[64];
};

/* What is wrong with a record, one line, malloc'd; NULL: nothing. */
char *words_message(const struct record *record);

/* Fills in message and hint of every record that has a fault, and the reason of the result, where
 * there are none yet. */
void words_complete(struct run_result *result);

/* "the segment came": how a kind of record happens. */
const char *words_happened(enum record_kind kind);

#endif
