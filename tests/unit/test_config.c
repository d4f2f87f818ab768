/* Options: values, ranges, precedence of addresses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "parser/config_finish.h"

static const struct loc command_line;
static const struct loc in_script = {.line = 1, .column = 1, .end = 8};

struct fixture {
	struct arena *arena;
	struct config *config;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture.arena = arena_new();
	fixture.config = config_new(fixture.arena);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	return 0;
}

static void accept(struct fixture *f, const char *name, const char *value, struct loc loc)
{
	struct errbuf err;

	if (config_set(f->config, f->arena, name, value, loc, &err))
		fail_msg("%s", err.text);
}

/* The message holds `part`. */
static void reject(struct fixture *f, const char *name, const char *value, const char *part)
{
	struct errbuf err;

	if (!config_set(f->config, f->arena, name, value, command_line, &err))
		fail_msg("--%s=%s was accepted", name, value ? value : "");
	if (!strstr(err.text, part))
		fail_msg("'%s' does not tell '%s'", err.text, part);
}

static void finish(struct fixture *f)
{
	struct errbuf err;

	if (config_finish(f->config, &err))
		fail_msg("%s", err.text);
}

static void assert_address(const struct ip_addr *addr, const char *expected)
{
	char text[46];

	assert_string_equal(ip_addr_print(addr, text), expected);
}

static void test_defaults(void **state)
{
	const struct config *c;
	struct fixture *f = *state;

	finish(f);
	c = f->config;
	assert_int_equal(c->ip_mode, IP_V4);
	assert_int_equal(c->bind_port, 8080);
	assert_int_equal(c->connect_port, 8080);
	assert_int_equal(c->mtu, 1500);
	assert_int_equal(c->tolerance_usecs, 4000);
	assert_true(c->tolerance_percent == 12.5);
	assert_int_equal(c->tcp_ts_tick_usecs, 0);
	assert_string_equal(c->code_command, "python3");
	assert_address(&c->local_ip, "192.168.0.1");
	assert_address(&c->gateway_ip, "192.168.0.2");
	assert_address(&c->remote_ip.addr, "192.0.2.1");
	assert_int_equal(c->remote_ip.length, 24);
	assert_int_equal(c->netmask_bits, 16);
	assert_false(c->strict || c->slow || c->strict_segments || c->dry_run || c->xfail);
}

static void test_defaults_ipv6(void **state)
{
	struct fixture *f = *state;

	accept(f, "ip_version", "ipv6", in_script);
	finish(f);
	assert_address(&f->config->local_ip, "fd3d:fa7b:d17d::1");
	assert_address(&f->config->gateway_ip, "fd3d:fa7b:d17d:8888::");
	assert_address(&f->config->remote_ip.addr, "2001:db8::1");
	assert_int_equal(f->config->remote_ip.length, 32);
	assert_int_equal(f->config->netmask_bits, 48);
}

static void test_values(void **state)
{
	const struct config *c;
	struct fixture *f = *state;

	accept(f, "tolerance_usecs", "10000", in_script);
	accept(f, "tolerance_percent", "7.25", in_script);
	accept(f, "bind-port", "80", command_line);
	accept(f, "mss", "1460", in_script);
	accept(f, "speed", "0", in_script); /* unchanged */
	accept(f, "speed", "100", in_script);
	accept(f, "strict", NULL, in_script);
	accept(f, "xfail", "not yet in this kernel", in_script);
	accept(f, "non_fatal", "", in_script);
	accept(f, "non_fatal", "packet,syscall", in_script);
	accept(f, "init_scripts", "", command_line);
	accept(f, "init_scripts", "/a.sh,b.sh", command_line);
	accept(f, "code_sockopt", "TCP_INFO", command_line);
	accept(f, "tcp_md5_secret", "key", command_line);
	c = f->config;
	assert_int_equal(c->tolerance_usecs, 10000);
	assert_true(c->tolerance_percent == 7.25);
	assert_int_equal(c->bind_port, 80);
	assert_int_equal(c->connect_port, 8080);
	assert_int_equal(c->mss, 1460);
	assert_int_equal(c->speed_mbps, 100);
	assert_true(c->strict && c->non_fatal_packet && c->non_fatal_syscall);
	assert_string_equal(c->xfail, "not yet in this kernel");
	assert_int_equal(c->n_init_scripts, 2);
	assert_string_equal(c->init_scripts[0], "/a.sh");
	assert_string_equal(c->init_scripts[1], "b.sh");
	assert_string_equal(c->md5_secret, "key");
}

static void test_rejected(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name, *value, *part;
	} rows[] = {
		{"tolerance_usec", "1", "unknown option"},
		{"xyzzyxyzzy", "1", "unknown option"},
		{"tolerance_usecs", NULL, "needs a value"},
		{"tolerance_usecs", "0", "from 1"},
		{"tolerance_usecs", "-5", "number"},
		{"tolerance_usecs", "0x10", "number"},
		{"tolerance_usecs", "99999999999999999999", "number"},
		{"tolerance_percent", "100.5", "0 to 100"},
		{"tolerance_percent", "nan", "0 to 100"},
		{"tcp_ts_tick_usecs", "1000001", "1000000"},
		{"bind_port", "65536", "65535"},
		{"mtu", "67", "68"},
		{"strict", "yes", "takes no value"},
		{"ip_version", "ipv5", "ipv4-mapped-ipv6"},
		{"ip_versions", "ipv4,", "empty"},
		{"ip_versions", "ipv4,ipx", "ipv6"},
		{"local_ip", "1.2.3", "address"},
		{"local_ip", "1.2.3.4/24", "address"},
		{"remote_ip", "1.2.3.4/33", "0 to 32"},
		{"remote_ip", "::1/129", "0 to 128"},
		{"netmask_ip", "255.0.255.0", "leading one bits"},
		{"non_fatal", "all", "packet"},
		{"code_format", "perl", "python"},
		{"code_sockopt", "SO_ERROR", "TCP_INFO"},
		{"define", "=5", "NAME=VALUE"},
		{"define", "X", "NAME=VALUE"},
		{"define", "a b=5", "NAME=VALUE"},
		{"sysctl", "net.ipv4.x", "NAME=VALUE"},
		{"sysctl", "kernel.panic=1", "net.*"},
		{"sysctl", "net/../kernel/panic=1", "net.*"},
		{"requires", "kernel", "X.Y"},
		{"requires", "kernel>=6", "X.Y"},
		{"requires", "linux>=6.1", "X.Y"},
		{"requires", "kernel>=6.1x", "X.Y"},
		{"xfail", "", "empty"},
		{"wire_client", NULL, "not supported yet"},
		{"wire_server_ip", "1.2.3.4", "not supported yet"},
		{"psp_udp_port", "1000", "not supported yet"},
		{"so_filename", "x.so", "not supported yet"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		reject(f, rows[i].name, rows[i].value, rows[i].part);
}

static void test_repeatable(void **state)
{
	struct fixture *f = *state;
	const struct config *c = f->config;

	accept(f, "define", "X=1", in_script);
	accept(f, "define", "CC=\"reno\"", command_line);
	accept(f, "define", "X=a=b", command_line);
	assert_int_equal(c->n_defines, 3);
	assert_string_equal(c->defines[1].value, "\"reno\"");
	assert_string_equal(c->defines[2].name, "X");
	assert_string_equal(c->defines[2].value, "a=b");
	assert_int_equal(c->defines[0].loc.line, 1);
	accept(f, "sysctl", "net.ipv4.tcp_rfc1337=1", in_script);
	accept(f, "sysctl", "net.ipv4.tcp_rmem=4096 8192 16384", in_script);
	assert_int_equal(c->n_sysctls, 2);
	assert_string_equal(c->sysctls[1].name, "net.ipv4.tcp_rmem");
	assert_string_equal(c->sysctls[1].value, "4096 8192 16384");
	accept(f, "requires", "kernel>=6.11,kernel<7.0", in_script);
	accept(f, "requires", "kernel!=6.12", in_script);
	assert_int_equal(c->n_requirements, 3);
	assert_string_equal(c->requirements[0].op, ">=");
	assert_int_equal(c->requirements[0].major, 6);
	assert_int_equal(c->requirements[0].minor, 11);
	assert_string_equal(c->requirements[1].op, "<");
	assert_string_equal(c->requirements[2].text, "kernel!=6.12");
}

static void test_versions(void **state)
{
	struct fixture *f = *state;

	accept(f, "ip_versions", "ipv6,ipv4_mapped_ipv6", in_script);
	assert_int_equal(f->config->ip_modes, 1 << IP_V6 | 1 << IP_V4_MAPPED_V6);
	finish(f);
	assert_int_equal(f->config->ip_mode, IP_V6);
	assert_string_equal(ip_mode_name(IP_V4_MAPPED_V6), "ipv4-mapped-ipv6");
}

static void test_addresses_given(void **state)
{
	struct fixture *f = *state;

	accept(f, "local_ip", "10.0.0.1", in_script);
	accept(f, "local_ip", "10.0.0.2", command_line);
	accept(f, "remote_ip", "198.51.100.7", command_line);
	accept(f, "netmask_ip", "255.255.255.0", command_line);
	finish(f);
	assert_address(&f->config->local_ip, "10.0.0.2");
	assert_address(&f->config->gateway_ip, "10.0.0.2"); /* the default is not on this network */
	assert_address(&f->config->remote_ip.addr, "198.51.100.7");
	assert_int_equal(f->config->remote_ip.length, 32);
	assert_int_equal(f->config->netmask_bits, 24);
}

static void test_mapped_takes_ipv4(void **state)
{
	struct fixture *f = *state;

	accept(f, "ip_version", "ipv4-mapped-ipv6", command_line);
	accept(f, "local_ip", "192.168.7.1", command_line);
	finish(f);
	assert_address(&f->config->local_ip, "192.168.7.1");
	assert_address(&f->config->remote_ip.addr, "192.0.2.1");
}

static void test_wrong_family_is_told(void **state)
{
	struct fixture *f = *state;
	struct errbuf err;

	accept(f, "ip_version", "ipv6", command_line);
	accept(f, "local_ip", "192.168.0.1", command_line);
	assert_int_equal(config_finish(f->config, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--local_ip=192.168.0.1 is not an IPv6 address"));
}

static void test_wrong_family_of_the_script(void **state)
{
	struct fixture *f = *state;
	struct errbuf err;

	accept(f, "remote_ip", "2001:db8::5", in_script);
	assert_int_equal(config_finish(f->config, &err), -EINVAL);
}

static void test_remote_is_not_local(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *version, *remote;
	} rows[] = {
		{"ipv4", "127.0.0.1"},
		{"ipv4", "192.168.7.7"},
		{"ipv6", "::1"},
		{"ipv6", "fd3d:fa7b:d17d::7"},
	};
	struct errbuf err;

	accept(f, "local_ip", "192.168.7.7", command_line);
	accept(f, "local_ip", "fd3d:fa7b:d17d::7", command_line);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		accept(f, "ip_version", rows[i].version, command_line);
		accept(f, "remote_ip", rows[i].remote, command_line);
		assert_int_equal(config_finish(f->config, &err), -EINVAL);
	}
	accept(f, "remote_ip", "fd3d:fa7b:d17d::8", command_line);
	finish(f);
}

static void test_script_address_set_aside(void **state)
{
	struct fixture *f = *state;

	accept(f, "local_ip", "192.168.0.1", in_script);
	accept(f, "ip_version", "ipv6", command_line);
	finish(f);
	assert_address(&f->config->local_ip, "fd3d:fa7b:d17d::1");
}

static void test_mode_of_the_suite(void **state)
{
	struct fixture *f = *state;

	accept(f, "ip_versions", "ipv4,ipv6", in_script);
	accept(f, "local_ip", "192.168.0.1", in_script);
	f->config->ip_mode = IP_V6;
	finish(f);
	assert_int_equal(f->config->ip_mode, IP_V6);
	assert_address(&f->config->local_ip, "fd3d:fa7b:d17d::1");
}

static void test_addresses_of_every_mode(void **state)
{
	struct fixture *f = *state;

	accept(f, "ip_versions", "ipv4,ipv6", command_line);
	accept(f, "local_ip", "10.1.0.1", command_line);
	accept(f, "local_ip", "fd00::9", command_line);
	accept(f, "remote_ip", "192.0.2.9/28", command_line);
	accept(f, "ip_version", "ipv6", command_line);
	finish(f);
	assert_address(&f->config->local_ip, "fd00::9");
	assert_address(&f->config->remote_ip.addr, "2001:db8::1");
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		assert_ptr_equal(option_by_name(row->name), row);
		assert_int_equal(row->argument == OPTION_ARGUMENT, row->value_name != NULL);
		assert_true(row->help && *row->help);
	}
	assert_null(option_by_name("strict_segment"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_defaults_ipv6),
		TEST(test_values),
		TEST(test_rejected),
		TEST(test_repeatable),
		TEST(test_versions),
		TEST(test_addresses_given),
		TEST(test_mapped_takes_ipv4),
		TEST(test_wrong_family_is_told),
		TEST(test_wrong_family_of_the_script),
		TEST(test_remote_is_not_local),
		TEST(test_script_address_set_aside),
		TEST(test_mode_of_the_suite),
		TEST(test_addresses_of_every_mode),
		TEST(test_rows),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
