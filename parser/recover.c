/* Between scanner and grammar: after an error the tokens are dropped up to the next one that looks
 * like the beginning of an event, and SYNC is slipped in before it, so that the rest of the script
 * is read and all its errors are found. */
#include <string.h>

#include "parser/build.h"
#include "parser/grammar.h"

/* Continuation lines stand further right than the event they belong to. */
#define COLUMN_SLACK 3

int scan_token(PKT_STYPE *value, PKT_LTYPE *loc, void *yyscanner);

static bool begins_item(const struct parser *parser)
{
	static const int kinds[] = {INT, FLOAT, '+', '*', OPTION, OPTION_IS, COMMAND};

	if (!parser->token_first || parser->token_loc.column > parser->item_column + COLUMN_SLACK)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i] == parser->token_kind)
			return true;
	return false;
}

static void scan(struct parser *parser)
{
	PKT_STYPE value = {.token = {"", 0}};

	parser->previous = parser->token;
	parser->previous_end = parser->token_end;
	parser->token_kind = scan_token(&value, &parser->token_loc, parser->scanner);
	parser->token = value.token;
	if (parser->options_only && parser->token_kind != OPTION &&
	    parser->token_kind != OPTION_IS && parser->token_kind != VALUE)
		parser->token_kind = PKT_EOF;
	if (parser->token_kind == PKT_EOF) {
		parser->token_loc = parser_here(parser);
		parser->token = (struct token){"", 0};
	}
	parser->token_first = parser->token_loc.line > parser->previous_end.line;
	parser->token_end = parser_here(parser);
}

int pkt_lex(PKT_STYPE *value, PKT_LTYPE *loc, struct parser *parser)
{
	if (!parser->replay && !parser->sync_now)
		scan(parser);
	parser->replay = false;
	while (parser->recovering && parser->token_kind != PKT_EOF && !begins_item(parser))
		scan(parser);
	*loc = parser->token_loc;
	if (parser->recovering || parser->sync_now) {
		parser->recovering = parser->sync_now = false;
		parser->replay = true;
		loc->end = loc->begin;
		return SYNC;
	}
	parser->recovering = parser->token_kind == PKT_error;
	value->token = parser->token;
	return parser->token_kind;
}

/* Shapes of other dialects that fail in the grammar: named, not guessed at. */
static const char *dialect_hint(const struct parser *parser)
{
	static const struct {
		const char *word, *hint;
	} dialects[] = {
		{"sctp", "SCTP packets are not supported"},
		{"udplite", "UDP-Lite packets are not supported"},
		{"addr", "named addresses (MPTCP) are not supported"},
	};
	const struct token *token = &parser->previous;

	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++)
		if (token->size == strlen(dialects[i].word) &&
		    !memcmp(token->text, dialects[i].word, token->size))
			return dialects[i].hint;
	return NULL;
}

static void describe(const struct parser *parser, const char *name, char *out, size_t size)
{
	size_t length = parser->token.size;

	if (parser->token_kind == PKT_EOF || !length)
		snprintf(out, size, "unexpected %s", name);
	else if (memchr(parser->token.text, '\n', length) || length > 40 || *name == '%' ||
		 *name == '`')
		snprintf(out, size, "unexpected %s", name);
	else if (parser->token_kind == STRING)
		snprintf(out, size, "unexpected string %.*s", (int)length, parser->token.text);
	else
		snprintf(out, size, "unexpected '%.*s'", (int)length, parser->token.text);
}

void syntax_error(struct parser *parser, const char *unexpected, const char *const *expected,
		  int n_expected)
{
	char what[120], wanted[160] = "";
	/* The event may have broken off, with the next one's first token the one in the way. */
	bool broke_off = parser->token_kind == PKT_EOF || begins_item(parser);
	struct loc loc = parser->token_loc;

	describe(parser, unexpected, what, sizeof(what));
	if (n_expected > 0 && n_expected < MAX_EXPECTED)
		for (int i = 0; i < n_expected; i++) {
			size_t used = strlen(wanted);
			const char *between = !i		   ? ", expected "
					      : i + 1 < n_expected ? ", "
								   : " or ";

			snprintf(wanted + used, sizeof(wanted) - used, "%s%s", between,
				 expected[i]);
		}
	if (broke_off && parser->previous_end.line) {
		snprintf(what, sizeof(what), "the event breaks off");
		loc = parser->previous_end;
	}
	diag_error_hint(parser->diags, loc, dialect_hint(parser), "%s%s", what, wanted);
	parser->sync_now = broke_off;
	parser->recovering = !broke_off;
}
