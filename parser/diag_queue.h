/* What the queue of messages and its printer share; nobody else includes this. */
#ifndef FINWAIT_PARSER_DIAG_QUEUE_H
#define FINWAIT_PARSER_DIAG_QUEUE_H

#include "base/arena.h"
#include "parser/diag.h"

struct message {
	struct message *next;
	enum diag_level level;
	enum diag_code code;
	struct loc loc;
	size_t number; /* order of arrival: keeps the sort stable */
	const char *text, *hint;
};

struct diags {
	const struct source *source;
	struct arena *arena;
	struct message *first, **last;
	size_t n, n_errors;
	bool one_event;		      /* see diags_next_event() */
	const struct message *passed; /* the last one before the event */
	size_t errors_before;	      /* the event at hand */
	enum diag_code first_code;    /* of its errors */
};

#endif
