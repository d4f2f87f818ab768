/* Socket options. Values are [int], "bytes", {onoff=, linger=}, inet_addr(), inet6_addr(). */
#include "runtime/calls/handlers.h"

#include <stdio.h>
#include <string.h>

#include "base/native.h"

#define MAX_OPTION (1 << 16)

struct value {
	unsigned char bytes[16];
	const unsigned char *at; /* points to `bytes`, or to the bytes of a string */
	size_t size;
	bool is_int;
};

/* Converts an option value of the script to bytes. */
static void encode(const struct expr *expr, struct value *value)
{
	value->at = value->bytes;
	value->is_int = false;
	if (expr->kind == EXPR_STRING) {
		value->at = (const unsigned char *)expr->text;
		value->size = expr->size;
	} else if (expr->kind == EXPR_RECORD) {
		struct linger linger = {
			.l_onoff = (int)field_int(expr, "onoff"),
			.l_linger = (int)field_int(expr, "linger"),
		};

		memcpy(value->bytes, &linger, sizeof(linger));
		value->size = sizeof(linger);
	} else if (expr->kind == EXPR_CALL && expr->addr.version) {
		value->size = expr->addr.version == 4 ? 4 : 16;
		memcpy(value->bytes, expr->addr.bytes, value->size);
	} else {
		int number = (int)(expr->kind == EXPR_LIST ? expr->items[0]->value : expr->value);

		memcpy(value->bytes, &number, sizeof(number));
		value->size = sizeof(number);
		value->is_int = true;
	}
}

/* True for an int whose option length is smaller: the kernel reads and writes only that many bytes.
 */
static bool is_short(const struct value *value, socklen_t length)
{
	return value->is_int && length < value->size;
}

void call_setsockopt(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), level = (int)arg_int(c, 1), option = (int)arg_int(c, 2);
	socklen_t length = (socklen_t)arg_int(c, 4);
	size_t room = length <= MAX_OPTION ? length : MAX_OPTION;
	struct value value;
	unsigned char *bytes;

	encode(arg(c, 3), &value);
	bytes = call_scratch(c, room > value.size ? room : value.size);
	memcpy(bytes, value.at, value.size);
	if (is_short(&value, length))
		native_put(bytes, length, native_get(value.at, sizeof(int)));
	if (call_begin(c))
		call_end(c, setsockopt(fd, level, option, bytes, length));
}

/* Writes bytes in script notation: printable ones as they are, others as \xHH. */
static char *quote(struct call_ctx *c, const unsigned char *bytes, size_t size)
{
	char text[512];
	size_t at = 0;

	text[at++] = '"';
	for (size_t i = 0; i < size && at < sizeof(text) - 8; i++) {
		bool plain =
			bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\';

		at += (size_t)snprintf(text + at, sizeof(text) - at, plain ? "%c" : "\\x%02x",
				       bytes[i]);
	}
	snprintf(text + at, sizeof(text) - at, "\"");
	return call_printf(c, "%s", text);
}

/* Writes the kernel's value in the notation of the expected one. Errors have names. */
static char *show(struct call_ctx *c, const struct expr *like, const unsigned char *bytes,
		  size_t size)
{
	bool is_error = arg_int(c, 1) == SOL_SOCKET && arg_int(c, 2) == SO_ERROR;
	struct linger linger;
	int number;

	if (like->kind == EXPR_STRING)
		return quote(c, bytes, size);
	if (like->kind == EXPR_RECORD) {
		memcpy(&linger, bytes, sizeof(linger));
		return call_printf(c, "{onoff=%d, linger=%d}", linger.l_onoff, linger.l_linger);
	}
	if (like->kind == EXPR_CALL) {
		struct ip_addr ip = {.version = size <= 4 ? 4 : 6};
		char text[46];

		memcpy(ip.bytes, bytes, size <= 4 ? 4 : 16);
		return call_printf(c, "%s(\"%s\")", size <= 4 ? "inet_addr" : "inet6_addr",
				   ip_addr_print(&ip, text));
	}
	memcpy(&number, bytes, sizeof(number));
	if (is_error && errno_symbol(number))
		return call_printf(c, "[%s]", errno_symbol(number));
	return call_printf(c, "[%d]", number);
}

void call_getsockopt(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), level = (int)arg_int(c, 1), option = (int)arg_int(c, 2);
	const struct expr *want = arg(c, 3), *optlen = arg(c, 4);
	bool any_length = is_any(optlen);
	struct value value;
	unsigned char *bytes;
	socklen_t length, asked;
	size_t room;

	encode(want, &value);
	asked = any_length ? (socklen_t)value.size : (socklen_t)optlen->items[0]->value;
	length = asked;
	room = asked <= MAX_OPTION ? asked : MAX_OPTION;
	/* The buffer is zeroed, since the value is compared even if the call is expected to fail.
	 */
	bytes = call_scratch(c, (room > value.size ? room : value.size) + sizeof(value.bytes));
	if (!call_begin(c))
		return;
	call_end(c, getsockopt(fd, level, option, bytes, &length));
	if (is_short(&value, length))
		native_put(bytes, sizeof(int), native_get(bytes, length));
	if (memcmp(bytes, value.at, value.size))
		mismatch_add(&c->slot->mismatches, FIELD_option_value,
			     show(c, want, value.at, value.size), show(c, want, bytes, value.size))
			->index = 4;
	if (c->slot->result == 0 && !any_length && length != asked)
		mismatch_int(&c->slot->mismatches, FIELD_option_length, asked, length)->index = 5;
	c->shown[3] = show(c, want, bytes, value.size);
	c->shown[4] = call_printf(c, "[%u]", length);
}
