/* tcp_state() and tcp_states(): claims about the kernel's TCP state machine. */
#include "runtime/play/play_internal.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "parser/tables.h"
#include "runtime/bed/clock.h"

/* The kernel announces no change of state, so a window is watched at growing intervals. */
#define FIRST_LOOK_NS (200 * NSEC_PER_USEC)
#define LAST_LOOK_NS  (5000 * NSEC_PER_USEC)

/* What a claim is held against: a connection, or an open descriptor without one (a listener). */
struct subject {
	struct conn *conn;
	int fd; /* -1: conn */
};

static bool find_subject(struct run *run, const struct state_claim *claim, struct subject *subject,
			 const char **why)
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
		if (!sock) {
			*why = "no socket of the script has had this descriptor";
			return false;
		}
		subject->conn = sock->conn;
	}
	if (subject->conn)
		return true;
	if (sock && sock->open) {
		subject->fd = sock->fd;
		return true;
	}
	if (!sock)
		*why = "there is no connection under test yet";
	return sock != NULL; /* closed before it had a connection: TCP_CLOSE */
}

static int state_now(struct run *run, const struct subject *subject)
{
	struct sock_snapshot snapshot;

	if (subject->conn)
		return conn_state(&run->conns, subject->conn);
	if (subject->fd < 0)
		return TCP_CLOSE;
	if (!program_snapshot(run->program, subject->fd, &snapshot, clock_now() + GRACE_NS) ||
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

static void name_state(char *out, size_t size, const uint8_t *states, size_t n, size_t at)
{
	snprintf(out, size, "%s", at < n ? tcp_state_symbol(states[at]) : "none");
}

/* Where it first goes wrong: reports show both paths in whole. */
static void refuse(struct run *run, struct record *record, const struct event *event,
		   const struct subject *subject, int state)
{
	const struct state_claim *claim = event->state;
	bool range =
		event->time.kind == TIME_RELATIVE_RANGE || event->time.kind == TIME_ABSOLUTE_RANGE;
	const char *when = range ? " within the window" : "";
	bool path = event->kind == EVENT_STATES && subject->conn;
	unsigned skip = path ? left_out(subject->conn, claim) : 0;
	uint8_t only = (uint8_t)state;
	const uint8_t *states = path ? subject->conn->path + skip : &only;
	size_t n = path ? subject->conn->n_path - skip : 1, at = 0;
	char want[32], got[32];

	while (at < n && at < claim->n_states && states[at] == claim->states[at])
		at++;
	name_state(want, sizeof(want), claim->states, claim->n_states, at);
	name_state(got, sizeof(got), states, n, at);
	if (event->kind == EVENT_STATES)
		run_fail(run, record, NULL, "state %zu of the path: expected %s%s, got %s", at + 1,
			 want, when, got);
	else
		run_fail(run, record, NULL, "expected %s%s, got %s", want, when, got);
}

static int watch(struct run *run, const struct event *event, const struct subject *subject)
{
	int64_t end = run->start + run->until + run->tolerance, look = FIRST_LOOK_NS, now;
	int state;

	for (;;) {
		now = clock_now();
		state = state_now(run, subject);
		if (holds(event, subject, state) || now >= end)
			return state;
		clock_sleep_until(now + look < end ? now + look : end);
		if (look < LAST_LOOK_NS)
			look *= 2;
	}
}

void run_state(struct run *run, const struct event *event)
{
	enum record_kind kind = event->kind == EVENT_STATE ? RECORD_STATE : RECORD_STATES;
	struct record *record;
	struct subject subject;
	const char *why = "";
	int state;

	clock_sleep_until(run->start + run->due);
	if (!run_pending_due(run, run->due))
		return;
	record = run_record(run, kind, event);
	run_late(run, run->due, run_now(run));
	if (!find_subject(run, event->state, &subject, &why)) {
		run_fail(run, record, NULL, "%s", why);
		run_record_done(run, record, NULL);
		return;
	}
	state = watch(run, event, &subject);
	record->actual_ns = run_now(run);
	describe(run, record, event, &subject, state);
	if (!holds(event, &subject, state))
		refuse(run, record, event, &subject, state);
	run_complete(run, record->actual_ns);
	run_record_done(run, record, subject.conn);
}
