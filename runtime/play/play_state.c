/* tcp_state() and tcp_states(): claims about the kernel's TCP state machine. */
#include "runtime/play/play_internal.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "parser/tables.h"

/* How soon a state is looked at again while a window is open. */
#define FIRST_LOOK_NS (200 * NSEC_PER_USEC)
#define LAST_LOOK_NS  (5000 * NSEC_PER_USEC)

/* What a claim is held against: a connection, or an open descriptor without one (a listener). */
struct subject {
	struct conn *conn;
	int fd; /* -1: conn */
};

static enum record_fault find_subject(struct run *run, const struct state_claim *claim,
				      struct subject *subject)
{
	struct sock *sock;

	*subject = (struct subject){.fd = -1};
	if (claim->under_test) {
		sock = run->conns.sock_under_test;
		subject->conn = run->conns.conn_under_test;
		if (!subject->conn && sock && sock->conn)
			subject->conn = sock->conn;
	} else {
		sock = conns_sock(&run->conns, (int)claim->fd);
		if (!sock)
			return FAULT_NO_DESCRIPTOR;
		subject->conn = sock->conn;
	}
	if (subject->conn)
		return FAULT_NONE;
	if (sock && sock->open) {
		subject->fd = sock->fd;
		return FAULT_NONE;
	}
	/* Closed before it had a connection: TCP_CLOSE. */
	return sock ? FAULT_NONE : FAULT_NO_CONNECTION;
}

static int state_now(struct run *run, const struct subject *subject)
{
	struct sock_snapshot snapshot;
	struct bed *bed = run->bed;

	if (subject->conn)
		return conn_state(&run->conns, subject->conn);
	if (subject->fd < 0)
		return TCP_CLOSE;
	if (!bed->ops->snapshot(bed, subject->fd, &snapshot, bed->ops->now(bed) + GRACE_NS) ||
	    !snapshot.tcp_info_size)
		return TCP_CLOSE;
	return snapshot.tcp_info[offsetof(struct tcp_info, tcpi_state)];
}

static bool is_handshake(int state)
{
	return state == TCP_SYN_SENT || state == TCP_SYN_RECV;
}

/* The handshake's states at the head may be left out of a written path: how many are. */
static unsigned left_out(const struct conn *conn, const struct state_claim *claim)
{
	unsigned skip = 0;

	if (!is_handshake(claim->states[0]))
		while (skip < conn->n_path && is_handshake(conn->path[skip]))
			skip++;
	return skip;
}

static bool path_fits(const struct conn *conn, const struct state_claim *claim)
{
	unsigned skip = left_out(conn, claim);

	return conn->n_path - skip == claim->n_states &&
	       memcmp(conn->path + skip, claim->states, claim->n_states) == 0;
}

static bool holds(const struct event *event, const struct subject *subject, int state)
{
	const struct state_claim *claim = event->state;

	if (event->kind == EVENT_STATES && subject->conn)
		return path_fits(subject->conn, claim);
	return claim->n_states == 1 && claim->states[0] == state;
}

static size_t path_print(char *out, size_t size, const uint8_t *states, size_t n)
{
	size_t i, used = 0;

	out[0] = '\0';
	for (i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
					 tcp_state_symbol(states[i]));
	return used;
}

static void describe(struct run *run, struct record *record, const struct event *event,
		     const struct subject *subject, int state)
{
	char path[512], target[32];
	unsigned skip;

	if (event->state->under_test)
		snprintf(target, sizeof(target), "...");
	else
		snprintf(target, sizeof(target), "%lld", (long long)event->state->fd);
	if (event->kind == EVENT_STATES && subject->conn) {
		skip = left_out(subject->conn, event->state);
		path_print(path, sizeof(path), subject->conn->path + skip,
			   subject->conn->n_path - skip);
		record->actual =
			arena_printf(run->result->arena, "tcp_states(%s) = [%s]", target, path);
	} else {
		record->actual = arena_printf(run->result->arena, "tcp_state(%s) = %s", target,
					      tcp_state_symbol(state));
	}
}

static const char *name_state(const uint8_t *states, size_t n, size_t at)
{
	return at < n ? tcp_state_symbol(states[at]) : "none";
}

/* Where it first goes wrong: reports show both paths in whole. */
static void refuse(struct run *run, struct record *record, const struct event *event,
		   const struct subject *subject, int state)
{
	const struct state_claim *claim = event->state;
	bool path = event->kind == EVENT_STATES && subject->conn;
	unsigned skip = path ? left_out(subject->conn, claim) : 0;
	uint8_t only = (uint8_t)state;
	const uint8_t *states = path ? subject->conn->path + skip : &only;
	size_t n = path ? subject->conn->n_path - skip : 1, at = 0;

	while (at < n && at < claim->n_states && states[at] == claim->states[at])
		at++;
	record->mismatches = arena_new_of(run->result->arena, struct mismatches);
	if (event->kind == EVENT_STATES)
		mismatch_add(record->mismatches, FIELD_state_of_path,
			     name_state(claim->states, claim->n_states, at),
			     name_state(states, n, at))
			->index = (unsigned)at + 1;
	else
		mismatch_add(record->mismatches, FIELD_state,
			     name_state(claim->states, claim->n_states, at),
			     name_state(states, n, at));
	run_fail(run, record, FAULT_STATE);
}

/* The kernel announces no change of state to ordinary users, so a window is watched at growing
 * intervals. */
static int watch(struct run *run, const struct event *event, const struct subject *subject)
{
	int64_t end = run->until + run->tolerance, look = FIRST_LOOK_NS, now, next;
	int state;

	for (;;) {
		now = run_now(run);
		state = state_now(run, subject);
		if (holds(event, subject, state) || now >= end)
			return state;
		next = now + look < end ? now + look : end;
		run->bed->ops->sleep_until(run->bed, run->start + next);
		if (look < LAST_LOOK_NS)
			look *= 2;
	}
}

static void claim_state(struct run *run, struct moment *moment)
{
	const struct event *event = moment->event;
	struct record *record = moment->record;
	struct subject subject;
	enum record_fault fault;
	int state;

	moment->acted = run_now(run);
	moment->untimed = true;
	fault = find_subject(run, event->state, &subject);
	if (fault) {
		record->actual_ns = moment->acted;
		run_fail(run, record, fault);
		return;
	}
	state = watch(run, event, &subject);
	moment->begin = moment->end = run_now(run);
	moment->conn = subject.conn;
	describe(run, record, event, &subject, state);
	if (!holds(event, &subject, state))
		refuse(run, record, event, &subject, state);
}

const struct player player_state = {
	.record = RECORD_STATE,
	.waits = true,
	.settles = true,
	.act = claim_state,
};

const struct player player_states = {
	.record = RECORD_STATES,
	.waits = true,
	.settles = true,
	.act = claim_state,
};
