/* What the files of match.h and the transports share; nobody else includes this. */
#ifndef FINWAIT_RUNTIME_CONN_MATCH_PARTS_H
#define FINWAIT_RUNTIME_CONN_MATCH_PARTS_H

#include "parser/fields.h"
#include "runtime/conn/match.h"

/* match_fields.c. Fields of two headers of one kind, each as its row says. True: something differs. */
bool match_fields(const enum field_id *fields, size_t n, const void *expected, const void *actual,
		  struct mismatches *mismatches);

/* The data that scripts stand for: zeros. */
void match_data(struct matching *matching);

/* match_options.c. TCP options: kinds one by one, in order; then what each says. One too many or too
 * few shifts no other. */
void match_options(struct matching *matching);

#endif
