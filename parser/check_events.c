/* Event words: what looks like a call but is a claim about the kernel, or the program's end. */
#include <string.h>

#include "parser/check_parts.h"
#include "parser/symbols.h"

struct event_word {
	const char *name;
	enum event_kind kind;
	size_t least, most; /* arguments */
	const char *result; /* what stands after '='; NULL: nothing does */
	const char *usage;
	void (*convert)(struct check *check, struct event *event, struct call *call);
};

/* A state by name or number; 0 after an error. */
static uint8_t state_number(struct check *check, const struct expr *expr)
{
	if (expr->kind == EXPR_INT && tcp_state_symbol(expr->value))
		return expr->value;
	if (expr->kind != EXPR_WORD) {
		diag_error(check->diags, expr->loc, "expected a TCP state, got %s",
			   check_show(check, expr));
		return 0;
	}
	int state = tcp_state_by_name(expr->text);
	if (state < 0)
		diag_error_hint(check->diags, expr->loc, check_hint(check, "state", expr->text),
				"unknown TCP state '%s'", expr->text);
	return state < 0 ? 0 : state;
}

static struct state_claim *new_claim(struct check *check, struct event *event,
				     const struct call *call, size_t n_states)
{
	struct state_claim *claim = arena_new_of(check->arena, struct state_claim);
	struct expr *which = call->args[0];
	claim->loc = event->loc;
	claim->states = arena_alloc(check->arena, n_states ? n_states : 1);
	claim->n_states = n_states;
	claim->under_test = expr_is_ellipsis(which);
	if (!claim->under_test) {
		check_resolve(check, which);
		if (!expr_is_int(which) || which->value < 0)
			diag_error(check->diags, which->loc,
				   "%s: expected a descriptor or ..., got %s", call->name,
				   check_show(check, which));
		claim->fd = which->value;
	}
	event->state = claim;
	return claim;
}

static void convert_state(struct check *check, struct event *event, struct call *call)
{
	struct state_claim *claim = new_claim(check, event, call, 1);
	claim->states[0] = state_number(check, call->result);
}

static void convert_states(struct check *check, struct event *event, struct call *call)
{
	const struct expr *list = call->result;
	bool good = list->kind == EXPR_LIST && list->n_items;
	struct state_claim *claim = new_claim(check, event, call, good ? list->n_items : 0);
	if (!good)
		diag_error(check->diags, list->loc,
			   "expected a list of TCP states in brackets, got %s",
			   check_show(check, list));
	for (size_t i = 0; i < claim->n_states; i++)
		claim->states[i] = state_number(check, list->items[i]);
}

static void convert_quiet(struct check *check, struct event *event, struct call *call)
{
	(void)check, (void)event, (void)call;
}

static void convert_kill(struct check *check, struct event *event, struct call *call)
{
	const struct expr *name = call->args[0];
	if (name->kind == EXPR_INT && name->value > 0 && name->value < 65)
		event->signal = (int)name->value;
	else if (name->kind != EXPR_WORD)
		diag_error(check->diags, name->loc, "expected a signal such as SIGKILL, got %s",
			   check_show(check, name));
	else if (!signal_by_name(name->text, &event->signal))
		diag_error_hint(check->diags, name->loc, check_hint(check, "signal", name->text),
				"unknown signal '%s'", name->text);
	if (event->signal && !signal_ends(event->signal))
		diag_error_hint(check->diags, name->loc, "SIGKILL and SIGTERM do",
				"%s does not end a process", check_show(check, name));
}

static void convert_exit(struct check *check, struct event *event, struct call *call)
{
	struct expr *status = call->n_args ? call->args[0] : NULL;
	if (!status)
		return;
	check_resolve(check, status);
	if (!expr_is_int(status) || status->value < 0 || status->value > 255)
		diag_error(check->diags, status->loc, "expected a status from 0 to 255, got %s",
			   check_show(check, status));
	event->status = status->value;
}

static const struct event_word event_words[] = {
	{"tcp_state", EVENT_STATE, 1, 1, "a state", "tcp_state(fd) = STATE", convert_state},
	{"tcp_states", EVENT_STATES, 1, 1, "a list of states", "tcp_states(fd) = [STATE, ...]",
	 convert_states},
	{"quiet", EVENT_QUIET, 0, 0, NULL, "quiet", convert_quiet},
	{"kill", EVENT_KILL, 1, 1, NULL, "kill(SIGNAL)", convert_kill},
	{"exit", EVENT_EXIT, 0, 1, NULL, "exit(STATUS)", convert_exit},
};

static const struct event_word *event_word_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(event_words) / sizeof(*event_words); i++)
		if (!strcmp(event_words[i].name, name))
			return &event_words[i];
	return NULL;
}

bool check_event_word(struct check *check, struct event *event, struct call *call)
{
	const struct event_word *word = event_word_by_name(call->name);
	if (!word)
		return false;
	const char *usage = arena_printf(check->arena, "write %s", word->usage);
	size_t errors = diags_errors(check->diags);
	if (call->n_args < word->least || call->n_args > word->most)
		diag_error_hint(check->diags, call->name_loc, usage,
				"%s has the wrong number of arguments: %zu", word->name,
				call->n_args);
	if (word->result && !call->result)
		diag_error_hint(check->diags, call->name_loc, usage, "%s needs '= %s'", word->name,
				word->result);
	if (!word->result && call->result)
		diag_error_hint(check->diags, call->result->loc, usage, "%s has no result",
				word->name);
	if (event->blocking)
		diag_error_hint(check->diags, event->time.loc, usage, "%s has no end time",
				word->name);
	if (call->errno_name)
		diag_error_hint(check->diags, call->errno_loc, usage, "%s has no errno",
				word->name);
	event->kind = word->kind;
	event->words = NULL;
	event->call = NULL;
	if (diags_errors(check->diags) == errors)
		word->convert(check, event, call);
	return true;
}
