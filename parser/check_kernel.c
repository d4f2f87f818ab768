/* Event words that claim what the kernel itself says: counters, timers and reasons. */
#include <string.h>

#include "parser/check_parts.h"

void check_counter_event(struct check *check, struct event *event, struct call *call)
{
	const struct expr *name = call->args[0];
	struct counter_claim *claim = arena_new_of(check->arena, struct counter_claim);

	event->counter = claim;
	claim->name = name->kind == EXPR_WORD ? name->text : "";
	if (name->kind != EXPR_WORD)
		diag_error(check->diags, FW_argument, name->loc,
			   "expected a counter such as TcpExtTCPAbortOnClose, got %s",
			   check_show(check, name));
	else if (!counter_is_known(name->text))
		diag_error_hint(check->diags, FW_unknown_counter, name->loc,
				check_hint(check, "counter", name->text), "unknown counter '%s'",
				name->text);
	check_resolve(check, call->result);
	if (!expr_is_int(call->result))
		diag_error(check->diags, FW_result_number, call->result->loc,
			   "expected a number, got %s", check_show(check, call->result));
	claim->value = call->result->value;
}

/* ---- tcp_timer() --------------------------------------------------------------------------- */

static bool take_timer(struct check *check, struct timer_claim *claim, const struct expr *value)
{
	claim->has_timer = true;
	if (value->kind != EXPR_WORD)
		return false;
	claim->timer = sock_timer_by_name(value->text);
	if (claim->timer < 0)
		diag_error_hint(check->diags, FW_unknown_timer, value->loc,
				check_hint(check, "timer", value->text), "unknown timer '%s'",
				value->text);
	return true;
}

static bool take_left(struct check *check, struct timer_claim *claim, const struct expr *value)
{
	bool whole = expr_is_int(value) && value->value >= 0 && value->value <= INT32_MAX;

	(void)check;
	claim->has_left = true;
	claim->left = whole ? value->value * NSEC_PER_SEC : value->value;
	return whole || value->kind == EXPR_FRACTION;
}

static bool take_retrans(struct check *check, struct timer_claim *claim, const struct expr *value)
{
	(void)check;
	claim->has_retrans = true;
	claim->retrans = value->value;
	return expr_is_int(value) && value->value >= 0;
}

static const struct {
	const char *name;
	bool (*take)(struct check *check, struct timer_claim *claim, const struct expr *value);
	const char *expected;
} timer_members[] = {
	{"timer", take_timer, "a timer such as TIME_WAIT, or NONE"},
	{"left", take_left, "seconds"},
	{"retrans", take_retrans, "a number"},
};

#define N_TIMER_MEMBERS (sizeof(timer_members) / sizeof(timer_members[0]))

static void check_timer_member(struct check *check, struct timer_claim *claim,
			       const struct field *field, bool *taken)
{
	size_t i = 0;

	while (i < N_TIMER_MEMBERS && (!field->name || strcmp(timer_members[i].name, field->name)))
		i++;
	if (i == N_TIMER_MEMBERS) {
		diag_error_hint(check->diags, FW_unknown_member, field->loc,
				"members are timer, left, retrans", "a timer has no member '%s'",
				field->name ? field->name : check_show(check, field->value));
		return;
	}
	if (taken[i])
		diag_error(check->diags, FW_member_twice, field->loc, "%s is written twice",
			   field->name);
	taken[i] = true;
	if (!timer_members[i].take(check, claim, field->value))
		diag_error(check->diags, FW_member_value, field->value->loc,
			   "%s: expected %s, got %s", field->name, timer_members[i].expected,
			   check_show(check, field->value));
}

void check_timer_event(struct check *check, struct event *event, struct call *call)
{
	const struct expr *record = call->result;
	struct timer_claim *claim = arena_new_of(check->arena, struct timer_claim);
	bool taken[N_TIMER_MEMBERS] = {false};

	event->timer = claim;
	check_subject(check, call, &claim->under_test, &claim->fd);
	if (record->kind != EXPR_RECORD || !record->n_fields)
		diag_error(check->diags, FW_literal, record->loc,
			   "expected {timer=NAME, left=SECONDS, "
			   "retrans=NUMBER} or some of it, got %s",
			   check_show(check, record));
	for (size_t i = 0; i < record->n_fields; i++)
		check_timer_member(check, claim, &record->fields[i], taken);
}

/* ---- reasons ------------------------------------------------------------------------------- */

static void check_reason(struct check *check, struct event *event, struct call *call, bool none)
{
	const struct expr *name = call->result;
	struct reason_claim *claim = arena_new_of(check->arena, struct reason_claim);

	event->reason = claim;
	check->script->has_reasons = true;
	check_subject(check, call, &claim->under_test, &claim->fd);
	claim->reason = name->kind == EXPR_WORD ? name->text : "";
	if (name->kind != EXPR_WORD)
		diag_error(check->diags, FW_argument, name->loc,
			   "expected a reason such as TCP_ABORT_ON_CLOSE, got %s",
			   check_show(check, name));
	else if (!reason_by_name(name->text) && !(none && !strcmp(name->text, "NONE")))
		diag_error_hint(check->diags, FW_unknown_reason, name->loc,
				check_hint(check, "reason", name->text), "unknown reason '%s'", name->text);
}

void check_reset_reason_event(struct check *check, struct event *event, struct call *call)
{
	check_reason(check, event, call, false);
}

void check_drop_reason_event(struct check *check, struct event *event, struct call *call)
{
	check_reason(check, event, call, true);
}
