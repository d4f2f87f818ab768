#include "tests/unit/report_samples.h"

#include "runtime/report/words.h"

void golden(const char *name, const char *text)
{
	char path[256], *want = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "tests/unit/report/%s", name);
	if (getenv("FINWAIT_UPDATE_GOLDEN")) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		fclose(file);
		return;
	}
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s is missing", path);
	if (getdelim(&want, &size, '\0', file) < 0)
		want = strdup("");
	fclose(file);
	assert_string_equal(text, want);
	free(want);
}

static int state_number(const char *name)
{
	int64_t number = 0;

	return name && symbol_value(name, &number) ? (int)number : 0;
}

struct record *event(struct run_result *result, enum record_kind kind, unsigned line,
		     int64_t due_ns, const char *expected, const char *actual, const char *state)
{
	struct record *record = run_result_add(result, kind);

	record->event = (int)result->n_records - 1;
	record->line = line;
	record->column = 1;
	record->due_ns = record->until_ns = due_ns;
	record->actual_ns = actual ? due_ns + MS / 20 : INT64_MIN;
	record->tolerance_ns = 10 * MS;
	record->expected = expected;
	record->actual = actual;
	record->returned = actual != NULL;
	record->state = state_number(state);
	record->connection = state ? "192.168.0.1:8080 > 192.0.2.1:40000" : NULL;
	return record;
}

struct mismatch *differ(struct run_result *result, struct record *record, enum field_id field,
			const char *expected, const char *actual)
{
	if (!record->mismatches)
		record->mismatches = arena_new_of(result->arena, struct mismatches);
	return mismatch_add(record->mismatches, field, expected, actual);
}

struct run_result *begin(const char *mode)
{
	struct run_result *result = run_result_new("scripts/x.pkt", mode);

	result->verdict = VERDICT_FAIL;
	result->setup_ns = 3 * MS;
	result->run_ns = 160 * MS;
	result->scripted_ns = 150 * MS;
	event(result, RECORD_CALL, 1, 0, "socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
	      "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3", NULL);
	event(result, RECORD_INJECT, 5, 0, "< S 0:0(0) win 65535 <mss 1460>",
	      "< S 0:0(0) win 65535 <mss 1460>", "TCP_SYN_RECV");
	event(result, RECORD_SEGMENT, 6, 0, "> S. 0:0(0) ack 1 <...>",
	      "> S. 0:0(0) ack 1 win 65535 <mss 1460>", "TCP_SYN_RECV");
	event(result, RECORD_INJECT, 7, 100 * MS, "< . 1:1(0) ack 1 win 65535",
	      "< . 1:1(0) ack 1 win 65535", "TCP_ESTABLISHED");
	event(result, RECORD_CALL, 8, 110 * MS, "accept(3, ..., ...) = 4",
	      "accept(3, {sa_family = AF_INET}, [16]) = 4", "TCP_ESTABLISHED");
	event(result, RECORD_CALL, 9, 150 * MS, "close(4) = 0", "close(4) = 0",
	      "TCP_FIN_WAIT1");
	event(result, RECORD_SEGMENT, 10, 150 * MS, "> F. 1:1(0) ack 1 <...>",
	      "> F. 1:1(0) ack 1 win 65535", "TCP_FIN_WAIT1");
	return result;
}

void suite_new(struct run_result **results)
{
	static const struct {
		const char *path, *mode, *reason;
		enum verdict verdict;
		unsigned attempts;
		bool fails; /* a record */
	} rows[N_SUITE] = {
		{"scripts/close/a.pkt", "ipv4", NULL, VERDICT_PASS, 1, false},
		{"scripts/close/a.pkt", "ipv6", NULL, VERDICT_PASS, 3, false},
		{"scripts/close/b.pkt", "ipv4", NULL, VERDICT_FAIL, 1, true},
		{"scripts/close/c.pkt", "ipv4", "needs kernel>=6.11 # really", VERDICT_SKIP, 1,
		 false},
		{"scripts/open/d.pkt", "ipv4", "kernels before 6.11", VERDICT_XFAIL, 1, true},
		{"scripts/open/e.pkt", "ipv4", "kernels before 6.11", VERDICT_XPASS, 1, false},
		{"scripts/open/<f> & \"#%:,|`\xff\x1b\\.pkt", "ipv4-mapped-ipv6",
		 "died: 100%, ]]> <b>\r\n::error::x", VERDICT_ERROR, 1, false},
		{"g.pkt", NULL, "late", VERDICT_LATE, 4, true},
		{"/h.pkt", NULL, NULL, VERDICT_PASS, 1, false},
		{"scripts/open/i.pkt", "ipv4", "no room | here: 100%", VERDICT_NOT_RUN, 1, false},
		{"scripts/open/i.pkt", "ipv6", "no rights", VERDICT_NOT_RUN, 1, false},
		{"scripts/open/j.pkt", "ipv4", "no room | here: 100%", VERDICT_NOT_RUN, 1, false},
	};

	for (int i = 0; i < N_SUITE; i++) {
		struct run_result *result = begin(rows[i].mode);
		struct record *record;

		result->path = rows[i].path;
		result->reason = rows[i].reason;
		result->verdict = rows[i].verdict;
		result->attempts = rows[i].attempts;
		result->run_ns = (i * 7 % 5 + 1) * 100 * MS;
		result->max_late_ns = result->attempts > 1 ? 12300000 : 20000;
		if (rows[i].fails) {
			record = event(result, RECORD_SEGMENT, 14, 150 * MS,
				       "> . 2:2(0) ack 2", "> . 2:2(0) ack 1", "TCP_CLOSING");
			record->fault = FAULT_DIFFERS;
			record->place = (struct place){14, 22, 1};
			*differ(result, record, FIELD_tcp_ack, "2", "1") = (struct mismatch){
				.field = FIELD_tcp_ack,
				.expected = "2",
				.actual = "1",
				.place = record->place,
				.expected_at = {15, 1},
				.actual_at = {15, 1},
			};
			run_result_fail(result, record);
			result->source_line = "0.150 > . 2:2(0) ack 2";
		}
		words_complete(result);
		results[i] = result;
	}
}

void suite_free(struct run_result **results)
{
	for (int i = 0; i < N_SUITE; i++)
		run_result_free(results[i]);
}

static struct {
	char *text;
	size_t size;
	FILE *out;
} sink;

FILE *sink_open(void)
{
	sink.out = open_memstream(&sink.text, &sink.size);
	assert_non_null(sink.out);
	return sink.out;
}

char *sink_text(void)
{
	fclose(sink.out);
	return sink.text;
}
