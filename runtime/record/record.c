#include "runtime/record/record.h"

#include <string.h>

#define FIRST_ROOM 16

static const char *const kind_names[] = {
	[RECORD_INJECT] = "inject", [RECORD_SEGMENT] = "segment",   [RECORD_EXTRA] = "extra",
	[RECORD_CALL] = "call",	    [RECORD_CALL_END] = "call_end", [RECORD_COMMAND] = "command",
	[RECORD_CODE] = "code",	    [RECORD_STATE] = "state",	    [RECORD_STATES] = "states",
	[RECORD_QUIET] = "quiet",   [RECORD_KILL] = "kill",	    [RECORD_EXIT] = "exit",
	[RECORD_SETUP] = "setup",   [RECORD_CLEANUP] = "cleanup",
};

static const char *const status_names[] = {
	[RECORD_OK] = "ok",
	[RECORD_WARNING] = "warning",
	[RECORD_FAILED] = "failed",
};

static const struct {
	const char *name;
	bool failure;
} verdicts[] = {
	[VERDICT_PASS] = {"pass", false},  [VERDICT_FAIL] = {"fail", true},
	[VERDICT_SKIP] = {"skip", false},  [VERDICT_XFAIL] = {"xfail", false},
	[VERDICT_XPASS] = {"xpass", true}, [VERDICT_ERROR] = {"error", true},
	[VERDICT_LATE] = {"late", true},
};

#define HAS(table, index) ((size_t)(index) < sizeof(table) / sizeof((table)[0]))

const char *record_kind_name(enum record_kind kind)
{
	return HAS(kind_names, kind) ? kind_names[kind] : NULL;
}

const char *record_status_name(enum record_status status)
{
	return HAS(status_names, status) ? status_names[status] : NULL;
}

const char *verdict_name(enum verdict verdict)
{
	return HAS(verdicts, verdict) ? verdicts[verdict].name : NULL;
}

bool verdict_is_failure(enum verdict verdict)
{
	return HAS(verdicts, verdict) && verdicts[verdict].failure;
}

const char *run_result_mode(const struct run_result *result)
{
	return result->mode ? result->mode : "";
}

bool run_result_is_flaky(const struct run_result *result)
{
	return result->verdict == VERDICT_PASS && result->attempts > 1;
}

struct run_result *run_result_new(const char *path, const char *mode)
{
	struct arena *arena = arena_new();
	struct run_result *result = arena_new_of(arena, struct run_result);

	result->arena = arena;
	result->path = arena_strndup(arena, path, strlen(path));
	result->mode = mode ? arena_strndup(arena, mode, strlen(mode)) : NULL;
	result->failed_record = -1;
	result->attempts = 1;
	return result;
}

void run_result_free(struct run_result *result)
{
	if (result)
		arena_free(result->arena);
}

/* Room for one more: arrays start at FIRST_ROOM and double when full, so no capacity is kept. */
static void *grow(struct arena *arena, void *items, size_t n, size_t size)
{
	bool full = n == 0 || (n >= FIRST_ROOM && (n & (n - 1)) == 0);
	void *bigger;

	if (!full)
		return items;
	bigger = arena_alloc(arena, (n ? 2 * n : FIRST_ROOM) * size);
	if (n)
		memcpy(bigger, items, n * size);
	return bigger;
}

struct record *run_result_add(struct run_result *result, enum record_kind kind)
{
	struct record *record = arena_new_of(result->arena, struct record);

	record->kind = kind;
	record->event = -1;
	record->due_ns = record->until_ns = record->actual_ns = INT64_MIN;
	result->records =
		grow(result->arena, result->records, result->n_records, sizeof(*result->records));
	result->records[result->n_records++] = record;
	return record;
}

void run_result_add_lateness(struct run_result *result, int64_t late_ns)
{
	result->lateness = grow(result->arena, result->lateness, result->n_lateness,
				sizeof(*result->lateness));
	result->lateness[result->n_lateness++] = late_ns;
	if (late_ns > result->max_late_ns)
		result->max_late_ns = late_ns;
}

void run_result_fail(struct run_result *result, struct record *record)
{
	record->status = RECORD_FAILED;
	for (size_t i = result->n_records; i > 0 && result->failed_record < 0; i--)
		if (result->records[i - 1] == record)
			result->failed_record = (int)(i - 1);
}

const struct record *run_result_failed(const struct run_result *result)
{
	if (result->failed_record < 0 || (size_t)result->failed_record >= result->n_records)
		return NULL;
	return result->records[result->failed_record];
}

void run_result_quote(struct run_result *result, const char *text)
{
	const struct record *failed = run_result_failed(result);

	if (!failed || !failed->line || !text)
		return;
	for (unsigned line = 1; line < failed->line; line++) {
		text = strchr(text, '\n');
		if (!text)
			return;
		text++;
	}
	result->source_line = arena_strndup(result->arena, text, strcspn(text, "\r\n"));
}
