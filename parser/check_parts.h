/* What the files of the check share; nobody else includes this. */
#ifndef FINWAIT_PARSER_CHECK_PARTS_H
#define FINWAIT_PARSER_CHECK_PARTS_H

#include "parser/check.h"
#include "parser/tables.h"

struct check {
	struct script *script;
	struct arena *arena;
	struct arena *scratch; /* of the event at hand */
	struct diags *diags;
};

/* check_expr.c: resolves all names below `expr` and reports the unknown ones. A name that could not
 * be resolved counts as 0 from then on, so that one mistake gives one message. */
void check_resolve(struct check *check, struct expr *expr);

/* The expression as in a script, for messages; cut when very long. */
const char *check_show(struct check *check, const struct expr *expr);

/* "did you mean NAME?" or NULL. */
const char *check_hint(struct check *check, const char *kind, const char *name);

bool expr_is_int(const struct expr *expr);	/* resolved number */
bool expr_is_ellipsis(const struct expr *expr); /* `...` */

/* check_calls.c: name, arguments, result and errno of one system call. */
void check_call(struct check *check, struct call *call);

/* check_events.c: what an event says. An event word leaves the grammar as EVENT_CALL and gets the
 * kind and the members of its own here. */
void check_event(struct check *check, struct event *event);

/* The descriptor or `...` that an event word speaks of. */
void check_subject(struct check *check, const struct call *call, bool *under_test, int64_t *fd);

/* check_kernel.c: claims about what the kernel itself says. */
void check_counter_event(struct check *check, struct event *event, struct call *call);
void check_timer_event(struct check *check, struct event *event, struct call *call);
void check_reset_reason_event(struct check *check, struct event *event, struct call *call);
void check_drop_reason_event(struct check *check, struct event *event, struct call *call);

#endif
