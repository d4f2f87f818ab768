#include "runtime/conn/match_parts.h"

#include <stdio.h>
#include <string.h>

#include "parser/ast_print.h"
#include "parser/tcp_options.h"

#define OPTION_TEXT 160

struct comparison {
	struct matching *m;
	const struct tcp_option *expected, *actual, *raw; /* raw: actual in live numbers */
	unsigned number, live_number; /* place in either list, from 1; 0: it is not there */
};

/* ---- naming ------------------------------------------------------------------------------ */

static void place(const struct comparison *c, struct mismatch *mismatch)
{
	mismatch->index = c->number;
	mismatch->live_index = c->live_number;
}

static void differ(const struct comparison *c, enum field_id field)
{
	char a[OPTION_TEXT], b[OPTION_TEXT];

	snprintf(a, sizeof(a), "none");
	snprintf(b, sizeof(b), "none");
	if (c->expected)
		tcp_option_print(a, sizeof(a), c->expected);
	if (c->actual)
		tcp_option_print(b, sizeof(b), c->actual);
	place(c, mismatch_add(&c->m->mismatches, field, a, b));
}

/* ---- comparing one ----------------------------------------------------------------------- */

/* How far a timestamp clock may be off, in its ticks. If no tick is set (the default), clocks are
 * not compared. */
static uint32_t clock_slack(const struct matching *m)
{
	const struct config *config = m->config;
	double usecs = config->tolerance_percent / 100 * (double)m->since_start_ns / NSEC_PER_USEC;

	if (!config->tcp_ts_tick_usecs)
		return UINT32_MAX;
	if (usecs < config->tolerance_usecs)
		usecs = config->tolerance_usecs;
	usecs /= config->tcp_ts_tick_usecs;
	return usecs < UINT32_MAX ? (uint32_t)usecs : UINT32_MAX;
}

/* For `md5 valid`: compares the digest with the one that the live segment should have. */
static void compare_digest(const struct comparison *c)
{
	const struct wire_packet *live = c->m->live;
	const char *secret = c->m->config->md5_secret;
	struct tcp_option digest = *c->expected;

	if (!secret) {
		place(c, mismatch_printf(&c->m->mismatches, digest.row->id,
					 "%s valid\ncannot be verified: needs --tcp_md5_secret",
					 digest.row->name));
		return;
	}
	wire_tcp_md5(&live->packet, &live->tuple, live->data, live->n_data, secret, digest.bytes);
	if (tcp_option_differs(&digest, c->raw, 0))
		differ(c, digest.row->id);
}

static void compare(const struct comparison *c)
{
	enum field_id field;

	if (c->expected->computed) {
		compare_digest(c);
		return;
	}
	if (c->expected->row != c->actual->row) /* written as raw bytes, which are live ones */
		field = tcp_option_differs(c->expected, c->raw, 0);
	else
		field = tcp_option_differs(c->expected, c->actual, clock_slack(c->m));
	if (field)
		differ(c, field);
}

/* ---- the list ---------------------------------------------------------------------------- */

/* True if all kinds are the same from expected i and actual j on. */
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

/* If only one side has options left, all of these are one difference. */
static void differ_rest(struct comparison *list, const struct tcp_segment *expected, unsigned i,
			const struct tcp_segment *actual, unsigned j)
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
	list->number = i + 1;
	list->live_number = j + 1;
	place(list, mismatch_add(&list->m->mismatches, field, text[0], text[1]));
}

static void compare_lists(struct comparison *list, const struct tcp_segment *expected,
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
		c.number = take_i ? i + 1 : 0;
		c.live_number = take_j ? j + 1 : 0;
		c.expected = take_i ? &expected->options[i] : NULL;
		c.actual = take_j ? &actual->options[j] : NULL;
		c.raw = take_j ? &live->options[j] : NULL;
		i += take_i;
		j += take_j;
		if (take_i && take_j && c.expected->kind == c.actual->kind)
			compare(&c);
		else
			differ(&c, FIELD_tcp_option);
	}
	if (i < expected->n_options || j < actual->n_options)
		differ_rest(list, expected, i, actual, j);
}

void match_options(struct matching *m)
{
	const struct tcp_segment *expected = &m->expected->tcp, *actual = &m->actual.tcp;
	struct comparison list = {.m = m};
	char text[512];

	if (expected->options_mode == OPTIONS_ANY)
		return;
	if (expected->options_mode == OPTIONS_NONE && actual->n_options) {
		tcp_options_print(text, sizeof(text), actual);
		mismatch_add(&m->mismatches, FIELD_tcp_options, "none", text);
		return;
	}
	compare_lists(&list, expected, actual, &m->live->packet.tcp);
}
