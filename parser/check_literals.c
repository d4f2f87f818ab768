/* Literals: a record is checked against a table of its members. */
#include <string.h>

#include "parser/check_literals.h"

struct member {
	const char *name;
	bool required;
	bool (*fits)(struct check *check, const struct expr *value);
	const char *expected;
};

struct shape {
	const char *what; /* "a pollfd" */
	const struct member *members;
	size_t n;
};

#define SHAPE(what_, members_)                                                                     \
	{                                                                                          \
		what_, members_, sizeof(members_) / sizeof(*members_)                              \
	}

static bool fits_int(struct check *check, const struct expr *value)
{
	(void)check;
	return expr_is_int(value);
}

static bool fits_anything(struct check *check, const struct expr *value)
{
	(void)check, (void)value;
	return true;
}

static const struct member *member_by_name(const struct shape *shape, const char *name)
{
	for (size_t i = 0; name && i < shape->n; i++)
		if (!strcmp(shape->members[i].name, name))
			return &shape->members[i];
	return NULL;
}

/* "fd, events, revents": for a hint. */
static const char *member_list(struct check *check, const struct shape *shape)
{
	const char *list = "members are";

	for (size_t i = 0; i < shape->n; i++)
		list = arena_printf(check->arena, "%s %s%s", list, shape->members[i].name,
				    i + 1 < shape->n ? "," : "");
	return list;
}

static void check_member(struct check *check, const struct shape *shape, const struct expr *record,
			 const struct field *field)
{
	const struct member *member = member_by_name(shape, field->name);

	if (!member) {
		diag_error_hint(check->diags, FW_unknown_member, field->loc,
				member_list(check, shape), "%s has no member '%s'", shape->what,
				field->name ? field->name : check_show(check, field->value));
		return;
	}
	if (expr_field(record, field->name) != field)
		diag_error(check->diags, FW_member_twice, field->loc, "%s is written twice",
			   field->name);
	if (!member->fits(check, field->value))
		diag_error(check->diags, FW_member_value, field->value->loc,
			   "%s: expected %s, got %s", field->name, member->expected,
			   check_show(check, field->value));
}

/* The record has all required members and no others, each of its kind. */
static void check_shape(struct check *check, const struct shape *shape, const struct expr *record)
{
	const char *lacking = NULL;

	for (size_t i = 0; i < record->n_fields; i++)
		check_member(check, shape, record, &record->fields[i]);
	for (size_t i = 0; i < shape->n; i++) {
		const char *name = shape->members[i].name;

		if (shape->members[i].required && !expr_field(record, name))
			lacking = lacking ? arena_printf(check->arena, "%s, %s", lacking, name)
					  : name;
	}
	if (lacking)
		diag_error(check->diags, FW_member_missing, record->loc, "%s lacks %s", shape->what,
			   lacking);
}

#define INT(name_, required_)                                                                      \
	{                                                                                          \
		name_, required_, fits_int, "a number"                                             \
	}

/* ---- addresses and socket options -------------------------------------------------------- */

static bool fits_address(struct check *check, const struct expr *value)
{
	(void)check;
	return value->addr.version || expr_is_int(value);
}

/* A bare number would stand in the host's byte order, which nobody means. */
static bool fits_port(struct check *check, const struct expr *value)
{
	(void)check;
	return expr_is_int(value) && (value->kind == EXPR_CALL || !value->value);
}

static const struct member sockaddr_members[] = {
	INT("sa_family", true),
	{"sin_port", true, fits_port, "htons(PORT)"},
	{"sin_addr", true, fits_address, "inet_addr(\"...\") or inet6_addr(\"...\")"},
};
static const struct shape sockaddr_shape = SHAPE("a socket address", sockaddr_members);

bool check_sockaddr(struct check *check, const struct expr *expr)
{
	check_shape(check, &sockaddr_shape, expr);
	return true;
}

static const struct member linger_members[] = {INT("onoff", true), INT("linger", true)};
static const struct shape linger_shape = SHAPE("a linger value", linger_members);

bool check_linger(struct check *check, const struct expr *expr)
{
	if (!expr_field(expr, "onoff") && !expr_field(expr, "linger"))
		return false;
	check_shape(check, &linger_shape, expr);
	return true;
}

/* ---- iovecs and msghdr ------------------------------------------------------------------- */

static bool is_base(const struct expr *value)
{
	return expr_is_ellipsis(value) || (expr_is_int(value) && value->value == 0);
}

/* {..., LEN} or {iov_base=..., iov_len=LEN} */
static void check_iovec(struct check *check, const struct expr *expr)
{
	static const char *const names[] = {"iov_base", "iov_len"};
	bool good = expr->kind == EXPR_RECORD && expr->n_fields == 2;
	const struct expr *length;

	for (size_t i = 0; good && i < 2; i++) {
		const char *name = expr->fields[i].name;

		good = !name || !strcmp(name, names[i]);
	}
	length = good ? expr->fields[1].value : NULL;
	if (!good || !is_base(expr->fields[0].value) || !expr_is_int(length) || length->value < 0 ||
	    length->value > INT32_MAX)
		diag_error(check->diags, FW_literal, expr->loc,
			   "expected an iovec such as {..., 1000}, got %s",
			   check_show(check, expr));
}

bool check_iovecs(struct check *check, const struct expr *expr)
{
	if (expr->kind != EXPR_LIST)
		return false;
	for (size_t i = 0; i < expr->n_items; i++)
		check_iovec(check, expr->items[i]);
	return true;
}

/* scm timestamps, extended errors, netlink attributes: the first member says which. */
static const struct member scm_members[] = {INT("scm_sec", true), INT("scm_nsec", true)};
static const struct member ee_members[] = {
	INT("ee_errno", true), INT("ee_origin", true), INT("ee_type", true),
	INT("ee_code", true),  INT("ee_info", true),   INT("ee_data", true),
};
static const struct shape cmsg_data_shapes[] = {
	SHAPE("a timestamp", scm_members),
	SHAPE("an extended error", ee_members),
};

static void check_attribute(struct check *check, const struct field *field)
{
	int64_t number;

	if (!field->name || strncmp(field->name, "TCP_NLA_", 8) ||
	    !symbol_value(field->name, &number))
		diag_error_hint(check->diags, FW_literal, field->loc,
				field->name ? check_hint(check, "constant", field->name) : NULL,
				"expected TCP_NLA_NAME=VALUE, got %s",
				field->name ? field->name : check_show(check, field->value));
	if (!expr_is_ellipsis(field->value) && !expr_is_int(field->value))
		diag_error(check->diags, FW_literal, field->value->loc,
			   "expected a number or ..., got %s", check_show(check, field->value));
}

static bool fits_cmsg_data(struct check *check, const struct expr *value)
{
	const char *first;

	if (value->kind != EXPR_RECORD)
		return expr_is_int(value);
	first = value->n_fields ? value->fields[0].name : NULL;
	for (size_t i = 0; i < sizeof(cmsg_data_shapes) / sizeof(*cmsg_data_shapes); i++)
		if (member_by_name(&cmsg_data_shapes[i], first)) {
			check_shape(check, &cmsg_data_shapes[i], value);
			return true;
		}
	for (size_t i = 0; i < value->n_fields; i++)
		check_attribute(check, &value->fields[i]);
	return value->n_fields > 0;
}

static const struct member cmsg_members[] = {
	{"cmsg_len", false, fits_anything, ""}, /* of another dialect; follows from the data */
	INT("cmsg_level", true),
	INT("cmsg_type", true),
	{"cmsg_data", true, fits_cmsg_data,
	 "a number, {scm_sec=, scm_nsec=}, the six ee_ members, or {TCP_NLA_NAME=VALUE, ...}"},
};
static const struct shape cmsg_shape = SHAPE("a control message", cmsg_members);

static bool fits_cmsgs(struct check *check, const struct expr *value)
{
	if (value->kind != EXPR_LIST)
		return false;
	for (size_t i = 0; i < value->n_items; i++) {
		if (value->items[i]->kind == EXPR_RECORD)
			check_shape(check, &cmsg_shape, value->items[i]);
		else
			diag_error(check->diags, FW_literal, value->items[i]->loc,
				   "expected {cmsg_level=, cmsg_type=, cmsg_data=}, got %s",
				   check_show(check, value->items[i]));
	}
	return true;
}

static const struct member msghdr_members[] = {
	{"msg_name", false, fits_anything, ""},
	{"msg_iov", true, check_iovecs, "a list such as [{..., 1000}]"},
	INT("msg_flags", false),
	{"msg_control", false, fits_cmsgs, "a list of control messages"},
};
static const struct shape msghdr_shape = SHAPE("a msghdr", msghdr_members);

bool check_msghdr(struct check *check, const struct expr *expr)
{
	const struct field *iov;

	if (expr->kind != EXPR_RECORD)
		return false;
	check_shape(check, &msghdr_shape, expr);
	iov = expr_field(expr, "msg_iov");
	if (iov && iov->value->kind == EXPR_LIST && expr_is_int(iov->argument) &&
	    iov->argument->value != (int64_t)iov->value->n_items)
		diag_error(check->diags, FW_count, iov->argument->loc,
			   "the count of msg_iov is %lld, but the list has %zu",
			   (long long)iov->argument->value, iov->value->n_items);
	return true;
}

/* ---- poll and epoll ---------------------------------------------------------------------- */

static const struct member pollfd_members[] = {
	INT("fd", true),
	INT("events", true),
	INT("revents", false),
};
static const struct shape pollfd_shape = SHAPE("a pollfd", pollfd_members);

bool check_pollfds(struct check *check, const struct expr *expr)
{
	if (expr->kind != EXPR_LIST)
		return false;
	for (size_t i = 0; i < expr->n_items; i++) {
		if (expr->items[i]->kind == EXPR_RECORD)
			check_shape(check, &pollfd_shape, expr->items[i]);
		else
			diag_error(check->diags, FW_literal, expr->items[i]->loc,
				   "expected {fd=, events=, revents=}, got %s",
				   check_show(check, expr->items[i]));
	}
	return true;
}

static const struct member epoll_members[] = {
	INT("events", true), INT("fd", false),	INT("ptr", false),
	INT("u32", false),   INT("u64", false),
};
static const struct shape epoll_shape = SHAPE("an epoll event", epoll_members);

bool check_epoll_event(struct check *check, const struct expr *expr)
{
	unsigned data = 0;

	if (expr->kind != EXPR_RECORD)
		return false;
	check_shape(check, &epoll_shape, expr);
	for (size_t i = 0; i < expr->n_fields; i++)
		data += expr->fields[i].name && strcmp(expr->fields[i].name, "events") &&
			member_by_name(&epoll_shape, expr->fields[i].name);
	if (data != 1)
		diag_error(check->diags, FW_literal, expr->loc,
			   "an epoll event has exactly one of fd, ptr, u32, u64");
	return true;
}

bool check_epoll_events(struct check *check, const struct expr *expr)
{
	bool good = true;

	if (expr->kind != EXPR_LIST)
		return check_epoll_event(check, expr);
	for (size_t i = 0; i < expr->n_items; i++)
		good &= check_epoll_event(check, expr->items[i]);
	return good;
}
