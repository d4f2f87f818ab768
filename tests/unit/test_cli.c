/* Tests the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/app/cli.h"

struct fixture {
	struct arena *arena;
	struct settings settings;
	struct errbuf error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

/* Words are separated by single spaces. */
static bool parse(struct fixture *f, bool drop_in, const char *line)
{
	char *copy = arena_strndup(f->arena, line, strlen(line));
	char **argv = arena_alloc(f->arena, 64 * sizeof(*argv));
	int argc = 0;

	argv[argc++] = "finwait";
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return cli_parse(&f->settings, f->arena, drop_in, argc, argv, &f->error);
}

static void options_and_paths_mix(void **state)
{
	struct fixture *f = *state;

	assert_true(parse(f, false, "a.pkt --jobs 3 b.pkt -v --timeout=1.5 - --repeat=7"));
	assert_int_equal(f->settings.paths.n, 3);
	assert_string_equal(f->settings.paths.items[0], "a.pkt");
	assert_string_equal(f->settings.paths.items[1], "b.pkt");
	assert_string_equal(f->settings.paths.items[2], "-");
	assert_int_equal(f->settings.jobs, 3);
	assert_int_equal(f->settings.repeat, 7);
	assert_true(f->settings.verbose);
	assert_int_equal(f->settings.timeout, 1500000000);
	assert_int_equal(f->settings.retries, RETRIES_USUAL);
}

static void script_options_keep_their_order(void **state)
{
	struct fixture *f = *state;
	struct cli_option *options;
	size_t n;

	assert_true(parse(f, false, "--mtu=1400 -D X=1 --define Y=2 --mtu 1300 a.pkt"));
	options = settings_script_options(&f->settings, -1, &n);
	assert_int_equal(n, 4);
	assert_string_equal(options[0].name, "mtu");
	assert_string_equal(options[0].value, "1400");
	assert_string_equal(options[1].name, "define");
	assert_string_equal(options[1].value, "X=1");
	assert_string_equal(options[2].value, "Y=2");
	assert_string_equal(options[3].value, "1300");
	assert_string_equal(settings_script_option(&f->settings, "mtu"), "1300");
	assert_null(settings_script_option(&f->settings, "speed"));
}

static void options_for_a_mode(void **state)
{
	struct fixture *f = *state;
	struct cli_option *options;
	size_t n;

	assert_true(parse(f, false, "--speed=1 --for=ipv6 --mtu=1520 --for=all -D X=1 a.pkt"));
	options = settings_script_options(&f->settings, IP_V6, &n);
	assert_int_equal(n, 3);
	assert_string_equal(options[1].name, "mtu");
	options = settings_script_options(&f->settings, IP_V4, &n);
	assert_int_equal(n, 2);
	assert_string_equal(options[1].name, "define");
	options = settings_script_options(&f->settings, -1, &n);
	assert_int_equal(n, 2);
	assert_false(parse(f, false, "--for=ipx a.pkt"));
	assert_non_null(strstr(f->error.text, "ipx"));
}

static void the_families_are_not_an_option_of_a_mode(void **state)
{
	struct fixture *f = *state;
	size_t n;

	assert_true(parse(f, false, "--ip_versions=ipv4,ipv6 a.pkt"));
	settings_script_options(&f->settings, IP_V6, &n);
	assert_int_equal(n, 0);
	assert_string_equal(settings_script_option(&f->settings, "ip_versions"), "ipv4,ipv6");
}

static void names_may_be_cut_and_spelled_both_ways(void **state)
{
	struct fixture *f = *state;

	assert_true(parse(f, false, "--ip_ver=ipv6 --str a.pkt"));
	assert_string_equal(settings_script_option(&f->settings, "ip_version"), "ipv6");
	assert_string_equal(f->settings.options[1].option.name, "strict_segments");
	assert_true(parse(f, false, "--ip-versions=ipv6 --strict a.pkt"));
	assert_string_equal(f->settings.options[0].option.name, "ip_versions");
	assert_string_equal(f->settings.options[1].option.name, "strict");
	assert_true(parse(f, false, "--dry-r --max_fail=4 --strict-s a.pkt"));
	assert_true(f->settings.dry_run);
	assert_int_equal(f->settings.max_failures, 4);
	assert_non_null(f->settings.options);
	assert_string_equal(f->settings.options[0].option.name, "strict_segments");
}

static void fail_fast_is_one_failure(void **state)
{
	struct fixture *f = *state;

	assert_true(parse(f, false, "-x a.pkt"));
	assert_int_equal(f->settings.max_failures, 1);
}

static void shards_are_checked(void **state)
{
	static const char *const bad[] = {"0/4", "5/4", "1", "1/0", "a/b", "1/2x", "-1/2"};
	struct fixture *f = *state;
	char line[64];

	assert_true(parse(f, false, "--shard 2/3 a.pkt"));
	assert_int_equal(f->settings.shard_k, 2);
	assert_int_equal(f->settings.shard_n, 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "--shard=%s a.pkt", bad[i]);
		assert_false(parse(f, false, line));
	}
}

static void bad_lines_say_why(void **state)
{
	static const struct {
		const char *line, *text, *hint;
	} rows[] = {
		{"--toleranse_usecs=1 a.pkt", "unknown option --toleranse_usecs=1",
		 "--tolerance_usecs"},
		{"--qqqqqqqqqq a.pkt", "unknown option --qqqqqqqqqq", "--help"},
		{"-Z a.pkt", "unknown option -Z", ""},
		{"a.pkt --jobs", "--jobs needs a value", ""},
		{"a.pkt -j", "-j needs a value", ""},
		{"--jobs=many a.pkt", "bad value 'many' for --jobs", ""},
		{"--timeout=-1 a.pkt", "bad value '-1' for --timeout", ""},
		{"--timeout=nan a.pkt", "bad value 'nan' for --timeout", ""},
		{"--slow=1 a.pkt", "--slow takes no value", ""},
		{"--tolerance=1 a.pkt", "--tolerance_usecs", ""},
		{"--reasons=no a.pkt", "bad value 'no' for --reasons", "optional"},
		{"--color=red a.pkt", "bad value 'red' for --color", "always"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(parse(f, false, rows[i].line));
		if (!strstr(f->error.text, rows[i].text) || !strstr(f->error.text, rows[i].hint))
			fail_msg("%s: \"%s\"", rows[i].line, f->error.text);
	}
}

static void ktap_may_have_a_file(void **state)
{
	struct fixture *f = *state;

	assert_true(parse(f, false, "--ktap a.pkt"));
	assert_string_equal(f->settings.ktap, "-");
	assert_int_equal(f->settings.paths.n, 1);
	assert_true(parse(f, false, "--ktap=out a.pkt"));
	assert_string_equal(f->settings.ktap, "out");
}

static void as_packetdrill_it_knows_less(void **state)
{
	struct fixture *f = *state;

	assert_true(parse(f, true, "--ip_version=ipv4 --local_ip=192.168.0.1 -v --dry a.pkt"));
	assert_true(f->settings.drop_in);
	assert_true(f->settings.dry_run);
	assert_true(f->settings.verbose);
	assert_int_equal(f->settings.n_options, 2);
	assert_true(parse(f, true, "--v a.pkt"));
	assert_true(f->settings.verbose);
	assert_true(parse(f, true, "--help --version"));
	assert_true(f->settings.help && f->settings.version);
	assert_false(parse(f, true, "--jobs=2 a.pkt"));
}

static void color_follows_the_environment(void **state)
{
	struct fixture *f = *state;

	assert_true(parse(f, false, "--color=always a.pkt"));
	assert_true(f->settings.use_color);
	assert_true(parse(f, false, "--color=never a.pkt"));
	assert_false(f->settings.use_color);
	setenv("NO_COLOR", "1", 1);
	assert_true(parse(f, false, "a.pkt"));
	assert_false(f->settings.use_color);
	unsetenv("NO_COLOR");
}

static void usage_names_every_option(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	cli_usage(out, false, true);
	fclose(out);
	for (size_t i = 0; i < n_option_rows; i++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", option_rows[i].name);
		assert_non_null(strstr(text, name));
	}
	assert_non_null(strstr(text, "--last-failed"));
	free(text);
	out = open_memstream(&text, &size);
	cli_usage(out, true, true);
	fclose(out);
	assert_null(strstr(text, "--last-failed"));
	free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(options_and_paths_mix),
		TEST(script_options_keep_their_order),
		TEST(options_for_a_mode),
		TEST(the_families_are_not_an_option_of_a_mode),
		TEST(names_may_be_cut_and_spelled_both_ways),
		TEST(fail_fast_is_one_failure),
		TEST(shards_are_checked),
		TEST(bad_lines_say_why),
		TEST(ktap_may_have_a_file),
		TEST(as_packetdrill_it_knows_less),
		TEST(color_follows_the_environment),
		TEST(usage_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
