#include "runtime/calls/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "parser/ast_print.h"
#include "parser/check.h"
#include "runtime/calls/handlers.h"
#include "runtime/calls/server.h"
#include "runtime/bed/clock.h"

static void (*const handlers[N_CALLS])(struct call_ctx *) = {
#define CALL(name, ...) [CALL_##name] = call_##name,
#include "parser/calls.def"
#undef CALL
};

/* ---- helpers of handlers ----------------------------------------------------------------- */

void call_fail(struct call_ctx *c, const char *format, ...)
{
	va_list args;

	if (c->slot->failure[0])
		return; /* the first failure says most */
	va_start(args, format);
	vsnprintf(c->slot->failure, sizeof(c->slot->failure), format, args);
	va_end(args);
}

bool call_begin(struct call_ctx *c)
{
	if (c->slot->failure[0])
		return false;
	atomic_store(&c->slot->state, SLOT_ENTERED);
	errno = 0;
	c->slot->begin_ns = clock_now();
	return true;
}

void call_end(struct call_ctx *c, int64_t result)
{
	int error = errno;

	c->slot->end_ns = clock_now();
	c->slot->result = result;
	c->slot->error = result == -1 ? error : 0;
}

void *call_scratch(struct call_ctx *c, size_t size)
{
	struct worker *worker = c->worker;
	size_t need = (size + 15) & ~(size_t)15;
	void *memory;

	if (need <= SCRATCH_SIZE - worker->scratch_used) {
		memory = worker->scratch + worker->scratch_used;
		worker->scratch_used += need;
		return memset(memory, 0, size);
	}
	/* A rare large buffer. It is never freed, like all memory that a call leaves behind. */
	memory = calloc(1, size);
	if (!memory)
		abort();
	return memory;
}

char *call_printf(struct call_ctx *c, const char *format, ...)
{
	va_list args;
	char text[1024], *copy;
	size_t size;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	size = strlen(text) + 1;
	copy = call_scratch(c, size);
	return memcpy(copy, text, size);
}

const struct expr *arg(const struct call_ctx *c, size_t i)
{
	return i < c->call->n_args ? c->call->args[i] : NULL;
}

int64_t arg_int(const struct call_ctx *c, size_t i)
{
	const struct expr *expr = arg(c, i);

	return expr ? expr->value : 0;
}

bool is_any(const struct expr *expr)
{
	return expr->kind == EXPR_ELLIPSIS;
}

const struct expr *field_of(const struct expr *record, const char *name)
{
	const struct field *field = expr_field(record, name);

	return field ? field->value : NULL;
}

int64_t field_int(const struct expr *record, const char *name)
{
	return expr_field_value(record, name, 0);
}

/* The descriptor that a call is to use. NULL: it cannot be used, and the call has failed; or it is
 * negative, which the call may be given. */
static const struct descriptor *usable(struct call_ctx *c, int64_t script_fd)
{
	const struct descriptor *found;

	if (script_fd < 0)
		return NULL; /* -1 in poll(), or a call that should return EBADF */
	found = descriptors_find(c->host->share->descriptors, script_fd);
	if (found && descriptor_is_open(found))
		return found;
	if (found)
		call_fail(c, "descriptor %lld was closed at line %u", (long long)script_fd,
			  atomic_load(&found->closed_line));
	else
		call_fail(c, "no call of this script has made descriptor %lld",
			  (long long)script_fd);
	return NULL;
}

int live_fd(struct call_ctx *c, int64_t script_fd)
{
	const struct descriptor *found = usable(c, script_fd);

	return found ? found->live_fd : (int)script_fd;
}

int arg_fd(struct call_ctx *c, size_t i)
{
	struct socket_kind kind;

	return arg_socket(c, i, &kind);
}

int arg_socket(struct call_ctx *c, size_t i, struct socket_kind *kind)
{
	int64_t script_fd = arg_int(c, i);
	const struct descriptor *found = usable(c, script_fd);

	*kind = found ? found->kind : (struct socket_kind){.family = AF_UNSPEC};
	if (i == 0 && found)
		c->slot->used = (int)(found - c->host->share->descriptors->at);
	return found ? found->live_fd : (int)script_fd;
}

int64_t result_label(const struct call_ctx *c)
{
	const struct expr *result = c->call->result;

	return result && !is_any(result) ? result->value : -1;
}

void check_free(struct call_ctx *c, int64_t script_fd)
{
	const struct descriptor *found = descriptors_find(c->host->share->descriptors, script_fd);

	if (found && descriptor_is_open(found))
		call_fail(c, "duplicate descriptor: %lld is still open, made at line %u",
			  (long long)script_fd, found->made_line);
}

/* SO_COOKIE, which identifies a socket independently of its descriptors. */
static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

void made_fd(struct call_ctx *c, int64_t script_fd, int live_fd, const struct socket_kind *kind)
{
	struct descriptor made = {
		.script_fd = script_fd,
		.live_fd = live_fd,
		.made_line = c->event->loc.line,
	};
	int place;

	/* If the script expects a failure there is no label; the mismatch of the result is shown.
	 */
	if (live_fd < 0 || script_fd < 0)
		return;
	if (kind) {
		made.kind = *kind;
		made.cookie = cookie_of(live_fd);
	}
	pthread_mutex_lock(&c->host->making);
	place = descriptors_add(c->host->share->descriptors, &made);
	pthread_mutex_unlock(&c->host->making);
	if (c->slot->made < 0)
		c->slot->made = place;
}

/* ---- one call ---------------------------------------------------------------------------- */

static void print_result(char *out, size_t size, int64_t result, int error)
{
	const char *name = errno_symbol(error);

	if (result == -1 && name)
		snprintf(out, size, "-1 %s (%s)", name, strerror(error));
	else if (result == -1 && error)
		snprintf(out, size, "-1 (errno %d: %s)", error, strerror(error));
	else
		snprintf(out, size, "%lld", (long long)result);
}

static const char *errno_text(int error)
{
	const char *name = errno_symbol(error);

	return error == 0 ? "no error" : name ? name : strerror(error);
}

/* The expected result. Results are ints, so 0xffffffff is -1. */
static int64_t expected_result(const struct expr *expected)
{
	int64_t value = expected->value;

	return value > INT32_MAX && value <= UINT32_MAX ? (int32_t)value : value;
}

/* Compares result and errno with the script. */
static void compare_result(struct call_ctx *c)
{
	const struct call *call = c->call;
	struct call_slot *slot = c->slot;
	const struct expr *expected = call->result;
	char want[128], got[128];
	int64_t wanted;
	bool same;

	if (!expected || is_any(expected))
		return;
	wanted = expected_result(expected);
	if (call->row->result != RESULT_EXACT && wanted >= 0)
		same = slot->result >= 0;
	else
		same = slot->result == wanted;
	if (!same) {
		print_result(want, sizeof(want), wanted, call->errno_value);
		print_result(got, sizeof(got), slot->result, slot->error);
		mismatch_add(&slot->mismatches, FIELD_call_result, want, got);
	} else if (call->errno_name && slot->error != call->errno_value) {
		mismatch_add(&slot->mismatches, FIELD_call_errno, call->errno_name,
			     errno_text(slot->error));
	}
}

static void append(char *out, size_t size, size_t *at, const char *text)
{
	size_t n = strlen(text), room = size - 1 - *at;

	n = n < room ? n : room;
	memcpy(out + *at, text, n);
	*at += n;
	out[*at] = '\0';
}

static void write_live(struct call_ctx *c)
{
	struct call_slot *slot = c->slot;
	const struct call *call = c->call;
	char text[512];
	size_t at = 0, size = sizeof(slot->live);
	int64_t result = slot->result;

	append(slot->live, size, &at, call->row->name);
	for (size_t i = 0; i < call->n_args; i++) {
		append(slot->live, size, &at, i ? ", " : "(");
		if (i < MAX_CALL_ARGS && c->shown[i]) {
			append(slot->live, size, &at, c->shown[i]);
		} else {
			expr_print(text, sizeof(text), call->args[i]);
			append(slot->live, size, &at, text);
		}
	}
	/* A descriptor is shown by the script's label for it. */
	if (call->row->result == RESULT_FD && result >= 0 && call->result &&
	    call->result->value >= 0 && !is_any(call->result))
		result = call->result->value;
	print_result(text, sizeof(text), result, slot->error);
	append(slot->live, size, &at, call->n_args ? ") = " : "() = ");
	append(slot->live, size, &at, text);
}

void call_perform(struct worker *worker, const struct event *event, struct call_slot *slot)
{
	struct call_ctx c = {
		.host = worker->host,
		.worker = worker,
		.event = event,
		.call = event->call,
		.slot = slot,
	};

	worker->scratch_used = 0;
	slot->result = -1;
	slot->used = slot->made = -1;
	capabilities_apply(worker);
	handlers[event->call->row->id](&c);
	if (slot->failure[0]) {
		slot->begin_ns = slot->end_ns = clock_now();
		return;
	}
	compare_result(&c);
	write_live(&c);
}
