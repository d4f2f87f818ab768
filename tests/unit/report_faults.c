#include "tests/unit/report_faults.h"

#include <errno.h>
#include <signal.h>

#include "runtime/report/words.h"

#define DUE FAULT_DUE

/* ---- what else the records hold ------------------------------------------------------------ */

static void late(struct run_result *result, struct record *record)
{
	(void)result;
	record->actual_ns = 172300000;
	record->late = true;
}

static void early_of_range(struct run_result *result, struct record *record)
{
	(void)result;
	record->due_ns = 350 * MS;
	record->until_ns = 450 * MS;
	record->actual_ns = 152 * MS;
	record->late = true;
}

/* By what the kernel's ticks may explain, in each of three tries. */
static void late_by_ticks(struct run_result *result, struct record *record)
{
	late(result, record);
	result->tick_ns = 4 * MS;
	result->attempts = 3;
}

/* Recorded before the call that blocked has returned, but later than that. */
static void returned_before(struct run_result *result, struct record *record)
{
	struct record *before = result->records[result->n_records - 2];

	before->due_ns = before->actual_ns = 260 * MS;
	record->call = "read";
	record->due_ns = record->until_ns = 400 * MS;
	record->actual_ns = 255 * MS;
	record->late = true;
}

static void mismatches_cut(struct run_result *result, struct record *record)
{
	for (int i = 0; i < MAX_MISMATCHES; i++)
		differ(result, record, FIELD_tcp_option, "wscale 7", "TS val 1 ecr 0")->index = 3;
	record->mismatches->at[2].index = record->mismatches->at[2].live_index = 1;
	record->mismatches->at[3].index = record->mismatches->at[3].live_index = 2;
}

static void second_option(struct run_result *result, struct record *record)
{
	(void)result;
	record->mismatches->at[0].index = record->mismatches->at[0].live_index = 2;
}

static void flag_of_accecn(struct run_result *result, struct record *record)
{
	(void)result;
	mismatch_set_numbers(&record->mismatches->at[0], TCP_FIN | TCP_AE, TCP_FIN | TCP_ACK_FLAG);
}

static void next_segment(struct run_result *result, struct record *record)
{
	(void)result;
	record->mismatches->at[1].next_segment = true;
}

static void no_packet(struct run_result *result, struct record *record)
{
	event(result, RECORD_EXTRA, 0, 160 * MS, NULL, "> R. 2:2(0) ack 1 win 0", "TCP_CLOSE");
	result->records[5]->status = RECORD_WARNING;
	result->records[5]->message = "close() took 5 ms";
	record->actual_ns = 2152 * MS;
	record->limit_ns = 2000 * MS;
	record->cause = CAUSE_OTHER_CONNECTION;
}

static void unused_socket(struct run_result *result, struct record *record)
{
	(void)result;
	record->actual_ns = 2152 * MS;
	record->limit_ns = 2000 * MS;
	record->cause = CAUSE_SOCKET_UNUSED;
}

static void incomplete(struct run_result *result, struct record *record)
{
	(void)result;
	record->bytes = 1000;
	record->bytes_expected = 3000;
}

static void quiet(struct run_result *result, struct record *record)
{
	(void)result;
	record->until_ns = 650 * MS;
	record->actual_ns = 355 * MS;
}

static void extra(struct run_result *result, struct record *record)
{
	(void)result;
	record->event = -1;
	record->due_ns = record->until_ns = INT64_MIN;
}

static void cannot_encode(struct run_result *result, struct record *record)
{
	(void)result;
	record->detail = "TS ecr 9: no outbound segment before it was expected with TS val 9";
	record->actual_ns = DUE;
}

static void cannot_send(struct run_result *result, struct record *record)
{
	(void)result;
	record->error = ENOBUFS;
	record->actual_ns = DUE;
}

static void bad_bytes(struct run_result *result, struct record *record)
{
	(void)result;
	record->detail = "cannot read what the kernel sent: its IPv4 header is cut";
	record->actual_ns = DUE;
}

static void of_read(struct run_result *result, struct record *record)
{
	(void)result;
	record->call = "read";
	record->actual_ns = DUE + MS;
}

static void of_blocking_socket(struct run_result *result, struct record *record)
{
	of_read(result, record);
	record->cause = CAUSE_BLOCKING_SOCKET;
}

static void still_blocked(struct run_result *result, struct record *record)
{
	record->due_ns = record->until_ns = 400 * MS;
	of_read(result, record);
	record->actual_ns = 2400 * MS;
}

static void bad_descriptor(struct run_result *result, struct record *record)
{
	of_read(result, record);
	record->detail = "no call of this script has made descriptor 7";
}

static void of_poll(struct run_result *result, struct record *record)
{
	(void)result;
	record->call = "poll";
	record->mismatches->at[0].number = 4;
}

static void of_bind(struct run_result *result, struct record *record)
{
	(void)result;
	record->call = "bind";
}

static void has_ended(struct run_result *result, struct record *record)
{
	(void)result;
	record->error = ESRCH;
	record->actual_ns = DUE;
}

static void may_not_end(struct run_result *result, struct record *record)
{
	(void)result;
	record->error = EPERM;
	record->actual_ns = DUE;
}

static void no_shell(struct run_result *result, struct record *record)
{
	(void)result;
	record->error = ENOMEM;
	record->detail = "true";
	record->actual_ns = DUE;
}

static void exit_status(struct run_result *result, struct record *record)
{
	char *output = arena_alloc(result->arena, 800);

	record->actual_ns = DUE + 9 * MS;
	record->exit_status = 2;
	record->detail = "ls /none";
	for (int i = 1, at = 0; i <= 25; i++)
		at += sprintf(output + at, "line %d\x1b[31m\t|\n", i);
	result->output = output;
}

static void of_command(struct run_result *result, struct record *record)
{
	(void)result;
	record->actual_ns = DUE;
	record->signal = SIGTERM;
	record->detail = "kill $$";
}

static void out_of_time(struct run_result *result, struct record *record)
{
	(void)result;
	record->actual_ns = DUE;
	record->limit_ns = 60000 * MS;
	record->detail = "sleep 99";
}

static void at_due(struct run_result *result, struct record *record)
{
	(void)result;
	record->actual_ns = DUE;
	record->detail = "getsockopt(TCP_INFO): Bad file descriptor";
}

static void assertion(struct run_result *result, struct record *record)
{
	(void)result;
	record->due_ns = record->until_ns = INT64_MIN;
	record->actual_ns = DUE;
	record->detail = "assertion failed: assert tcpi_snd_cwnd == 10";
	mismatch_set_name(&record->mismatches->at[0], "tcpi_snd_cwnd");
}

static void no_interpreter(struct run_result *result, struct record *record)
{
	(void)result;
	record->detail = "python9 exited with status 127";
	record->actual_ns = DUE;
}

static void abort_on_close(struct run_result *result, struct record *record)
{
	mismatch_set_name(&record->mismatches->at[0], "TcpExtTCPAbortOnClose");
	run_result_add_counter(result, "TcpExtTCPAbortOnClose", 1);
	run_result_add_counter(result, "TcpOutRsts", 2);
}

static void third_state(struct run_result *result, struct record *record)
{
	(void)result;
	record->mismatches->at[0].index = 3;
}

static void in_window(struct run_result *result, struct record *record)
{
	(void)result;
	record->until_ns = record->due_ns + 1000 * MS;
	record->actual_ns = record->until_ns + 10 * MS;
}

static void start_up(struct run_result *result, struct record *record)
{
	(void)result;
	record->event = -1;
	record->due_ns = record->until_ns = INT64_MIN;
	record->detail = "cannot set net.ipv4.tcp_sack: Permission denied";
}

static void time_limit(struct run_result *result, struct record *record)
{
	result->verdict = VERDICT_ERROR;
	record->limit_ns = 60000 * MS;
}

static void interrupted(struct run_result *result, struct record *record)
{
	result->verdict = VERDICT_NOT_RUN;
	record->signal = SIGINT;
}

static void crashed(struct run_result *result, struct record *record)
{
	result->verdict = VERDICT_ERROR;
	record->signal = SIGSEGV;
}

static void exited(struct run_result *result, struct record *record)
{
	result->verdict = VERDICT_ERROR;
	record->event = -1;
	record->line = record->column = 0;
	record->due_ns = record->until_ns = INT64_MIN;
	record->exit_status = 3;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define POLL_LIST "{fd=4, events=POLLIN, revents="

const struct fault_sample fault_samples[] = {
	{"time-late", RECORD_SEGMENT, FAULT_TIME, "[[0.150]] > . 2:2(0) ack 2", "> . 2:2(0) ack 2",
	 "> . 2:2(0) ack 2 win 65535", "TCP_TIME_WAIT", {{0}}, late},
	{"time-early", RECORD_SEGMENT, FAULT_TIME, "[[+0.2~+0.3]] > . 2:2(0) ack 2 <...>",
	 "> . 2:2(0) ack 2 <...>", "> . 2:2(0) ack 2 win 65535", "TCP_TIME_WAIT", {{0}},
	 early_of_range},
	{"time-ticks", RECORD_SEGMENT, FAULT_TIME, "[[0.150]] > . 2:2(0) ack 2",
	 "> . 2:2(0) ack 2", "> . 2:2(0) ack 2 win 65535", "TCP_TIME_WAIT", {{0}}, late_by_ticks},
	{"time-returned", RECORD_CALL_END, FAULT_TIME, "+.01...[[0.4]] read(4, ..., 9) = 0",
	 "read(4, ..., 9) = 0", "read(4, ..., 9) = 0", "TCP_FIN_WAIT1", {{0}}, returned_before},
	{"differs", RECORD_SEGMENT, FAULT_DIFFERS,
	 "0.150 > . 2:2(0) ack [[2]] <...> // \xe6\x8c\xa5\xe6\x89\x8b",
	 "> . 2:2(0) ack [[2]] <...>", "> . 2:2(0) ack [[1]] win 65535 <nop,nop,TS val 3 ecr 4>",
	 "TCP_CLOSING", {{FIELD_tcp_ack, "2", "1"}}, NULL},
	{"differs-all", RECORD_SEGMENT, FAULT_DIFFERS,
	 "+0 > [[.]] [[2]]:2([[0]]) ack [[9]]", "> [[.]] [[2]]:2([[0]]) ack [[9]]",
	 "> [[FP.]] [[1]]:1001([[1000]]) ack [[2]] win 64239", "TCP_CLOSING",
	 {{FIELD_tcp_flags, ".", "FP."},
	  {FIELD_tcp_seq, "2", "1"},
	  {FIELD_tcp_length, "0", "1000"},
	  {FIELD_tcp_ack, "9", "2"}},
	 NULL},
	{"differs-options", RECORD_SEGMENT, FAULT_DIFFERS,
	 "\t\t+0 > [[SE.]] 0:0(0) ack 1 win [[100]] <mss [[1460]],[[nop]],wscale 7>",
	 "> [[SE.]] 0:0(0) ack 1 win [[100]] <mss [[1460]],[[nop]],wscale 7>",
	 "> [[S.]] 0:0(0) ack 1 win [[200]] <mss [[1440]],[[sackOK]],TS val 1 ecr 0,nop,wscale 8>",
	 "TCP_SYN_RECV",
	 {{FIELD_tcp_flags, "SE.", "S."},
	  {FIELD_tcp_window, "100", "200"},
	  {FIELD_option_mss, "mss 1460", "mss 1440"},
	  {FIELD_tcp_option, "nop", "sackOK"}},
	 mismatches_cut},
	{"differs-missing", RECORD_SEGMENT, FAULT_DIFFERS,
	 "+0 > S. 0:0(0) ack 1 <mss 1460,[[nop]],wscale 7>",
	 "> S. 0:0(0) ack 1 <mss 1460,[[nop]],wscale 7>",
	 "> S. 0:0(0) ack 1 win 64240 <mss 1460,[[]]wscale 7>", "TCP_SYN_RECV",
	 {{FIELD_tcp_option, "nop", "none"}}, second_option},
	{"differs-added", RECORD_SEGMENT, FAULT_DIFFERS,
	 "+0 > S. 0:0(0) ack 1 [[<mss 1460,wscale 7>]]", "> S. 0:0(0) ack 1 <mss 1460,[[]]wscale 7>",
	 "> S. 0:0(0) ack 1 win 64240 <mss 1460,[[nop,nop]],wscale 7>", "TCP_SYN_RECV",
	 {{FIELD_tcp_options_from, "none", "<nop,nop>"}}, second_option},
	{"differs-ace", RECORD_SEGMENT, FAULT_DIFFERS, "+0 > [[FA]] 1:1(0) ack 1",
	 "> [[FA]] 1:1(0) ack 1", "> [[F.]] 1:1(0) ack 1 win 65535", "TCP_FIN_WAIT1",
	 {{FIELD_tcp_flags, "FA", "F."}}, flag_of_accecn},
	{"differs-next", RECORD_SEGMENT, FAULT_DIFFERS, "+0 > P. 1:3001([[3000]]) ack 1",
	 "> P. 1:3001([[3000]]) ack 1", "> . 1:1001([[1000]]) ack 1 win 65535", "TCP_ESTABLISHED",
	 {{FIELD_tcp_length, "3000", "1000"}, {FIELD_tcp_window, "65535", "100"}}, next_segment},
	{"differs-result", RECORD_CALL, FAULT_DIFFERS, "+0 read(4, ..., 1000) = [[100]]",
	 "read(4, ..., 1000) = [[100]]",
	 "read(4, ..., 1000) = [[-1 ECONNRESET]] (Connection reset by peer)", "TCP_CLOSE",
	 {{FIELD_call_result, "100", "-1 ECONNRESET (Connection reset by peer)"}}, of_read},
	{"differs-errno", RECORD_CALL, FAULT_DIFFERS,
	 "+0 bind(3, ..., ...) = -1 [[EADDRINUSE]] (Address already in use)",
	 "bind(3, ..., ...) = -1 [[EADDRINUSE]] (Address already in use)",
	 "bind(3, ..., ...) = -1 [[EADDRNOTAVAIL]] (Cannot assign requested address)", NULL,
	 {{FIELD_call_errno, "EADDRINUSE", "EADDRNOTAVAIL"}}, of_bind},
	{"differs-poll", RECORD_CALL, FAULT_DIFFERS,
	 "+0 poll([" POLL_LIST "[[POLLIN|POLLHUP]]}], 1, 0) = 1",
	 "poll([" POLL_LIST "[[POLLIN|POLLHUP]]}], 1, 0) = 1",
	 "poll([" POLL_LIST "[[POLLIN|POLLRDHUP]]}], 1, 0) = 1", "TCP_CLOSE",
	 {{FIELD_poll_revents, "POLLIN|POLLHUP", "POLLIN|POLLRDHUP"}}, of_poll},
	{"no-packet", RECORD_SEGMENT, FAULT_NO_PACKET, "0.150 [[> . 2:2(0) ack 2]]",
	 "> . 2:2(0) ack 2", NULL, "TCP_FIN_WAIT1", {{0}}, no_packet},
	{"no-packet-unused", RECORD_SEGMENT, FAULT_NO_PACKET, "0.150 [[> . 2:2(0) ack 2]]",
	 "> . 2:2(0) ack 2", NULL, NULL, {{0}}, unused_socket},
	{"incomplete", RECORD_SEGMENT, FAULT_INCOMPLETE, "0.150 > P. 1:3001([[3000]]) ack 1",
	 "> P. 1:3001([[3000]]) ack 1", "> P. 1:1001([[1000]]) ack 1 win 65535",
	 "TCP_ESTABLISHED", {{FIELD_tcp_length, "3000", "1000"}}, incomplete},
	{"unexpected-quiet", RECORD_QUIET, FAULT_UNEXPECTED, "+0~+.5 [[quiet]]", "quiet",
	 "> F. 1:1(0) ack 1 win 65535", "TCP_FIN_WAIT1", {{0}}, quiet},
	{"unexpected", RECORD_EXTRA, FAULT_UNEXPECTED, NULL, NULL, "> . 2:2(0) ack 2",
	 "TCP_TIME_WAIT", {{0}}, extra},
	{"injection", RECORD_INJECT, FAULT_INJECTION,
	 "+0 [[< . 1:1(0) ack 1 win 100 <nop,nop,TS val 1 ecr 9>]]",
	 "< . 1:1(0) ack 1 win 100 <nop,nop,TS val 1 ecr 9>", NULL, NULL, {{0}}, cannot_encode},
	{"injection-error", RECORD_INJECT, FAULT_INJECTION, "+0 [[< . 1:1(0) ack 1 win 100]]",
	 "< . 1:1(0) ack 1 win 100", NULL, NULL, {{0}}, cannot_send},
	{"device", RECORD_SEGMENT, FAULT_DEVICE, "0.150 [[> . 2:2(0) ack 2]]", "> . 2:2(0) ack 2",
	 NULL, "TCP_CLOSING", {{0}}, bad_bytes},
	{"blocks", RECORD_CALL, FAULT_BLOCKS, "+0 [[read]](4, ..., 1000) = 100",
	 "read(4, ..., 1000) = 100", NULL, "TCP_ESTABLISHED", {{0}}, of_read},
	{"blocks-socket", RECORD_CALL, FAULT_BLOCKS,
	 "+0 [[read]](4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)",
	 "read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)", NULL,
	 "TCP_ESTABLISHED", {{0}}, of_blocking_socket},
	{"not-asleep", RECORD_CALL, FAULT_NOT_ASLEEP, "+0...0.4 [[read]](4, ..., 9) = 0",
	 "read(4, ..., 9) = 0", "read(4, ..., 9)", "TCP_ESTABLISHED", {{0}}, of_read},
	{"still-blocked", RECORD_CALL_END, FAULT_STILL_BLOCKED, "+0...0.4 [[read]](4, ..., 9) = 0",
	 "read(4, ..., 9) = 0", NULL, "TCP_ESTABLISHED", {{0}}, still_blocked},
	{"call", RECORD_CALL, FAULT_CALL, "+0 [[read(7, ..., 9) = 0]]", "read(7, ..., 9) = 0", NULL,
	 NULL, {{0}}, bad_descriptor},
	{"ended", RECORD_EXIT, FAULT_ENDED, "+0 [[exit(0)]]", "exit(0)", NULL, NULL, {{0}},
	 has_ended},
	{"end", RECORD_KILL, FAULT_END, "+0 [[kill(SIGKILL)]]", "kill(SIGKILL)", NULL, NULL, {{0}},
	 may_not_end},
	{"no-shell", RECORD_COMMAND, FAULT_NO_SHELL, "+0 [[`true`]]", "`true`", NULL, NULL, {{0}},
	 no_shell},
	{"exit-status", RECORD_COMMAND, FAULT_EXIT_STATUS, "+0 [[`ls /none]]", "`ls /none\nfalse`",
	 NULL, "TCP_ESTABLISHED", {{0}}, exit_status},
	{"signal", RECORD_COMMAND, FAULT_SIGNAL, "+0 [[`kill $$`]]", "`kill $$`", NULL, NULL, {{0}},
	 of_command},
	{"command-limit", RECORD_COMMAND, FAULT_COMMAND_LIMIT, "+0 [[`sleep 99`]]", "`sleep 99`",
	 NULL, NULL, {{0}}, out_of_time},
	{"no-socket", RECORD_CODE, FAULT_NO_SOCKET, "+0 [[%{ assert tcpi_state }%]]",
	 "%{ assert tcpi_state }%", NULL, NULL, {{0}}, at_due},
	{"no-answer", RECORD_CODE, FAULT_NO_ANSWER, "+0 [[%{ assert tcpi_state }%]]",
	 "%{ assert tcpi_state }%", NULL, NULL, {{0}}, at_due},
	{"no-values", RECORD_CODE, FAULT_NO_VALUES, "+0 [[%{ assert tcpi_state }%]]",
	 "%{ assert tcpi_state }%", NULL, NULL, {{0}}, at_due},
	{"assertion", RECORD_CODE, FAULT_ASSERTION, "   assert [[tcpi_snd_cwnd == 10]]",
	 "%{ assert tcpi_snd_cwnd == 10 }%", NULL, NULL, {{FIELD_variable, "", "9"}}, assertion},
	{"no-interpreter", RECORD_CODE, FAULT_NO_INTERPRETER, "+0 [[%{ assert tcpi_state }%]]",
	 "%{ assert tcpi_state }%", NULL, NULL, {{0}}, no_interpreter},
	{"state", RECORD_STATE, FAULT_STATE, "+0 tcp_state(4) = [[TCP_CLOSING]]",
	 "tcp_state(4) = [[TCP_CLOSING]]", "tcp_state(4) = [[TCP_TIME_WAIT]]", "TCP_TIME_WAIT",
	 {{FIELD_state, "TCP_CLOSING", "TCP_TIME_WAIT"}}, NULL},
	{"state-window", RECORD_STATE, FAULT_STATE, "+0~+1 tcp_state(4) = [[TCP_TIME_WAIT]]",
	 "tcp_state(4) = [[TCP_TIME_WAIT]]", "tcp_state(4) = [[TCP_FIN_WAIT2]]", "TCP_FIN_WAIT2",
	 {{FIELD_state, "TCP_TIME_WAIT", "TCP_FIN_WAIT2"}}, in_window},
	{"states", RECORD_STATES, FAULT_STATE,
	 "+0 tcp_states(4) = [TCP_ESTABLISHED, TCP_FIN_WAIT1, [[TCP_CLOSING]], TCP_TIME_WAIT]",
	 "tcp_states(4) = [TCP_ESTABLISHED, TCP_FIN_WAIT1, [[TCP_CLOSING]], TCP_TIME_WAIT]",
	 "tcp_states(4) = [TCP_ESTABLISHED, TCP_FIN_WAIT1, [[TCP_TIME_WAIT]]]", "TCP_TIME_WAIT",
	 {{FIELD_state_of_path, "TCP_CLOSING", "TCP_TIME_WAIT"}}, third_state},
	{"no-descriptor", RECORD_STATE, FAULT_NO_DESCRIPTOR, "+0 tcp_state([[7]]) = TCP_CLOSE",
	 "tcp_state(7) = TCP_CLOSE", NULL, NULL, {{0}}, at_due},
	{"no-connection", RECORD_STATE, FAULT_NO_CONNECTION, "+0 [[tcp_state(...) = TCP_CLOSE]]",
	 "tcp_state(...) = TCP_CLOSE", NULL, NULL, {{0}}, at_due},
	{"state-unknown", RECORD_STATE, FAULT_STATE_UNKNOWN, "+0 [[tcp_state(4) = TCP_CLOSE]]",
	 "tcp_state(4) = TCP_CLOSE", NULL, NULL, {{0}}, at_due},
	{"claim", RECORD_COUNTER, FAULT_CLAIM, "+0 counter(TcpExtTCPAbortOnClose) = [[0]]",
	 "counter(TcpExtTCPAbortOnClose) = [[0]]", "counter(TcpExtTCPAbortOnClose) = [[1]]",
	 "TCP_CLOSE", {{FIELD_claim, "0", "1"}}, abort_on_close},
	{"claim-unknown", RECORD_TIMER, FAULT_CLAIM_UNKNOWN,
	 "+0 [[tcp_timer(4) = {timer=NONE}]]", "tcp_timer(4) = {timer=NONE}", NULL, NULL, {{0}},
	 at_due},
	{"system", RECORD_SETUP, FAULT_SYSTEM, "--sysctl=net.ipv4.tcp_sack=0", NULL, NULL, NULL,
	 {{0}}, start_up},
	{"time-limit", RECORD_COMMAND, FAULT_TIME_LIMIT, "+0 [[`sleep 99`]]", "`sleep 99`", NULL,
	 NULL, {{0}}, time_limit},
	{"interrupted", RECORD_COMMAND, FAULT_INTERRUPTED, "+0 [[`sleep 9`]]", "`sleep 9`", NULL,
	 NULL, {{0}}, interrupted},
	{"crash", RECORD_CALL, FAULT_CRASH, "+0 [[close(4) = 0]]", "close(4) = 0", NULL, NULL,
	 {{0}}, crashed},
	{"crash-exit", RECORD_SETUP, FAULT_CRASH, NULL, NULL, NULL, NULL, {{0}}, exited},
};

const size_t n_fault_samples = sizeof(fault_samples) / sizeof(fault_samples[0]);
