#include "runtime/report/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/report/text.h"
#include "runtime/report/words.h"

/* How a verdict is told. TAP 14 has two directives, SKIP and TODO (its word for "may fail"); KTAP
 * has more words (Linux: Documentation/dev-tools/ktap.rst) and calls an expected failure ok. */
struct telling {
	bool ok;
	const char *directive; /* NULL: none */
};

/* clang-format off */
#define KERNEL \
	[VERDICT_PASS] = {true, NULL}, \
	[VERDICT_FAIL] = {false, NULL}, \
	[VERDICT_SKIP] = {true, "SKIP"}, \
	[VERDICT_XFAIL] = {true, "XFAIL"}, \
	[VERDICT_XPASS] = {false, NULL}, \
	[VERDICT_ERROR] = {false, "ERROR"}, \
	[VERDICT_LATE] = {false, NULL}, \
	[VERDICT_NOT_RUN] = {false, "ERROR"},
/* clang-format on */

static const struct telling tellings[][N_VERDICTS] = {
	[TAP_14] =
		{
			[VERDICT_PASS] = {true, NULL},
			[VERDICT_FAIL] = {false, NULL},
			[VERDICT_SKIP] = {true, "SKIP"},
			[VERDICT_XFAIL] = {false, "TODO"},
			[VERDICT_XPASS] = {false, NULL},
			[VERDICT_ERROR] = {false, NULL},
			[VERDICT_LATE] = {false, NULL},
			[VERDICT_NOT_RUN] = {false, NULL},
		},
	[TAP_KERNEL] = {KERNEL},
	[TAP_KSELFTEST] = {KERNEL},
};

static const struct {
	const char *version, *dash; /* before a description */
	bool yaml; /* details after the point as YAML; else before it as comments */
} flavours[] = {
	[TAP_14] = {"TAP version 14", "- ", true},
	[TAP_KERNEL] = {"KTAP version 1", "", false},
	[TAP_KSELFTEST] = {"TAP version 13", "", false},
};

/* Readers of the kernel's logs take these for a failure or a skip, whatever they stand in. */
static void hide_words(char *text)
{
	static const char *const words[] = {"[FAIL]", "FAIL:", "SKIP:", "not ok"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (char *at = text; (at = strstr(at, words[i]));)
			at[strlen(words[i]) - 1] = '_';
}

/* TAP 14 escapes what would begin a directive; KTAP has no escape, so it is replaced there. */
static void print_description(FILE *out, const char *text, enum tap_flavour flavour)
{
	char *clean = text_clean(text, false);

	if (flavour != TAP_14)
		hide_words(clean);
	for (const char *c = clean; *c; c++) {
		if (flavour == TAP_14 && (*c == '#' || *c == '\\'))
			fprintf(out, "\\%c", *c);
		else
			putc(*c == '#' ? '_' : *c, out);
	}
	free(clean);
}

static void print_lines(FILE *out, const char *prefix, const char *text)
{
	for (size_t size; *text; text += size + (text[size] == '\n')) {
		size = strcspn(text, "\n");
		fprintf(out, "%s%.*s\n", prefix, (int)size, text);
	}
}

/* A JSON string is a YAML string. */
static void print_yaml_text(FILE *out, const char *indent, const char *key, const char *text)
{
	char *clean = text_clean(text, false), *quoted;
	json_t *value = json_string(clean);

	quoted = json_dumps(value, JSON_ENCODE_ANY);
	fprintf(out, "%s%s: %s\n", indent, key, quoted ? quoted : "\"\"");
	free(quoted);
	json_decref(value);
	free(clean);
}

static void print_yaml(FILE *out, const struct run_result *result, const char *report)
{
	const struct record *failed = run_result_failed(result);
	char headline[1024];

	report_headline(headline, sizeof(headline), result);
	fputs("  ---\n", out);
	print_yaml_text(out, "  ", "message", headline);
	print_yaml_text(out, "  ", "severity", verdict_name(result->verdict));
	fputs("  at:\n", out);
	print_yaml_text(out, "    ", "file", result->path);
	if (failed && record_place(failed).line)
		fprintf(out, "    line: %u\n    column: %u\n", record_place(failed).line,
			record_place(failed).column);
	fprintf(out, "  duration_ms: %.3f\n", (double)(result->setup_ns + result->run_ns) / 1e6);
	if (*report) {
		fputs("  report: |\n", out);
		print_lines(out, "    ", report);
	}
	fputs("  ...\n", out);
}

static void print_flaky(FILE *out, const struct run_result *result)
{
	if (run_result_is_flaky(result))
		fprintf(out, "# flaky: passed at try %u\n", result->attempts);
}

void report_tap_plan(FILE *out, size_t n, enum tap_flavour flavour)
{
	fprintf(out, "%s\n1..%zu\n", flavours[flavour].version, n);
}

/* As the kernel's selftests have it: data behind the directive, or in its place. */
static void print_time(FILE *out, const struct run_result *result, const char *directive,
		       enum tap_flavour flavour)
{
	int64_t ns = result->setup_ns + result->run_ns;

	if (flavour != TAP_14 && ns > 0)
		fprintf(out, "%stime=%lldms", directive ? " " : " # ",
			(long long)((ns + 500000) / 1000000));
}

void report_tap_point(FILE *out, size_t number, const struct run_result *result,
		      enum tap_flavour flavour)
{
	const struct telling *telling = &tellings[flavour][result->verdict];
	bool details = verdict_is_failure(result->verdict);
	char *report = details ? report_failure_text(result) : NULL;
	char *name = words_name(result);

	print_flaky(out, result);
	if (details && !flavours[flavour].yaml)
		print_lines(out, "# ", report);
	fprintf(out, "%sok %zu %s", telling->ok ? "" : "not ", number, flavours[flavour].dash);
	print_description(out, name, flavour);
	if (telling->directive) {
		fprintf(out, " # %s ", telling->directive);
		print_description(out, result->reason ? result->reason : "", flavour);
	}
	print_time(out, result, telling->directive, flavour);
	putc('\n', out);
	if (details && flavours[flavour].yaml)
		print_yaml(out, result, report);
	free(name);
	free(report);
}

void report_tap_end(FILE *out, const struct report_counts *counts, enum tap_flavour flavour)
{
	const size_t *by = counts->by_verdict;

	if (flavour != TAP_14)
		fprintf(out, "# Totals: pass:%zu fail:%zu xfail:%zu xpass:%zu skip:%zu error:%zu\n",
			by[VERDICT_PASS], by[VERDICT_FAIL] + by[VERDICT_LATE], by[VERDICT_XFAIL],
			by[VERDICT_XPASS], by[VERDICT_SKIP],
			by[VERDICT_ERROR] + by[VERDICT_NOT_RUN]);
}

void report_tap(FILE *out, const struct run_result *const *results, size_t n,
		enum tap_flavour flavour)
{
	struct report_counts counts = report_count(results, n);

	report_tap_plan(out, n, flavour);
	for (size_t i = 0; i < n; i++)
		report_tap_point(out, i + 1, results[i], flavour);
	report_tap_end(out, &counts, flavour);
}
