#include "runtime/conn/match_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/ast_print.h"
#include "parser/tables.h"

#define OPTION_TEXT 160

struct comparison {
	const struct match_env *env;
	const struct packet *live;
	const struct tcp_option *expected, *actual, *raw; /* raw: actual, not mapped */
	unsigned number;				  /* from 1, in the script's list */
	struct mismatches *mismatches;
};

/* ---- naming ------------------------------------------------------------------------------ */

/* In its field number `part`, or as a whole (NO_PART). */
#define NO_PART -1

static void differ(const struct comparison *c, int part)
{
	const struct tcp_option_row *row = c->expected ? c->expected->row : NULL;
	enum field_id field = FIELD_tcp_option;
	char a[OPTION_TEXT], b[OPTION_TEXT];

	if (row && c->actual)
		field = row->id + 1 + part;
	snprintf(a, sizeof(a), "none");
	snprintf(b, sizeof(b), "none");
	if (c->expected)
		tcp_option_print(a, sizeof(a), c->expected);
	if (c->actual)
		tcp_option_print(b, sizeof(b), c->actual);
	mismatch_add(c->mismatches, field, a, b)->index = c->number;
}

/* ---- comparing one ----------------------------------------------------------------------- */

/* How far a TS val may be off, in microseconds. */
static double ts_tolerance(const struct match_env *env)
{
	double percent =
		env->config->tolerance_percent / 100 * (double)env->since_start_ns / NSEC_PER_USEC;

	return percent > env->config->tolerance_usecs ? percent : env->config->tolerance_usecs;
}

static void compare_ts(const struct comparison *c)
{
	int32_t off = (int32_t)(c->actual->value[0] - c->expected->value[0]);
	double usecs = (double)llabs((long long)off) * c->env->config->tcp_ts_tick_usecs;

	/* Without a tick (the default) vals are not compared. */
	if (!c->expected->val_any && usecs > ts_tolerance(c->env))
		differ(c, 0);
}

static void compare_bytes(const struct comparison *c, const struct tcp_option *actual)
{
	uint8_t a[255], b[255];
	size_t n_a = wire_option_bytes(c->expected, a, sizeof(a));
	size_t n_b = wire_option_bytes(actual, b, sizeof(b));

	if (n_a != n_b || memcmp(a, b, n_a))
		differ(c, NO_PART);
}

static void compare_digest(const struct comparison *c)
{
	const char *secret = c->env->config->md5_secret;
	uint8_t digest[16];

	if (!secret || !c->env->tuple) {
		mismatch_printf(c->mismatches, FIELD_option_md5,
				"md5 valid\ncannot be verified: needs --tcp_md5_secret")
			->index = c->number;
		return;
	}
	wire_tcp_md5(c->live, c->env->tuple, secret, digest);
	if (c->raw->n_bytes != sizeof(digest) || memcmp(c->raw->bytes, digest, sizeof(digest)))
		differ(c, NO_PART);
}

static void compare(const struct comparison *c)
{
	uint8_t kind = c->expected->kind;

	if (kind == KIND_EOL || kind == KIND_NOP)
		return;
	if (c->expected->computed)
		compare_digest(c);
	else if (c->expected->row != c->actual->row)
		compare_bytes(c, c->raw); /* written as raw bytes: they mean the live ones */
	else if (kind == KIND_TS && c->expected->row)
		compare_ts(c);
	else
		compare_bytes(c, c->actual);
}

/* ---- the list ---------------------------------------------------------------------------- */

/* From expected i and actual j on, are all kinds the same? */
static bool same_kinds(const struct tcp_segment *expected, unsigned i,
		       const struct tcp_segment *actual, unsigned j)
{
	if (expected->n_options - i != actual->n_options - j)
		return false;
	for (; i < expected->n_options; i++, j++)
		if (expected->options[i].kind != actual->options[j].kind)
			return false;
	return true;
}

/* Where only one side goes on, all the rest of it is one difference. */
static void differ_rest(const struct comparison *list, const struct tcp_segment *expected,
			unsigned i, const struct tcp_segment *actual, unsigned j)
{
	struct tcp_segment rest[2] = {*expected, *actual};
	enum field_id field;
	char text[2][512];

	if (i)
		rest[0].options += i, rest[0].n_options -= i;
	if (j)
		rest[1].options += j, rest[1].n_options -= j;
	for (unsigned k = 0; k < 2; k++) {
		snprintf(text[k], sizeof(text[k]), "none");
		if (rest[k].n_options == 1)
			tcp_option_print(text[k], sizeof(text[k]), rest[k].options);
		else if (rest[k].n_options)
			tcp_options_print(text[k], sizeof(text[k]), &rest[k]);
	}
	field = rest[0].n_options + rest[1].n_options > 1 ? FIELD_tcp_options_from
							  : FIELD_tcp_option;
	mismatch_add(list->mismatches, field, text[0], text[1])->index = i + 1;
}

static void compare_lists(const struct comparison *list, const struct tcp_segment *expected,
			  const struct tcp_segment *actual, const struct tcp_segment *live)
{
	unsigned i = 0, j = 0;

	while (i < expected->n_options && j < actual->n_options) {
		struct comparison c = *list;
		bool take_i = true, take_j = true;

		if (expected->options[i].kind != actual->options[j].kind) {
			if (same_kinds(expected, i, actual, j + 1))
				take_i = false;
			else if (same_kinds(expected, i + 1, actual, j))
				take_j = false;
		}
		c.number = i + 1;
		c.expected = take_i ? &expected->options[i] : NULL;
		c.actual = take_j ? &actual->options[j] : NULL;
		c.raw = take_j ? &live->options[j] : NULL;
		i += take_i;
		j += take_j;
		if (take_i && take_j && c.expected->kind == c.actual->kind)
			compare(&c);
		else
			differ(&c, NO_PART);
	}
	if (i < expected->n_options || j < actual->n_options)
		differ_rest(list, expected, i, actual, j);
}

void match_options(const struct match_env *env, const struct packet *expected,
		   const struct packet *live, const struct packet *actual,
		   struct mismatches *mismatches)
{
	struct comparison list = {.env = env, .live = live, .mismatches = mismatches};
	char text[512];

	if (expected->tcp.options_mode == OPTIONS_ANY)
		return;
	if (expected->tcp.options_mode == OPTIONS_NONE && actual->tcp.n_options) {
		tcp_options_print(text, sizeof(text), &actual->tcp);
		mismatch_add(mismatches, FIELD_tcp_options, "none", text);
		return;
	}
	compare_lists(&list, &expected->tcp, &actual->tcp, &live->tcp);
}
