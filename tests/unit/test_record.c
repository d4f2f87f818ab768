/* Records: growth, names, and the way to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/record/record.h"

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

/* By the rows of record.def, so that no member is forgotten. */
static void same_record(const struct record *a, const struct record *b)
{
#define SAME_TEXT(name)	    same_text(a->name, b->name);
#define SAME_KIND(name)	    assert_int_equal(a->name, b->name);
#define SAME_STATUS	    SAME_KIND
#define SAME_FAULT	    SAME_KIND
#define SAME_CAUSE	    SAME_KIND
#define SAME_ALIGNMENT	    SAME_KIND
#define SAME_INT	    SAME_KIND
#define SAME_UNSIGNED	    SAME_KIND
#define SAME_COUNT	    SAME_KIND
#define SAME_NS		    SAME_KIND
#define SAME_NUMBER	    SAME_KIND
#define SAME_BOOL	    SAME_KIND
#define SAME_FLAG	    SAME_KIND
#define SAME_STATE	    SAME_KIND
#define SAME_PLACE(name)    assert_memory_equal(&a->name, &b->name, sizeof(a->name));
#define MEMBER(type, name, meaning) SAME_##type(name)
#include "runtime/record/record.def"
#undef MEMBER
	assert_int_equal(a->mismatches == NULL, b->mismatches == NULL);
	if (a->mismatches)
		assert_memory_equal(a->mismatches, b->mismatches, sizeof(*a->mismatches));
}

/* Every member has a value that is not the one it has when it is left out. */
static void fill(struct record *record)
{
#define FILL_TEXT(name)	    record->name = "the \"" #name "\"";
#define FILL_KIND(name)	    record->name = RECORD_CLEANUP;
#define FILL_STATUS(name)   record->name = RECORD_FAILED;
#define FILL_FAULT(name)    record->name = FAULT_CRASH;
#define FILL_CAUSE(name)    record->name = CAUSE_TICKS;
#define FILL_ALIGNMENT(name) record->name = ALIGNMENT_SUBSTITUTION;
#define FILL_INT(name)	    record->name = -7;
#define FILL_UNSIGNED(name) record->name = UINT32_MAX;
#define FILL_COUNT(name) record->name = UINT32_MAX;
#define FILL_NS(name)	    record->name = -(INT64_MAX / 4);
#define FILL_NUMBER(name)   record->name = INT64_MAX;
#define FILL_BOOL(name)	    record->name = true;
#define FILL_FLAG(name)	    record->name = true;
#define FILL_STATE(name)    record->name = 11; /* TCP_CLOSING */
#define FILL_PLACE(name)    record->name = (struct place){7, UINT32_MAX, 3};
#define MEMBER(type, name, meaning) FILL_##type(name)
#include "runtime/record/record.def"
#undef MEMBER
}

static void same_result(const struct run_result *a, const struct run_result *b)
{
	same_text(a->path, b->path);
	same_text(a->mode, b->mode);
	same_text(a->reason, b->reason);
	same_text(a->output, b->output);
	same_text(a->diagnostics, b->diagnostics);
	same_text(a->source_line, b->source_line);
	same_text(a->source_before, b->source_before);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->scripted_ns, b->scripted_ns);
	assert_int_equal(a->setup_ns, b->setup_ns);
	assert_int_equal(a->run_ns, b->run_ns);
	assert_int_equal(a->cpu_ns, b->cpu_ns);
	assert_int_equal(a->max_late_ns, b->max_late_ns);
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->failed_record, b->failed_record);
	assert_int_equal(a->n_lateness, b->n_lateness);
	for (size_t i = 0; i < a->n_lateness; i++)
		assert_int_equal(a->lateness[i], b->lateness[i]);
	assert_int_equal(a->n_counters, b->n_counters);
	for (size_t i = 0; i < a->n_counters; i++) {
		same_text(a->counters[i].name, b->counters[i].name);
		assert_int_equal(a->counters[i].by, b->counters[i].by);
	}
	assert_int_equal(a->n_records, b->n_records);
	for (size_t i = 0; i < a->n_records; i++)
		same_record(a->records[i], b->records[i]);
}

static void goes_there_and_back(const struct run_result *result)
{
	char *text = run_result_to_json(result, true), *again;
	struct run_result *back;

	assert_non_null(text);
	assert_null(strchr(text, '\n'));
	back = run_result_from_json(text, strlen(text));
	assert_non_null(back);
	same_result(result, back);
	again = run_result_to_json(back, true);
	assert_string_equal(text, again);
	run_result_free(back);
	free(again);
	free(text);
}

/* Everything set, with what JSON finds hard: quotes, newlines, control bytes, UTF-8, bytes that
 * are not UTF-8, the ends of the integers. */
static struct run_result *full_result(void)
{
	struct run_result *result = run_result_new("dir/\xe4\xb8\x89 \"x\".pkt", "ipv6");
	struct record *record = NULL;

	result->verdict = VERDICT_FAIL;
	result->reason = "line 3: \"ack\"\\ differs";
	result->output = "one\ntwo\x1b[31m\x7f \xff\xc3\xbf latin \x80";
	result->diagnostics = "x.pkt:1:2: error: \xe6\x8f\xa1\n";
	result->source_line = "\t0.1 > . 1:1(0)";
	result->source_before = "+0 close(4) = 0";
	result->scripted_ns = INT64_MAX / 4;
	result->setup_ns = -5;
	result->run_ns = 1;
	result->cpu_ns = 2;
	result->attempts = 4;
	run_result_add_lateness(result, 25);
	run_result_add_lateness(result, -3);
	run_result_add_counter(result, "TcpOutRsts", 2);
	run_result_add_counter(result, "TcpExtTCPAbortOnClose", -1);
	for (int kind = 0; record_kind_name(kind); kind++) {
		record = run_result_add(result, kind);
		record->event = kind - 1;
		record->line = 7;
		record->column = UINT32_MAX;
	}
	fill(record);
	record->actual = "";
	record->mismatches = arena_new_of(result->arena, struct mismatches);
	record->mismatches->n = MAX_MISMATCHES + 3;
	for (int i = 0; i < MAX_MISMATCHES; i++) {
		struct mismatch *m = &record->mismatches->at[i];

		m->field = i % 2 ? FIELD_tcp_ack : FIELD_cmsg_time;
		m->index = i;
		m->live_index = i % 3;
		m->item = 2;
		m->outer = i % 3;
		m->next_segment = i % 2;
		m->number = -i;
		if (i % 3)
			mismatch_set_numbers(m, i - 4, INT64_MIN);
		m->off_ns = i % 2 ? 0 : -1;
		if (i % 4)
			m->place = (struct place){i, UINT32_MAX, i - 1};
		m->expected_at = (struct stretch){i % 2 ? 3 : 0, i % 2 ? UINT32_MAX : 0};
		m->actual_at = (struct stretch){0, i};
		strcpy(m->name, i % 2 ? "" : "cmsg_data");
		strcpy(m->expected, "2");
		strcpy(m->actual, i ? "1" : "cut \xe4\xb8");
	}
	run_result_fail(result, record);
	return result;
}

static void round_trip(void **state)
{
	struct run_result *result = full_result();

	(void)state;
	goes_there_and_back(result);
	run_result_free(result);

	result = run_result_new("x.pkt", NULL);
	goes_there_and_back(result);
	run_result_free(result);
}

static void every_verdict_goes_round(void **state)
{
	(void)state;
	for (int verdict = 0; verdict_name(verdict); verdict++) {
		struct run_result *result = run_result_new("x.pkt", "ipv4");

		result->verdict = verdict;
		goes_there_and_back(result);
		run_result_free(result);
	}
}

/* A run's way to its reader: a line for each record, then the result's own. */
static void as_a_stream(void **state)
{
	struct run_result *result = full_result(), *back = run_result_new("", NULL);
	char *text;

	(void)state;
	for (size_t i = 0; i < result->n_records; i++) {
		text = record_to_json(result->records[i]);
		assert_null(strchr(text, '\n'));
		assert_true(record_from_json(back, text, strlen(text)));
		assert_false(record_from_json(back, text, strlen(text) - 1));
		free(text);
	}
	text = run_result_to_line(result);
	assert_false(record_from_json(back, text, strlen(text)));
	assert_true(run_result_fill(back, text, strlen(text)));
	same_result(result, back);
	free(text);
	run_result_free(back);
	run_result_free(result);
}

static void without_records(void **state)
{
	struct run_result *result = full_result(), *back;
	char *text = run_result_to_json(result, false);

	(void)state;
	back = run_result_from_json(text, strlen(text));
	assert_non_null(back);
	assert_int_equal(back->n_records, 0);
	assert_int_equal(back->failed_record, -1);
	assert_null(run_result_failed(back));
	same_text(back->reason, result->reason);
	free(text);
	run_result_free(back);
	run_result_free(result);
}

static void arrays_grow(void **state)
{
	struct run_result *result = run_result_new("x.pkt", "ipv4");

	(void)state;
	for (int i = 0; i < 5000; i++) {
		run_result_add(result, RECORD_CALL)->event = i;
		run_result_add_lateness(result, i % 100);
	}
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(result->records[i]->event, i);
		assert_int_equal(result->lateness[i], i % 100);
	}
	assert_int_equal(result->max_late_ns, 99);
	goes_there_and_back(result);
	run_result_free(result);
}

static void first_failure_counts(void **state)
{
	struct run_result *result = run_result_new("x.pkt", "ipv4");
	struct record *a = run_result_add(result, RECORD_CALL);
	struct record *b = run_result_add(result, RECORD_SEGMENT);
	struct record *c = run_result_add(result, RECORD_STATE);

	(void)state;
	(void)a;
	assert_null(run_result_failed(result));
	run_result_fail(result, b);
	run_result_fail(result, c);
	assert_ptr_equal(run_result_failed(result), b);
	assert_int_equal(c->status, RECORD_FAILED);

	run_result_quote(result, "one\ntwo");
	assert_null(result->source_line);
	b->line = 2;
	run_result_quote(result, "one\r\n\ttwo\r\nthree");
	assert_string_equal(result->source_line, "\ttwo");
	assert_null(result->source_before);
	b->after_line = 1;
	run_result_quote(result, "one\r\n\ttwo\r\nthree");
	assert_string_equal(result->source_before, "one");
	b->line = 9;
	run_result_quote(result, "one\ntwo");
	assert_null(result->source_line);
	run_result_free(result);
	run_result_free(NULL);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(verdict_name(VERDICT_LATE), "late");
	assert_null(verdict_name(N_VERDICTS));
	assert_string_equal(record_kind_name(RECORD_CLEANUP), "cleanup");
	assert_null(record_kind_name(RECORD_CLEANUP + 1));
	assert_null(record_status_name(RECORD_FAILED + 1));
	assert_true(verdict_is_failure(VERDICT_LATE));
	assert_true(verdict_is_failure(VERDICT_XPASS));
	assert_false(verdict_is_failure(VERDICT_XFAIL));
	assert_false(verdict_is_failure(VERDICT_SKIP));
	assert_true(verdict_is_failure(VERDICT_NOT_RUN));
}

static void nonsense_is_refused(void **state)
{
#define RECORD_WITH(members) "{\"path\":\"x\",\"verdict\":\"pass\",\"records\":[{" members "}]}"
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"null",
		"{}",
		"{\"path\":\"x\"}",
		"{\"verdict\":\"pass\"}",
		"{\"path\":\"x\",\"verdict\":\"great\"}",
		"{\"path\":1,\"verdict\":\"pass\"}",
		"{\"path\":{\"latin1\":\"\\u4e09\"},\"verdict\":\"pass\"}",
		"{\"path\":\"x\",\"verdict\":\"pass\",\"run_ns\":\"1\"}",
		"{\"path\":\"x\",\"verdict\":\"pass\",\"attempts\":-1}",
		"{\"path\":\"x\",\"verdict\":\"pass\",\"lateness_ns\":[\"a\"]}",
		"{\"path\":\"x\",\"verdict\":\"pass\",\"counters\":[1]}",
		"{\"path\":\"x\",\"verdict\":\"pass\",\"counters\":{\"TcpOutRsts\":\"1\"}}",
		"{\"path\":\"x\",\"verdict\":\"pass\",\"failed_record\":0}",
		"{\"path\":\"x\",\"verdict\":\"pass\",\"records\":[1]}",
		"{\"path\":\"x\",\"verdict\":\"pass\"} {}",
		RECORD_WITH(""),
		RECORD_WITH("\"kind\":\"dance\""),
		RECORD_WITH("\"kind\":\"call\",\"status\":\"odd\""),
		RECORD_WITH("\"kind\":\"call\",\"late\":1"),
		RECORD_WITH("\"kind\":\"call\",\"fault\":\"bad luck\""),
		RECORD_WITH("\"kind\":\"call\",\"state\":\"TCP_NODELAY\""),
		RECORD_WITH("\"kind\":\"call\",\"event\":3000000000"),
		RECORD_WITH("\"kind\":\"call\",\"due_ns\":-9223372036854775808"),
		RECORD_WITH("\"kind\":\"call\",\"actual_ns\":9223372036854775807"),
		RECORD_WITH("\"kind\":\"call\",\"place\":7"),
		RECORD_WITH("\"kind\":\"call\",\"place\":{}"),
		RECORD_WITH("\"kind\":\"call\",\"place\":{\"line\":1,\"column\":-1,\"length\":1}"),
		RECORD_WITH("\"kind\":\"call\",\"mismatches\":[{\"field\":\"ack\","
			    "\"expected\":\"\",\"actual\":\"\",\"actual_at\":{\"begin\":0}}],"
			    "\"n_mismatches\":1"),
		RECORD_WITH("\"kind\":\"call\",\"mismatches\":{}"),
		RECORD_WITH("\"kind\":\"call\",\"mismatches\":[{}],\"n_mismatches\":1"),
		RECORD_WITH("\"kind\":\"call\",\"mismatches\":[],\"n_mismatches\":1"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct run_result *result = run_result_from_json(bad[i], strlen(bad[i]));

		if (result)
			fail_msg("taken: %s", bad[i]);
	}
}

/* Without an end a window ends where it begins. */
static void window_without_end(void **state)
{
	struct run_result *result = run_result_new("x", NULL);
	struct record *record = run_result_add(result, RECORD_CALL);

	(void)state;
	record->due_ns = 5;
	record->actual_ns = 7;
	assert_int_equal(record_off_ns(record), 2);
	run_result_free(result);
}

/* What a newer writer adds is skipped, and every prefix of a line is refused: a cut pipe. */
static void cut_and_unknown(void **state)
{
	static const char line[] =
		"{\"path\":\"x\",\"verdict\":\"pass\",\"new\":[1,{}],\"records\":"
		"[{\"kind\":\"call\",\"colour\":\"red\"}]}";
	struct run_result *result = run_result_from_json(line, strlen(line));

	(void)state;
	assert_non_null(result);
	assert_int_equal(result->n_records, 1);
	run_result_free(result);
	for (size_t size = 0; size < strlen(line); size++)
		assert_null(run_result_from_json(line, size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),		cmocka_unit_test(every_verdict_goes_round),
		cmocka_unit_test(without_records),	cmocka_unit_test(arrays_grow),
		cmocka_unit_test(first_failure_counts), cmocka_unit_test(names),
		cmocka_unit_test(nonsense_is_refused),	cmocka_unit_test(cut_and_unknown),
		cmocka_unit_test(window_without_end),
		cmocka_unit_test(as_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
