/* A report for KCIDB, the kernel's common database of test results: its I/O schema, version 5.3. */
#include "runtime/report/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/report/text.h"
#include "runtime/report/words.h"

#define MAJOR	    5
#define MINOR	    3
#define EXCERPT_MAX 16384 /* characters */

/* An error is one of the test's own; what could not be tested, or whose process died, is missed. */
static const char *status_of(const struct run_result *result)
{
	static const char *const told[N_VERDICTS] = {
		[VERDICT_PASS] = "PASS",  [VERDICT_FAIL] = "FAIL",  [VERDICT_SKIP] = "SKIP",
		[VERDICT_XFAIL] = "PASS", [VERDICT_XPASS] = "FAIL", [VERDICT_ERROR] = "ERROR",
		[VERDICT_LATE] = "ERROR", [VERDICT_NOT_RUN] = "MISS",
	};
	const struct record *failed = run_result_failed(result);

	return failed && failed->fault == FAULT_CRASH ? "MISS" : told[result->verdict];
}

/* Whole characters of UTF-8. */
static json_t *excerpt(const char *text)
{
	size_t size = 0, n = 0;

	for (; text[size]; size++)
		if ((text[size] & 0xc0) != 0x80 && n++ == EXCERPT_MAX)
			break;
	return json_stringn(text, size);
}

static json_t *clean_string(const char *text)
{
	char *clean = text_clean(text, false);
	json_t *string = json_string(clean);

	free(clean);
	return string;
}

/* What KCIDB has no member for. */
static json_t *misc(const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	json_t *object = json_object();

	json_object_set_new(object, "script", clean_string(result->path));
	if (result->mode)
		json_object_set_new(object, "mode", clean_string(result->mode));
	json_object_set_new(object, "verdict", json_string(verdict_name(result->verdict)));
	if (result->reason)
		json_object_set_new(object, "reason", clean_string(result->reason));
	if (failed && record_place(failed).line)
		json_object_set_new(object, "line", json_integer(record_place(failed).line));
	if (result->attempts > 1)
		json_object_set_new(object, "tries", json_integer(result->attempts));
	return object;
}

static json_t *test(const struct run_result *result, size_t number,
		    const struct kcidb_options *options)
{
	int origin = (int)strcspn(options->build, ":");
	char *path = report_case_name(result), *report, stamp[32] = "", minute[32] = "";
	time_t seconds = options->timestamp;
	json_t *object = json_object();
	struct tm utc;

	if (gmtime_r(&seconds, &utc)) {
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
		strftime(minute, sizeof(minute), "%Y%m%dT%H%M%SZ", &utc);
	}
	json_object_set_new(object, "id",
			    json_sprintf("%.*s:finwait-%s-%s-%ld-%zu", origin, options->build,
					 options->hostname ? options->hostname : "localhost",
					 minute, options->process, number));
	json_object_set_new(object, "origin", json_stringn(options->build, (size_t)origin));
	json_object_set_new(object, "build_id", json_string(options->build));
	json_object_set_new(object, "path", json_string(path));
	json_object_set_new(object, "status", json_string(status_of(result)));
	json_object_set_new(object, "start_time", json_string(stamp));
	json_object_set_new(object, "duration",
			    json_real((double)(result->setup_ns + result->run_ns) / 1e9));
	if (verdict_is_failure(result->verdict) || result->verdict == VERDICT_XFAIL) {
		report = report_failure_text(result);
		json_object_set_new(object, "log_excerpt", excerpt(report));
		free(report);
	}
	json_object_set_new(object, "misc", misc(result));
	free(path);
	return object;
}

bool report_kcidb_is_id(const char *text)
{
	size_t origin = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return origin && text[origin] == ':';
}

bool report_kcidb(FILE *out, const struct run_result *const *results, size_t n,
		  const struct kcidb_options *options)
{
	json_t *tests = json_array(), *report;
	int code;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(tests, test(results[i], i + 1, options));
	report = json_pack("{s{sisi}so}", "version", "major", MAJOR, "minor", MINOR, "tests",
			   tests);
	code = report ? json_dumpf(report, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : -1;
	json_decref(report);
	putc('\n', out);
	return !code && !ferror(out);
}
