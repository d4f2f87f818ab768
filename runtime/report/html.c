/* One page for a suite. It needs nothing from elsewhere: style and script are in it, and a browser
 * is told to load nothing. Without its script it is a list of runs that open. */
#include "runtime/report/html.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/report/report.h"
#include "runtime/report/svg.h"
#include "runtime/report/text.h"
#include "runtime/report/words.h"
#include "runtime/report/xml.h"

/* From html.css and html.js. */
extern const char html_style[], html_script[];
__asm__(".pushsection .rodata\n"
	".global html_style, html_script\n"
	"html_style: .incbin \"runtime/report/html.css\"\n"
	".byte 0\n"
	"html_script: .incbin \"runtime/report/html.js\"\n"
	".byte 0\n"
	".popsection\n");

#define N_VERDICTS (VERDICT_NOT_RUN + 1)

static const char *class_of(enum verdict verdict)
{
	if (verdict == VERDICT_PASS)
		return "good";
	return verdict_is_failure(verdict) ? "bad" : "warn";
}

static void put_head(FILE *out, const struct report_counts *counts)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>finwait: ",
	      out);
	words_counts(out, counts, false);
	fprintf(out, "</title>\n<style>\n%s%s\n</style>\n</head>\n<body>\n", html_style, svg_style);
}

static void put_summary(FILE *out, const struct report_counts *counts, int64_t began)
{
	time_t when = (time_t)began;
	struct tm tm;
	char date[64] = "";

	if (gmtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &tm);
	fputs("<header>\n<h1>finwait: ", out);
	words_counts(out, counts, false);
	fprintf(out, "</h1>\n<p class=\"note\">%zu runs, %s", counts->all, date);
	if (counts->flaky)
		fprintf(out, ", %zu passed only at a later try", counts->flaky);
	fputs("</p>\n</header>\n", out);
}

static void put_filter(FILE *out, const struct report_counts *counts)
{
	fputs("<form id=\"filter\" role=\"search\" hidden>\n"
	      "<label>Search <input type=\"search\" id=\"search\" "
	      "placeholder=\"name, state, message\"></label>\n<fieldset><legend>Show</legend>\n",
	      out);
	for (size_t i = 0; i < N_VERDICTS; i++)
		if (counts->by_verdict[i])
			fprintf(out,
				"<label><input type=\"checkbox\" value=\"%s\" checked> %s "
				"(%zu)</label>\n",
				verdict_name((enum verdict)i), words_of_verdict((enum verdict)i)->many,
				counts->by_verdict[i]);
	fputs("</fieldset>\n<button type=\"button\" id=\"next\">Next failure</button>\n"
	      "<button type=\"reset\">Show all</button>\n"
	      "<p id=\"shown\" class=\"note\" aria-live=\"polite\"></p>\n</form>\n",
	      out);
}

static void put_name(FILE *out, const struct run_result *result)
{
	const char *mode = run_result_mode(result);

	xml_put(out, result->path, false);
	if (*mode) {
		fputs(" (", out);
		xml_put(out, mode, false);
		putc(')', out);
	}
}

/* What failed, at the top. */
static void put_failures(FILE *out, const struct run_result *const *results, size_t n)
{
	fputs("<nav aria-label=\"Failures\">\n<h2>Failures</h2>\n<ul>\n", out);
	for (size_t i = 0; i < n; i++) {
		if (!verdict_is_failure(results[i]->verdict))
			continue;
		fprintf(out, "<li><a href=\"#r%zu\">", i);
		put_name(out, results[i]);
		fputs("</a></li>\n", out);
	}
	fputs("</ul>\n</nav>\n", out);
}

static void put_run(FILE *out, const struct run_result *result, size_t id)
{
	char *why;

	fprintf(out,
		"<li class=\"%s\" data-v=\"%s\"><details class=\"run\" id=\"r%zu\"><summary>"
		"<span class=\"v\">%s</span> <span class=\"path\">",
		class_of(result->verdict), verdict_name(result->verdict), id,
		verdict_name(result->verdict));
	put_name(out, result);
	fputs("</span> <span class=\"note\">", out);
	if (run_result_is_flaky(result))
		fprintf(out, "flaky, passed at try %u; ", result->attempts);
	fprintf(out, "%s</span>", text_duration(result->setup_ns + result->run_ns).text);
	if (result->verdict != VERDICT_PASS) {
		why = words_headline(result);
		fputs("<span class=\"why\">", out);
		xml_put(out, why, false);
		fputs("</span>", out);
		free(why);
	}
	fputs("</summary>\n", out);
	html_run(out, result, (unsigned)id);
	fputs("</details></li>\n", out);
}

bool report_html(FILE *out, const struct run_result *const *results, size_t n, int64_t began)
{
	struct report_counts counts = report_count(results, n);

	put_head(out, &counts);
	put_summary(out, &counts, began);
	put_filter(out, &counts);
	if (counts.failures)
		put_failures(out, results, n);
	fputs("<main>\n<h2>Runs</h2>\n<ol class=\"runs\">\n", out);
	for (size_t i = 0; i < n; i++)
		put_run(out, results[i], i);
	fprintf(out, "</ol>\n</main>\n<script>\n%s</script>\n</body>\n</html>\n", html_script);
	return !ferror(out);
}
