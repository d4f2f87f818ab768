/* Tests the check through script_parse(): a script becomes resolved nodes or located messages. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "parser/check.h"
#include "parser/script.h"
#include "parser/tables.h"
#include "tests/unit/without_codes.h"

struct parsed {
	struct arena *arena;
	struct source source;
	struct diags *diags;
	struct script *script;
	char *messages;
};

static void parse(struct parsed *parsed, const char *text)
{
	FILE *out;
	size_t size;

	parsed->arena = arena_new();
	parsed->source = (struct source){"test.pkt", text, strlen(text)};
	parsed->diags = diags_new(&parsed->source);
	parsed->script = script_parse(parsed->arena, &parsed->source, NULL, 0, -1, parsed->diags);
	out = open_memstream(&parsed->messages, &size);
	diags_print(parsed->diags, out, false);
	fclose(out);
	without_codes(parsed->messages);
}

static void drop(struct parsed *parsed)
{
	free(parsed->messages);
	diags_free(parsed->diags);
	arena_free(parsed->arena);
}

static void parse_good(struct parsed *parsed, const char *text)
{
	parse(parsed, text);
	if (diags_errors(parsed->diags))
		fail_msg("%s\n%s", text, parsed->messages);
}

/* One statement after `0 socket(...) = 3` on a line of its own. */
static char *after_socket(const char *statement)
{
	char *text;

	if (asprintf(&text, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n%s\n", statement) < 0)
		abort();
	return text;
}

/* ---- what passes, and what it becomes ---------------------------------------------------- */

static const char *const good_statements[] = {
	"+0 bind(3, ..., ...) = 0",
	"+0 bind(3, {sa_family=AF_INET, sin_port=htons(8080), "
	"sin_addr=inet_addr(\"192.168.0.1\")}, ...) = 0",
	"+0 connect(3, {sa_family=AF_INET6, sin_port=htons(1), sin_addr=inet6_addr(\"::1\")}, 28) "
	"= 0",
	"+0 connect(3, AF_UNSPEC, ...) = 0",
	"+0 accept(3, ..., ...) = 4",
	"+0...0.2 accept(3, ..., ...) = 4",
	"+0...1 connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)",
	"+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
	"+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0",
	"+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0",
	"+0 setsockopt(3, SOL_SOCKET, SO_TIMESTAMPING, "
	"[SOF_TIMESTAMPING_TX_SCHED|SOF_TIMESTAMPING_OPT_ID], 4) = 0",
	"+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0",
	"+0 getsockopt(3, IPPROTO_TCP, TCP_CONGESTION, \"reno\", [4]) = 0",
	"+0 fcntl(3, F_GETFL) = 0x2",
	"+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0",
	"+0 ioctl(3, SIOCINQ, [1000]) = 0",
	"+0 ioctl(3, 0x541b, [1000]) = 0",
	"+0 write(3, ..., 1000) = 1000",
	"+0 write(3, NULL, 1000) = -1 EFAULT (Bad address)",
	"+0 writev(3, [{..., 10}, {..., 20}], 2) = 30",
	"+0 readv(3, [{iov_base=..., iov_len=10}], 1) = 10",
	"+0 send(3, ..., 10, MSG_MORE|MSG_NOSIGNAL) = 10",
	"+0 recv(3, ..., 10, MSG_OOB) = 1 (urgent)",
	"+0 sendto(3, ..., 10, MSG_FASTOPEN, ..., ...) = 10",
	"+0 recvfrom(3, ..., 10, 0, ..., ...) = 10",
	"+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10",
	"+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=MSG_ERRQUEUE, "
	"msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, cmsg_data={scm_sec=0, "
	"scm_nsec=1000}}, {cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=ENOMSG, "
	"ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0, ee_code=0, ee_info=SCM_TSTAMP_SND, "
	"ee_data=0}}, {cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING_OPT_STATS, "
	"cmsg_data={TCP_NLA_BUSY=1000, TCP_NLA_SRTT=...}}, {cmsg_level=SOL_TCP, "
	"cmsg_type=TCP_CM_INQ, cmsg_data=0}]}, MSG_ERRQUEUE) = 0",
	"+0 poll([{fd=3, events=POLLIN|POLLOUT, revents=POLLOUT}, {fd=3, events=0}], 2, 0) = 1",
	"+0 epoll_create(1) = 5",
	"+0 epoll_ctl(5, EPOLL_CTL_ADD, 3, {events=EPOLLIN|EPOLLET, fd=3}) = 0",
	"+0 epoll_wait(5, {events=EPOLLIN, ptr=3}, 1, 0) = 1",
	"+0 epoll_wait(5, [{events=EPOLLIN, fd=3}, {events=EPOLLOUT, u64=7}], 2, 0) = 2",
	"+0 open(\"/dev/zero\", O_RDONLY) = 6",
	"+0 pipe([7, 8]) = 0",
	"+0 sendfile(3, 6, [0], 10) = 10",
	"+0 splice(7, NULL, 3, NULL, 10, 0) = 10",
	"+0 cap_set(CAP_EFFECTIVE, CAP_NET_RAW, CAP_CLEAR) = 0",
	"+0 shutdown(3, SHUT_WR) = -1 ENOTCONN (Transport endpoint is not connected)",
	"+0 close(3) = 0",
	"+0 setsockopt(3, 6, 9999, [4294967295], 4) = -1 ENOPROTOOPT (no such option)",
	"+0 tcp_state(3) = TCP_CLOSE",
	"+0 tcp_state(...) = LISTEN",
	"+0~+61 tcp_state(3) = CLOSE",
	"+0 tcp_states(3) = [TCP_ESTABLISHED, FIN_WAIT1, TCP_TIME_WAIT]",
	"+0~+.5 quiet",
	"+0 kill(SIGKILL)",
	"+0 exit(0)",
};

static void test_good_statements(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good_statements) / sizeof(*good_statements); i++) {
		struct parsed parsed;
		char *made, *text;

		if (asprintf(&made, "+0 pipe([5, 6]) = 0\n+0 pipe([7, 8]) = 0\n%s",
			     good_statements[i]) < 0)
			abort();
		text = after_socket(made);
		free(made);
		parse_good(&parsed, text);
		drop(&parsed);
		free(text);
	}
}

static const struct call *call_of(const struct parsed *parsed, size_t event)
{
	assert_true(event < parsed->script->n_events);
	assert_int_equal(parsed->script->events[event]->kind, EVENT_CALL);
	return parsed->script->events[event]->call;
}

static void test_resolved_values(void **state)
{
	const struct expr *address;
	const struct call *socket, *bind, *read;
	struct parsed parsed;

	(void)state;
	parse_good(&parsed,
		   "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
		   "+0 bind(3, {sa_family=AF_INET, sin_port=htons(8080), "
		   "sin_addr=inet_addr(\"192.0.2.1\")}, ...) = 0\n"
		   "+0...1 read(3, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)\n");
	socket = call_of(&parsed, 0);
	bind = call_of(&parsed, 1);
	read = call_of(&parsed, 2);
	assert_int_equal(socket->row->id, CALL_socket);
	assert_int_equal(socket->args[1]->value, 1 | 04000);
	assert_int_equal(socket->args[2]->value, 6);
	assert_int_equal(socket->result->value, 3);
	address = bind->args[1];
	assert_int_equal(expr_field_value(address, "sin_port", -1), htons(8080));
	assert_int_equal(expr_field_value(address, "sin_zero", -7), -7);
	assert_int_equal(expr_field(address, "sin_addr")->value->addr.version, 4);
	assert_int_equal(expr_field(address, "sin_addr")->value->addr.bytes[3], 1);
	assert_int_equal(expr_field_value(address, "sin_addr", -1), inet_addr("192.0.2.1"));
	assert_int_equal(read->result->value, -1);
	assert_int_equal(read->errno_value, EAGAIN);
	assert_int_equal(socket->slot, 0);
	assert_int_equal(read->slot, 2);
	assert_int_equal(parsed.script->n_calls, 3);
	assert_int_equal(parsed.script->n_blocking, 1);
	assert_false(parsed.script->has_code);
	drop(&parsed);
}

static void test_event_words(void **state)
{
	struct event **events;
	struct parsed parsed;

	(void)state;
	parse_good(&parsed, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
			    "+0 tcp_state(3) = FIN_WAIT2\n"
			    "+0 tcp_states(...) = [TCP_SYN_SENT, TCP_ESTABLISHED]\n"
			    "+0~+.25 quiet\n"
			    "+0 %{ assert True }%\n"
			    "+0 kill(SIGTERM)\n"
			    "+0 exit(3)\n");
	events = parsed.script->events;
	assert_int_equal(events[1]->kind, EVENT_STATE);
	assert_false(events[1]->state->under_test);
	assert_int_equal(events[1]->state->fd, 3);
	assert_int_equal(events[1]->state->n_states, 1);
	assert_int_equal(events[1]->state->states[0], 5);
	assert_int_equal(events[1]->state->loc.line, 2);
	assert_int_equal(events[2]->kind, EVENT_STATES);
	assert_true(events[2]->state->under_test);
	assert_int_equal(events[2]->state->n_states, 2);
	assert_int_equal(events[2]->state->states[0], 2);
	assert_int_equal(events[2]->state->states[1], 1);
	assert_int_equal(events[3]->kind, EVENT_QUIET);
	assert_int_equal(events[3]->time.until, NSEC_PER_SEC / 4);
	assert_int_equal(events[5]->kind, EVENT_KILL);
	assert_int_equal(events[5]->signal, SIGTERM);
	assert_int_equal(events[6]->kind, EVENT_EXIT);
	assert_int_equal(events[6]->status, 3);
	assert_int_equal(parsed.script->n_calls, 1);
	assert_true(parsed.script->has_code);
	drop(&parsed);
}

/* ---- what does not pass ------------------------------------------------------------------ */

/* Statement on line 2; where (column) and what is said. column 0: anywhere on the line. */
static const struct {
	const char *statement;
	unsigned column;
	const char *says;
} bad_statements[] = {
	{"+0 acept(3, ..., ...) = 4", 4, "did you mean accept?"},
	{"+0 flummox(3) = 4", 4, "unknown system call 'flummox'"},
	{"+0 psp_rx_assoc(3, [1]) = 0", 4, "not supported yet"},
	{"+0 sctp_bindx(3, [1], 1, 1) = 0", 4, "SCTP is not supported yet"},
	{"+0 listen(3) = 0", 4, "listen() takes 2 arguments, got 1"},
	{"+0 listen(3, 1, 1) = 0", 4, "listen() takes 2 arguments, got 3"},
	{"+0 fcntl(3) = 0", 4, "fcntl() takes 2 or more arguments, got 1"},
	{"+0 listen(3, BACKLOG) = 0", 14, "unknown constant 'BACKLOG'"},
	{"+0 listen(3, ...) = 0", 14, "expected a 32-bit number, got ..."},
	{"+0 listen(3, 4294967296) = 0", 14, "expected a 32-bit number"},
	{"+0 listen(3, -2147483649) = 0", 14, "expected a 32-bit number"},
	{"+0 listen(\"3\", 1) = 0", 11, "expected a descriptor number, got \"3\""},
	{"+0 bind(3, 5, ...) = 0", 12, "argument 2 of bind()"},
	{"+0 bind(3, {sa_family=AF_INET}, ...) = 0", 12,
	 "a socket address lacks sin_port, sin_addr"},
	{"+0 write(3, \"abc\", 3) = 3", 13, "expected ... or NULL"},
	{"+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1, 4) = 0", 44, "expected [NUMBER]"},
	{"+0 setsockopt(3, SOL_SOCKET, SO_REUSEADR, [1], 4) = 0", 30, "did you mean SO_REUSEADDR?"},
	{"+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1}, 8) = 0", 41, "lacks linger"},
	{"+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, onoff=1, linger=0}, 8) = 0", 51,
	 "onoff is written twice"},
	{"+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], 4) = 0", 45, "expected [LENGTH]"},
	{"+0 getsockopt(3, SOL_SOCKET, SO_ERROR, ..., [4]) = 0", 40, "expected [NUMBER]"},
	{"+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [8]) = 0", 45,
	 "the length is [8], but the value has 4 bytes"},
	{"+0 getsockopt(3, SOL_TCP, TCP_CONGESTION, \"reno\", [16]) = 0", 51, "has 4 bytes"},
	{"+0 getsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=1}, [4]) = 0", 62,
	 "has 8 bytes"},
	{"+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=MSG_EOR}, 0) = 10",
	 69, "ignores msg_flags: write 0"},
	{"+0 fcntl(3, F_GETFL) = O_RDWR", 24, "a constant is no result"},
	{"+0 close(3) = EBADF", 15, "an errno is no result"},
	{"+0 writev(3, [{..., 10}, {..., 20}], 3) = 30", 38, "the list has 2 elements"},
	{"+0 writev(3, [{..., -10}], 1) = 30", 15, "expected an iovec"},
	{"+0 sendmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 10}], msg_flags=0}, 0) = 10", 43,
	 "the count of msg_iov is 2"},
	{"+0 sendmsg(3, 5, 0) = 10", 15, "argument 2 of sendmsg()"},
	{"+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 1}], msg_flags=0, "
	 "msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=1}]}, 0) = 1",
	 0, "a control message lacks cmsg_data"},
	{"+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 1}], msg_flags=0, "
	 "msg_control=[{cmsg_level=1, cmsg_type=1, cmsg_data={TCP_NLA_BUZY=1}}]}, 0) = 1",
	 0, "did you mean TCP_NLA_BUSY?"},
	{"+0 poll([{fd=3, events=POLLIN}], 2, 0) = 1", 34, "the count is 2"},
	{"+0 poll([{fd=3}], 1, 0) = 1", 10, "a pollfd lacks events"},
	{"+0 epoll_ctl(5, EPOLL_CTL_ADD, 3, {events=EPOLLIN, fd=4}) = 0", 55,
	 "the event's fd is 4, but argument 3 is 3"},
	{"+0 epoll_ctl(5, EPOLL_CTL_ADD, 3, {events=EPOLLIN}) = 0", 35, "exactly one of fd"},
	{"+0 pipe([7]) = 0", 9, "[READ_FD, WRITE_FD]"},
	{"+0 open(5, 0) = 0", 9, "expected a string"},
	{"+0 bind(3, {sa_family=AF_INET, sin_port=htons(70000), sin_addr=inet_addr(\"1.2.3.4\")}, "
	 "...) = 0",
	 41, "a number from 0 to 65535"},
	{"+0 bind(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr(\"1.2.3\")}, ...) "
	 "= 0",
	 60, "an IPv4 address"},
	{"+0 close(3) = -1 EPIP (Broken pipe)", 18, "did you mean EPIPE?"},
	{"+0 close(3) = -1 SO_ERROR (no errno)", 18, "unknown errno 'SO_ERROR'"},
	{"+0 tcp_state(3) = TCP_FINWAIT1", 19, "did you mean TCP_FIN_WAIT1?"},
	{"+0 tcp_state(3) = 99", 19, "expected a TCP state"},
	{"+0 tcp_state(-1) = CLOSE", 14, "expected a descriptor"},
	{"+0 tcp_state() = CLOSE", 4, "tcp_state(fd) = STATE"},
	{"+0 tcp_states(3) = CLOSE", 20, "a list of TCP states"},
	{"+0 kill(SIGCHLD)", 9, "does not end a process"},
	{"+0 kill(SIGKIL)", 9, "did you mean SIGKILL?"},
	{"+0 exit(256)", 9, "0 to 255"},
	{"+0 quiet", 1, "quiet needs a time range"},
	{"* listen(3, 1) = 0", 1, "'*' is for outbound packets only"},
	{"+0~+1 listen(3, 1) = 0", 1, "a time range is for"},
	{"+1~+.5 quiet", 1, "backwards"},
	{"+0...1 quiet", 1, "quiet has no end time"},
	{"+0 kill(SIGKILL) = 0", 20, "kill has no result"},
	{"+0 tcp_state(3)", 4, "tcp_state needs '= a state'"},
	{"+0 listen(3, 1)", 4, "listen() needs '= RESULT'"},
	{"+0 tcp_state(3) = CLOSE EPIPE (x)", 25, "has no errno"},
	{"* < . 1:1(0) ack 1 win 100", 1, "'*' is for outbound packets only"},
	{"+0~+1 < . 1:1(0) ack 1 win 100", 1, "a time range is for"},
	{"1.5...1 accept(3, ..., ...) = 4", 7, "the call ends before it begins"},
};

static void test_bad_statements(void **state)
{
	unsigned failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_statements) / sizeof(*bad_statements); i++) {
		struct parsed parsed;
		char position[40], *text = after_socket(bad_statements[i].statement);
		unsigned column = bad_statements[i].column;

		if (column)
			snprintf(position, sizeof(position), "test.pkt:2:%u: error: ", column);
		else
			snprintf(position, sizeof(position), "test.pkt:2:");
		parse(&parsed, text);
		if (diags_errors(parsed.diags) != 1 || !strstr(parsed.messages, position) ||
		    !strstr(parsed.messages, bad_statements[i].says)) {
			print_error("%s: expected once '%s%s', got\n%s",
				    bad_statements[i].statement, position, bad_statements[i].says,
				    parsed.messages);
			failures++;
		}
		drop(&parsed);
		free(text);
	}
	assert_int_equal(failures, 0);
}

/* Each row of calls.def has a signature that can be read, with at least one argument in it. */
static void test_signatures(void **state)
{
	static const char *const names[] = {
#define CALL(name_, ...) #name_,
#include "parser/calls.def"
#undef CALL
	};

	(void)state;
	for (size_t i = 0; i < N_CALLS; i++) {
		char text[100], expected[100];
		struct parsed parsed;

		snprintf(text, sizeof(text), "0 %s() = 0\n", names[i]);
		snprintf(expected, sizeof(expected), "%s() takes", names[i]);
		parse(&parsed, text);
		if (!strstr(parsed.messages, expected))
			fail_msg("%s\n%s", text, parsed.messages);
		drop(&parsed);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *text, *says; /* says NULL: good */
	} rows[] = {
		{"+0 pipe([3, 4]) = 0\n", NULL},
		{"0.000 pipe([3, 4]) = 0\n", NULL},
		{"0.1 pipe([3, 4]) = 0\n",
		 "test.pkt:1:1: error: the first event must be at time 0"},
		{"+1 pipe([3, 4]) = 0\n", "the first event must be at time 0"},
		{"0 pipe([3, 4]) = 0\n2 close(3) = 0\n1 close(3) = 0\n",
		 "test.pkt:3:1: error: time goes backwards: 1.000000 s comes after 2.000000 s of "
		 "line 2"},
		{"0 pipe([3, 4]) = 0\n1~1.5 > . 1:1(0) ack 1\n1.2 close(3) = 0\n", NULL},
		{"0 pipe([3, 4]) = 0\n+.2~+.1 > . 1:1(0) ack 1\n", "backwards"},
		{"0 pipe([3, 4]) = 0\n* > . 1:1(0) ack 1\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool as_expected;
		struct parsed parsed;

		parse(&parsed, rows[i].text);
		as_expected = rows[i].says ? strstr(parsed.messages, rows[i].says) != NULL
					   : diags_errors(parsed.diags) == 0;
		if (!as_expected)
			fail_msg("%s\n%s", rows[i].text, parsed.messages);
		drop(&parsed);
	}
}

static void test_an_error_of_each_event(void **state)
{
	static const char *const in_order[] = {"1:15", "1:27", "2:4", "3:4"};
	struct parsed parsed;
	const char *at;

	(void)state;
	parse(&parsed, "0 socket(..., SOCK_STREM, IPPROTO_TPC) = 3\n"
		       "+0 lissen(3, WHAT) = 0\n"
		       "+0 bind(3, ...) = BIG ENOSUCH (nothing)\n");
	/* One kind of each event: what follows from a mistake is no mistake of its own. */
	if (diags_errors(parsed.diags) != 4)
		fail_msg("%zu errors\n%s", diags_errors(parsed.diags), parsed.messages);
	at = parsed.messages;
	for (size_t i = 0; i < sizeof(in_order) / sizeof(*in_order); i++) {
		at = strstr(at, in_order[i]);
		if (!at)
			fail_msg("%s is missing or out of order\n%s", in_order[i], parsed.messages);
	}
	drop(&parsed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_statements),	   cmocka_unit_test(test_resolved_values),
		cmocka_unit_test(test_event_words),	   cmocka_unit_test(test_bad_statements),
		cmocka_unit_test(test_signatures),	   cmocka_unit_test(test_times),
		cmocka_unit_test(test_an_error_of_each_event),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
