#include "runtime/report/marks.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/report/text.h"
#include "runtime/report/tokens.h"

/* Splitting differences may double the stretches of an alignment. */
#define MAX_STRETCHES (4 * MAX_TOKENS)

struct view {
	struct tokens e, a;
	struct stretch stretches[MAX_STRETCHES];
	bool marked[MAX_STRETCHES];
	size_t n;
};

/* ---- which differences count --------------------------------------------------------------- */

static bool is_keyword(const struct token *token)
{
	return token->kind == TOKEN_WORD && token->size > 1 && islower((unsigned char)*token->text);
}

static bool one_sided(const struct stretch *s)
{
	return s->kind == STRETCH_DIFF && (s->e_from == s->e_to || s->a_from == s->a_to);
}

static const struct token *first_of(const struct view *view, const struct stretch *s)
{
	return s->e_from < s->e_to ? &view->e.at[s->e_from] : &view->a.at[s->a_from];
}

/* Follows from the errno before it, so it is neither marked nor kept in columns. */
static bool is_note(const struct view *view, const struct stretch *s)
{
	return (s->e_from < s->e_to && view->e.at[s->e_from].kind == TOKEN_NOTE) ||
	       (s->a_from < s->a_to && view->a.at[s->a_from].kind == TOKEN_NOTE);
}

static bool contains(const char *text, const struct token *token)
{
	struct tokens *tokens = malloc(sizeof(*tokens));
	bool found = false;

	if (!tokens)
		abort();
	tokens_cut(tokens, text);
	for (size_t i = 0; i < tokens->n && !found; i++)
		found = token_same(&tokens->at[i], token);
	free(tokens);
	return found;
}

static bool shares(const struct tokens *tokens, size_t from, size_t to, const char *text)
{
	for (size_t i = from; i < to; i++)
		if (tokens->at[i].kind != TOKEN_PUNCT && contains(text, &tokens->at[i]))
			return true;
	return false;
}

/* A field that only one side has, "win 512", must be named; its value alone proves nothing. */
static bool speaks_of(const struct mismatch *m, const struct view *view, const struct stretch *s)
{
	const struct token *first = first_of(view, s);
	char field[MISMATCH_NAME_SIZE];

	mismatch_field_name(m, field);
	if (one_sided(s) && is_keyword(first))
		return contains(field, first) || contains(m->expected, first) ||
		       contains(m->actual, first);
	return shares(&view->e, s->e_from, s->e_to, m->expected) ||
	       shares(&view->e, s->e_from, s->e_to, field) ||
	       shares(&view->a, s->a_from, s->a_to, m->actual) ||
	       shares(&view->a, s->a_from, s->a_to, field);
}

/* None is named: those where one came in place of another, else those that are no field. */
static void choose_likely(struct view *view)
{
	bool any = false;

	for (size_t k = 0; k < view->n; k++) {
		const struct stretch *s = &view->stretches[k];

		view->marked[k] = s->kind == STRETCH_DIFF && !one_sided(s) && !is_note(view, s);
		any = any || view->marked[k];
	}
	for (size_t k = 0; k < view->n && !any; k++) {
		const struct stretch *s = &view->stretches[k];

		view->marked[k] =
			one_sided(s) && !is_keyword(first_of(view, s)) && !is_note(view, s);
	}
}

/* Two texts that have nothing in common need no marks. */
static bool alike(const struct view *view)
{
	for (size_t k = 0; k < view->n; k++)
		if (view->stretches[k].kind == STRETCH_SAME)
			return true;
	return false;
}

static void choose(struct view *view, const struct mismatches *list)
{
	unsigned kept = !list ? 0 : list->n < MAX_MISMATCHES ? list->n : MAX_MISMATCHES;
	bool any = false;

	for (size_t k = 0; k < view->n; k++) {
		const struct stretch *s = &view->stretches[k];

		if (s->kind != STRETCH_DIFF || is_note(view, s))
			continue;
		view->marked[k] = kept == 0;
		for (unsigned i = 0; i < kept && !view->marked[k]; i++)
			view->marked[k] = speaks_of(&list->at[i], view, s);
		any = any || view->marked[k];
	}
	if (!any)
		choose_likely(view);
}

/* Cuts "win 512 <nop,nop>" that only one side has into its fields. */
static void split(struct view *view)
{
	struct stretch *from = malloc(sizeof(view->stretches));
	size_t n = view->n;

	if (!from)
		abort();
	memcpy(from, view->stretches, sizeof(view->stretches));
	view->n = 0;
	for (size_t k = 0; k < n; k++) {
		struct stretch s = from[k], *last = &view->stretches[view->n++];
		bool only_a = s.e_from == s.e_to, inside = false;
		const struct tokens *tokens = only_a ? &view->a : &view->e;
		size_t begin = only_a ? s.a_from : s.e_from, end = only_a ? s.a_to : s.e_to;

		*last = s;
		for (size_t i = begin; one_sided(&s) && i < end; i++) {
			const struct token *token = &tokens->at[i];
			bool opens = *token->text == '<';

			if (i > begin && !inside && token->gap && (opens || is_keyword(token))) {
				*(only_a ? &last->a_to : &last->e_to) = i;
				last = &view->stretches[view->n++];
				*last = s;
				*(only_a ? &last->a_from : &last->e_from) = i;
			}
			inside = (inside || opens || *token->text == '(') &&
				 !strchr(">)", *token->text);
		}
	}
	free(from);
}

/* ---- how they are shown -------------------------------------------------------------------- */

struct line {
	FILE *out;
	char *text;
	size_t size, width;
};

static void line_open(struct line *line)
{
	line->width = 0;
	line->out = open_memstream(&line->text, &line->size);
	if (!line->out)
		abort();
}

static void line_to(struct line *line, size_t column)
{
	if (column <= line->width)
		return;
	fprintf(line->out, "%*s", (int)(column - line->width), "");
	line->width = column;
}

static void line_tokens(struct line *line, const struct tokens *tokens, size_t from, size_t to,
			size_t column)
{
	for (size_t i = from; i < to; i++) {
		const struct token *token = &tokens->at[i];

		line_to(line, i == from ? column : line->width + token->gap);
		fwrite(token->text, 1, token->size, line->out);
		line->width += text_width(token->text, token->size);
	}
}

static size_t gap_of(const struct tokens *tokens, size_t from, size_t to)
{
	return from < to && from > 0 ? tokens->at[from].gap : 0;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* A separator after what only one side has is not worth a mark. */
static size_t trim(const struct view *view, const struct stretch *s, size_t end)
{
	const struct tokens *tokens = s->e_from == s->e_to ? &view->a : &view->e;
	size_t from = s->e_from == s->e_to ? s->a_from : s->e_from;
	size_t to = s->e_from == s->e_to ? s->a_to : s->e_to;

	return one_sided(s) && to > from + 1 && *tokens->at[to - 1].text == ',' ? end - 1 : end;
}

static void draw_marks(struct line *marks, const struct view *view, size_t k, size_t column,
		       size_t end, size_t keyword_column)
{
	const struct stretch *s = &view->stretches[k], *before = k > 0 ? s - 1 : NULL;
	const struct tokens *tokens = s->a_from < s->a_to ? &view->a : &view->e;
	const struct token *first = &tokens->at[s->a_from < s->a_to ? s->a_from : s->e_from];

	/* "ack 1" differs, not just its number. */
	if (before && before->kind == STRETCH_SAME && first->gap == 1 &&
	    is_keyword(&view->e.at[before->e_from]))
		column = keyword_column;
	line_to(marks, column);
	for (end = trim(view, s, end); marks->width < end; marks->width++)
		putc(one_sided(s) ? '~' : '^', marks->out);
}

/* How many stretches are to be kept in the same columns: to the last mark, and from there to where
 * a "..." would push the rest apart; but not what only one side has at the end. */
static size_t aligned(const struct view *view)
{
	size_t n = view->n;

	while (n > 0 && !view->marked[n - 1])
		n--;
	while (n > 0 && n < view->n && view->stretches[n].kind != STRETCH_WILD)
		n++;
	while (n > 0 && one_sided(&view->stretches[n - 1]))
		n--;
	return n;
}

static void draw(const struct view *view, struct line *e, struct line *a, struct line *marks)
{
	size_t n_aligned = aligned(view), before = 0;

	for (size_t k = 0; k < view->n; k++) {
		const struct stretch *s = &view->stretches[k];
		bool has_e = s->e_from < s->e_to, has_a = s->a_from < s->a_to;
		size_t e_at = e->width + gap_of(&view->e, s->e_from, s->e_to);
		size_t a_at = a->width + gap_of(&view->a, s->a_from, s->a_to);

		if (k < n_aligned && (has_e || has_a) && !is_note(view, s))
			e_at = a_at = larger(e_at, a_at);
		line_tokens(e, &view->e, s->e_from, s->e_to, e_at);
		line_tokens(a, &view->a, s->a_from, s->a_to, a_at);
		if (view->marked[k])
			draw_marks(marks, view, k, has_a ? a_at : e_at,
				   larger(has_e ? e->width : 0, has_a ? a->width : 0), before);
		before = has_a ? a_at : e_at;
	}
}

struct marked marked_new(const char *expected, const char *actual,
			 const struct mismatches *mismatches)
{
	struct view *view = calloc(1, sizeof(*view));
	char *e_text = text_clean(expected, false), *a_text = text_clean(actual, false);
	struct line e, a, marks;

	if (!view)
		abort();
	tokens_cut(&view->e, e_text);
	tokens_cut(&view->a, a_text);
	view->n = tokens_align(&view->e, &view->a, view->stretches);
	split(view);
	if (alike(view))
		choose(view, mismatches);
	line_open(&e);
	line_open(&a);
	line_open(&marks);
	draw(view, &e, &a, &marks);
	fclose(e.out);
	fclose(a.out);
	fclose(marks.out);
	free(view);
	free(e_text);
	free(a_text);
	return (struct marked){e.text, a.text, marks.text};
}

void marked_free(struct marked *marked)
{
	free(marked->expected);
	free(marked->actual);
	free(marked->marks);
}
