/* The failure report, whole texts: tests/unit/report/diff-*.txt. */
#include "tests/unit/report_faults.h"

#include "runtime/report/words.h"

static char *report(const struct run_result *result, bool color)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_failure(out, result, color);
	fclose(out);
	return text;
}

static void expect(struct run_result *result, const char *name)
{
	char *text = report(result, false);

	golden(name, text);
	free(text);
	run_result_free(result);
}

static void each_fault(void **state)
{
	bool has_sample[N_FAULTS] = {[FAULT_NONE] = true};

	(void)state;
	for (size_t i = 0; i < n_fault_samples; i++) {
		const struct fault_sample *sample = &fault_samples[i];
		struct run_result *result = fault_sample_new(sample);
		char name[64];

		assert_non_null(run_result_failed(result)->message);
		has_sample[sample->fault] = true;
		snprintf(name, sizeof(name), "diff-%s.txt", sample->name);
		expect(result, name);
	}
	for (int fault = 0; fault < N_FAULTS; fault++)
		if (!has_sample[fault])
			fail_msg("no sample of fault %s", record_fault_name(fault));
}

/* ---- marks --------------------------------------------------------------------------------- */

/* Wherever they are said to stand, as in a file that somebody else wrote: nothing is read or written
 * past the texts. */
static void marks_of_any_place(void **state)
{
	static const unsigned places[] = {0, 1, 12, 16, 17, 400, UINT32_MAX};
	enum { N = sizeof(places) / sizeof(places[0]) };

	(void)state;
	for (int i = 0; i < N * N * N; i++) {
		struct run_result *result = fault_sample_new(&fault_samples[4]);
		struct record *record = result->records[result->failed_record];
		struct mismatch *m = &record->mismatches->at[0];
		char *text;

		*differ(result, record, FIELD_tcp_seq, "2", "1") = *m;
		m->expected_at = (struct stretch){places[i % N], places[i / N % N]};
		m->actual_at = (struct stretch){places[i / N % N], places[i / N / N]};
		m->place.column = record->place.column = places[i % N];
		m->place.length = record->place.length = places[i / N / N];
		text = report(result, false);
		assert_non_null(strstr(text, "\n  actual    "));
		free(text);
		run_result_free(result);
	}
}

/* Several lines of one event: the carets stand in the line of the first wrong word. */
static void only_the_line_shown(void **state)
{
	struct run_result *result = fault_sample_new(&fault_samples[5]);
	struct record *record = result->records[result->failed_record];
	char *text;

	(void)state;
	record->place = (struct place){15, 8, 1};
	record->mismatches->at[0].place = (struct place){14, 6, 1};
	record->mismatches->at[1].place = (struct place){15, 8, 1};
	record->mismatches->at[2].place = (struct place){16, 12, 1};
	record->mismatches->at[3].place = (struct place){15, 19, 1};
	result->source_line = "       2:2(0) ack 9";
	text = report(result, false);
	assert_non_null(strstr(text, "scripts/x.pkt:15:8: error: "));
	assert_non_null(strstr(text, "       15 |        2:2(0) ack 9\n"
				     "          |        ^          ^\n"));
	free(text);
	run_result_free(result);
}

static void without_places(void **state)
{
	struct run_result *result = fault_sample_new(&fault_samples[4]);
	struct record *record = result->records[result->failed_record];
	char *text;

	(void)state;
	record->place = record->mismatches->at[0].place = (struct place){0};
	record->mismatches->at[0].expected_at = record->mismatches->at[0].actual_at =
		(struct stretch){0};
	text = report(result, false);
	assert_non_null(strstr(text, "  actual    > . 2:2(0) ack 1 win 65535 <nop,nop,TS val 3 ecr 4>\n"
				     "  time "));
	assert_non_null(strstr(text, "scripts/x.pkt:14:1: error: "));
	free(text);
	run_result_free(result);
}

/* ---- runs that no record tells of ---------------------------------------------------------- */

static void bad_script(void **state)
{
	struct run_result *result = run_result_new("x.pkt", NULL);

	(void)state;
	result->verdict = VERDICT_ERROR;
	result->reason = "1 error in the script";
	result->diagnostics = "x.pkt:1:3: error: unknown call\n";
	expect(result, "diff-bad-script.txt");
}

static const struct fault_sample *sample_of(enum record_fault fault)
{
	size_t i = 0;

	while (fault_samples[i].fault != fault)
		i++;
	return &fault_samples[i];
}

static void expected_failure(void **state)
{
	struct run_result *result = fault_sample_new(sample_of(FAULT_STATE));

	(void)state;
	result->verdict = VERDICT_XFAIL;
	result->reason = "kernels before 6.11 do this";
	expect(result, "diff-xfail.txt");

	result = begin("ipv4");
	result->verdict = VERDICT_XPASS;
	result->reason = "kernels before 6.11 do this";
	expect(result, "diff-xpass.txt");
}

static void late_itself(void **state)
{
	struct run_result *result = fault_sample_new(sample_of(FAULT_TIME));

	(void)state;
	result->verdict = VERDICT_LATE;
	result->attempts = 4;
	result->max_late_ns = 35500000;
	expect(result, "diff-inconclusive.txt");
}

static void skipped(void **state)
{
	struct run_result *result = run_result_new("x.pkt", "ipv6");

	(void)state;
	result->verdict = VERDICT_SKIP;
	result->reason = "needs kernel>=6.11";
	expect(result, "diff-skip.txt");
}

static void a_pass_says_nothing(void **state)
{
	struct run_result *result = begin("ipv4");
	char *text;

	(void)state;
	result->verdict = VERDICT_PASS;
	text = report(result, true);
	assert_string_equal(text, "");
	free(text);
	run_result_free(result);
}

/* Without the codes it is the text without colour. */
static void color(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_fault_samples; i++) {
		struct run_result *result = fault_sample_new(&fault_samples[i]);
		char *plain = report(result, false), *colored = report(result, true);
		char *to = colored;

		assert_null(strchr(plain, '\033'));
		assert_non_null(strchr(colored, '\033'));
		for (const char *from = colored; *from; from++) {
			if (*from == '\033')
				from = strchr(from, 'm');
			else
				*to++ = *from;
		}
		*to = '\0';
		assert_string_equal(colored, plain);
		free(plain);
		free(colored);
		run_result_free(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault),	    cmocka_unit_test(marks_of_any_place),
		cmocka_unit_test(only_the_line_shown), cmocka_unit_test(without_places),
		cmocka_unit_test(bad_script),	    cmocka_unit_test(expected_failure),
		cmocka_unit_test(late_itself),	    cmocka_unit_test(skipped),
		cmocka_unit_test(a_pass_says_nothing), cmocka_unit_test(color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
