/* One system call against its row in calls.def. Argument kinds are functions here; what they
 * promise is written at the top of calls.def. Literals are in check_literals.c. */
#include <assert.h>
#include <string.h>

#include "parser/check_literals.h"
#include "parser/symbols.h"

const struct call_row *call_by_name(const char *name)
{
	static const struct call_row rows[] = {
#define CALL(name_, signature_, result_, help_) {CALL_##name_, #name_, signature_, result_, help_},
#include "parser/calls.def"
#undef CALL
	};

	for (size_t i = 0; i < N_CALLS; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* Calls of other dialects, by the start of their names. */
static const struct {
	const char *prefix, *what;
} unsupported[] = {
	{"psp_", "PSP"},
	{"sctp_", "SCTP"},
};

static void unknown_call(struct check *check, const struct call *call)
{
	for (size_t i = 0; i < sizeof(unsupported) / sizeof(*unsupported); i++)
		if (!strncmp(call->name, unsupported[i].prefix, strlen(unsupported[i].prefix))) {
			diag_error(check->diags, FW_unsupported, call->name_loc,
				   "%s(): %s is not supported yet", call->name,
				   unsupported[i].what);
			return;
		}
	if (!call->n_args && !call->result && tcp_are_flags(call->name)) {
		diag_error_hint(check->diags, FW_no_arrow, call->name_loc,
				"for example +0 > F. 1:1(0) ack 1", NEEDS_ARROW);
		return;
	}
	diag_error_hint(check->diags, FW_unknown_call, call->name_loc,
			check_hint(check, "call", call->name), "unknown system call '%s'",
			call->name);
}

/* ---- simple kinds ------------------------------------------------------------------------ */

static bool fits_int(const struct expr *expr)
{
	return expr_is_int(expr) && expr->value >= INT32_MIN && expr->value <= UINT32_MAX;
}

static bool kind_int(struct check *check, const struct expr *expr)
{
	(void)check;
	return fits_int(expr);
}

static bool is_null(const struct expr *expr)
{
	return expr_is_int(expr) && expr->value == 0;
}

static bool kind_int_or_any(struct check *check, const struct expr *expr)
{
	(void)check;
	return expr_is_ellipsis(expr) || fits_int(expr);
}

static bool kind_buffer(struct check *check, const struct expr *expr)
{
	(void)check;
	return expr_is_ellipsis(expr) || is_null(expr);
}

static bool kind_address(struct check *check, const struct expr *expr)
{
	if (expr->kind == EXPR_RECORD)
		return check_sockaddr(check, expr);
	return expr_is_ellipsis(expr) || is_null(expr);
}

static bool kind_target(struct check *check, const struct expr *expr)
{
	if (expr->kind == EXPR_RECORD)
		return check_sockaddr(check, expr);
	return expr_is_ellipsis(expr) || fits_int(expr);
}

static bool is_one_int(const struct expr *expr)
{
	return expr->kind == EXPR_LIST && expr->n_items == 1 && fits_int(expr->items[0]);
}

static bool kind_out_int(struct check *check, const struct expr *expr)
{
	(void)check;
	return is_one_int(expr);
}

static bool kind_option_length(struct check *check, const struct expr *expr)
{
	(void)check;
	return expr_is_ellipsis(expr) || is_one_int(expr);
}

static bool kind_offset(struct check *check, const struct expr *expr)
{
	(void)check;
	return expr_is_ellipsis(expr) || is_null(expr) ||
	       (expr->kind == EXPR_LIST && expr->n_items == 1 && expr_is_int(expr->items[0]));
}

static bool kind_option_value(struct check *check, const struct expr *expr)
{
	if (expr->kind == EXPR_RECORD)
		return check_linger(check, expr);
	return expr->kind == EXPR_STRING || expr->addr.version || is_one_int(expr);
}

static bool kind_string(struct check *check, const struct expr *expr)
{
	(void)check;
	return expr->kind == EXPR_STRING;
}

static bool kind_fd_pair(struct check *check, const struct expr *expr)
{
	(void)check;
	return expr->kind == EXPR_LIST && expr->n_items == 2 && fits_int(expr->items[0]) &&
	       fits_int(expr->items[1]);
}

/* ---- signatures -------------------------------------------------------------------------- */

/* `fits` returns false if the expression has another shape; it reports only what is wrong inside a
 * literal of the right shape. */
static const struct argument_kind {
	const char *name;
	bool (*fits)(struct check *check, const struct expr *expr);
	const char *expected;
} argument_kinds[] = {
	{"fd", kind_int, "a descriptor number"},
	{"int", kind_int, "a 32-bit number"},
	{"domain", kind_int_or_any, "... or an address family"},
	{"addr", kind_address, "..., NULL or {sa_family=, sin_port=, sin_addr=}"},
	{"target", kind_target, "..., an address family or {sa_family=, sin_port=, sin_addr=}"},
	{"len", kind_int_or_any, "... or a number"},
	{"buf", kind_buffer, "... or NULL"},
	{"iovecs", check_iovecs, "a list such as [{..., 1000}]"},
	{"msghdr", check_msghdr, "{msg_name(...)=..., msg_iov(1)=[{..., 1000}], msg_flags=0}"},
	{"getval", kind_option_value, "[NUMBER], a string, an address or {onoff=, linger=}"},
	{"setval", kind_option_value, "[NUMBER], a string, an address or {onoff=, linger=}"},
	{"optlen", kind_option_length, "[LENGTH]"},
	{"pollfds", check_pollfds, "a list such as [{fd=3, events=POLLIN, revents=POLLIN}]"},
	{"event", check_epoll_event, "{events=EPOLLIN, fd=3}"},
	{"events", check_epoll_events, "{events=EPOLLIN, fd=3} or a list of such"},
	{"outint", kind_out_int, "[NUMBER]"},
	{"string", kind_string, "a string"},
	{"fdpair", kind_fd_pair, "[READ_FD, WRITE_FD]"},
	{"offset", kind_offset, "NULL or [OFFSET]"},
};

#define MAX_ARGUMENTS 6

struct signature {
	const struct argument_kind *kinds[MAX_ARGUMENTS];
	size_t least, most;
};

static const struct argument_kind *kind_by_name(const char *name, size_t length)
{
	size_t n = sizeof(argument_kinds) / sizeof(*argument_kinds);

	for (size_t i = 0; i < n; i++)
		if (!strncmp(argument_kinds[i].name, name, length) &&
		    !argument_kinds[i].name[length])
			return &argument_kinds[i];
	return NULL;
}

/* A word that is no kind would be a mistake in calls.def. */
static struct signature signature_read(const char *text)
{
	struct signature signature = {0};
	bool optional = false;

	while (*text && signature.most < MAX_ARGUMENTS) {
		size_t length;

		optional |= *text == '?';
		text += *text == '?';
		length = strcspn(text, " ");
		signature.kinds[signature.most] = kind_by_name(text, length);
		assert(signature.kinds[signature.most]);
		signature.most++;
		signature.least += !optional;
		text += length + (text[length] == ' ');
	}
	return signature;
}

bool call_argument(const struct call_row *row, size_t i, struct call_argument *argument)
{
	struct signature signature = signature_read(row->signature);
	const struct argument_kind *kind = i < signature.most ? signature.kinds[i] : NULL;

	if (kind)
		*argument = (struct call_argument){kind->name, kind->expected,
						   i >= signature.least};
	return kind;
}

static void check_arguments(struct check *check, struct call *call)
{
	struct signature signature = signature_read(call->row->signature);

	if (call->n_args < signature.least || call->n_args > signature.most)
		diag_error_hint(check->diags, FW_arity, call->name_loc,
				arena_printf(check->arena, "%s() takes: %s", call->name,
					     call->row->signature),
				"%s() takes %zu%s argument%s, got %zu", call->name, signature.least,
				signature.most > signature.least ? " or more" : "",
				signature.most == 1 ? "" : "s", call->n_args);
	for (size_t i = 0; i < call->n_args && i < signature.most; i++)
		if (!signature.kinds[i]->fits(check, call->args[i]))
			diag_error(check->diags, FW_argument, call->args[i]->loc,
				   "argument %zu of %s(): expected %s, got %s", i + 1, call->name,
				   signature.kinds[i]->expected, check_show(check, call->args[i]));
}

/* ---- what two arguments must agree on ---------------------------------------------------- */

/* The count written after a list. */
static void agree_count(struct check *check, struct call *call, size_t list, size_t count)
{
	const struct expr *items = call->args[list], *number = call->args[count];

	if (items->kind == EXPR_LIST && expr_is_int(number) &&
	    number->value != (int64_t)items->n_items)
		diag_error(check->diags, FW_count, number->loc,
			   "%s(): the count is %lld, but the list has %zu element%s", call->name,
			   (long long)number->value, items->n_items,
			   items->n_items == 1 ? "" : "s");
}

static void agree_iovecs(struct check *check, struct call *call)
{
	agree_count(check, call, 1, 2);
}

static void agree_pollfds(struct check *check, struct call *call)
{
	agree_count(check, call, 0, 1);
}

static void agree_epoll_fd(struct check *check, struct call *call)
{
	const struct expr *fd = call->args[2], *event = call->args[3];
	const struct field *field = event->kind == EXPR_RECORD ? expr_field(event, "fd") : NULL;

	if (field && expr_is_int(field->value) && field->value->value != fd->value)
		diag_error(check->diags, FW_literal, field->value->loc,
			   "epoll_ctl(): the event's fd is %lld, but argument 3 is %lld",
			   (long long)field->value->value, (long long)fd->value);
}

static size_t option_value_size(const struct expr *value)
{
	if (value->kind == EXPR_STRING)
		return value->size;
	if (value->kind == EXPR_RECORD)
		return 2 * sizeof(int32_t); /* struct linger */
	return value->addr.version == 6 ? 16 : 4;
}

/* As many bytes are compared as are asked for. */
static void agree_option_length(struct check *check, struct call *call)
{
	const struct expr *value = call->args[3], *length = call->args[4];
	size_t size = option_value_size(value);

	if (length->kind == EXPR_LIST && length->items[0]->value != (int64_t)size)
		diag_error(check->diags, FW_sockopt_length, length->loc,
			   "getsockopt(): the length is [%lld], but the value has %zu byte%s",
			   (long long)length->items[0]->value, size, size == 1 ? "" : "s");
}

/* The kernel only ever writes them. */
static void agree_no_flags(struct check *check, struct call *call)
{
	const struct field *flags = expr_field(call->args[1], "msg_flags");

	if (flags && expr_is_int(flags->value) && flags->value->value != 0)
		diag_error_hint(check->diags, FW_msg_flags, flags->value->loc,
				"flags of a sendmsg() are its last argument",
				"sendmsg() ignores msg_flags: write 0");
}

static void (*const agreements[N_CALLS])(struct check *check, struct call *call) = {
	[CALL_readv] = agree_iovecs,	 [CALL_writev] = agree_iovecs,
	[CALL_poll] = agree_pollfds,	 [CALL_getsockopt] = agree_option_length,
	[CALL_sendmsg] = agree_no_flags, [CALL_epoll_ctl] = agree_epoll_fd,
};

/* ---- results ----------------------------------------------------------------------------- */

static void check_errno(struct check *check, struct call *call)
{
	const struct symbol *row = symbol_in_family(SYMBOLS_ERRNO, call->errno_name);
	const char *hint = check_hint(check, "errno", call->errno_name);
	enum event_kind kind;

	call->errno_value = row ? row->value : 0;
	if (call_by_name(call->errno_name) || event_kind_by_word(call->errno_name, &kind))
		diag_error_hint(check->diags, FW_no_time, call->errno_loc,
				"each event begins with its time: +0, for example",
				"this event has no time");
	else if (!row)
		diag_error_hint(check->diags, FW_unknown_errno, call->errno_loc, hint,
				"unknown errno '%s'", call->errno_name);
}

/* fcntl(3, F_GETFL) = O_RDWR, read(...) = EAGAIN: a result is a number, written or defined. */
static void check_no_word(struct check *check, const struct expr *result)
{
	int64_t number;

	if (result->kind != EXPR_WORD || !symbol_value(result->text, &number))
		return;
	if (symbol_in_family(SYMBOLS_ERRNO, result->text))
		diag_error_hint(check->diags, FW_result_number, result->loc,
				arena_printf(check->arena, "write -1 %s", result->text),
				"an errno is no result");
	else
		diag_error_hint(
			check->diags, FW_result_number, result->loc,
			arena_printf(check->arena, "write its number: %lld", (long long)number),
			"a constant is no result");
}

static void check_result(struct check *check, struct call *call)
{
	if (!call->result) {
		diag_error(check->diags, FW_no_result, call->name_loc, "%s() needs '= RESULT'",
			   call->name);
		return;
	}
	check_no_word(check, call->result);
	check_resolve(check, call->result);
	if (!expr_is_int(call->result))
		diag_error(check->diags, FW_result_number, call->result->loc,
			   "the result of %s() must be a number, got %s", call->name,
			   check_show(check, call->result));
	if (call->errno_name)
		check_errno(check, call);
}

void check_call(struct check *check, struct call *call)
{
	size_t errors;

	call->row = call_by_name(call->name);
	if (!call->row)
		unknown_call(check, call);
	errors = diags_errors(check->diags);
	for (size_t i = 0; i < call->n_args; i++)
		check_resolve(check, call->args[i]);
	if (call->row) {
		check_arguments(check, call);
		if (diags_errors(check->diags) == errors && agreements[call->row->id])
			agreements[call->row->id](check, call);
	}
	check_result(check, call);
}
