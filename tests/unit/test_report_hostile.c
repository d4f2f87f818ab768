/* Whatever bytes come from a script, a command, the kernel or a file of results: no report passes them
 * on in a way that its reader would take for something else. */
#include "tests/unit/report_faults.h"

#include <jansson.h>

#include "runtime/report/text.h"
#include "runtime/report/words.h"

static const char *const hostile[] = {
	/* terminals */
	"\x1b[2J\x1b]0;title\x07", "\x9b" "31m", "\xc2\x9b" "31m", "a\rb", "a\b\b", "\x7f\x01",
	"\xe2\x80\xaetxt.exe\xe2\x80\xac", "\xe2\x81\xa6" "a\xe2\x81\xa9", "\xff\xfe \xc0\x80 \xed\xa0\x80",
	/* lines of other reports */
	"::error file=x::boom", "  ::stop-commands::t", "a\n::error::boom", "a\n \t::warning::boom\n",
	"::1 > ::2", "##[error]boom", "a\n##vso[task.complete]", "a ##[group]b", "a\nok 1 - b\nnot ok 2 - c",
	"# SKIP a", " # TODO b", "a\n---\n...\n", "a\n  ...\nb", "1..9", "Bail out!", "\\# a", "a\n\n\nb",
	/* notations */
	"%0A::error::boom", "a%2Cb,c:d", "<script>alert(1)</script>", "</pre></failure>&amp;\"'",
	"]]><![CDATA[", "&#27;[0m", "<!-- -->", "a | b | c", "|---|", "`a` **b** _c_ ~~d~~ [e](f) ![g](h)",
	"\"quoted\" \\ \\u0000", "{\"verdict\":\"pass\"}", "key: value", "- item", "> quote",
};

/* ---- where they may stand ------------------------------------------------------------------ */

#define N_RUNS 8

struct runs {
	struct run_result *at[N_RUNS];
	struct record *record, *warning; /* of the first */
};

static struct runs runs_new(void)
{
	static const enum verdict verdicts[N_RUNS] = {
		VERDICT_FAIL, VERDICT_ERROR, VERDICT_SKIP, VERDICT_XFAIL,
		VERDICT_XPASS, VERDICT_LATE, VERDICT_NOT_RUN, VERDICT_PASS,
	};
	struct runs runs;

	for (int i = 0; i < N_RUNS; i++) {
		runs.at[i] = i % 2 ? run_result_new("x", "ipv4") : fault_sample_new(&fault_samples[4]);
		runs.at[i]->verdict = verdicts[i];
		runs.at[i]->reason = "x";
		runs.at[i]->attempts = verdicts[i] == VERDICT_PASS ? 2 : 1;
	}
	runs.record = runs.at[0]->records[runs.at[0]->failed_record];
	runs.record->hint = runs.record->output = runs.at[0]->output = "x";
	runs.record->kind = RECORD_CODE; /* whose output is shown */
	runs.warning = runs.at[0]->records[1];
	runs.warning->status = RECORD_WARNING;
	return runs;
}

static void runs_free(struct runs *runs)
{
	for (int i = 0; i < N_RUNS; i++)
		run_result_free(runs->at[i]);
}

/* In a mismatch there is room for so much. */
static void put_mismatch(struct runs *runs, const char *text)
{
	struct mismatch *m = &runs->record->mismatches->at[0];

	m->field = FIELD_none;
	snprintf(m->name, sizeof(m->name), "%s", text);
	snprintf(m->expected, sizeof(m->expected), "%s", text);
	snprintf(m->actual, sizeof(m->actual), "%s", text);
}

/* Either of its texts is given, the other is as usual. */
static void put_insertion(struct runs *runs)
{
	struct record *record = runs->record;

	record->alignment = ALIGNMENT_INSERTION;
	if (!record->missing)
		record->missing = "+0 > . 1:1(0) ack 1";
	if (!runs->at[0]->source_before)
		runs->at[0]->source_before = "+0 close(4) = 0";
}

enum text_field {
	PATH, MODE, REASON, OUTPUT, DIAGNOSTICS, SOURCE_LINE, EXPECTED, ACTUAL, CONNECTION, DETAIL,
	MESSAGE, HINT, WHY, CALL, SAID, MISSING, SOURCE_BEFORE,
	MISMATCH, WARNING, N_TEXTS
};

static void put(struct runs *runs, enum text_field field, const char *text)
{
	struct record *record = runs->record;
	const char **const texts[] = {
		[SOURCE_LINE] = &runs->at[0]->source_line,
		[SOURCE_BEFORE] = &runs->at[0]->source_before,
		[MISSING] = &record->missing,
		[EXPECTED] = &record->expected,
		[ACTUAL] = &record->actual,
		[CONNECTION] = &record->connection,
		[DETAIL] = &record->detail,
		[MESSAGE] = &record->message,
		[HINT] = &record->hint,
		[WHY] = &record->why,
		[CALL] = &record->call,
		[SAID] = &record->output,
		[OUTPUT] = &runs->at[0]->output,
		[DIAGNOSTICS] = &runs->at[1]->diagnostics,
		[WARNING] = &runs->warning->message,
	};

	for (int i = 0; i < N_RUNS && field <= REASON; i++)
		*(field == PATH	  ? &runs->at[i]->path
		  : field == MODE ? &runs->at[i]->mode
				  : &runs->at[i]->reason) = text;
	if (field == MISMATCH)
		put_mismatch(runs, text);
	else if (field > REASON)
		*texts[field] = text;
	if (field == MISSING || field == SOURCE_BEFORE)
		put_insertion(runs);
	if (field != DETAIL && field != CALL && field != MISMATCH)
		return;
	record->message = NULL;
	words_complete(runs->at[0]);
}

/* ---- reports ------------------------------------------------------------------------------- */

typedef const struct run_result *const *runs_of_report;

static void all_failures(FILE *out, runs_of_report runs)
{
	for (int i = 0; i < N_RUNS; i++) {
		report_warnings(out, runs[i], false);
		report_failure(out, runs[i], false);
		report_classic(out, runs[i]);
	}
}

static void all_traces(FILE *out, runs_of_report runs)
{
	for (int i = 0; i < N_RUNS; i++) {
		report_trace(out, runs[i], i % 2 ? 80 : 0, false);
		report_output(out, runs[i]->output);
	}
}

static void all_ladders(FILE *out, runs_of_report runs)
{
	struct ladder_options options = {.ascii = true};

	for (int i = 0; i < N_RUNS; i++)
		report_ladder(out, runs[i], &options);
}

static void summary(FILE *out, runs_of_report runs)
{
	struct summary_options options = {.slowest = 3};
	struct report_progress progress = {.all = N_RUNS};

	report_summary(out, runs, N_RUNS, &options);
	options.quiet = true;
	report_summary(out, runs, N_RUNS, &options);
	for (int i = 0; i < N_RUNS; i++)
		report_progress_line(out, &progress, runs[i], false);
}

static void tap(FILE *out, runs_of_report runs)
{
	report_tap(out, runs, N_RUNS, TAP_14);
}

static void ktap(FILE *out, runs_of_report runs)
{
	report_tap(out, runs, N_RUNS, TAP_KERNEL);
}

static void junit(FILE *out, runs_of_report runs)
{
	struct junit_options options = {0};

	report_junit(out, runs, N_RUNS, &options);
}

static void github(FILE *out, runs_of_report runs)
{
	report_github(out, runs, N_RUNS);
}

static void markdown(FILE *out, runs_of_report runs)
{
	report_github_summary(out, runs, N_RUNS);
}

static void json(FILE *out, runs_of_report runs)
{
	report_json(out, runs, N_RUNS);
}

static void svg(FILE *out, runs_of_report runs)
{
	report_svg(out, runs, N_RUNS);
}

static void html(FILE *out, runs_of_report runs)
{
	report_html(out, runs, N_RUNS, 0);
}

static void mermaid(FILE *out, runs_of_report runs)
{
	report_mermaid(out, runs, N_RUNS);
}

/* ---- what may not change ------------------------------------------------------------------- */

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Lines that begin so. */
static size_t count_lines(const char *text, const char *what)
{
	size_t n = !strncmp(text, what, strlen(what));

	for (; (text = strchr(text, '\n')); n += !strncmp(text, what, strlen(what)))
		text++;
	return n;
}

/* Lines that a log of GitHub's takes for a command: the runner looks behind blanks. */
static size_t count_commands(const char *text)
{
	static const char *const commands[] = {"error", "warning", "notice", "debug", "group",
					       "endgroup", "echo", "add-mask", "stop-commands",
					       "set-output", "add-matcher"};
	size_t n = 0;

	for (; text; text = strchr(text, '\n'), text += text != NULL) {
		const char *line = text + strspn(text, " \t\n");

		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			n += !strncmp(line, "::", 2) &&
			     !strncmp(line + 2, commands[i], strlen(commands[i]));
	}
	return n;
}

static const struct {
	const char *name;
	void (*print)(FILE *out, runs_of_report runs);
	const char *structure; /* characters of which there are as many, whatever the texts are */
	const char *lines[4];  /* the same of lines that begin so */
	bool commands;	       /* it is made of such lines */
} reports[] = {
	{"failures", all_failures, "", {NULL}, false},
	{"traces", all_traces, "", {NULL}, false},
	{"ladders", all_ladders, "", {NULL}, false},
	{"summary", summary, "", {NULL}, false},
	{"TAP", tap, "", {"ok ", "not ok ", "  ---", "  ..."}, false},
	{"KTAP", ktap, "", {"ok ", "not ok ", "1..", NULL}, false},
	{"JUnit", junit, "<>\"", {NULL}, false},
	{"GitHub", github, "\n", {"::", NULL}, true},
	{"Markdown", markdown, "<>|`*_[]", {"### ", "| ", "<details>", NULL}, false},
	{"JSON", json, "\n", {"{", NULL}, false},
	{"SVG", svg, "", {NULL}, false},
	{"HTML", html, "", {NULL}, false},
	{"Mermaid", mermaid, "", {NULL}, false},
};

#define N_REPORTS (sizeof(reports) / sizeof(reports[0]))

static char *printed(size_t report, const struct runs *runs)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	reports[report].print(out, (runs_of_report)runs->at);
	fclose(out);
	return text;
}

/* Not a byte that is none of a text's, and no command of a log. */
static void is_harmless(size_t report, char *text, const char *said)
{
	size_t same = 0;
	char *clean;

	if (!strcmp(reports[report].name, "JSON")) /* escapes in its own way */
		return;
	for (char *c = text; *c; c++) /* the page's own */
		*c = *c == '\t' ? ' ' : *c;
	clean = text_clean(text, true);
	while (text[same] && text[same] == clean[same])
		same++;
	if ((text[same] || clean[same]) && !reports[report].commands)
		fail_msg("%s passes on %s: %.60s", reports[report].name, said, text + same);
	free(clean);
}

static void is_built_alike(size_t report, const char *text, const char *usual, const char *said)
{
	for (const char *c = reports[report].structure; *c; c++) {
		char what[2] = {*c, '\0'};

		if (count(text, what) != count(usual, what))
			fail_msg("%s: %zu of %s, not %zu, for %s:\n%s", reports[report].name,
				 count(text, what), what, count(usual, what), said, text);
	}
	for (int i = 0; i < 4 && reports[report].lines[i]; i++)
		if (count_lines(text, reports[report].lines[i]) !=
		    count_lines(usual, reports[report].lines[i]))
			fail_msg("%s: other lines of %s for %s:\n%s", reports[report].name,
				 reports[report].lines[i], said, text);
	if (count_commands(text) != count_commands(usual))
		fail_msg("%s has commands of %s:\n%s", reports[report].name, said, text);
	if ((reports[report].print == svg || reports[report].print == html) &&
	    count(text, "<script") != count(usual, "<script"))
		fail_msg("%s runs %s", reports[report].name, said);
}

static void is_json(const char *text)
{
	for (; *text; text = strchr(text, '\n') + 1) {
		json_t *object = json_loadb(text, strcspn(text, "\n"), 0, NULL);

		assert_non_null(object);
		json_decref(object);
	}
}

static void every_text_in_every_report(void **state)
{
	char *usual[N_REPORTS];
	struct runs runs;

	(void)state;
	for (int field = 0; field < N_TEXTS; field++) {
		runs = runs_new();
		put(&runs, field, "x");
		for (size_t i = 0; i < N_REPORTS; i++)
			usual[i] = printed(i, &runs);
		runs_free(&runs);
		for (size_t h = 0; h < sizeof(hostile) / sizeof(hostile[0]); h++) {
			runs = runs_new();
			put(&runs, field, hostile[h]);
			for (size_t i = 0; i < N_REPORTS; i++) {
				char *text = printed(i, &runs);

				is_harmless(i, text, hostile[h]);
				is_built_alike(i, text, usual[i], hostile[h]);
				if (reports[i].print == json)
					is_json(text);
				free(text);
			}
			runs_free(&runs);
		}
		for (size_t i = 0; i < N_REPORTS; i++)
			free(usual[i]);
	}
}

/* An address is no command, and what is no command stays as it is. */
static void what_is_left_alone(void **state)
{
	static const char *const texts[] = {
		"::1", "[::1]:80 > [::2]:90", "ipv6 ::a > ::ffff:1.2.3.4: . 1:1(0)", "std::string a::b::c", "# ##", "`echo ${a##*/}`", "## heading",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *clean = text_clean(texts[i], true);

		assert_string_equal(clean, texts[i]);
		free(clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_in_every_report),
		cmocka_unit_test(what_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
