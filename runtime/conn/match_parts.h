/* Definitions that the files of match.h and the transports share; nobody else includes this. */
#ifndef FINWAIT_RUNTIME_CONN_MATCH_PARTS_H
#define FINWAIT_RUNTIME_CONN_MATCH_PARTS_H

#include "parser/fields.h"
#include "runtime/conn/match.h"

/* match_fields.c: compares fields of two headers of the same kind, as their rows say. True:
 * something differs. */
bool match_fields(const enum field_id *fields, size_t n, const void *expected, const void *actual,
		  struct mismatches *mismatches);

/* Compares the payload with what scripts expect: zeros. */
void match_data(struct matching *matching);

/* match_options.c: compares TCP options, first their kinds in order, then their fields. A missing
 * or an additional option does not make the others differ. */
void match_options(struct matching *matching);

#endif
