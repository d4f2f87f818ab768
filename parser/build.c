/* Constructors of events, calls and expressions. */
#include "parser/build.h"

#include <string.h>

#include "base/array.h"

static const char *text_of(struct parser *parser, struct token token)
{
	return arena_strndup(parser->arena, token.text, token.size);
}

/* Appends to a text made by earlier calls (NULL at first), which has room up to the next power of
 * two: a long run of pieces costs what its length is. */
static const char *append(struct parser *parser, const char *text, size_t *size, const char *more,
			  size_t n)
{
	size_t room = 16, need = *size + n + 1;
	char *copy = (char *)text;

	while (room <= *size)
		room *= 2;
	if (!text || need > room) {
		while (room < need)
			room *= 2;
		copy = arena_alloc(parser->arena, room);
		if (text)
			memcpy(copy, text, *size);
	}
	memcpy(copy + *size, more, n);
	*size += n;
	copy[*size] = 0;
	return copy;
}

/* ---- items ------------------------------------------------------------------------- */

void build_option(struct parser *parser, struct loc loc, struct token name,
		  const struct token *value, struct loc value_loc)
{
	struct script *script = parser->script;
	struct option_line *line;

	parser->item_column = loc.column;
	tokens_reset(parser);
	if (script->init_command || parser->events_begun)
		diag_error(parser->diags, FW_option_place, loc, "option lines come before the %s",
			   parser->events_begun ? "first event" : "init command");
	line = array_add(parser->arena, script->options, script->n_options);
	line->loc = loc;
	line->value_loc = value_loc;
	line->name = text_of(parser, name);
	line->value = value ? text_of(parser, *value) : NULL;
}

void build_bare_command(struct parser *parser, struct loc loc, struct token text)
{
	struct script *script = parser->script;
	const char **command =
		parser->events_begun ? &script->cleanup_command : &script->init_command;

	parser->item_column = loc.column;
	tokens_reset(parser);
	if (*command) {
		diag_error_hint(parser->diags, FW_second_command, loc, "a command as an event needs a time in front",
				"a second %s command", parser->events_begun ? "cleanup" : "init");
		return;
	}
	*command = text_of(parser, text);
	*(parser->events_begun ? &script->cleanup_loc : &script->init_loc) = loc;
}

/* Decimal seconds to nanoseconds, without a detour over floating point; digits beyond the ninth
 * are dropped. */
static int64_t nanoseconds(struct parser *parser, struct token token, struct loc loc)
{
	int64_t seconds = 0, fraction = 0, unit = NSEC_PER_SEC;
	bool negative = false, point = false;

	for (size_t i = 0; i < token.size; i++) {
		char c = token.text[i];

		if (c == '-') {
			negative = true;
		} else if (c == '.') {
			point = true;
		} else if (point) {
			unit /= 10;
			fraction += unit * (c - '0');
		} else if (seconds <= INT32_MAX) {
			seconds = 10 * seconds + (c - '0');
		}
	}
	if (negative)
		diag_error(parser->diags, FW_time_range, loc, "a time cannot be negative");
	else if (seconds > INT32_MAX)
		diag_error(parser->diags, FW_time_range, loc, "a time too large: at most %d seconds", INT32_MAX);
	else
		return seconds * NSEC_PER_SEC + fraction;
	return 0;
}

void build_time(struct parser *parser, enum time_kind kind, struct loc loc, struct token at,
		const struct token *until)
{
	struct event *event = arena_new_of(parser->arena, struct event);

	arena_reset(parser->scratch);
	parser->event = event;
	parser->packet = NULL;
	parser->call = NULL;
	parser->written = NULL;
	parser->n_written = 0;
	parser->echoed = false;
	parser->item_column = loc.column;
	parser->events_begun = true;
	event->loc = loc;
	event->time = (struct event_time){.kind = kind, .end_offset = loc.end};
	event->time.at = nanoseconds(parser, at, loc);
	event->time.until = until ? nanoseconds(parser, *until, loc) : event->time.at;
}

void build_end(struct parser *parser, struct loc loc, struct token end)
{
	struct event *event = parser->event;

	event->blocking = true;
	event->end = nanoseconds(parser, end, loc);
	event->time.end_offset = loc.end;
}

void build_end_plus(struct parser *parser, struct loc plus)
{
	diag_error_hint(parser->diags, FW_end_plus, plus, "+0...0.5 ends 0.5 s after what +0 counts from",
			"an end time has no '+': it counts as the beginning does");
}

void build_text(struct parser *parser, enum event_kind kind, struct token text)
{
	parser->event->kind = kind;
	parser->event->text = text_of(parser, text);
}

void build_event(struct parser *parser, struct loc loc)
{
	struct script *script = parser->script;
	struct event *event = parser->event;

	tokens_reset(parser);
	if (script->cleanup_command)
		diag_error_hint(parser->diags, FW_cleanup_place, script->cleanup_loc,
				"a command as an event needs a time in front",
				"the cleanup command comes after the last event");
	script->cleanup_command = NULL;
	if (parser->packet) {
		size_t size = parser->n_written * sizeof(*parser->written);

		if (parser->n_written > UINT16_MAX) {
			diag_error(parser->diags, FW_too_long, loc, "a packet of more than %d words",
				   UINT16_MAX);
			return;
		}
		parser->packet->written =
			memcpy(arena_alloc(parser->arena, size), parser->written, size);
		parser->packet->n_written = parser->n_written;
	} else if (parser->call) {
		event->kind = EVENT_CALL;
		event->call = parser->call;
	}
	event->loc = loc;
	event->index = script->n_events;
	*array_add(parser->arena, script->events, script->n_events) = event;
}

/* ---- calls and expressions --------------------------------------------------------- */

void build_call(struct parser *parser, struct token name, struct loc loc, struct exprs *args)
{
	struct call *call = arena_new_of(parser->arena, struct call);

	call->name = text_of(parser, name);
	call->name_loc = loc;
	call->args = args ? args->items : NULL;
	call->n_args = args ? args->n : 0;
	parser->call = call;
}

void build_errno(struct parser *parser, struct token name, struct loc loc)
{
	parser->call->errno_name = text_of(parser, name);
	parser->call->errno_loc = loc;
}

void build_note(struct parser *parser, struct token word)
{
	struct call *call = parser->call;

	if (!call->note)
		parser->note_size = 0;
	else
		call->note = append(parser, call->note, &parser->note_size, " ", 1);
	call->note = append(parser, call->note, &parser->note_size, word.text, word.size);
}

struct expr *build_expr(struct parser *parser, enum expr_kind kind, struct loc loc)
{
	struct expr *expr = arena_new_of(parser->arena, struct expr);

	expr->kind = kind;
	expr->loc = loc;
	return expr;
}

struct expr *build_int(struct parser *parser, struct token token, struct loc loc)
{
	struct expr *expr = build_expr(parser, EXPR_INT, loc);

	expr->is_hex = token.size > 2 && token.text[1] == 'x';
	expr->resolved = number_parse(token, &expr->value);
	if (!expr->resolved)
		diag_error(parser->diags, FW_range, loc, "the number %.*s does not fit into 64 bits",
			   token.size < 40 ? (int)token.size : 40, token.text);
	return expr;
}

struct expr *build_word(struct parser *parser, struct token token, struct loc loc)
{
	struct expr *expr = build_expr(parser, EXPR_WORD, loc);

	expr->text = text_of(parser, token);
	expr->size = token.size;
	return expr;
}

struct expr *build_fraction(struct parser *parser, struct token token, struct loc loc)
{
	struct expr *expr = build_word(parser, token, loc);

	expr->kind = EXPR_FRACTION;
	expr->value = nanoseconds(parser, token, loc);
	return expr;
}

struct expr *build_string(struct parser *parser, struct expr *before, struct token token,
			  struct loc loc)
{
	size_t size;
	const char *text = string_decode(parser, token, loc, &size);
	struct expr *expr = before ? before : build_expr(parser, EXPR_STRING, loc);

	expr->text = append(parser, expr->text, &expr->size, text, size);
	expr->loc.end = loc.end;
	return expr;
}

struct expr *build_items(struct parser *parser, enum expr_kind kind, struct loc loc,
			 struct exprs *items)
{
	struct expr *expr = build_expr(parser, kind, loc);

	expr->items = items ? items->items : NULL;
	expr->n_items = items ? items->n : 0;
	return expr;
}

struct expr *build_named(struct parser *parser, struct token name, struct loc loc,
			 struct exprs *args)
{
	struct expr *expr = build_items(parser, EXPR_CALL, loc, args);

	expr->text = text_of(parser, name);
	expr->size = name.size;
	return expr;
}

static void expr_push(struct parser *parser, struct expr *expr, struct expr *item)
{
	*array_add(parser->arena, expr->items, expr->n_items) = item;
}

struct expr *build_pair(struct parser *parser, enum expr_kind kind, struct loc loc,
			struct expr *left, struct expr *right)
{
	struct expr *expr = left;

	if (left->kind != kind) {
		expr = build_expr(parser, kind, loc);
		expr_push(parser, expr, left);
	}
	expr_push(parser, expr, right);
	expr->loc = loc;
	return expr;
}

struct expr *build_record(struct parser *parser, struct loc loc, struct fields *fields)
{
	struct expr *expr = build_expr(parser, EXPR_RECORD, loc);

	expr->fields = fields ? fields->items : NULL;
	expr->n_fields = fields ? fields->n : 0;
	return expr;
}

struct exprs *build_list(struct parser *parser, struct exprs *list, struct expr *item)
{
	if (!list)
		list = arena_new_of(parser->arena, struct exprs);
	*array_add(parser->arena, list->items, list->n) = item;
	return list;
}

struct fields *build_field(struct parser *parser, struct fields *list, struct loc loc,
			   struct expr *name, struct expr *value)
{
	bool call = name && name->kind == EXPR_CALL && name->n_items == 1;
	struct field *field;

	if (!list)
		list = arena_new_of(parser->arena, struct fields);
	field = array_add(parser->arena, list->items, list->n);
	field->loc = loc;
	field->value = value;
	if (!name)
		return list;
	if (!call && name->kind != EXPR_WORD)
		diag_error(parser->diags, FW_member_name, name->loc,
			   "a member's name is a word, or WORD(argument)");
	else
		field->name = name->text;
	field->argument = call ? name->items[0] : NULL;
	return list;
}
