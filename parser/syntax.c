/* The words for a syntax error. The grammar knows only which token it could not use; what was meant
 * shows in the tokens of the event: its brackets, its time, what stands behind that. */
#include "parser/syntax.h"

#include <string.h>

#include "parser/tables.h"

/* A syntax error: the parser's state at the token in the way, and how the brackets were when the
 * event was read to its end. */
struct mistake {
	struct parser *parser;
	struct parser at;
	bool broke_off; /* the token in the way begins the next event */
};

char bracket_opener(int kind)
{
	static const char pairs[] = ")(][}{><";
	const char *at = kind > 0 && kind < 128 ? strchr(pairs, kind) : NULL;

	return at && (at - pairs) % 2 == 0 ? at[1] : 0;
}

static char closer_of(char opener)
{
	static const char pairs[] = "()[]{}<>";

	return strchr(pairs, opener)[1];
}

static const char *text_of(const struct mistake *mistake, struct token token)
{
	return arena_strndup(mistake->parser->arena, token.text, token.size);
}

static bool is_action_word(const struct mistake *mistake, int kind, struct token token)
{
	const char *word = kind == WORD ? text_of(mistake, token) : "";
	enum event_kind event;

	return call_by_name(word) || event_kind_by_word(word, &event);
}

/* ---- rules: each true if it has told of the mistake ---------------------------------------------
 */

static bool no_time(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;
	const struct call *call = at->call;
	struct loc loc = at->token_loc;
	bool told = at->token_first && (is_mark(at->token_kind, "<>") || at->token_kind == CODE ||
					is_action_word(mistake, at->token_kind, at->token));
	const struct opener *open = &at->open[0];

	if (at->token_kind == '=' && call && call->errno_name) {
		enum event_kind kind;

		told = call_by_name(call->errno_name) ||
		       event_kind_by_word(call->errno_name, &kind);
		loc = call->errno_loc;
	}
	if (!told && at->n_open == 1 && open->mark == '<' && open->first &&
	    open->loc.column <= at->item_column + COLUMN_SLACK) {
		told = true;
		loc = open->loc;
	}
	if (told && at->call)
		at->call->errno_name = NULL; /* that it is none has been told */
	if (told)
		diag_error_hint(at->diags, FW_no_time, loc,
				"each event begins with its time: +0, for example",
				"this event has no time");
	return told;
}

static bool tell_unclosed(const struct mistake *mistake, const struct opener *opener)
{
	char hint[40];

	snprintf(hint, sizeof(hint), "'%c' closes it", closer_of(opener->mark));
	diag_error_hint(mistake->at.diags, FW_unclosed, opener->loc, hint, "'%c' is never closed",
			opener->mark);
	return true;
}

static bool closed_late(const struct mistake *mistake)
{
	return mistake->at.crossed.mark && tell_unclosed(mistake, &mistake->at.crossed);
}

/* Is the I-th bracket that was open at the error still open at the event's end? */
static bool stays_open(const struct mistake *mistake, unsigned i)
{
	const struct parser *now = mistake->parser;

	return mistake->broke_off || (now->n_open > i && i < MAX_OPEN &&
				      now->open[i].loc.begin == mistake->at.open[i].loc.begin);
}

static bool unclosed(const struct mistake *mistake)
{
	unsigned n = mistake->at.n_open;

	return n && n <= MAX_OPEN && stays_open(mistake, n - 1) &&
	       tell_unclosed(mistake, &mistake->at.open[n - 1]);
}

static bool unmatched(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;
	char opener = bracket_opener(at->token_kind);

	if (!opener || at->n_open > MAX_OPEN || at->closes)
		return false;
	for (unsigned i = at->n_open; i > 0; i--)
		if (at->open[i - 1].mark == opener)
			return tell_unclosed(mistake, &at->open[at->n_open - 1]);
	diag_error(at->diags, FW_unmatched, at->token_loc, "'%c' without '%c' before it",
		   at->token_kind, opener);
	return true;
}

static bool tell_arrow(const struct mistake *mistake, struct loc loc)
{
	diag_error_hint(mistake->at.diags, FW_no_arrow, loc, "for example +0 > F. 1:1(0) ack 1",
			NEEDS_ARROW);
	return true;
}

/* `+0 F. 1:1(0)` breaks off at the dot. */
static bool no_arrow(const struct mistake *mistake)
{
	static const int next[] = {'.', '-', INT, FLOAT, ELLIPSIS, WORD};
	const struct parser *at = &mistake->at;
	const char *behind = at->source->text + at->token_loc.end;
	bool follows = false;

	for (size_t i = 0; i < sizeof(next) / sizeof(*next); i++)
		follows |= at->token_kind == next[i];
	if (at->action_kind == '.') /* flags of ACK alone: a sequence number comes next */
		follows = strchr("0123456789.", behind[strspn(behind, " \t")]);
	return at->acted && !at->token_first && follows && !at->n_open &&
	       (at->action_kind == WORD || at->action_kind == '.') &&
	       tcp_are_flags(text_of(mistake, at->action)) && tell_arrow(mistake, at->action_loc);
}

/* `+0 S 0:0(0)` has been read as the word S and another event, at 0. */
static bool no_arrow_before(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;
	struct script *script = at->script;
	const struct event *last = script->n_events ? script->events[script->n_events - 1] : NULL;

	if (at->token_kind != ':' || !last || last->kind != EVENT_CALL || last->call->n_args ||
	    last->call->result || last->call->name_loc.line != at->token_loc.line ||
	    !tcp_are_flags(last->call->name))
		return false;
	script->n_events--;
	return tell_arrow(mistake, last->call->name_loc);
}

static bool comma_in_segment(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;

	if (at->token_kind != ',' || at->n_open || !at->acted || !is_mark(at->action_kind, "<>"))
		return false;
	diag_error(at->diags, FW_between_fields, at->token_loc,
		   "blanks separate the fields of a segment, not ','");
	return true;
}

static bool one_dash(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;
	const char *text = at->source->text + at->token_loc.begin;
	size_t length = at->token_kind == '-' && at->token_first
				? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_-")
				: 0;
	const char *name, *near;

	if (!length)
		return false;
	name = arena_strndup(at->arena, text + 1, length);
	near = closest_name("option", name);
	diag_error_hint(at->diags, FW_one_dash, at->token_loc,
			arena_printf(at->arena, "write --%s", near ? near : name),
			"an option line begins with two dashes");
	return true;
}

static const char *dialect(const struct parser *at)
{
	static const struct {
		const char *word, *what;
	} dialects[] = {
		{"sctp", "SCTP packets are not supported"},
		{"udplite", "UDP-Lite packets are not supported"},
		{"addr", "named addresses (MPTCP) are not supported"},
	};

	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++)
		if (at->previous.size == strlen(dialects[i].word) &&
		    !memcmp(at->previous.text, dialects[i].word, at->previous.size))
			return dialects[i].what;
	return NULL;
}

/* Shapes of other dialects: named, not guessed at. */
static bool unsupported(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;
	const char *what = dialect(at);
	struct loc loc = at->previous_end;

	if (!what)
		return false;
	loc.column -= at->previous.size;
	loc.begin -= at->previous.size;
	diag_error(at->diags, FW_unsupported, loc, "%s", what);
	return true;
}

/* A string of several lines, or a command, ends where the next one was to begin. */
static bool unclosed_before(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;
	const char *text = at->source->text, *end = text + at->source->size;
	bool string = at->previous_kind == STRING;
	struct token token = at->previous;
	struct loc loc = at->previous_end;

	if ((!string && at->previous_kind != COMMAND) || token.text <= text || token.text >= end)
		return false;
	for (size_t i = 0; i < token.size; i++)
		loc.line -= token.text[i] == '\n';
	if (loc.line == at->previous_end.line || at->token_loc.line != at->previous_end.line)
		return false;
	loc.begin = token.text - text - !string;
	loc.end = loc.begin + 1;
	loc.column = 1;
	for (size_t i = loc.begin; i > 0 && text[i - 1] != '\n'; i--)
		loc.column++;
	diag_error_hint(at->diags, FW_unclosed_text, loc,
			arena_printf(at->arena,
				     "is the closing %s missing? The next one is in line %u",
				     string ? "quote" : "backquote", at->previous_end.line),
			"the %s goes on behind the end of its line", string ? "string" : "command");
	return true;
}

/* A word that is no field of a segment. */
static const char *hint_of(const struct mistake *mistake)
{
	const struct parser *at = &mistake->at;
	const char *near;

	if (at->token_kind != WORD || at->n_open || !at->acted || !is_mark(at->action_kind, "<>"))
		return NULL;
	near = closest_name("segment field", text_of(mistake, at->token));
	if (near)
		return arena_printf(at->arena, "did you mean %s?", near);
	return "a segment is FLAGS SEQ:END(LENGTH) ack N win N urg N <options>, in this order";
}

/* ---- no rule: what the grammar knows ------------------------------------------------------------
 */

static void describe(const struct parser *at, const char *name, char *out, size_t size)
{
	size_t length = at->token.size;

	if (at->token_kind == PKT_EOF || !length)
		snprintf(out, size, "unexpected %s", name);
	else if (memchr(at->token.text, '\n', length) || length > 40 || *name == '%' ||
		 *name == '`')
		snprintf(out, size, "unexpected %s", name);
	else if (at->token_kind == STRING)
		snprintf(out, size, "unexpected string %.*s", (int)length, at->token.text);
	else
		snprintf(out, size, "unexpected '%.*s'", (int)length, at->token.text);
}

static void unexpected(const struct mistake *mistake, const char *name, const char *const *expected,
		       int n)
{
	const struct parser *at = &mistake->at;
	bool broke_off = mistake->broke_off && at->previous_end.line;
	char what[120], wanted[160] = "";

	describe(at, name, what, sizeof(what));
	if (n > 0 && n < MAX_EXPECTED)
		for (int i = 0; i < n; i++) {
			size_t used = strlen(wanted);
			const char *between = !i ? ", expected " : i + 1 < n ? ", " : " or ";

			snprintf(wanted + used, sizeof(wanted) - used, "%s%s", between,
				 expected[i]);
		}
	diag_error_hint(at->diags, broke_off ? FW_breaks_off : FW_syntax,
			broke_off ? at->previous_end : at->token_loc, hint_of(mistake), "%s%s",
			broke_off ? "the event ends too early" : what, wanted);
}

void syntax_error(struct parser *parser, const char *name, const char *const *expected,
		  int n_expected)
{
	static bool (*const rules[])(const struct mistake *mistake) = {
		unclosed_before, closed_late, no_time,		no_arrow_before, unmatched,
		unclosed,	 no_arrow,    comma_in_segment, one_dash,	 unsupported,
	};
	/* The event may have broken off, with the next one's first token the one in the way. */
	struct mistake mistake = {
		.parser = parser,
		.at = *parser,
		.broke_off = parser->token_kind == PKT_EOF || begins_item(parser),
	};
	bool told = capture_text(parser, parser->token_loc);

	if (!mistake.broke_off)
		skip_to_item(parser);
	parser->sync_now = true;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules) && !told; i++)
		told = rules[i](&mistake);
	if (!told)
		unexpected(&mistake, name, expected, n_expected);
}
