/* The text of the kernel's counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/nstat.h"
#include "base/out.h"
#include "parser/tables.h"

#define FILES                                                                                      \
	"TcpExt: SyncookiesSent TCPAbortOnClose\n"                                                 \
	"TcpExt: 0 17\n"                                                                           \
	"Tcp: MaxConn OutRsts\n"                                                                   \
	"Tcp: -1 3\n"                                                                              \
	"Ip6InReceives                   \t5\n"                                                    \
	"Ip6OutOctets                    \t18446744073709551615\n"

static const struct nstat *nstat_of(struct nstat *nstat, const char *text)
{
	struct out out = OUT(nstat->text, sizeof(nstat->text));

	out_put(&out, "%s", text);
	nstat->size = out_finish(&out);
	return nstat;
}

static void finds(void **state)
{
	static const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{"TcpExtSyncookiesSent", 0}, {"TcpExtTCPAbortOnClose", 17}, {"TcpMaxConn", -1},
		{"TcpOutRsts", 3},	     {"Ip6InReceives", 5},
	};
	static struct nstat nstat;
	int64_t value;

	(void)state;
	nstat_of(&nstat, FILES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(nstat_find(&nstat, rows[i].name, &value));
		assert_int_equal(value, rows[i].value);
	}
	assert_false(nstat_find(&nstat, "TcpOutRst", &value));
	assert_false(nstat_find(&nstat, "OutRsts", &value));
	assert_false(nstat_find(nstat_of(&nstat, ""), "TcpOutRsts", &value));
}

static void grows(void **state)
{
	static struct nstat before, after;
	struct nstat_item was = {0}, is = {0};

	(void)state;
	nstat_of(&before, "Tcp: InSegs OutRsts\nTcp: 1 2\nTcp: Late\nTcp: 5\nIp6InReceives 9\n");
	/* A line that was not there before comes between. */
	nstat_of(&after, "Tcp: InSegs OutRsts\nTcp: 1 4\nIcmpMsg: InType3\nIcmpMsg: 1\n"
			 "Tcp: Late\nTcp: 6\nIp6InReceives 8\n");
	assert_true(nstat_next_growth(&before, &was, &after, &is));
	assert_string_equal(is.name, "TcpOutRsts");
	assert_int_equal(is.value, 2);
	assert_true(nstat_next_growth(&before, &was, &after, &is));
	assert_string_equal(is.name, "IcmpMsgInType3");
	assert_int_equal(is.value, 1);
	assert_true(nstat_next_growth(&before, &was, &after, &is));
	assert_string_equal(is.name, "TcpLate");
	assert_true(nstat_next_growth(&before, &was, &after, &is));
	assert_string_equal(is.name, "Ip6InReceives");
	assert_int_equal(is.value, -1);
	assert_false(nstat_next_growth(&before, &was, &after, &is));
}

/* Cut anywhere, it ends. */
static void cut(void **state)
{
	static struct nstat nstat;

	(void)state;
	for (size_t size = 0; size < strlen(FILES); size++) {
		struct nstat_item item = {0};
		size_t n = 0;

		nstat_of(&nstat, FILES);
		nstat.text[size] = '\0';
		nstat.size = size;
		while (nstat_next(&nstat, &item))
			n++;
		assert_true(n < 7);
	}
}

static void names(void **state)
{
	(void)state;
	for (size_t i = 1; i < n_counter_rows; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(counter_rows[i].name, counter_rows[k].name))
				fail_msg("%s has two rows", counter_rows[i].name);
	assert_true(counter_is_told("TcpExtTCPAbortOnClose"));
	assert_non_null(counter_meaning("TcpExtTCPAbortOnClose"));
	assert_false(counter_is_told("TcpInSegs"));
	assert_null(counter_meaning("TcpInSegs"));
	assert_true(counter_is_told("TcpOutRsts"));
	assert_null(counter_meaning("TcpOutRsts"));
	assert_true(counter_is_told("TcpExtNewInAKernelToCome"));
	assert_false(counter_is_told("Icmp6OutType133"));
	assert_true(counter_is_known("TcpOutRsts"));
	assert_false(counter_is_known("TcpOutRst"));
	assert_string_equal(closest_name("counter", "TcpExtTCPAbortOnClos"),
			    "TcpExtTCPAbortOnClose");
	assert_int_equal(sock_timer_by_name("TIME_WAIT"), 3);
	assert_int_equal(sock_timer_by_name("NO_SUCH"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(grows),
		cmocka_unit_test(cut),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("nstat", tests, NULL, NULL);
}
