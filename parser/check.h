/* From shapes to meaning: after check_script() every name is resolved, every call fits its row in
 * calls.def and every time is in order; the run trusts all that and checks none of it again.
 *
 * In:  what the grammar builds. Words, ors and calls such as htons() are unresolved; event words
 *      (events.def) are EVENT_CALL.
 * Out: all expressions resolved as the table in calls.def says; call->row, slot, errno_value;
 *      event words of their own kind (EVENT_STATE, EVENT_KILL ...) with their own members;
 *      script->n_calls, n_blocking, has_code.
 *
 * Every error is added to `diags`, none ends the check. Memory comes from `arena`. */
#ifndef FINWAIT_PARSER_CHECK_H
#define FINWAIT_PARSER_CHECK_H

#include "base/arena.h"
#include "parser/ast.h"

void check_script(struct script *script, struct arena *arena, struct diags *diags);

/* The named member of a record; NULL: not there. */
const struct field *expr_field(const struct expr *record, const char *name);

/* The resolved value of a named member; `absent` if it is not there or not a number (`...`). */
int64_t expr_field_value(const struct expr *record, const char *name, int64_t absent);

#endif
