/* What CI reads: TAP, KTAP, JUnit, JSON Lines, GitHub. Whole texts are in tests/unit/report/. */
#include "tests/unit/report_samples.h"

#include <errno.h>
#include <regex.h>
#include <unistd.h>

#include "runtime/report/text.h"

static struct run_result *suite[N_SUITE];
static const struct run_result *const *const results = (const struct run_result *const *)suite;

static int set_up(void **state)
{
	(void)state;
	suite_new(suite);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	suite_free(suite);
	return 0;
}

/* ---- TAP ----------------------------------------------------------------------------------- */

static bool matches(const char *line, const char *pattern)
{
	regex_t regex;
	bool found;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	found = regexec(&regex, line, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

/* TAP 14 as its specification has it: a version, a plan, points numbered from 1, YAML blocks
 * indented by two and closed, comments; nothing else. */
static size_t tap_lint(const char *text)
{
	char *copy = strdup(text), *save = NULL, *line = strtok_r(copy, "\n", &save);
	size_t planned, points = 0;
	bool yaml = false, after_point = false;

	assert_string_equal(line, "TAP version 14");
	line = strtok_r(NULL, "\n", &save);
	assert_int_equal(sscanf(line, "1..%zu", &planned), 1);
	while ((line = strtok_r(NULL, "\n", &save))) {
		if (yaml) {
			assert_memory_equal(line, "  ", 2);
			yaml = strcmp(line, "  ...") != 0;
		} else if (!strcmp(line, "  ---")) {
			assert_true(after_point);
			yaml = true;
		} else if (*line != '#') {
			char number[32];

			snprintf(number, sizeof(number), "ok %zu - ", ++points);
			assert_true(matches(line, "^(not )?ok [0-9]+ - ([^#\\]|\\\\[#\\])+( # "
						  "(SKIP|TODO) .*)?$"));
			assert_ptr_equal(strstr(line, number), line + (*line == 'n' ? 4 : 0));
		}
		after_point = *line == 'o' || *line == 'n';
	}
	assert_false(yaml);
	assert_int_equal(points, planned);
	free(copy);
	return points;
}

static void tap(void **state)
{
	char *text = NEW(report_tap, results, N_SUITE, TAP_14);

	(void)state;
	assert_int_equal(tap_lint(text), N_SUITE);
	golden("ci-tap.txt", text);
	free(text);
	text = NEW(report_tap, results, 0, TAP_14);
	assert_string_equal(text, "TAP version 14\n1..0\n");
	free(text);
}

static void ktap(void **state)
{
	char *text = NEW(report_tap, results, N_SUITE, TAP_KERNEL), *copy, *save = NULL;
	size_t points = 0;

	(void)state;
	golden("ci-ktap.txt", text);
	copy = strdup(text);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		points += matches(line, "^(not )?ok [0-9]+ [^#]*( # ((SKIP|XFAIL|ERROR) [^#]*|"
					"time=[0-9]+ms))?$");
	assert_int_equal(points, N_SUITE);
	free(copy);
	free(text);
}

/* What netdev's CI looks for in a whole log never stands in that of runs that passed. */
static void ktap_of_passes(void **state)
{
	static const char *const failures[] = {"[FAIL]", " FAIL:", "not ok 1", "SKIP:"};
	char *text;

	(void)state;
	suite[0]->path = "[FAIL] FAIL: SKIP: # not ok 1.pkt";
	suite[1]->verdict = VERDICT_SKIP;
	suite[1]->reason = "SKIP: not ok 1 [FAIL] FAIL:";
	text = NEW(report_tap, results, 2, TAP_KSELFTEST);
	assert_memory_equal(text, "TAP version 13\n1..2\nok 1 ", 25);
	for (size_t i = 0; i < 4; i++)
		assert_null(strstr(text, failures[i]));
	assert_non_null(strstr(text, "# time=103ms\n"));
	free(text);
}

/* ---- JUnit --------------------------------------------------------------------------------- */

/* What xmllint prints, given the text and such arguments, malloc'd; NULL: it refuses. */
static char *xmllint(const char *text, const char *arguments)
{
	char path[] = "/tmp/finwait-junit.XXXXXX", command[256], *said = NULL;
	int fd = mkstemp(path), status;
	size_t size = 0;
	FILE *pipe;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	snprintf(command, sizeof(command), "xmllint --nonet %s %s 2>/dev/null", arguments, path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	if (getdelim(&said, &size, '\0', pipe) < 0) {
		free(said);
		said = strdup("");
	}
	status = pclose(pipe);
	unlink(path);
	assert_int_not_equal(status, 127 << 8); /* tools/setup checks installs it */
	if (status == 0)
		return said;
	free(said);
	return NULL;
}

static bool valid_junit(const char *text)
{
	char *said = xmllint(text, "--noout --schema tests/unit/report/junit.xsd");

	free(said);
	return said;
}

static void junit(void **state)
{
	struct junit_options options = {.timestamp = 1700000000, .hostname = "box"};
	char *text = NEW(report_junit, results, N_SUITE, &options), *at;

	(void)state;
	assert_true(valid_junit(text));
	golden("ci-junit.xml", text);
	/* The schema does refuse: what is missing, what is too much. */
	at = strstr(text, "hostname=");
	*at = 'H';
	assert_false(valid_junit(text));
	*at = 'h';
	memcpy(strstr(text, "<failure"), "<xailure", 8);
	assert_false(valid_junit(text));
	free(text);

	options = (struct junit_options){0};
	text = NEW(report_junit, results, 0, &options);
	assert_true(valid_junit(text));
	free(text);
}

/* Whatever bytes a script holds: the file is valid, and a reader has them as the other reports do.
 */
static void junit_of_any_bytes(void **state)
{
	static const char *const hostile[] = {
		"]]> <![CDATA[ <!-- --> <?x ?> </failure> &amp; &#0; &#x1b; ' \" \\",
		"\x01\x08\x0b\x0c\x0e\x1f\x7f a\tb\rc\nd", /* control characters */
		"\x80 \xff\xfe \xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82", /* no UTF-8 */
		"\xef\xbf\xbe \xef\xbf\xbf \xc2\x85 \xe2\x80\xa8",		 /* no characters */
		"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7",
	};
	struct junit_options options = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char *text, *clean, *said, headline[1024];

		suite[0]->verdict = VERDICT_ERROR;
		suite[0]->path = suite[0]->reason = hostile[i];
		suite[0]->mode = NULL;
		text = NEW(report_junit, results, 1, &options);
		assert_true(valid_junit(text));
		report_headline(headline, sizeof(headline), results[0]);
		clean = text_clean(headline, false);
		said = xmllint(text, "--xpath 'string(//error/@message)'");
		said[strcspn(said, "\n")] = '\0';
		assert_string_equal(said, clean);
		free(said);
		said = xmllint(text, "--xpath 'string(//error)'");
		assert_non_null(strstr(said, clean));
		free(said);
		free(clean);
		free(text);
	}
}

static void junit_cannot_be_written(void **state)
{
	struct junit_options options = {0};
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_false(report_junit(full, results, N_SUITE, &options));
	assert_false(report_json(full, results, N_SUITE));
	fclose(full);
}

/* ---- JSON Lines ---------------------------------------------------------------------------- */

static int read_back(const char *text, struct report_read *read, struct errbuf *err)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	int code = report_json_read(in, "x.json", read, err);

	fclose(in);
	return code;
}

static void json(void **state)
{
	char *text = NEW(report_json, results, N_SUITE), *again;
	struct report_read read = {0};
	struct errbuf err;

	(void)state;
	assert_int_equal(read_back(text, &read, &err), 0);
	assert_int_equal(read.n, N_SUITE);
	for (size_t i = 0; i < read.n; i++) {
		const struct run_result *back = read.results[i];
		bool failed = verdict_is_failure(results[i]->verdict) ||
			      results[i]->verdict == VERDICT_XFAIL;

		assert_string_equal(back->path, results[i]->path);
		assert_int_equal(back->verdict, results[i]->verdict);
		assert_int_equal(back->n_records, failed ? results[i]->n_records : 0);
		assert_int_equal(back->failed_record, results[i]->failed_record);
	}
	again = NEW(report_json, (const struct run_result *const *)read.results, read.n);
	assert_string_equal(again, text);
	/* A second file is appended: a merge. */
	assert_int_equal(read_back(text, &read, &err), 0);
	assert_int_equal(read.n, 2 * N_SUITE);
	report_read_free(&read);
	free(again);
	free(text);
}

static void json_of_shards(void **state)
{
	static const struct report_shard shard = {.k = 2, .n = 3, .runs = 1, .planned = 7};
	static const char result[] = "{\"path\":\"x\",\"verdict\":\"pass\"}\n";
	char *line = NEW(report_json_shard, &shard), text[512];
	struct report_read read = {0};
	struct errbuf err;

	(void)state;
	/* Two files in one, the first without a result. */
	snprintf(text, sizeof(text), "%s%s%s", line, line, result);
	assert_int_equal(read_back(text, &read, &err), 0);
	assert_int_equal(read.n, 1);
	assert_int_equal(read.n_shards, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(read.shards[i].k, 2);
		assert_int_equal(read.shards[i].n, 3);
		assert_int_equal(read.shards[i].runs, 1);
		assert_int_equal(read.shards[i].planned, 7);
		assert_int_equal(read.shards[i].after - read.shards[i].first, i);
	}
	report_read_free(&read);
	free(line);
}

static void json_gone_wrong(void **state)
{
#define RESULT "{\"path\":\"x\",\"verdict\":\"pass\"}\n"
	static const char *const bad[] = {
		RESULT "\n{\"path\":",
		RESULT "\n{}",
		RESULT "\n{\"shard\":0,\"shards\":3,\"runs\":1,\"planned\":7}",
		RESULT "\n{\"shard\":4,\"shards\":3,\"runs\":1,\"planned\":7}",
		RESULT "\n{\"shard\":1,\"shards\":3,\"runs\":-1,\"planned\":7}",
		RESULT "\n{\"shard\":1,\"shards\":3,\"runs\":1}",
	};
	struct report_read read = {0};
	struct errbuf err;
	FILE *in;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_back(bad[i], &read, &err), -EINVAL);
		assert_string_equal(err.text, "line 3 is no result of a run");
		assert_int_equal(read.n, 1);
		report_read_free(&read);
	}
	/* What has no end is not waited for. */
	in = fopen("/dev/zero", "re");
	assert_int_equal(report_json_read(in, "x.json", &read, &err), -EINVAL);
	assert_string_equal(err.text, "line 1 has a zero byte: it is no JSON");
	fclose(in);
}

/* ---- GitHub -------------------------------------------------------------------------------- */

static void github(void **state)
{
	char *text = NEW(report_github, results, N_SUITE), *copy, *save = NULL;

	(void)state;
	golden("ci-github.txt", text);
	/* A line each: nothing that a script or a path holds begins a command of its own. */
	copy = strdup(text);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		assert_true(matches(line,
				    "^::(error|warning) file=[^,:]+(,line=[0-9]+,col=[0-9]+)?,"
				    "title=[^,:]*::.+$"));
	free(copy);
	free(text);
}

/* A script's own mistakes have an annotation each, where they are; of all modes once. */
static void github_diagnostics(void **state)
{
	char *text;

	(void)state;
	for (int i = 0; i < 2; i++) {
		suite[i]->path = "a:b.pkt";
		suite[i]->verdict = VERDICT_ERROR;
		suite[i]->diagnostics = "a:b.pkt:2:3: error[FW0037]: unknown system call 'sokcet'\n"
					"  0 sokcet(3) = 0\n    ^~~~~~\n  hint: did you mean "
					"socket?\na:b.pkt:7:12: warning: odd\n";
	}
	text = NEW(report_github, results, 2);
	assert_string_equal(text, "::error file=a%3Ab.pkt,line=2,col=3,title=unknown system call "
				  "'sokcet'::a:b.pkt:2:3: error[FW0037]: unknown system call "
				  "'sokcet'%0A  0 sokcet(3) = 0%0A    ^~~~~~%0A  hint: did you "
				  "mean socket?%0A\n"
				  "::warning file=a%3Ab.pkt,line=7,col=12,title=odd::a:b.pkt:7:12: "
				  "warning: odd%0A\n");
	free(text);
}

static void github_summary(void **state)
{
	char *text = NEW(report_github_summary, results, N_SUITE);

	(void)state;
	golden("ci-github-summary.md", text);
	assert_null(strstr(text, "<b>"));
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(tap),
		TEST(ktap),
		TEST(ktap_of_passes),
		TEST(junit),
		TEST(junit_of_any_bytes),
		TEST(junit_cannot_be_written),
		TEST(json),
		TEST(json_of_shards),
		TEST(json_gone_wrong),
		TEST(github),
		TEST(github_diagnostics),
		TEST(github_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
