/* Nodes to script notation; the grammar in reverse. */
#include "parser/ast_print.h"

#include <stdlib.h>
#include <string.h>

#include "parser/print_parts.h"
#include "parser/tables.h"

/* ---- expressions ------------------------------------------------------------------- */

static void put_string(struct out *out, const char *text, size_t size)
{
	static const char bytes[] = "\n\r\t\v\f\\\"", letters[] = "nrtvf\\\"";

	out_put(out, "\"");
	for (size_t i = 0; i < size; i++) {
		unsigned char c = text[i];
		const char *at = c ? strchr(bytes, c) : NULL;

		if (at)
			out_put(out, "\\%c", letters[at - bytes]);
		else if (c < ' ' || c == 0x7f)
			out_put(out, "\\x%02x", c);
		else
			out_bytes(out, text + i, 1);
	}
	out_put(out, "\"");
}

static void put_expr(struct out *out, const struct expr *expr);

static void put_items(struct out *out, struct expr *const *items, size_t n, const char *between)
{
	for (size_t i = 0; i < n; i++) {
		out_put(out, "%s", i ? between : "");
		put_expr(out, items[i]);
	}
}

static void put_fields(struct out *out, const struct expr *record)
{
	for (size_t i = 0; i < record->n_fields; i++) {
		const struct field *field = &record->fields[i];

		out_put(out, "%s", i ? ", " : "");
		if (field->name)
			out_put(out, "%s", field->name);
		if (field->argument) {
			out_put(out, "(");
			put_expr(out, field->argument);
			out_put(out, ")");
		}
		out_put(out, "%s", field->name ? "=" : "");
		put_expr(out, field->value);
	}
}

/* The kinds that are items between brackets. */
static const struct {
	const char *open, *between, *close;
} brackets[] = {
	[EXPR_OR] = {"", "|", ""},	[EXPR_LIST] = {"[", ", ", "]"},
	[EXPR_CALL] = {"(", ", ", ")"}, [EXPR_GROUP] = {"(", ", ", ")"},
	[EXPR_WORDS] = {"", " ", ""},
};

static void put_expr(struct out *out, const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_INT:
		out_put(out, expr->is_hex ? "0x%llx" : "%lld", (long long)expr->value);
		return;
	case EXPR_WORD:
	case EXPR_FRACTION:
		out_bytes(out, expr->text, expr->size);
		return;
	case EXPR_STRING:
		put_string(out, expr->text, expr->size);
		return;
	case EXPR_ELLIPSIS:
		out_put(out, "...");
		return;
	case EXPR_RECORD:
		out_put(out, "{");
		put_fields(out, expr);
		out_put(out, "}");
		return;
	case EXPR_CALL:
		out_bytes(out, expr->text, expr->size);
		break;
	case EXPR_OR:
	case EXPR_LIST:
	case EXPR_GROUP:
	case EXPR_WORDS:
		break;
	}
	out_put(out, "%s", brackets[expr->kind].open);
	put_items(out, expr->items, expr->n_items, brackets[expr->kind].between);
	out_put(out, "%s", brackets[expr->kind].close);
}

size_t expr_print(char *out, size_t size, const struct expr *expr)
{
	struct out to = OUT(out, size);

	put_expr(&to, expr);
	return out_finish(&to);
}

/* ---- events ------------------------------------------------------------------------ */

static void put_call(struct out *out, const struct call *call)
{
	out_put(out, "%s(", call->name);
	put_items(out, call->args, call->n_args, ", ");
	out_put(out, ")");
	if (call->result) {
		out_put(out, " = ");
		put_expr(out, call->result);
	}
	if (call->errno_name)
		out_put(out, " %s", call->errno_name);
	if (call->note)
		out_put(out, " (%s)", call->note);
}

size_t call_print(char *out, size_t size, const struct call *call)
{
	struct out to = OUT(out, size);

	put_call(&to, call);
	return out_finish(&to);
}

/* Seconds with as many decimals as it takes. */
static void put_seconds(struct out *out, int64_t ns)
{
	char digits[16];
	int n;

	out_put(out, "%lld", (long long)(ns / NSEC_PER_SEC));
	if (ns % NSEC_PER_SEC == 0)
		return;
	n = snprintf(digits, sizeof(digits), "%09lld", (long long)(ns % NSEC_PER_SEC));
	while (n && digits[n - 1] == '0')
		n--;
	out_put(out, ".%.*s", n, digits);
}

static void put_time(struct out *out, const struct event *event)
{
	const struct event_time *time = &event->time;
	bool relative = time->kind == TIME_RELATIVE || time->kind == TIME_RELATIVE_RANGE;
	const char *sign = relative ? "+" : "";

	if (time->kind == TIME_ANY) {
		out_put(out, "*");
		return;
	}
	out_put(out, "%s", sign);
	put_seconds(out, time->at);
	if (time->kind == TIME_ABSOLUTE_RANGE || time->kind == TIME_RELATIVE_RANGE) {
		out_put(out, "~%s", sign);
		put_seconds(out, time->until);
	}
	if (event->blocking) {
		out_put(out, "...");
		put_seconds(out, event->end);
	}
}

size_t time_print(char *out, size_t size, const struct event *event)
{
	struct out to = OUT(out, size);

	put_time(&to, event);
	return out_finish(&to);
}

static void put_packet_event(struct out *out, const struct event *event)
{
	out_packet(out, event->packet);
}

static void put_call_event(struct out *out, const struct event *event)
{
	put_call(out, event->call);
}

static void put_command_event(struct out *out, const struct event *event)
{
	out_put(out, "`%s`", event->text);
}

static void put_code_event(struct out *out, const struct event *event)
{
	out_put(out, "%%{ %s }%%", event->text);
}

static void put_subject(struct out *out, const struct event *event, bool under_test, int64_t fd)
{
	out_put(out, "%s(", event_rows[event->kind].word);
	if (under_test)
		out_put(out, "...) = ");
	else
		out_put(out, "%lld) = ", (long long)fd);
}

static void put_claim(struct out *out, const struct event *event, const char *open,
		      const char *close)
{
	const struct state_claim *claim = event->state;

	put_subject(out, event, claim->under_test, claim->fd);
	out_put(out, "%s", open);
	for (size_t i = 0; i < claim->n_states; i++) {
		const char *name = tcp_state_symbol(claim->states[i]);

		out_put(out, "%s%s", i ? ", " : "", name ? name : "?");
	}
	out_put(out, "%s", close);
}

static void put_state_event(struct out *out, const struct event *event)
{
	put_claim(out, event, "", "");
}

static void put_states_event(struct out *out, const struct event *event)
{
	put_claim(out, event, "[", "]");
}

static void put_counter_event(struct out *out, const struct event *event)
{
	out_put(out, "%s(%s) = %lld", event_rows[event->kind].word, event->counter->name,
		(long long)event->counter->value);
}

static void put_timer_event(struct out *out, const struct event *event)
{
	const struct timer_claim *claim = event->timer;
	const char *between = "";

	put_subject(out, event, claim->under_test, claim->fd);
	out_put(out, "{");
	if (claim->has_timer) {
		out_put(out, "timer=%s", sock_timer_name(claim->timer));
		between = ", ";
	}
	if (claim->has_left) {
		out_put(out, "%sleft=", between);
		put_seconds(out, claim->left);
		between = ", ";
	}
	if (claim->has_retrans)
		out_put(out, "%sretrans=%lld", between, (long long)claim->retrans);
	out_put(out, "}");
}

static void put_reset_reason_event(struct out *out, const struct event *event)
{
	put_subject(out, event, event->reason->under_test, event->reason->fd);
	out_put(out, "%s", event->reason->reason);
}

static void put_drop_reason_event(struct out *out, const struct event *event)
{
	put_reset_reason_event(out, event);
}

static void put_word_event(struct out *out, const struct event *event)
{
	out_put(out, "%s", event_rows[event->kind].word);
}

static void put_kill_event(struct out *out, const struct event *event)
{
	const char *name = signal_symbol(event->signal);

	out_put(out, "%s(", event_rows[event->kind].word);
	if (name)
		out_put(out, "%s)", name);
	else
		out_put(out, "%d)", event->signal);
}

static void put_exit_event(struct out *out, const struct event *event)
{
	out_put(out, "%s(%d)", event_rows[event->kind].word, event->status);
}

static void put_event(struct out *out, const struct event *event)
{
	static void (*const kinds[N_EVENT_KINDS])(struct out *, const struct event *) = {
#define EVENT(id, name, ...) [EVENT_##id] = put_##name##_event,
#include "parser/events.def"
#undef EVENT
	};

	put_time(out, event);
	out_put(out, " ");
	kinds[event->kind](out, event);
}

size_t event_print(char *out, size_t size, const struct event *event)
{
	struct out to = OUT(out, size);

	put_event(&to, event);
	return out_finish(&to);
}

/* ---- scripts ----------------------------------------------------------------------- */

/* NAME="text" or NAME=`text`, with nothing behind the closing quote: stands as it is. */
static bool is_quoted_pair(const char *value)
{
	const char *at = strchr(value, '=');
	char quote;

	if (!at || (at[1] != '"' && at[1] != '`') ||
	    strcspn(value, " \t\r\n\"`/") < (size_t)(at - value))
		return false;
	quote = at[1];
	for (at += 2; *at && *at != quote; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at && !at[1];
}

static void put_option_line(struct out *out, const struct option_line *line)
{
	const char *value = line->value;
	bool plain;

	out_put(out, "--%s", line->name);
	if (!value)
		return;
	out_put(out, "=");
	plain = *value && !value[strcspn(value, " \t\r\n\"`")] && !strstr(value, "//") &&
		!strstr(value, "/*");
	if (plain || (!strcmp(line->name, "define") && is_quoted_pair(value)))
		out_put(out, "%s", value);
	else
		put_string(out, value, strlen(value));
}

/* A line through a buffer that grows when it has to. */
static void print_line(FILE *out, void (*put_node)(struct out *, const void *), const void *node)
{
	char line[1024], *longer;
	struct out to = OUT(line, sizeof(line));

	put_node(&to, node);
	if (out_finish(&to) < sizeof(line)) {
		fprintf(out, "%s\n", line);
		return;
	}
	longer = malloc(to.n + 1);
	if (!longer)
		abort();
	to = OUT(longer, to.n + 1);
	put_node(&to, node);
	out_finish(&to);
	fprintf(out, "%s\n", longer);
	free(longer);
}

static void put_any_event(struct out *out, const void *event)
{
	put_event(out, event);
}

static void put_any_option(struct out *out, const void *line)
{
	put_option_line(out, line);
}

void script_print(FILE *out, const struct script *script)
{
	for (size_t i = 0; i < script->n_options; i++)
		print_line(out, put_any_option, &script->options[i]);
	if (script->init_command)
		fprintf(out, "`%s`\n", script->init_command);
	for (size_t i = 0; i < script->n_events; i++)
		print_line(out, put_any_event, script->events[i]);
	if (script->cleanup_command)
		fprintf(out, "`%s`\n", script->cleanup_command);
}
