/* `finwait explain WORD`: what a word of the language, a code of a diagnostic or a form of time is. */
#ifndef FINWAIT_APP_EXPLAIN_H
#define FINWAIT_APP_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

/* Prints all there is of the word; false if nothing is known, which is told on standard error. */
bool explain(FILE *out, const char *word);

/* What can be explained. */
void explain_topics(FILE *out);

#endif
