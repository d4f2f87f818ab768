/* Tests the decisions of a suite: which tests, which shard, how many at once, which exit status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/suite/budget.h"
#include "runtime/suite/scarcity.h"
#include "runtime/suite/suite.h"

/* ---- discovery ---------------------------------------------------------------------------- */

static void touch(const char *path)
{
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	fclose(out);
}

static void directories_are_walked_in_order(void **state)
{
	static const char *const names[] = {"b.pkt", "a.pkt", "sub/z.pkt", "sub/y.pkt", "c.txt"};
	static const char *const want[] = {"a.pkt", "b.pkt", "sub/y.pkt", "sub/z.pkt"};
	char root[] = "/tmp/finwait-test-XXXXXX", path[128];
	struct arena *arena = arena_new();
	struct name_list paths = {0}, files = {0};
	const char *roots[2];
	struct errbuf err;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/sub", root);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		touch(path);
	}
	snprintf(path, sizeof(path), "%s/c.txt", root);
	roots[0] = arena_printf(arena, "%s/", root);
	roots[1] = path; /* a file is taken as it is, whatever its name */
	paths.items = roots;
	paths.n = 2;
	assert_int_equal(discover(arena, &paths, &files, &err), 0);
	assert_int_equal(files.n, 5);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(files.items[i] + strlen(root) + 1, want[i]);
	assert_string_equal(files.items[4], path);
	roots[0] = "/nowhere/at/all.pkt";
	assert_true(discover(arena, &paths, &files, &err) < 0);
	assert_non_null(strstr(err.text, "/nowhere/at/all.pkt"));
	arena_free(arena);
	snprintf(path, sizeof(path), "rm -r %s", root);
	assert_int_equal(system(path), 0);
}

static void filters_choose_by_glob_or_text(void **state)
{
	const char *filter[] = {"fast*.pkt", "close/"}, *exclude[] = {"*slow*"};
	struct settings settings = {.filters = {filter, 2}, .excludes = {exclude, 1}};

	(void)state;
	assert_true(select_path(&settings, "x/fastopen.pkt"));
	assert_true(select_path(&settings, "x/close/a.pkt"));
	assert_false(select_path(&settings, "x/open/a.pkt"));
	assert_false(select_path(&settings, "x/close/slow-a.pkt"));
	settings.filters.n = 0;
	assert_true(select_path(&settings, "x/open/a.pkt"));
}

static void requirements_compare_versions(void **state)
{
	static const struct {
		const char *op;
		unsigned major, minor;
		bool met; /* by 6.11 */
	} rows[] = {
		{">=", 6, 11, true}, {">=", 6, 12, false}, {">=", 5, 19, true}, {">", 6, 11, false},
		{">", 6, 9, true},   {"<", 6, 11, false},  {"<", 7, 0, true},	{"<=", 6, 11, true},
		{"=", 6, 11, true},  {"==", 6, 1, false},  {"!=", 6, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct requirement requirement = {
			.major = rows[i].major,
			.minor = rows[i].minor,
		};

		strcpy(requirement.op, rows[i].op);
		assert_int_equal(requirement_met(&requirement, 6, 11), rows[i].met);
	}
}

/* ---- families ----------------------------------------------------------------------------- */

static unsigned modes(const char *script_option, const char *script_value, const char *cli_option,
		      const char *cli_value, const char *path)
{
	struct arena *arena = arena_new();
	struct script_option option = {{cli_option, cli_value}, 7};
	struct settings settings = {.arena = arena, .options = &option, .n_options = cli_option ? 1 : 0};
	struct config *config = config_new(arena);
	struct errbuf err;
	unsigned found;

	if (script_option)
		assert_int_equal(config_set(config, arena, script_option, script_value,
					    (struct loc){1, 1, 0, 1}, &err), 0);
	if (cli_option && !strcmp(cli_option, "ip_version"))
		assert_int_equal(config_set(config, arena, cli_option, cli_value, (struct loc){0},
					    &err), 0);
	found = select_modes(&settings, config, path);
	arena_free(arena);
	return found;
}

static void families_have_an_order(void **state)
{
	const unsigned v4 = 1U << IP_V4, v6 = 1U << IP_V6, mapped = 1U << IP_V4_MAPPED_V6;

	(void)state;
	assert_int_equal(modes(NULL, NULL, NULL, NULL, "a.pkt"), v4);
	assert_int_equal(modes("ip_versions", "ipv4,ipv6", NULL, NULL, "a.pkt"), v4 | v6);
	assert_int_equal(modes(NULL, NULL, "ip_versions", "ipv6,ipv4-mapped-ipv6", "a.pkt"),
			 v6 | mapped);
	assert_int_equal(modes("ip_versions", "ipv4", "ip_versions", "ipv6", "a.pkt"), v4);
	assert_int_equal(modes("ip_version", "ipv6", "ip_versions", "ipv4,ipv6", "a.pkt"), v6);
	assert_int_equal(modes("ip_versions", "ipv4,ipv6", "ip_version", "ipv6", "a.pkt"), v6);
	/* Corpora name scripts of one family by their ending. */
	assert_int_equal(modes(NULL, NULL, "ip_versions", "ipv4,ipv6", "mtu-v6.pkt"), v6);
	assert_int_equal(modes(NULL, NULL, "ip_versions", "ipv4,ipv6", "mtu-v4.pkt"), v4);
	assert_int_equal(modes(NULL, NULL, "ip_versions", "ipv4", "mtu-v6.pkt"), v4);
}

/* ---- shards ------------------------------------------------------------------------------- */

enum { N_TESTS = 101 };

static void make_plan(struct plan *plan)
{
	plan->arena = arena_new();
	plan->n = N_TESTS;
	plan->tests = arena_alloc(plan->arena, N_TESTS * sizeof(*plan->tests));
	for (int i = 0; i < N_TESTS; i++) {
		plan->tests[i].path = arena_printf(plan->arena, "%03d.pkt", i / 3);
		plan->tests[i].mode = (enum ip_mode)(i % 3);
		plan->tests[i].scripted_ns = (int64_t)(i * 37 % 50) * 100000000;
	}
}

static void shards_are_a_fair_partition(void **state)
{
	int seen[N_TESTS] = {0};
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (unsigned k = 1; k <= 4; k++) {
		struct plan plan, again;
		int64_t load = 0;

		make_plan(&plan);
		make_plan(&again);
		shard_plan(&plan, k, 4, NULL);
		shard_plan(&again, k, 4, NULL);
		assert_int_equal(plan.n, again.n);
		for (size_t i = 0; i < plan.n; i++) {
			assert_string_equal(plan.tests[i].path, again.tests[i].path);
			seen[atoi(plan.tests[i].path) * 3 + (int)plan.tests[i].mode]++;
			load += plan.tests[i].scripted_ns;
			if (i) /* in the order of the paths still */
				assert_true(strcmp(plan.tests[i - 1].path, plan.tests[i].path) <=
					    0);
		}
		least = load < least ? load : least;
		most = load > most ? load : most;
		plan_free(&plan);
		plan_free(&again);
	}
	for (int i = 0; i < N_TESTS; i++)
		assert_int_equal(seen[i], 1);
	assert_true(most - least <= 5000000000); /* the longest test */
}

static void measured_durations_count(void **state)
{
	int64_t durations[N_TESTS];
	struct plan plan;

	(void)state;
	for (int i = 0; i < N_TESTS; i++)
		durations[i] = 1000;
	durations[42] = 1000LL * 1000000000;
	make_plan(&plan);
	shard_plan(&plan, 1, 2, durations);
	assert_int_equal(plan.n, 1); /* longer than all others together */
	assert_string_equal(plan.tests[0].path, "014.pkt");
	plan_free(&plan);
}

/* ---- how many timelines at once ----------------------------------------------------------- */

static void learn(struct budget *budget, unsigned n, int64_t late_ns)
{
	while (n--)
		budget_learn(budget, late_ns, budget_now(budget));
}

static void the_budget_follows_lateness(void **state)
{
	struct budget budget;
	unsigned at_first, grown;

	(void)state;
	budget_init(&budget, 0, 2, 1000);
	at_first = budget_now(&budget);
	learn(&budget, 200, 100000);
	grown = budget_now(&budget);
	assert_true(grown > 2 * at_first);
	learn(&budget, grown, 50000000);
	assert_true(budget_now(&budget) < grown);
	learn(&budget, 10000, 50000000);
	assert_int_equal(budget_now(&budget), 8); /* four a processor, at the least */
	learn(&budget, 10000, 0);
	assert_int_equal(budget_now(&budget), 1000);
}

static void the_budget_wants_to_be_used(void **state)
{
	struct budget budget;
	unsigned at_first;

	(void)state;
	budget_init(&budget, 0, 2, 1000);
	at_first = budget_now(&budget);
	for (int i = 0; i < 1000; i++)
		budget_learn(&budget, 0, 3);
	assert_int_equal(budget_now(&budget), at_first);
}

static void a_fixed_budget_stays(void **state)
{
	struct budget budget;

	(void)state;
	budget_init(&budget, 7, 2, 1000);
	learn(&budget, 1000, 0);
	learn(&budget, 1000, 1000000000);
	assert_int_equal(budget_now(&budget), 7);
}

/* ---- exit status -------------------------------------------------------------------------- */

static enum exit_status status_of(const enum verdict *verdicts, size_t n, bool bad,
				  bool bisect)
{
	struct results results = {0};
	enum exit_status status;

	for (size_t i = 0; i < n; i++) {
		struct run_result *result = run_result_new("a.pkt", "ipv4");

		result->verdict = verdicts[i];
		if (bad && verdicts[i] == VERDICT_ERROR)
			result->diagnostics = "a.pkt:1:1: error";
		result->attempts = verdicts[i] != VERDICT_SKIP; /* one try, or not to be played */
		results_add(&results, result);
	}
	status = results_status(&results, bisect);
	results_free(&results);
	return status;
}

static void exit_status_tells_what_kind(void **state)
{
	static const struct {
		enum verdict verdicts[2];
		bool bad; /* the script of what is VERDICT_ERROR; else it crashed */
		enum exit_status status, bisect;
	} rows[] = {
		{{VERDICT_PASS, VERDICT_PASS}, false, STATUS_PASSED, STATUS_PASSED},
		{{VERDICT_PASS, VERDICT_FAIL}, false, STATUS_FAILED, STATUS_FAILED},
		{{VERDICT_PASS, VERDICT_XPASS}, false, STATUS_FAILED, STATUS_FAILED},
		{{VERDICT_PASS, VERDICT_XFAIL}, false, STATUS_PASSED, STATUS_PASSED},
		{{VERDICT_PASS, VERDICT_LATE}, false, STATUS_FAILED, STATUS_UNKNOWN},
		{{VERDICT_PASS, VERDICT_SKIP}, false, STATUS_PASSED, STATUS_PASSED},
		{{VERDICT_SKIP, VERDICT_SKIP}, false, STATUS_PASSED, STATUS_UNKNOWN},
		{{VERDICT_PASS, VERDICT_ERROR}, true, STATUS_USAGE, STATUS_UNKNOWN},
		{{VERDICT_PASS, VERDICT_ERROR}, false, STATUS_FAILED, STATUS_UNKNOWN},
		{{VERDICT_FAIL, VERDICT_ERROR}, true, STATUS_FAILED, STATUS_FAILED},
		/* What was to be played, and could not be, is never well. */
		{{VERDICT_PASS, VERDICT_NOT_RUN}, false, STATUS_CANNOT, STATUS_UNKNOWN},
		{{VERDICT_SKIP, VERDICT_NOT_RUN}, false, STATUS_CANNOT, STATUS_UNKNOWN},
		{{VERDICT_FAIL, VERDICT_NOT_RUN}, false, STATUS_FAILED, STATUS_FAILED},
		{{VERDICT_ERROR, VERDICT_NOT_RUN}, true, STATUS_USAGE, STATUS_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (status_of(rows[i].verdicts, 2, rows[i].bad, false) != rows[i].status ||
		    status_of(rows[i].verdicts, 2, rows[i].bad, true) != rows[i].bisect)
			fail_msg("row %zu", i);
}

/* ---- scarcity ----------------------------------------------------------------------------- */

static void fewer_are_played_where_something_is_short(void **state)
{
	const int64_t second = 1000000000;
	struct scarcity scarcity;
	int64_t now = second;

	(void)state;
	scarcity_init(&scarcity, 100);
	assert_true(scarcity_allows(&scarcity, 99, now));
	assert_true(scarcity_met(&scarcity, 3, now));
	now += second;
	assert_true(scarcity_allows(&scarcity, 2, now));
	assert_false(scarcity_allows(&scarcity, 3, now));
	/* It is tried carefully whether there is more. */
	for (int i = 0; i < 3; i++)
		scarcity_passed(&scarcity, now += second);
	assert_true(scarcity_allows(&scarcity, 3, now));
	/* What the last one had may only not be back yet. */
	assert_true(scarcity_met(&scarcity, 3, now));
	assert_false(scarcity_allows(&scarcity, 3, now));
	assert_true(scarcity_allows(&scarcity, 3, now + second));
}

static void what_cannot_be_had_is_given_up(void **state)
{
	struct scarcity scarcity;
	int64_t now = 0, waited = 0;

	(void)state;
	scarcity_init(&scarcity, 100);
	while (scarcity_met(&scarcity, 0, now)) {
		waited += scarcity.not_before - now;
		now = scarcity.not_before;
		assert_true(scarcity_allows(&scarcity, 0, now));
	}
	assert_in_range(waited, 500000000, 3000000000);
	assert_false(scarcity_met(&scarcity, 0, now)); /* the next one does not wait as long */
	assert_true(scarcity_met(&scarcity, 1, now));  /* but beside others it may be had */
	/* What others have had may be had again. */
	scarcity_passed(&scarcity, now);
	for (waited = 0; scarcity_met(&scarcity, 0, now); now = scarcity.not_before)
		waited += scarcity.not_before - now;
	assert_in_range(waited, 5000000000, 30000000000);
}

/* ---- what failed last --------------------------------------------------------------------- */

static void failures_are_remembered(void **state)
{
	char root[] = "/tmp/finwait-test-XXXXXX", path[128], command[64];
	struct run_result *result;
	struct arena *arena = arena_new();
	struct name_list list;

	(void)state;
	assert_non_null(mkdtemp(root));
	setenv("XDG_STATE_HOME", root, 1);
	snprintf(path, sizeof(path), "%s/a b.pkt", root);
	touch(path);
	assert_int_equal(history_paths(arena).n, 0);
	result = run_result_new(path, "ipv6");
	result->verdict = VERDICT_FAIL;
	history_save(&result, 1);
	list = history_paths(arena);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.items[0], path);
	history_save(&result, 0); /* not played: remembered still */
	assert_int_equal(history_paths(arena).n, 1);
	result->verdict = VERDICT_PASS;
	history_save(&result, 1);
	assert_int_equal(history_paths(arena).n, 0);
	run_result_free(result);
	unsetenv("XDG_STATE_HOME");
	arena_free(arena);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_are_walked_in_order),
		cmocka_unit_test(filters_choose_by_glob_or_text),
		cmocka_unit_test(requirements_compare_versions),
		cmocka_unit_test(families_have_an_order),
		cmocka_unit_test(shards_are_a_fair_partition),
		cmocka_unit_test(measured_durations_count),
		cmocka_unit_test(the_budget_follows_lateness),
		cmocka_unit_test(the_budget_wants_to_be_used),
		cmocka_unit_test(a_fixed_budget_stays),
		cmocka_unit_test(exit_status_tells_what_kind),
		cmocka_unit_test(fewer_are_played_where_something_is_short),
		cmocka_unit_test(what_cannot_be_had_is_given_up),
		cmocka_unit_test(failures_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
