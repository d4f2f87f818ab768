#include "runtime/report/tokens.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_dots(const char *text)
{
	return !strncmp(text, "...", 3);
}

static size_t string_size(const char *text)
{
	size_t size = 1;

	while (text[size] && text[size] != '"')
		size += text[size] == '\\' && text[size + 1] ? 2 : 1;
	return size + (text[size] == '"');
}

/* Words and numbers take dots along: "F.", "S.5", "0.25"; but never those of "...". */
static size_t word_size(const char *text)
{
	size_t size = text[0] == '-';

	while (is_word(text[size]) || (text[size] == '.' && !is_dots(text + size)))
		size++;
	return size;
}

/* "ENOENT (No such file or directory)": `text` is at the parenthesis. 0: it is no such note. */
static size_t note_size(const struct token *before, const char *text)
{
	const char *end = *text == '(' ? strchr(text, ')') : NULL;
	bool is_errno = before && before->kind == TOKEN_WORD && before->size > 2 &&
			before->text[0] == 'E' && isupper((unsigned char)before->text[1]);

	return is_errno && end ? (size_t)(end - text) + 1 : 0;
}

static void token_measure(struct token *token)
{
	const char *text = token->text;
	bool minus = text[0] == '-' && isdigit((unsigned char)text[1]);

	if (is_dots(text)) {
		token->kind = TOKEN_DOTS;
		token->size = 3;
	} else if (!strncmp(text, "<...>", 5)) { /* any options, also none */
		token->kind = TOKEN_DOTS;
		token->size = 5;
	} else if (*text == '"') {
		token->kind = TOKEN_STRING;
		token->size = string_size(text);
	} else if (minus || is_word(*text) || *text == '.') {
		token->kind = minus || isdigit((unsigned char)*text) ? TOKEN_NUMBER : TOKEN_WORD;
		token->size = word_size(text);
	} else {
		token->kind = TOKEN_PUNCT;
		token->size = 1;
	}
}

void tokens_cut(struct tokens *tokens, const char *text)
{
	tokens->n = 0;
	for (;;) {
		struct token *token = &tokens->at[tokens->n];
		size_t gap = strspn(text, " ");

		text += gap;
		if (!*text)
			return;
		token->text = text;
		token->gap = gap;
		if (++tokens->n == MAX_TOKENS) {
			token->kind = TOKEN_STRING;
			token->size = strlen(text);
			return;
		}
		token->kind = TOKEN_NOTE;
		token->size = gap && tokens->n > 1 ? note_size(token - 1, text) : 0;
		if (!token->size)
			token_measure(token);
		text += token->size;
	}
}

bool token_same(const struct token *a, const struct token *b)
{
	return a->size == b->size && !memcmp(a->text, b->text, a->size);
}

static bool is_keyword(const struct token *token)
{
	return token->kind == TOKEN_WORD && token->size > 1 && islower((unsigned char)*token->text);
}

static bool ends_range(const struct tokens *tokens, size_t i)
{
	return i > 0 && *tokens->at[i - 1].text == ':';
}

/* A number belongs to the keyword before it: the 1 of "ack 1" is not that of "urg 1". Nor is the
 * end of "1:11(10)" the length of "1:12(11)". */
static bool other_field(const struct tokens *e, size_t i, const struct tokens *a, size_t j)
{
	const struct token *before_e = i > 0 ? &e->at[i - 1] : NULL;
	const struct token *before_a = j > 0 ? &a->at[j - 1] : NULL;

	if (e->at[i].kind != TOKEN_NUMBER)
		return false;
	return ends_range(e, i) != ends_range(a, j) ||
	       (before_e && before_a && is_keyword(before_e) && is_keyword(before_a) &&
		!token_same(before_e, before_a));
}

/* What pairing two tokens is worth; 0: they do not pair. Different ones of a kind pair too, if
 * nothing better offers itself: then one came in place of the other. */
#define WORTH_INSTEAD 1

static unsigned worth(const struct tokens *e, size_t i, const struct tokens *a, size_t j)
{
	static const unsigned char by_kind[] = {
		[TOKEN_WORD] = 16,   [TOKEN_NUMBER] = 8, [TOKEN_PUNCT] = 4,
		[TOKEN_STRING] = 16, [TOKEN_DOTS] = 4,	 [TOKEN_NOTE] = 4,
	};
	enum token_kind kind = e->at[i].kind;

	if (other_field(e, i, a, j))
		return 0;
	if (token_same(&e->at[i], &a->at[j]))
		return by_kind[kind];
	return kind == a->at[j].kind && kind != TOKEN_PUNCT ? WORTH_INSTEAD : 0;
}

static unsigned most(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* Best sums of worth for all pairs of ends: score[i * (m + 1) + j] for e[i..], a[j..]. */
static unsigned *scores_new(const struct tokens *e, const struct tokens *a)
{
	size_t row = a->n + 1;
	unsigned *score = calloc((e->n + 1) * row, sizeof(*score));

	if (!score)
		abort();
	for (size_t i = e->n; i-- > 0;) {
		for (size_t j = a->n; j-- > 0;) {
			unsigned best = most(score[(i + 1) * row + j], score[i * row + j + 1]);
			unsigned pair = worth(e, i, a, j);

			if (pair)
				best = most(best, pair + score[(i + 1) * row + j + 1]);
			score[i * row + j] = best;
		}
	}
	return score;
}

struct walk {
	struct stretch *stretches;
	size_t n, i, j; /* i, j: next token of either side */
	bool open;	/* the last stretch takes further tokens that have no pair */
};

static struct stretch *stretch_add(struct walk *walk, enum stretch_kind kind)
{
	struct stretch *stretch = &walk->stretches[walk->n++];

	*stretch = (struct stretch){kind, walk->i, walk->i, walk->j, walk->j};
	walk->open = false;
	return stretch;
}

static void take_pair(struct walk *walk, bool same)
{
	struct stretch *stretch = stretch_add(walk, same ? STRETCH_SAME : STRETCH_DIFF);

	stretch->e_to = ++walk->i;
	stretch->a_to = ++walk->j;
}

static void take_alone(struct walk *walk, bool expected)
{
	struct stretch *stretch =
		walk->open ? &walk->stretches[walk->n - 1] : stretch_add(walk, STRETCH_DIFF);

	walk->open = true;
	if (expected)
		stretch->e_to = ++walk->i;
	else
		stretch->a_to = ++walk->j;
}

/* A "..." takes what lies between it and the next pair, so a difference right after one is it. */
static void take_dots(struct walk *walk, const struct tokens *a, const unsigned *score)
{
	struct stretch *stretch = stretch_add(walk, STRETCH_WILD);
	size_t row = a->n + 1;

	stretch->e_to = ++walk->i;
	while (walk->j < a->n &&
	       score[walk->i * row + walk->j] == score[walk->i * row + walk->j + 1])
		walk->j++;
	stretch->a_to = walk->j;
}

static size_t walk(const struct tokens *e, const struct tokens *a, const unsigned *score,
		   struct stretch *stretches)
{
	struct walk walk = {.stretches = stretches};
	size_t row = a->n + 1;

	while (walk.i < e->n || walk.j < a->n) {
		size_t i = walk.i, j = walk.j;
		unsigned here = score[i * row + j];
		unsigned pair = i < e->n && j < a->n ? worth(e, i, a, j) : 0;
		bool skip_e = i < e->n && here == score[(i + 1) * row + j];

		if (pair && here == pair + score[(i + 1) * row + j + 1])
			take_pair(&walk, pair != WORTH_INSTEAD);
		else if (skip_e && e->at[i].kind == TOKEN_DOTS)
			take_dots(&walk, a, score);
		else
			take_alone(&walk, skip_e);
	}
	return walk.n;
}

size_t tokens_align(const struct tokens *expected, const struct tokens *actual,
		    struct stretch *stretches)
{
	unsigned *score = scores_new(expected, actual);
	size_t n = walk(expected, actual, score, stretches);

	free(score);
	return n;
}
