/* Calls on descriptors that need not be sockets. */
#include "runtime/calls/handlers.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

void call_fcntl(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind), command = (int)arg_int(c, 1);
	long argument = (long)arg_int(c, 2);
	bool makes_fd = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
	int64_t label = makes_fd ? result_label(c) : -1;

	check_free(c, label);
	if (!call_begin(c))
		return;
	call_end(c, fcntl(fd, command, argument));
	made_fd(c, label, (int)c->slot->result, &kind);
}

void call_dup(struct call_ctx *c)
{
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind), made;

	check_free(c, result_label(c));
	if (!call_begin(c))
		return;
	made = dup(fd);
	call_end(c, made);
	made_fd(c, result_label(c), made, &kind);
}

/* The live number for a label given to dup2(). An open label has its own number. For another label
 * the same number is used, unless another label has it: then a descriptor is made for the purpose,
 * which the call replaces. */
static int number_for(struct call_ctx *c, int label, int fd)
{
	const struct descriptors *table = c->host->share->descriptors;
	const struct descriptor *found = descriptors_find(table, label);

	if (found && descriptor_is_open(found))
		return found->live_fd;
	return descriptors_has_live(table, label) ? fcntl(fd, F_DUPFD, 0) : label;
}

static void duplicate_to(struct call_ctx *c, int (*make)(int fd, int number, int flags), int flags)
{
	struct descriptors *table = c->host->share->descriptors;
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind), label = (int)arg_int(c, 1), number, made;

	if (c->slot->failure[0])
		return;
	number = number_for(c, label, fd);
	if (!call_begin(c))
		return;
	made = make(fd, number, flags);
	call_end(c, made < 0 ? made : label);
	if (made < 0 || made == fd)
		return;
	descriptors_close(table, label, c->event->loc.line);
	made_fd(c, label, made, &kind);
}

static int without_flags(int fd, int number, int flags)
{
	(void)flags;
	return dup2(fd, number);
}

void call_dup2(struct call_ctx *c)
{
	duplicate_to(c, without_flags, 0);
}

void call_dup3(struct call_ctx *c)
{
	duplicate_to(c, dup3, (int)arg_int(c, 2));
}

/* True for requests that read the int and do not store one. */
static bool takes_int(unsigned long request)
{
	return request == FIONBIO || request == FIOASYNC;
}

void call_ioctl(struct call_ctx *c)
{
	int fd = arg_fd(c, 0);
	unsigned long request = (unsigned int)arg_int(c, 1);
	const struct expr *list = arg(c, 2);
	int want = list ? (int)list->items[0]->value : 0;
	int *stored = call_scratch(c, 64); /* room for requests that store more than an int */

	if (takes_int(request))
		*stored = want;
	if (!call_begin(c))
		return;
	call_end(c, ioctl(fd, request, list ? stored : NULL));
	if (!list)
		return;
	if (c->slot->result >= 0 && *stored != want)
		mismatch_printf(&c->slot->mismatches, FIELD_stored_value, "[%d]\n[%d]", want,
				*stored)
			->index = 3;
	c->shown[2] = call_printf(c, "[%d]", *stored);
}

void call_open(struct call_ctx *c)
{
	const struct expr *path = arg(c, 0);
	int flags = (int)arg_int(c, 1);
	mode_t mode = arg(c, 2) ? (mode_t)arg_int(c, 2) : 0644;
	int made;

	check_free(c, result_label(c));
	if (!call_begin(c))
		return;
	made = open(path->text, flags, mode);
	call_end(c, made);
	made_fd(c, result_label(c), made, NULL);
}

void call_pipe(struct call_ctx *c)
{
	const struct expr *labels = arg(c, 0);
	int fds[2];

	check_free(c, labels->items[0]->value);
	check_free(c, labels->items[1]->value);
	if (labels->items[0]->value == labels->items[1]->value)
		call_fail(c, "both ends of the pipe are called %lld",
			  (long long)labels->items[0]->value);
	if (!call_begin(c))
		return;
	call_end(c, pipe(fds));
	for (int i = 0; i < 2 && c->slot->result == 0; i++)
		made_fd(c, labels->items[i]->value, fds[i], NULL);
}

/* An offset argument: a list of one int, or nothing. */
static off64_t *arg_offset(struct call_ctx *c, size_t i)
{
	const struct expr *list = arg(c, i);
	off64_t *offset;

	if (list->kind != EXPR_LIST)
		return NULL;
	offset = call_scratch(c, sizeof(*offset));
	*offset = list->items[0]->value;
	return offset;
}

void call_sendfile(struct call_ctx *c)
{
	int out = arg_fd(c, 0), in = arg_fd(c, 1);
	off64_t *offset = arg_offset(c, 2);
	size_t size = (size_t)arg_int(c, 3);

	if (call_begin(c))
		call_end(c, sendfile64(out, in, offset, size));
}

void call_splice(struct call_ctx *c)
{
	int in = arg_fd(c, 0), out = arg_fd(c, 2);
	off64_t *in_offset = arg_offset(c, 1), *out_offset = arg_offset(c, 3);
	size_t size = (size_t)arg_int(c, 4);
	unsigned flags = (unsigned)arg_int(c, 5);

	if (call_begin(c))
		call_end(c, splice(in, in_offset, out, out_offset, size, flags));
}
