/* What recover.c and syntax.c share: the tokens around a syntax error. */
#ifndef FINWAIT_PARSER_SYNTAX_H
#define FINWAIT_PARSER_SYNTAX_H

#include <string.h>

#include "parser/build.h"
#include "parser/grammar.h"

/* Continuation lines stand further right than the event they belong to. */
#define COLUMN_SLACK 3

/* Does the last token look like the first of an event or option line? */
bool begins_item(const struct parser *parser);

/* Drops tokens up to one that does. */
void skip_to_item(struct parser *parser);

/* '(' for ')', and so on; 0: it closes nothing. */
char bracket_opener(int kind);

static inline bool is_mark(int kind, const char *marks)
{
	return kind > 0 && kind < 128 && strchr(marks, kind);
}

#endif
