#include "runtime/record/record.h"

#include <stdatomic.h>
#include <string.h>

#include "parser/tables.h"

#define FIRST_ROOM 16

static const char *const kind_names[] = {
#define KIND(id, name, meaning) [RECORD_##id] = name,
#include "runtime/record/record.def"
#undef KIND
};

static const char *const fault_names[] = {
#define FAULT(id, name, meaning) [FAULT_##id] = name,
#include "runtime/record/record.def"
#undef FAULT
};

static const char *const cause_names[] = {
#define CAUSE(id, name, meaning) [CAUSE_##id] = name,
#include "runtime/record/record.def"
#undef CAUSE
};

static const char *const alignment_names[] = {
#define ALIGNMENT(id, name, meaning) [ALIGNMENT_##id] = name,
#include "runtime/record/record.def"
#undef ALIGNMENT
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
	[VERDICT_LATE] = {"late", true},   [VERDICT_NOT_RUN] = {"not run", true},
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

const char *record_fault_name(enum record_fault fault)
{
	return HAS(fault_names, fault) ? fault_names[fault] : NULL;
}

const char *record_cause_name(enum record_cause cause)
{
	return HAS(cause_names, cause) ? cause_names[cause] : NULL;
}

const char *record_alignment_name(enum record_alignment alignment)
{
	return HAS(alignment_names, alignment) ? alignment_names[alignment] : NULL;
}

const char *record_state_name(const struct record *record)
{
	const char *name = record->state ? tcp_state_symbol(record->state) : NULL;

	return name ? name : "";
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
	return run_result_new_in(arena_new(), path, mode);
}

struct run_result *run_result_new_in(struct arena *arena, const char *path, const char *mode)
{
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

/* Makes room for one more item. Arrays start at FIRST_ROOM and double when they are full, so that
 * no capacity has to be kept. */
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

struct record *record_new(struct arena *arena, enum record_kind kind)
{
	struct record *record = arena_new_of(arena, struct record);

	record->kind = kind;
	record->event = -1;
	record->due_ns = record->until_ns = record->actual_ns = record->met_ns = INT64_MIN;
	return record;
}

void run_result_close(struct run_result *result, struct record *record)
{
	result->records =
		grow(result->arena, result->records, result->n_records, sizeof(*result->records));
	result->records[result->n_records] = record;
	if (record->status == RECORD_FAILED && result->failed_record < 0)
		result->failed_record = (int)result->n_records;
	/* Another process may read the list: it sees a record complete or not at all. */
	atomic_thread_fence(memory_order_release);
	result->n_records++;
}

struct record *run_result_add(struct run_result *result, enum record_kind kind)
{
	struct record *record = record_new(result->arena, kind);

	run_result_close(result, record);
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

void run_result_add_counter(struct run_result *result, const char *name, int64_t by)
{
	result->counters = grow(result->arena, result->counters, result->n_counters,
				sizeof(*result->counters));
	result->counters[result->n_counters++] =
		(struct growth){arena_strndup(result->arena, name, strlen(name)), by};
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

struct place record_place(const struct record *record)
{
	return record->place.line ? record->place
				  : (struct place){.line = record->line, .column = record->column};
}

bool record_is_given_up(const struct record *record)
{
	return !record->actual &&
	       (record->fault == FAULT_NO_PACKET || record->fault == FAULT_STILL_BLOCKED);
}

int64_t record_off_ns(const struct record *record)
{
	int64_t until_ns = record->until_ns == INT64_MIN ? record->due_ns : record->until_ns;

	if (record->actual_ns == INT64_MIN || record->due_ns == INT64_MIN)
		return 0;
	if (record->actual_ns < record->due_ns)
		return record->actual_ns - record->due_ns;
	return record->actual_ns > until_ns ? record->actual_ns - until_ns : 0;
}

/* NULL: the text has no such line. */
static const char *line_of(struct run_result *result, const char *text, unsigned wanted)
{
	for (unsigned line = 1; text && line < wanted; line++) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text && wanted ? arena_strndup(result->arena, text, strcspn(text, "\r\n")) : NULL;
}

void run_result_quote(struct run_result *result, const char *text)
{
	const struct record *failed = run_result_failed(result);

	if (!failed)
		return;
	result->source_line = line_of(result, text, record_place(failed).line);
	result->source_before = line_of(result, text, failed->after_line);
}
