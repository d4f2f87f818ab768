/* Names in expressions: constants, ors, inet_addr() and its kin. */
#include <arpa/inet.h>
#include <string.h>

#include "parser/ast_print.h"
#include "parser/check_parts.h"
#include "parser/config.h"

const char *check_show(struct check *check, const struct expr *expr)
{
	char text[80];
	size_t length = expr_print(text, sizeof(text), expr);

	return arena_printf(check->arena, "%s%s", text, length < sizeof(text) ? "" : "...");
}

const char *check_hint(struct check *check, const char *kind, const char *name)
{
	const char *left_out = define_hint(name), *near;

	if (left_out)
		return left_out;
	near = diags_errors(check->diags) < MAX_HINTED ? closest_name(kind, name) : NULL;
	return near ? arena_printf(check->arena, "did you mean %s?", near) : NULL;
}

bool expr_is_int(const struct expr *expr)
{
	return expr && expr->resolved;
}

bool expr_is_ellipsis(const struct expr *expr)
{
	return expr && expr->kind == EXPR_ELLIPSIS;
}

const struct field *expr_field(const struct expr *record, const char *name)
{
	for (size_t i = 0; i < record->n_fields; i++)
		if (record->fields[i].name && !strcmp(record->fields[i].name, name))
			return &record->fields[i];
	return NULL;
}

int64_t expr_field_value(const struct expr *record, const char *name, int64_t absent)
{
	const struct field *field = expr_field(record, name);

	return field && expr_is_int(field->value) ? field->value->value : absent;
}

static void settle(struct expr *expr, int64_t value)
{
	expr->value = value;
	expr->resolved = true;
}

static void resolve_word(struct check *check, struct expr *expr)
{
	int64_t value = 0;

	if (!symbol_value(expr->text, &value))
		diag_error_hint(check->diags, FW_unknown_constant, expr->loc,
				check_hint(check, "constant", expr->text), "unknown constant '%s'",
				expr->text);
	settle(expr, value);
}

static void resolve_or(struct check *check, struct expr *expr)
{
	int64_t value = 0;

	for (size_t i = 0; i < expr->n_items; i++) {
		check_resolve(check, expr->items[i]);
		if (!expr_is_int(expr->items[i]))
			diag_error(check->diags, FW_joined, expr->items[i]->loc,
				   "'|' joins numbers, not %s", check_show(check, expr->items[i]));
		value |= expr->items[i]->value;
	}
	settle(expr, value);
}

static void wrong_function(struct check *check, const struct expr *expr, const char *expected)
{
	diag_error(check->diags, FW_argument, expr->loc, "%s() takes %s, got %s", expr->text,
		   expected, check_show(check, expr));
}

/* inet_addr(): addr, and the network-order int it is in C. inet6_addr(): addr only. */
static void resolve_address(struct check *check, struct expr *expr, uint8_t version)
{
	const struct expr *text = expr->n_items == 1 ? expr->items[0] : NULL;
	bool good = text && text->kind == EXPR_STRING && ip_addr_parse(text->text, &expr->addr);

	/* inet_addr("::1") is how some dialects write an AF_INET6 sin_addr. */
	if (!good || (version == 6 && expr->addr.version != 6)) {
		wrong_function(check, expr,
			       version == 4 ? "an IPv4 address such as \"192.0.2.1\""
					    : "an IPv6 address such as \"::1\"");
		settle(expr, 0);
	} else if (expr->addr.version == 4) {
		uint32_t network;

		memcpy(&network, expr->addr.bytes, sizeof(network));
		settle(expr, network);
	}
}

static void resolve_inet_addr(struct check *check, struct expr *expr)
{
	resolve_address(check, expr, 4);
}

static void resolve_inet6_addr(struct check *check, struct expr *expr)
{
	resolve_address(check, expr, 6);
}

/* The one number of htons(N) and htonl(N), 0 after an error. */
static int64_t function_number(struct check *check, struct expr *expr, int64_t most)
{
	struct expr *number = expr->n_items == 1 ? expr->items[0] : NULL;

	if (number)
		check_resolve(check, number);
	if (expr_is_int(number) && number->value >= 0 && number->value <= most)
		return number->value;
	wrong_function(check, expr,
		       arena_printf(check->arena, "a number from 0 to %lld", (long long)most));
	return 0;
}

static void resolve_htons(struct check *check, struct expr *expr)
{
	settle(expr, htons(function_number(check, expr, UINT16_MAX)));
}

static void resolve_htonl(struct check *check, struct expr *expr)
{
	settle(expr, htonl(function_number(check, expr, UINT32_MAX)));
}

static const struct {
	const char *name;
	void (*resolve)(struct check *check, struct expr *expr);
} functions[] = {
	{"inet_addr", resolve_inet_addr},
	{"inet6_addr", resolve_inet6_addr},
	{"htons", resolve_htons},
	{"htonl", resolve_htonl},
};

static void resolve_function(struct check *check, struct expr *expr)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (!strcmp(expr->text, functions[i].name)) {
			functions[i].resolve(check, expr);
			return;
		}
	diag_error_hint(check->diags, FW_unknown_function, expr->loc,
			"known here: inet_addr(), inet6_addr(), htons(), htonl()",
			"unknown function %s()", expr->text);
	settle(expr, 0);
}

static void resolve_list(struct check *check, struct expr *expr)
{
	for (size_t i = 0; i < expr->n_items; i++)
		check_resolve(check, expr->items[i]);
}

static void resolve_record(struct check *check, struct expr *expr)
{
	for (size_t i = 0; i < expr->n_fields; i++) {
		if (expr->fields[i].argument)
			check_resolve(check, expr->fields[i].argument);
		if (expr->fields[i].value)
			check_resolve(check, expr->fields[i].value);
	}
}

static void resolve_int(struct check *check, struct expr *expr)
{
	(void)check;
	expr->resolved = true;
}

/* Groups and juxtaposed words belong to packet headers: nothing to look up. */
static void (*const resolvers[])(struct check *check, struct expr *expr) = {
	[EXPR_INT] = resolve_int,
	[EXPR_WORD] = resolve_word,
	[EXPR_STRING] = NULL,
	[EXPR_ELLIPSIS] = NULL,
	[EXPR_OR] = resolve_or,
	[EXPR_LIST] = resolve_list,
	[EXPR_RECORD] = resolve_record,
	[EXPR_CALL] = resolve_function,
	[EXPR_GROUP] = NULL,
	[EXPR_WORDS] = NULL,
	[EXPR_FRACTION] = NULL,
};

void check_resolve(struct check *check, struct expr *expr)
{
	if (resolvers[expr->kind])
		resolvers[expr->kind](check, expr);
}
