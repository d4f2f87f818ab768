/* tcp_state() and tcp_states(): claims about the kernel's TCP state machine. */
#include "runtime/play/play_internal.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parser/tables.h"

/* How soon a state is looked at again while a window is open. */
#define FIRST_LOOK_NS (200 * NSEC_PER_USEC)
#define LAST_LOOK_NS  (5000 * NSEC_PER_USEC)

/* What a claim is held against: a connection, or a socket without one. */
struct subject {
	struct conn *conn; /* NULL: the socket */
	struct sock *sock; /* NULL: none of ours */
};

/* Why a state is not known. */
struct doubt {
	enum record_fault fault; /* FAULT_NONE: it is known */
	struct errbuf detail;
};

static bool unknown(struct doubt *doubt, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool unknown(struct doubt *doubt, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(doubt->detail.text, sizeof(doubt->detail.text), format, args);
	va_end(args);
	doubt->fault = FAULT_STATE_UNKNOWN;
	return false;
}

static bool has_tcp_state(const struct sock *sock)
{
	enum packet_kind kind;

	return sock_packet_kind(sock, &kind) && transport_rows[kind].connects;
}

static bool find_by_descriptor(struct run *run, int64_t fd, struct subject *subject,
			       struct doubt *doubt)
{
	const struct descriptor *descriptor = descriptors_find(run->conns.descriptors, fd);

	if (!descriptor) {
		doubt->fault = FAULT_NO_DESCRIPTOR;
		return false;
	}
	subject->sock = conns_sock(&run->conns, fd);
	if (!subject->sock && descriptor->cookie)
		return unknown(doubt, "the call that makes descriptor %lld has not returned",
			       (long long)fd);
	if (!subject->sock || !has_tcp_state(subject->sock))
		return unknown(doubt, "descriptor %lld, made at line %u, is no TCP socket",
			       (long long)fd, descriptor->made_line);
	subject->conn = subject->sock->conn;
	return true;
}

static bool find_under_test(struct run *run, struct subject *subject, struct doubt *doubt)
{
	struct sock *sock = run->conns.sock_under_test;

	subject->sock = sock;
	subject->conn = run->conns.conn_under_test;
	if (!subject->conn && sock)
		subject->conn = sock->conn;
	if (subject->conn)
		subject->sock = subject->conn->sock;
	if (!subject->conn && !sock) {
		doubt->fault = FAULT_NO_CONNECTION;
		return false;
	}
	if (subject->conn ? !transport_rows[subject->conn->kind].connects : !has_tcp_state(sock))
		return unknown(doubt, "what is under test is not TCP");
	return true;
}

static void refuse_doubt(struct run *run, struct record *record, const struct doubt *doubt)
{
	run_fail(run, record, doubt->fault);
	if (doubt->detail.text[0])
		record->detail = arena_printf(run->result->arena, "%s", doubt->detail.text);
}

struct conn *run_conn_claimed(struct run *run, struct record *record, bool under_test, int64_t fd)
{
	struct subject subject = {0};
	struct doubt doubt = {0};
	bool found = under_test ? find_under_test(run, &subject, &doubt)
				: find_by_descriptor(run, fd, &subject, &doubt);

	if (found && !subject.conn)
		doubt.fault = FAULT_NO_CONNECTION;
	if (doubt.fault)
		refuse_doubt(run, record, &doubt);
	return subject.conn;
}

/* Of an open socket of which no connection is known. 0: `doubt`; -1: the program has ended. */
static int ask_program(struct run *run, const struct descriptor *descriptor, struct doubt *doubt)
{
	struct sock_snapshot snapshot;
	struct bed *bed = run->bed;
	int64_t deadline = bed->ops->now(bed) + GRACE_NS;

	if (!bed->ops->snapshot(bed, descriptor->live_fd, &snapshot, deadline))
		return unknown(doubt, "the program under test did not answer");
	if (snapshot.error == ESRCH)
		return -1;
	if (!snapshot.tcp_info_size)
		return unknown(doubt, "%s", snapshot.failure);
	return snapshot.tcp_info[offsetof(struct tcp_info, tcpi_state)];
}

/* The state; 0: `doubt`. */
static int state_now(struct run *run, const struct subject *subject, struct doubt *doubt)
{
	struct sock *sock = subject->sock;
	bool asking = sock && sock->conn == subject->conn && sock_is_asking(&run->conns, sock);
	const struct descriptor *open = sock ? sock_descriptor(&run->conns, sock) : NULL;
	int state;

	if (open && (asking || !subject->conn)) {
		state = ask_program(run, open, doubt);
		if (state >= 0)
			return state;
		asking = false;
	}
	if (asking && !run->conns.program_ended)
		return unknown(doubt, "the descriptor was closed inside a call whose SYN has not "
				      "been seen yet");
	state = subject->conn ? conn_state(&run->conns, subject->conn)
			      : sock_closed_state(&run->conns, sock);
	if (state >= 0)
		return state;
	run_not_run(run);
	return unknown(doubt, "sock_diag: %s", strerror(-state));
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
 * intervals. 0: `doubt`. */
static int watch(struct run *run, const struct event *event, const struct subject *subject,
		 struct doubt *doubt)
{
	int64_t end = run->until + run->tolerance, look = FIRST_LOOK_NS, now, next;
	int state;

	for (;;) {
		now = run_now(run);
		state = state_now(run, subject, doubt);
		if (!state || holds(event, subject, state) || now >= end)
			return state;
		next = now + look < end ? now + look : end;
		run->bed->ops->sleep_until(run->bed, run->start + next);
		if (look < LAST_LOOK_NS)
			look *= 2;
	}
}

/* A path lacks what could not be asked for. */
static bool path_is_known(struct run *run, const struct event *event, const struct conn *conn,
			  struct doubt *doubt)
{
	if (event->kind != EVENT_STATES || !conn || !conn->state_error)
		return true;
	run_not_run(run);
	return unknown(doubt, "after one of the events sock_diag said: %s",
		       strerror(-conn->state_error));
}

static void claim_state(struct run *run, struct moment *moment)
{
	const struct event *event = moment->event;
	struct record *record = moment->record;
	struct subject subject = {0};
	struct doubt doubt = {0};
	int state = 0;

	moment->acted = run_now(run);
	moment->untimed = true;
	if (event->state->under_test ? find_under_test(run, &subject, &doubt)
				     : find_by_descriptor(run, event->state->fd, &subject, &doubt))
		state = watch(run, event, &subject, &doubt);
	moment->conn = subject.conn;
	if (!state || !path_is_known(run, event, subject.conn, &doubt)) {
		record->actual_ns = moment->acted;
		refuse_doubt(run, record, &doubt);
		return;
	}
	moment->begin = moment->end = run_now(run);
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
