/* Between scanner and grammar: after an error the tokens are dropped up to the next one that looks
 * like the beginning of an event, and SYNC is slipped in before it, so that the rest of the script
 * is read and all its errors are found. syntax.c finds the words for the error. */
#include <string.h>

#include "parser/options.h"
#include "parser/syntax.h"

int scan_token(PKT_STYPE *value, PKT_LTYPE *loc, void *yyscanner);

static bool one_of(int kind, const int *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

/* `1, 4) = 0` goes on with what another line began. */
static bool goes_on(const struct parser *parser)
{
	const char *behind = parser->source->text + parser->token_loc.end;

	return parser->token_kind == INT && strchr(",)]}|", behind[strspn(behind, " \t")]) &&
	       behind[strspn(behind, " \t")];
}

bool begins_item(const struct parser *parser)
{
	static const int kinds[] = {INT, FLOAT, '+', '*', OPTION, OPTION_IS, COMMAND};

	return parser->token_first && !goes_on(parser) &&
	       parser->token_loc.column <= parser->item_column + COLUMN_SLACK &&
	       one_of(parser->token_kind, kinds, sizeof(kinds) / sizeof(*kinds));
}

/* ---- what the tokens of an event tell of its mistakes ------------------------------------------
 */

void tokens_reset(struct parser *parser)
{
	parser->n_open = 0;
	parser->crossed.mark = 0;
	parser->acted = false;
}

static void open_bracket(struct parser *parser)
{
	if (parser->n_open < MAX_OPEN)
		parser->open[parser->n_open] = (struct opener){.mark = (char)parser->token_kind,
							       .loc = parser->token_loc,
							       .first = parser->token_first};
	parser->n_open++;
}

static void close_bracket(struct parser *parser, char opener)
{
	const struct opener *top;

	if (!parser->n_open || parser->n_open > MAX_OPEN) {
		parser->n_open -= parser->n_open > MAX_OPEN;
		return;
	}
	top = &parser->open[parser->n_open - 1];
	if (top->mark != opener)
		return;
	if (top->crossed)
		parser->crossed = *top;
	parser->n_open--;
	parser->closes = true;
}

/* The first token behind the time; `<` and `>` are directions there. */
static bool begins_action(struct parser *parser)
{
	static const int times[] = {INT, FLOAT, '+', '*', '~', ELLIPSIS, OPTION, OPTION_IS, VALUE};

	if (parser->acted || one_of(parser->token_kind, times, sizeof(times) / sizeof(*times)))
		return false;
	parser->acted = true;
	parser->action = parser->token;
	parser->action_loc = parser->token_loc;
	parser->action_kind = parser->token_kind;
	return true;
}

static void watch(struct parser *parser)
{
	char opener = bracket_opener(parser->token_kind);
	bool direction;

	if (begins_item(parser))
		for (unsigned i = 0; i < parser->n_open && i < MAX_OPEN; i++)
			parser->open[i].crossed = true;
	direction = begins_action(parser) && is_mark(parser->token_kind, "<>");
	parser->closes = false;
	if (direction || !parser->acted)
		return;
	if (is_mark(parser->token_kind, "([{<"))
		open_bracket(parser);
	else if (opener)
		close_bracket(parser, opener);
}

/* ---- tokens -------------------------------------------------------------------------------------
 */

static void scan_one(struct parser *parser)
{
	PKT_STYPE value = {.token = {"", 0}};

	parser->token_kind = scan_token(&value, &parser->token_loc, parser->scanner);
	parser->token = value.token;
	if (parser->options_only && parser->token_kind != OPTION &&
	    parser->token_kind != OPTION_IS && parser->token_kind != VALUE)
		parser->token_kind = PKT_EOF;
	if (diags_errors(parser->diags) >= MAX_ERRORS)
		parser->token_kind = PKT_EOF;
	if (parser->token_kind == PKT_EOF) {
		parser->token_loc = parser_here(parser);
		parser->token = (struct token){"", 0};
	}
	parser->token_first = parser->token_loc.line > parser->previous_end.line;
	parser->token_end = parser_here(parser);
}

/* `--name value`: the option's row tells of the '=' that is missing, and the value is no event. */
static bool is_stray_value(const struct parser *parser)
{
	const struct option_row *row;

	if (parser->previous_kind != OPTION || parser->token_first ||
	    parser->token_kind == OPTION || parser->token_kind == OPTION_IS ||
	    parser->token_kind == PKT_EOF)
		return false;
	row = option_by_name(parser->option_name);
	return row && row->argument == OPTION_ARGUMENT;
}

static void scan(struct parser *parser)
{
	parser->previous = parser->token;
	parser->previous_kind = parser->token_kind;
	parser->previous_first = parser->token_first;
	parser->previous_end = parser->token_end;
	do {
		scan_one(parser);
	} while (is_stray_value(parser));
	watch(parser);
}

void skip_to_item(struct parser *parser)
{
	uint32_t line = parser->token_loc.line;

	parser->recovering = true;
	while (parser->token_kind != PKT_EOF && !begins_item(parser) &&
	       !(parser->token_first && parser->token_loc.line > line &&
		 is_capture(parser, parser->token_loc)))
		scan(parser);
	parser->recovering = false;
}

int pkt_lex(PKT_STYPE *value, PKT_LTYPE *loc, struct parser *parser)
{
	bool recovering = parser->recovering;

	if (!parser->replay && !parser->sync_now)
		scan(parser);
	parser->replay = false;
	if (recovering)
		skip_to_item(parser);
	*loc = parser->token_loc;
	if (recovering || parser->sync_now) {
		parser->sync_now = false;
		parser->replay = true;
		tokens_reset(parser);
		loc->end = loc->begin;
		return SYNC;
	}
	parser->recovering = parser->token_kind == PKT_error;
	value->token = parser->token;
	return parser->token_kind;
}
