/* Script notation cut into tokens, and two such lists aligned; parts of marks.c. */
#ifndef FINWAIT_RUNTIME_REPORT_TOKENS_H
#define FINWAIT_RUNTIME_REPORT_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_TOKENS 400 /* of one text; what follows them counts as one token */

enum token_kind { TOKEN_WORD, TOKEN_NUMBER, TOKEN_PUNCT, TOKEN_STRING, TOKEN_DOTS, TOKEN_NOTE };
/* TOKEN_NOTE: what an errno means, "(Connection refused)". */

struct token {
	const char *text; /* into the text cut up */
	size_t size, gap; /* bytes; blanks before it */
	enum token_kind kind;
};

struct tokens {
	size_t n;
	struct token at[MAX_TOKENS];
};

void tokens_cut(struct tokens *tokens, const char *text);
bool token_same(const struct token *a, const struct token *b);

/* A stretch of the alignment: equal tokens (one of each), a "..." and what it stands for, or a
 * difference (either side may be empty). Ranges [from, to) of tokens. */
enum stretch_kind { STRETCH_SAME, STRETCH_WILD, STRETCH_DIFF };

struct stretch {
	enum stretch_kind kind;
	size_t e_from, e_to, a_from, a_to;
};

/* Writes at most 2 * MAX_TOKENS + 1 stretches that together cover both lists; returns how many. */
size_t tokens_align(const struct tokens *expected, const struct tokens *actual,
		    struct stretch *stretches);

#endif
