/* Event words: what looks like a call but is a claim about the kernel, or the program's end. */
#include <string.h>

#include "parser/check_packet.h"
#include "parser/check_parts.h"
#include "parser/symbols.h"

/* A state by name or number; 0 after an error. */
static uint8_t state_number(struct check *check, const struct expr *expr)
{
	int state;

	if (expr->kind == EXPR_INT && tcp_state_symbol(expr->value))
		return expr->value;
	if (expr->kind != EXPR_WORD) {
		diag_error(check->diags, FW_argument, expr->loc, "expected a TCP state, got %s",
			   check_show(check, expr));
		return 0;
	}
	state = tcp_state_by_name(expr->text);
	if (state < 0)
		diag_error_hint(check->diags, FW_unknown_state, expr->loc,
				check_hint(check, "state", expr->text), "unknown TCP state '%s'",
				expr->text);
	return state < 0 ? 0 : state;
}

void check_subject(struct check *check, const struct call *call, bool *under_test, int64_t *fd)
{
	struct expr *which = call->args[0];

	*under_test = expr_is_ellipsis(which);
	if (*under_test)
		return;
	check_resolve(check, which);
	if (!expr_is_int(which) || which->value < 0)
		diag_error(check->diags, FW_argument, which->loc, "%s: expected a descriptor or ..., got %s",
			   call->name, check_show(check, which));
	*fd = which->value;
}

static struct state_claim *new_claim(struct check *check, struct event *event,
				     const struct call *call, size_t n_states)
{
	struct state_claim *claim = arena_new_of(check->arena, struct state_claim);

	claim->loc = event->loc;
	claim->states = arena_alloc(check->arena, n_states ? n_states : 1);
	claim->n_states = n_states;
	check_subject(check, call, &claim->under_test, &claim->fd);
	event->state = claim;
	return claim;
}

static void check_state_event(struct check *check, struct event *event, struct call *call)
{
	struct state_claim *claim = new_claim(check, event, call, 1);

	claim->states[0] = state_number(check, call->result);
}

static void check_states_event(struct check *check, struct event *event, struct call *call)
{
	const struct expr *list = call->result;
	bool good = list->kind == EXPR_LIST && list->n_items;
	struct state_claim *claim = new_claim(check, event, call, good ? list->n_items : 0);

	if (!good)
		diag_error(check->diags, FW_argument, list->loc,
			   "expected a list of TCP states in brackets, got %s",
			   check_show(check, list));
	for (size_t i = 0; i < claim->n_states; i++)
		claim->states[i] = state_number(check, list->items[i]);
}

static void check_word_event(struct check *check, struct event *event, struct call *call)
{
	(void)check, (void)event, (void)call;
}

static void check_kill_event(struct check *check, struct event *event, struct call *call)
{
	const struct expr *name = call->args[0];

	if (name->kind == EXPR_INT && name->value > 0 && name->value < 65)
		event->signal = (int)name->value;
	else if (name->kind != EXPR_WORD)
		diag_error(check->diags, FW_argument, name->loc,
			   "expected a signal such as SIGKILL, got %s", check_show(check, name));
	else if (!signal_by_name(name->text, &event->signal))
		diag_error_hint(check->diags, FW_unknown_signal, name->loc,
				check_hint(check, "signal", name->text), "unknown signal '%s'",
				name->text);
	if (event->signal && !signal_ends(event->signal))
		diag_error_hint(check->diags, FW_signal_harmless, name->loc,
				"SIGKILL and SIGTERM do", "%s does not end a process",
				check_show(check, name));
}

static void check_exit_event(struct check *check, struct event *event, struct call *call)
{
	struct expr *status = call->n_args ? call->args[0] : NULL;

	if (!status)
		return;
	check_resolve(check, status);
	if (!expr_is_int(status) || status->value < 0 || status->value > 255)
		diag_error(check->diags, FW_argument, status->loc,
			   "expected a status from 0 to 255, got %s", check_show(check, status));
	event->status = status->value;
}

/* What holds for all words. */
static bool check_word(struct check *check, const struct event_row *row, const struct call *call)
{
	const char *usage = arena_printf(check->arena, "write %s", row->usage);
	size_t errors = diags_errors(check->diags);

	if (call->n_args < row->least || call->n_args > row->most)
		diag_error_hint(check->diags, FW_arity, call->name_loc, usage,
				"%s has the wrong number of arguments: %zu", row->word,
				call->n_args);
	if (row->result && !call->result)
		diag_error_hint(check->diags, FW_no_result, call->name_loc, usage,
				"%s needs '= %s'", row->word, row->result);
	if (!row->result && call->result)
		diag_error_hint(check->diags, FW_result_here, call->result->loc, usage,
				"%s has no result", row->word);
	if (call->errno_name)
		diag_error_hint(check->diags, FW_result_here, call->errno_loc, usage,
				"%s has no errno", row->word);
	return diags_errors(check->diags) == errors;
}

static void check_packet_event(struct check *check, struct event *event, struct call *call)
{
	struct raw_packet *raw;

	(void)call;
	arena_reset(check->scratch);
	raw = raw_packet_read(check->scratch, check->script, event);
	check_packet(raw, check->script->config, check->arena, check->diags);
	*event->packet = raw->packet;
}

static void check_call_event(struct check *check, struct event *event, struct call *call)
{
	event->call = call;
	call->slot = check->script->n_calls++;
	check->script->n_blocking += event->blocking;
	check_call(check, call);
}

static void check_command_event(struct check *check, struct event *event, struct call *call)
{
	(void)check, (void)event, (void)call;
}

static void check_code_event(struct check *check, struct event *event, struct call *call)
{
	(void)event, (void)call;
	check->script->has_code = true;
}

void check_event(struct check *check, struct event *event)
{
	static void (*const kinds[N_EVENT_KINDS])(struct check *, struct event *, struct call *) = {
#define EVENT(id, name, ...) [EVENT_##id] = check_##name##_event,
#include "parser/events.def"
#undef EVENT
	};
	struct call *call = event->kind == EVENT_CALL ? event->call : NULL;

	if (call && event_kind_by_word(call->name, &event->kind)) {
		event->call = NULL;
		if (!event->blocking)
			event->words = call;
		if (!check_word(check, &event_rows[event->kind], call))
			return;
	}
	kinds[event->kind](check, event, call);
}
