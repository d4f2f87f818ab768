/* Sentences about runs: their verdicts, their names, how many there are. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/report/words.h"

static const struct verdict_words verdicts[] = {
	[VERDICT_PASS] = {"passed", "passed", "passed", "passed", PAINT_GOOD},
	[VERDICT_FAIL] = {"error", "the run failed", "failed", "failed", PAINT_BAD},
	[VERDICT_SKIP] = {"skipped", "not to be played", "skipped", "skipped", PAINT_WARN},
	[VERDICT_XFAIL] = {"expected failure", "expected failure", "expected failure",
			   "expected failures", PAINT_PLAIN},
	[VERDICT_XPASS] = {"error", "unexpected pass", "unexpected pass", "unexpected passes",
			   PAINT_BAD},
	[VERDICT_ERROR] = {"error", "the run ended before its time", "error", "errors", PAINT_BAD},
	[VERDICT_LATE] = {"inconclusive", "the run itself was late", "inconclusive",
			  "inconclusive", PAINT_WARN},
	[VERDICT_NOT_RUN] = {"not run", "it cannot be played here", "not run", "not run",
			     PAINT_BAD},
};

const struct verdict_words *words_of_verdict(enum verdict verdict)
{
	return &verdicts[verdict];
}

static char *printed(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *printed(const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		abort();
	return text;
}

char *words_path(const struct run_result *result)
{
	char *clean = text_clean(result->path, false), *path;
	bool plain = !strchr(" :#", *clean); /* no log takes the line for a command */

	path = printed("%s%s", plain ? "" : "./", clean);
	free(clean);
	return path;
}

char *words_name(const struct run_result *result)
{
	char *path = words_path(result), *mode = text_clean(result->mode, false);
	char *name = printed("%s%s%s%s", path, *mode ? " (" : "", mode, *mode ? ")" : "");

	free(path);
	free(mode);
	return name;
}

static void put_count(FILE *out, size_t n, const char *one, const char *many, enum paint paint,
		      bool color)
{
	paint = n ? paint : PAINT_PLAIN;
	fprintf(out, "%s%zu %s%s", text_paint(paint, color), n, n == 1 ? one : many,
		text_paint(PAINT_PLAIN, color));
}

void words_counts(FILE *out, const struct report_counts *counts, bool color)
{
	static const struct {
		enum verdict verdict;
		bool always;
	} order[] = {{VERDICT_PASS, true},   {VERDICT_FAIL, true},   {VERDICT_ERROR, false},
		     {VERDICT_NOT_RUN, false}, {VERDICT_XPASS, false}, {VERDICT_LATE, false},
		     {VERDICT_XFAIL, false}, {VERDICT_SKIP, true}};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		enum verdict verdict = order[i].verdict;
		const struct verdict_words *words = &verdicts[verdict];
		size_t n = counts->by_verdict[verdict];

		if (verdict == VERDICT_ERROR && counts->bad) {
			fputs(", ", out);
			put_count(out, counts->bad, "script with errors (not played)",
				  "scripts with errors (not played)", words->paint, color);
			n -= counts->bad;
		}
		if (!n && !order[i].always)
			continue;
		fputs(i ? ", " : "", out);
		put_count(out, n, words->one, words->many, words->paint, color);
		if (verdict == VERDICT_PASS && counts->flaky)
			fprintf(out, " (%zu flaky)", counts->flaky);
	}
}

char *words_lateness(const struct run_result *result)
{
	if (result->tick_ns)
		return printed("its time was off by what the kernel's ticks (%s each) may explain",
			       text_duration(result->tick_ns).text);
	return printed("the run itself was up to %s late", text_duration(result->max_late_ns).text);
}

char *words_headline(const struct run_result *result)
{
	const struct record *failed = run_result_failed(result);
	const char *said = verdicts[result->verdict].headline;
	char *text = failed && !failed->message ? words_message(failed) : NULL;

	if (text)
		return text;
	if (failed && failed->message)
		said = failed->message;
	else if (result->verdict != VERDICT_XPASS && result->reason && *result->reason)
		said = result->reason;
	if (result->verdict == VERDICT_XPASS && result->reason)
		return printed("%s (xfail: %s)", said, result->reason);
	return printed("%s", said);
}
