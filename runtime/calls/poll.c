/* poll() and epoll. Every event is compared. */
#include "runtime/calls/handlers.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static char *flags_text(struct call_ctx *c, const char *prefix, uint64_t value)
{
	char text[128] = "";

	symbol_flags(text, sizeof(text), prefix, value);
	return call_printf(c, "%s", text);
}

static void append(char *text, size_t size, const char *more)
{
	size_t at = strlen(text);

	snprintf(text + at, size - at, "%s%s", at > 1 ? ", " : "", more);
}

/* Adds a mismatch in the first argument; `i` counts from 0. */
static void poll_differs(struct call_ctx *c, size_t i, long long fd, const char *expected,
			 const char *actual)
{
	struct mismatch *m =
		mismatch_add(&c->slot->mismatches, FIELD_poll_revents, expected, actual);

	m->index = 1;
	m->item = (unsigned)i + 1;
	m->number = fd;
	mismatch_set_name(m, "revents");
}

void call_poll(struct call_ctx *c)
{
	const struct expr *list = arg(c, 0);
	struct pollfd *fds = call_scratch(c, (list->n_items + 1) * sizeof(*fds));
	nfds_t n = (nfds_t)arg_int(c, 1);
	int timeout = (int)arg_int(c, 2);
	char shown[512] = "[";

	for (size_t i = 0; i < list->n_items; i++) {
		fds[i].fd = live_fd(c, field_int(list->items[i], "fd"));
		fds[i].events = (short)field_int(list->items[i], "events");
	}
	if (n > list->n_items)
		call_fail(c, "poll() of %lu descriptors, but %zu are listed", (unsigned long)n,
			  list->n_items);
	if (!call_begin(c))
		return;
	call_end(c, poll(fds, n, timeout));
	for (size_t i = 0; i < list->n_items; i++) {
		const struct expr *want = list->items[i];
		char *revents = flags_text(c, "POLL", (unsigned short)fds[i].revents);
		uint64_t expected = (unsigned short)field_int(want, "revents");
		long long fd = (long long)field_int(want, "fd");

		if ((unsigned short)fds[i].revents != expected)
			poll_differs(c, i, fd, flags_text(c, "POLL", expected), revents);
		append(shown, sizeof(shown),
		       call_printf(c, "{fd=%lld, events=%s, revents=%s}", fd,
				   flags_text(c, "POLL", (unsigned short)fds[i].events), revents));
	}
	c->shown[0] = call_printf(c, "%s]", shown);
}

void call_epoll_create(struct call_ctx *c)
{
	int size = (int)arg_int(c, 0), made;

	check_free(c, result_label(c));
	if (!call_begin(c))
		return;
	made = epoll_create(size);
	call_end(c, made);
	made_fd(c, result_label(c), made, NULL);
}

/* The member of epoll_data that the script writes. */
static const struct field *data_field(const struct expr *record)
{
	for (size_t i = 0; i < record->n_fields; i++)
		if (record->fields[i].name && strcmp(record->fields[i].name, "events"))
			return &record->fields[i];
	return NULL;
}

static uint64_t data_of(const struct epoll_event *event, const char *member)
{
	if (!strcmp(member, "fd"))
		return (uint64_t)(int64_t)event->data.fd;
	return strcmp(member, "u32") ? event->data.u64 : event->data.u32;
}

void call_epoll_ctl(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), op = (int)arg_int(c, 1), target = arg_fd(c, 2);
	const struct expr *record = arg(c, 3);
	struct epoll_event event = {0};
	const struct field *data = NULL;

	if (record->kind == EXPR_RECORD) {
		data = data_field(record);
		event.events = (uint32_t)field_int(record, "events");
	}
	/* The kernel returns epoll_data unchanged, so it gets the script's label. */
	if (data && !strcmp(data->name, "fd")) {
		event.data.fd = (int)data->value->value;
		if (data->value->value != arg_int(c, 2))
			call_fail(c, "epoll_ctl() of fd %lld has data of fd %lld",
				  (long long)arg_int(c, 2), (long long)data->value->value);
	} else if (data && !strcmp(data->name, "u32")) {
		event.data.u32 = (uint32_t)data->value->value;
	} else if (data) {
		event.data.u64 = (uint64_t)data->value->value;
	}
	if (call_begin(c))
		call_end(c, epoll_ctl(fd, op, target, record->kind == EXPR_RECORD ? &event : NULL));
}

static char *event_text(struct call_ctx *c, const struct epoll_event *event, const char *member)
{
	return call_printf(c, "{events=%s, %s=%lld}", flags_text(c, "EPOLL", event->events), member,
			   (long long)data_of(event, member));
}

/* The mismatch is in the second argument; `i` counts from 0. */
static void event_place(struct mismatch *m, size_t i, const char *member)
{
	m->index = 2;
	m->item = (unsigned)i + 1;
	mismatch_set_name(m, member);
}

/* `i` counts from 0; an event the kernel did not give is all zeros. */
static void compare_event(struct call_ctx *c, size_t i, const struct expr *want,
			  const struct epoll_event *got)
{
	const struct field *data = data_field(want);
	uint32_t events = (uint32_t)field_int(want, "events");

	if (got->events != events)
		event_place(mismatch_add(&c->slot->mismatches, FIELD_epoll_member,
					 flags_text(c, "EPOLL", events),
					 flags_text(c, "EPOLL", got->events)),
			    i, "events");
	if (data && data_of(got, data->name) != (uint64_t)data->value->value)
		event_place(mismatch_int(&c->slot->mismatches, FIELD_epoll_member,
					 data->value->value, (long long)data_of(got, data->name)),
			    i, data->name);
}

void call_epoll_wait(struct call_ctx *c)
{
	int fd = arg_fd(c, 0), max = (int)arg_int(c, 2), timeout = (int)arg_int(c, 3);
	const struct expr *want = arg(c, 1);
	const struct expr *const *wants =
		want->kind == EXPR_LIST ? (const struct expr *const *)want->items : &want;
	size_t n_wants = want->kind == EXPR_LIST ? want->n_items : 1;
	size_t room = max > 0 && max < 256 ? (size_t)max : 256, n, n_shown;
	struct epoll_event *events;
	char shown[512] = "[";

	room = room > n_wants ? room : n_wants;
	events = call_scratch(c, room * sizeof(*events));
	if (!call_begin(c))
		return;
	/* The kernel may write as many events as the maximum says, so this is limited to the
	 * buffer. */
	call_end(c, epoll_wait(fd, events, max > (int)room ? (int)room : max, timeout));
	n = c->slot->result > 0 ? (size_t)c->slot->result : 0;
	for (size_t i = 0; i < n_wants; i++)
		compare_event(c, i, wants[i], &events[i]);
	/* A single record stands for the first event, a list for all. */
	n_shown = n > n_wants ? n : n_wants;
	for (size_t i = 0; i < n_shown; i++) {
		const struct field *data =
			n_wants ? data_field(wants[i < n_wants ? i : n_wants - 1]) : NULL;
		char *text = event_text(c, &events[i], data ? data->name : "u64");

		if (i >= n_wants && want->kind == EXPR_LIST)
			event_place(mismatch_add(&c->slot->mismatches, FIELD_epoll_events,
						 "no more events", text),
				    i, "events");
		append(shown, sizeof(shown), text);
	}
	c->shown[1] = n_shown == 1 && want->kind != EXPR_LIST ? call_printf(c, "%s", shown + 1)
							      : call_printf(c, "%s]", shown);
}
