/* Tables: order, both directions, nearest names, signatures. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "parser/symbols.h"
#include "parser/tables.h"

static void test_families_are_sorted(void **state)
{
	(void)state;
	for (int family = 0; family < N_SYMBOL_FAMILIES; family++) {
		const struct symbol_family *f = &symbol_families[family];

		assert_true(f->n > 10);
		for (size_t i = 1; i < f->n; i++)
			if (strcmp(f->rows[i - 1].name, f->rows[i].name) >= 0)
				fail_msg("%s stands before %s", f->rows[i - 1].name,
					 f->rows[i].name);
	}
}

static void test_names_have_one_value(void **state)
{
	(void)state;
	for (int family = 0; family < N_SYMBOL_FAMILIES; family++)
		for (size_t i = 0; i < symbol_families[family].n; i++) {
			const struct symbol *row = &symbol_families[family].rows[i];
			int64_t value;

			assert_true(symbol_value(row->name, &value));
			if (value != row->value)
				fail_msg("%s is in two families", row->name);
		}
}

static void test_values(void **state)
{
	int64_t value;
	static const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{"SOL_SOCKET", SOL_SOCKET},
		{"SO_REUSEADDR", SO_REUSEADDR},
		{"SO_TIMESTAMPING", 37},
		{"SO_RCVMARK", 75},
		{"SOL_TCP", 6},
		{"IPPROTO_TCP", 6},
		{"IPPROTO_MPTCP", 262},
		{"TCP_CM_INQ", 36},
		{"TCP_RTO_MAX_MS", 44},
		{"TCP_INFINITE_SSTHRESH", 0x7fffffff},
		{"TCP_CA_OPEN", 0},
		{"TCP_CA_Loss", 4},
		{"TCP_NLA_SRTT", 22},
		{"TCP_REPAIR_OFF_NO_WP", -1},
		{"MSG_ZEROCOPY", MSG_ZEROCOPY},
		{"MSG_FASTOPEN", MSG_FASTOPEN},
		{"SOF_TIMESTAMPING_OPT_ID_TCP", 1 << 16},
		{"SCM_TSTAMP_ACK", SCM_TSTAMP_ACK},
		{"SO_EE_ORIGIN_ZEROCOPY", SO_EE_ORIGIN_ZEROCOPY},
		{"SO_EE_CODE_ZEROCOPY_COPIED", 1},
		{"IP_RECVERR", 11},
		{"IPV6_RECVERR", 25},
		{"SIOCINQ", 0x541b},
		{"POLLRDHUP", POLLRDHUP},
		{"EPOLL_CTL_MOD", 3},
		{"EPIPE", EPIPE},
		{"SIGKILL", SIGKILL},
		{"CAP_NET_ADMIN", 12},
		{"NULL", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		value = -99;
		if (!symbol_value(rows[i].name, &value))
			fail_msg("%s is unknown", rows[i].name);
		if (value != rows[i].value)
			fail_msg("%s is %lld", rows[i].name, (long long)value);
	}
	assert_false(symbol_value("TCP_NODELAYS", &value));
	assert_false(symbol_value("", &value));
}

static void test_numbers_to_names(void **state)
{
	int value = 0;

	(void)state;
	assert_string_equal(errno_symbol(EAGAIN), "EAGAIN");
	assert_string_equal(errno_symbol(EOPNOTSUPP), "EOPNOTSUPP");
	assert_string_equal(errno_symbol(EDEADLK), "EDEADLK");
	assert_null(errno_symbol(0));
	assert_null(errno_symbol(4000));
	assert_string_equal(signal_symbol(SIGKILL), "SIGKILL");
	assert_string_equal(signal_symbol(SIGABRT), "SIGABRT");
	for (int i = 1; i < 132; i++)
		if (strerrorname_np(i) && strcmp(errno_symbol(i), strerrorname_np(i)))
			fail_msg("%d is %s, not %s", i, strerrorname_np(i), errno_symbol(i));
	assert_true(signal_by_name("TERM", &value) && value == SIGTERM);
	assert_true(signal_by_name("SIGTERM", &value) && value == SIGTERM);
	assert_false(signal_by_name("SIGFOO", &value));
}

static void test_states(void **state)
{
	(void)state;
	assert_string_equal(tcp_state_symbol(TCP_FIN_WAIT1), "TCP_FIN_WAIT1");
	assert_string_equal(tcp_state_symbol(TCP_CLOSING), "TCP_CLOSING");
	assert_null(tcp_state_symbol(0));
	assert_null(tcp_state_symbol(14));
	for (int i = 1; i <= N_TCP_STATES; i++) {
		int64_t constant;

		assert_int_equal(tcp_state_by_name(tcp_state_symbol(i)), i);
		assert_int_equal(tcp_state_by_name(tcp_state_symbol(i) + 4), i);
		assert_true(symbol_value(tcp_state_symbol(i), &constant) && constant == i);
	}
	assert_int_equal(tcp_state_by_name("TCP_CLOSED"), -1);
	assert_int_equal(tcp_state_by_name("TCP_"), -1);
	assert_int_equal(tcp_state_by_name(""), -1);
}

static void assert_flags(const char *prefix, uint64_t value, const char *expected)
{
	char text[64] = "";

	symbol_flags(text, sizeof(text), prefix, value);
	assert_string_equal(text, expected);
}

static void test_flags(void **state)
{
	char small[8] = "";

	(void)state;
	assert_flags("POLL", 0, "0");
	assert_flags("POLL", POLLIN | POLLOUT | POLLHUP, "POLLIN|POLLOUT|POLLHUP");
	assert_flags("EPOLL", 1U << 31 | 1, "EPOLLIN|EPOLLET");
	assert_flags("MSG_", MSG_EOR | MSG_ERRQUEUE, "MSG_EOR|MSG_ERRQUEUE");
	assert_flags("POLL", 1 | 1ULL << 40, "POLLIN|0x10000000000");
	assert_flags("POLL", 1ULL << 40, "0x10000000000");
	symbol_flags(small, sizeof(small), "POLL", ~0ULL);
	assert_int_equal(strlen(small), 7);
}

static void test_closest(void **state)
{
	char endless[5000];
	static const struct {
		const char *kind, *name, *expected;
	} rows[] = {
		{"call", "acept", "accept"},
		{"call", "setsocketopt", "setsockopt"},
		{"call", "tcpstate", "tcp_state"},
		{"constant", "SO_REUSADDR", "SO_REUSEADDR"},
		{"constant", "IPPROTO_TPC", "IPPROTO_TCP"},
		{"errno", "EAGIAN", "EAGAIN"},
		{"errno", "ECONRESET", "ECONNRESET"},
		{"signal", "SIGKIL", "SIGKILL"},
		{"state", "TCP_FINWAIT1", "TCP_FIN_WAIT1"},
		{"state", "TIMEWAIT", "TIME_WAIT"},
		{"state", "TCP_CLOSED", "TCP_CLOSE"},
		{"option", "tolerance_usec", "tolerance_usecs"},
		{"constant", "sol_socket", "SOL_SOCKET"},
		{"constant", "FLUMMOXED", NULL},
		{"call", "x", NULL},
		{"nonsense", "accept", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *near = closest_name(rows[i].kind, rows[i].name);

		if (!rows[i].expected ? near != NULL : !near || strcmp(near, rows[i].expected))
			fail_msg("nearest to %s: %s", rows[i].name, near ? near : "none");
	}
	memset(endless, 'A', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_null(closest_name("constant", endless));
}

static void test_calls(void **state)
{
	static const char *const names[] = {
#define CALL(name_, ...) #name_,
#include "parser/calls.def"
#undef CALL
	};

	(void)state;
	for (int i = 0; i < N_CALLS; i++) {
		const struct call_row *row = call_by_name(names[i]);

		assert_non_null(row);
		assert_int_equal(row->id, i);
	}
	assert_null(call_by_name("accep"));
	assert_int_equal(call_by_name("epoll_create")->result, RESULT_FD);
	assert_int_equal(call_by_name("close")->result, RESULT_EXACT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families_are_sorted),
		cmocka_unit_test(test_names_have_one_value),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_numbers_to_names),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_closest),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
