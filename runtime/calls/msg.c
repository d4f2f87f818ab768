/* sendmsg() and recvmsg(). */
#include "runtime/calls/handlers.h"

#include <stdio.h>
#include <string.h>

static char *msg_flags_text(struct call_ctx *c, int flags)
{
	char text[128] = "";

	symbol_flags(text, sizeof(text), "MSG_", (unsigned)flags);
	return call_printf(c, "%s", text);
}

void call_sendmsg(struct call_ctx *c)
{
	const struct expr *record = arg(c, 1);
	const struct expr *iovecs = field_of(record, "msg_iov");
	const struct expr *control = field_of(record, "msg_control");
	struct socket_kind kind;
	int fd = arg_socket(c, 0, &kind), flags = (int)arg_int(c, 2);
	struct msghdr msg = {.msg_flags = (int)field_int(record, "msg_flags")};
	size_t size = 0;

	msg.msg_iov = arg_iovecs(c, iovecs, c->host->zeros);
	msg.msg_iovlen = iovecs->n_items;
	if (control)
		msg.msg_control = control_encode(c, control, &size);
	msg.msg_controllen = size;
	if (field_of(record, "msg_name"))
		msg.msg_name = remote_address(c, &kind, &msg.msg_namelen);
	note_target(c, msg.msg_name, msg.msg_namelen);
	if (!call_begin(c))
		return;
	call_end(c, sendmsg(fd, &msg, flags));
	note_addresses(c, fd);
}

void call_recvmsg(struct call_ctx *c)
{
	const struct expr *record = arg(c, 1);
	const struct expr *iovecs = field_of(record, "msg_iov");
	const struct expr *control = field_of(record, "msg_control");
	const struct expr *want_flags = field_of(record, "msg_flags");
	union address *peer = call_scratch(c, sizeof(*peer));
	int fd = arg_fd(c, 0), flags = (int)arg_int(c, 2);
	struct msghdr msg = {0};
	size_t size = 0;
	char shown[900];
	int at;

	msg.msg_iov = arg_iovecs(c, iovecs, c->worker->received);
	msg.msg_iovlen = iovecs->n_items;
	if (field_of(record, "msg_name")) {
		msg.msg_name = peer;
		msg.msg_namelen = sizeof(*peer);
	}
	if (control) {
		/* The buffer has exactly the size of the expected messages: the kernel cuts off
		 * anything more and sets MSG_CTRUNC. */
		control_encode(c, control, &size);
		msg.msg_control = size ? call_scratch(c, size) : NULL;
		msg.msg_controllen = size;
	}
	if (!call_begin(c))
		return;
	call_end(c, recvmsg(fd, &msg, flags));
	if (c->slot->result < 0)
		return; /* nothing was stored */
	if (want_flags && msg.msg_flags != (int)want_flags->value) {
		struct mismatch *m = mismatch_add(&c->slot->mismatches, FIELD_msg_flags,
						  msg_flags_text(c, (int)want_flags->value),
						  msg_flags_text(c, msg.msg_flags));

		m->index = 2;
		mismatch_set_name(m, "msg_flags");
	}
	at = snprintf(shown, sizeof(shown), "{%smsg_iov(%zu)=[...], msg_flags=%s",
		      msg.msg_name ? "msg_name(...)=..., " : "", msg.msg_iovlen,
		      msg_flags_text(c, msg.msg_flags));
	if (control)
		at += snprintf(shown + at, sizeof(shown) - (size_t)at, ", msg_control=%s",
			       control_compare(c, control, &msg));
	snprintf(shown + (at < 898 ? at : 898), 2, "}");
	c->shown[1] = call_printf(c, "%s", shown);
}
