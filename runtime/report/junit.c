/* What comes out is valid by the schema of Jenkins' xUnit, and in the order that Ant's wants. Three
 * things that Ant's does not know are there for readers who want them: where a script and its failure
 * are, flaky runs as Maven's surefire has them, totals of all suites. */
#include "runtime/report/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/report/text.h"
#include "runtime/report/xml.h"

enum told_as { AS_PASSED, AS_FAILURE, AS_ERROR, AS_SKIPPED, N_TOLD_AS };

static const char *const elements[] = {
	[AS_PASSED] = NULL,
	[AS_FAILURE] = "failure",
	[AS_ERROR] = "error",
	[AS_SKIPPED] = "skipped",
};

static const enum told_as told_as[] = {
	[VERDICT_PASS] = AS_PASSED,   [VERDICT_FAIL] = AS_FAILURE,  [VERDICT_SKIP] = AS_SKIPPED,
	[VERDICT_XFAIL] = AS_SKIPPED, [VERDICT_XPASS] = AS_FAILURE, [VERDICT_ERROR] = AS_ERROR,
	[VERDICT_LATE] = AS_ERROR,    [VERDICT_NOT_RUN] = AS_ERROR,
};

/* ---- XML ------------------------------------------------------------------------------------- */

/* An element begins on a line of its own; what has text in it has nothing else. */
struct xml {
	FILE *out;
	int depth;
	bool in_tag;   /* attributes may follow */
	bool has_text; /* in the innermost element */
};

static void end_tag(struct xml *xml, const char *with)
{
	if (xml->in_tag)
		fputs(with, xml->out);
	xml->in_tag = false;
}

static void open_element(struct xml *xml, const char *name)
{
	end_tag(xml, ">\n");
	fprintf(xml->out, "%*s<%s", xml->depth++, "", name);
	xml->in_tag = true;
}

static void close_element(struct xml *xml, const char *name)
{
	xml->depth--;
	if (xml->in_tag)
		end_tag(xml, "/>\n");
	else
		fprintf(xml->out, "%*s</%s>\n", xml->has_text ? 0 : xml->depth, "", name);
	xml->has_text = false;
}

static void attribute(struct xml *xml, const char *name, const char *value)
{
	fprintf(xml->out, " %s=\"", name);
	xml_put(xml->out, value, false);
	fputc('"', xml->out);
}

static void number_attribute(struct xml *xml, const char *name, size_t value)
{
	fprintf(xml->out, " %s=\"%zu\"", name, value);
}

static void seconds_attribute(struct xml *xml, int64_t ns)
{
	fprintf(xml->out, " time=\"%.3f\"", (double)(ns < 0 ? 0 : ns) / 1e9);
}

static void content(struct xml *xml, const char *text)
{
	end_tag(xml, ">");
	xml_put(xml->out, text, true);
	xml->has_text = true;
}

/* ---- a suite is a folder ------------------------------------------------------------------- */

struct folder {
	const char *path;
	size_t size;
};

static struct folder folder_of(const struct run_result *result)
{
	const char *slash = strrchr(result->path, '/');

	if (!slash)
		return (struct folder){".", 1};
	return (struct folder){result->path,
			       slash > result->path ? (size_t)(slash - result->path) : 1};
}

static bool same_folder(struct folder a, struct folder b)
{
	return a.size == b.size && !memcmp(a.path, b.path, a.size);
}

static char *folder_name(struct folder folder)
{
	char *name = strndup(folder.path, folder.size);

	if (!name)
		abort();
	return name;
}

/* "scripts/close" -> "scripts.close": readers take dots for levels. */
static char *class_name(struct folder folder)
{
	char *name = folder_name(folder);

	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '.';
	while (name[0] == '.' && name[1])
		memmove(name, name + 1, strlen(name));
	return name;
}

/* Each try that failed before it passed. Of them it is known only why they were not the last. */
static void write_tries(struct xml *xml, const struct run_result *result)
{
	char said[128], text[192];

	if (result->tick_ns)
		snprintf(said, sizeof(said), "off by what the kernel's ticks may explain, %s each",
			 text_duration(result->tick_ns).text);
	else
		snprintf(said, sizeof(said), "up to %s late itself",
			 text_duration(result->max_late_ns).text);
	for (unsigned i = 1; i < result->attempts; i++) {
		open_element(xml, "flakyFailure");
		attribute(xml, "message", said);
		attribute(xml, "type", result->tick_ns ? "ticks" : "late");
		snprintf(text, sizeof(text), "try %u of %u failed: %s\n", i, result->attempts, said);
		open_element(xml, "stackTrace");
		content(xml, text);
		close_element(xml, "stackTrace");
		close_element(xml, "flakyFailure");
	}
}

static void write_case(struct xml *xml, const struct run_result *result)
{
	const char *slash = strrchr(result->path, '/'),
		   *element = elements[told_as[result->verdict]];
	char *class = class_name(folder_of(result)), *report, *name = NULL;
	const struct record *failed = run_result_failed(result);
	char headline[1024];

	if (asprintf(&name, "%s%s%s%s", slash ? slash + 1 : result->path, result->mode ? " (" : "",
		     result->mode ? result->mode : "", result->mode ? ")" : "") < 0)
		abort();
	open_element(xml, "testcase");
	attribute(xml, "name", name);
	attribute(xml, "classname", class);
	attribute(xml, "file", result->path);
	if (failed && record_place(failed).line)
		number_attribute(xml, "line", record_place(failed).line);
	seconds_attribute(xml, result->setup_ns + result->run_ns);
	if (run_result_is_flaky(result))
		write_tries(xml, result);
	if (element) {
		report = report_failure_text(result);
		report_headline(headline, sizeof(headline), result);
		open_element(xml, element);
		attribute(xml, "message", headline);
		if (told_as[result->verdict] != AS_SKIPPED)
			attribute(xml, "type", verdict_name(result->verdict));
		content(xml, report);
		close_element(xml, element);
		free(report);
	}
	close_element(xml, "testcase");
	free(name);
	free(class);
}

struct suite_counts {
	size_t all, told[N_TOLD_AS];
	int64_t ns;
};

/* `folder` NULL: of all. */
static struct suite_counts count(const struct run_result *const *results, size_t n,
				 const struct folder *folder)
{
	struct suite_counts counts = {0};

	for (size_t i = 0; i < n; i++) {
		if (folder && !same_folder(folder_of(results[i]), *folder))
			continue;
		counts.all++;
		counts.told[told_as[results[i]->verdict]]++;
		counts.ns += results[i]->setup_ns + results[i]->run_ns;
	}
	return counts;
}

static void counts_attributes(struct xml *xml, const struct suite_counts *counts)
{
	number_attribute(xml, "tests", counts->all);
	number_attribute(xml, "failures", counts->told[AS_FAILURE]);
	number_attribute(xml, "errors", counts->told[AS_ERROR]);
}

static void write_suite(struct xml *xml, const struct run_result *const *results, size_t n,
			size_t first, size_t id, const struct junit_options *options)
{
	struct folder folder = folder_of(results[first]);
	struct suite_counts counts = count(results, n, &folder);
	time_t seconds = options->timestamp;
	char *name = folder_name(folder), stamp[32] = "";
	struct tm utc;

	if (gmtime_r(&seconds, &utc))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	open_element(xml, "testsuite");
	attribute(xml, "name", name);
	attribute(xml, "package", name);
	number_attribute(xml, "id", id);
	attribute(xml, "timestamp", stamp);
	attribute(xml, "hostname", options->hostname ? options->hostname : "localhost");
	counts_attributes(xml, &counts);
	number_attribute(xml, "skipped", counts.told[AS_SKIPPED]);
	seconds_attribute(xml, counts.ns);
	open_element(xml, "properties");
	close_element(xml, "properties");
	for (size_t i = first; i < n; i++)
		if (same_folder(folder_of(results[i]), folder))
			write_case(xml, results[i]);
	open_element(xml, "system-out");
	close_element(xml, "system-out");
	open_element(xml, "system-err");
	close_element(xml, "system-err");
	close_element(xml, "testsuite");
	free(name);
}

static bool is_first_of_folder(const struct run_result *const *results, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_folder(folder_of(results[i]), folder_of(results[j])))
			return false;
	return true;
}

bool report_junit(FILE *out, const struct run_result *const *results, size_t n,
		  const struct junit_options *options)
{
	struct suite_counts all = count(results, n, NULL);
	struct xml xml = {.out = out};
	size_t id = 0;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	open_element(&xml, "testsuites");
	attribute(&xml, "name", "finwait");
	counts_attributes(&xml, &all); /* Jenkins' schema has no place for those that were skipped */
	seconds_attribute(&xml, all.ns);
	for (size_t i = 0; i < n; i++)
		if (is_first_of_folder(results, i))
			write_suite(&xml, results, n, i, id++, options);
	close_element(&xml, "testsuites");
	return !ferror(out);
}
