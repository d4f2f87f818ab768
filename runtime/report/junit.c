/* What comes out is valid by both schemas in use: Ant's (fixed order of elements, nothing but the
 * verdict inside a testcase, no attributes on testsuites) and that of Jenkins' xUnit. */
#include "runtime/report/report.h"

#include <dlfcn.h>
#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/report/text.h"

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
	[VERDICT_LATE] = AS_ERROR,
};

/* Loaded when it is wanted: with all it needs in turn it takes longer to load than all the rest,
 * and every run's process would carry it. */
#define XML_FUNCTIONS(X)                                                                           \
	X(xmlFreeTextWriter)                                                                       \
	X(xmlNewTextWriter)                                                                        \
	X(xmlOutputBufferCreateIO)                                                                 \
	X(xmlTextWriterEndDocument)                                                                \
	X(xmlTextWriterEndElement)                                                                 \
	X(xmlTextWriterFlush)                                                                      \
	X(xmlTextWriterSetIndent)                                                                  \
	X(xmlTextWriterStartDocument)                                                              \
	X(xmlTextWriterStartElement)                                                               \
	X(xmlTextWriterWriteAttribute)                                                             \
	X(xmlTextWriterWriteString)

struct library {
#define X(name) __typeof__(&name) name;
	XML_FUNCTIONS(X)
#undef X
};

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define X(name) {#name, offsetof(struct library, name)},
	XML_FUNCTIONS(X)
#undef X
};

/* Never closed: the process is near its end. */
static bool load(struct library *library)
{
	static const char *const names[] = {"libxml2.so.2", "libxml2.so.16", "libxml2.so"};
	void *handle = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !handle; i++)
		handle = dlopen(names[i], RTLD_NOW);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = handle ? dlsym(handle, functions[i].name) : NULL;

		if (!function)
			return false;
		memcpy((char *)library + functions[i].offset, &function, sizeof(function));
	}
	return true;
}

/* The writer remembers no errors; this does. Text is cleaned first: XML has no way to hold control
 * characters or bytes that are not UTF-8. */
struct xml {
	struct library library;
	xmlTextWriterPtr writer;
	bool bad;
};

static void check(struct xml *xml, int code)
{
	xml->bad = xml->bad || code < 0;
}

static void open_element(struct xml *xml, const char *name)
{
	check(xml, xml->library.xmlTextWriterStartElement(xml->writer, BAD_CAST name));
}

static void close_element(struct xml *xml)
{
	check(xml, xml->library.xmlTextWriterEndElement(xml->writer));
}

static void attribute(struct xml *xml, const char *name, const char *value)
{
	char *clean = text_clean(value, false);

	check(xml,
	      xml->library.xmlTextWriterWriteAttribute(xml->writer, BAD_CAST name, BAD_CAST clean));
	free(clean);
}

static void number_attribute(struct xml *xml, const char *name, size_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", value);
	attribute(xml, name, text);
}

static void seconds_attribute(struct xml *xml, int64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", (double)(ns < 0 ? 0 : ns) / 1e9);
	attribute(xml, "time", text);
}

static void content(struct xml *xml, const char *text)
{
	char *clean = text_clean(text, true);

	check(xml, xml->library.xmlTextWriterWriteString(xml->writer, BAD_CAST clean));
	free(clean);
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

static void write_case(struct xml *xml, const struct run_result *result)
{
	const char *slash = strrchr(result->path, '/'),
		   *element = elements[told_as[result->verdict]];
	char *class = class_name(folder_of(result)), *report, *name = NULL;
	char headline[1024];

	if (asprintf(&name, "%s%s%s%s", slash ? slash + 1 : result->path, result->mode ? " (" : "",
		     result->mode ? result->mode : "", result->mode ? ")" : "") < 0)
		abort();
	open_element(xml, "testcase");
	attribute(xml, "name", name);
	attribute(xml, "classname", class);
	seconds_attribute(xml, result->setup_ns + result->run_ns);
	if (element) {
		report = report_failure_text(result);
		report_headline(headline, sizeof(headline), result);
		open_element(xml, element);
		attribute(xml, "message", headline);
		if (told_as[result->verdict] != AS_SKIPPED)
			attribute(xml, "type", verdict_name(result->verdict));
		content(xml, report);
		close_element(xml);
		free(report);
	}
	close_element(xml);
	free(name);
	free(class);
}

/* Neither schema has a place for it at the testcase itself. */
static void write_flaky(struct xml *xml, const struct run_result *const *results, size_t n,
			struct folder folder)
{
	open_element(xml, "system-out");
	for (size_t i = 0; i < n; i++) {
		char line[128];

		if (!same_folder(folder_of(results[i]), folder) || !run_result_is_flaky(results[i]))
			continue;
		content(xml, results[i]->path);
		snprintf(line, sizeof(line), " (%s): flaky, passed at try %u\n",
			 results[i]->mode ? results[i]->mode : "", results[i]->attempts);
		content(xml, line);
	}
	close_element(xml);
	open_element(xml, "system-err");
	close_element(xml);
}

struct suite_counts {
	size_t all, told[N_TOLD_AS];
	int64_t ns;
};

static struct suite_counts count(const struct run_result *const *results, size_t n,
				 struct folder folder)
{
	struct suite_counts counts = {0};

	for (size_t i = 0; i < n; i++) {
		if (!same_folder(folder_of(results[i]), folder))
			continue;
		counts.all++;
		counts.told[told_as[results[i]->verdict]]++;
		counts.ns += results[i]->setup_ns + results[i]->run_ns;
	}
	return counts;
}

static void write_suite(struct xml *xml, const struct run_result *const *results, size_t n,
			size_t first, size_t id, const struct junit_options *options)
{
	struct folder folder = folder_of(results[first]);
	struct suite_counts counts = count(results, n, folder);
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
	number_attribute(xml, "tests", counts.all);
	number_attribute(xml, "failures", counts.told[AS_FAILURE]);
	number_attribute(xml, "errors", counts.told[AS_ERROR]);
	number_attribute(xml, "skipped", counts.told[AS_SKIPPED]);
	seconds_attribute(xml, counts.ns);
	open_element(xml, "properties");
	close_element(xml);
	for (size_t i = first; i < n; i++)
		if (same_folder(folder_of(results[i]), folder))
			write_case(xml, results[i]);
	write_flaky(xml, results, n, folder);
	close_element(xml);
	free(name);
}

static bool is_first_of_folder(const struct run_result *const *results, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_folder(folder_of(results[i]), folder_of(results[j])))
			return false;
	return true;
}

static int write_bytes(void *context, const char *bytes, int size)
{
	return fwrite(bytes, 1, (size_t)size, context) == (size_t)size ? size : -1;
}

bool report_junit(FILE *out, const struct run_result *const *results, size_t n,
		  const struct junit_options *options)
{
	struct xml xml = {0};
	struct library *library = &xml.library;
	xmlOutputBufferPtr buffer;
	size_t id = 0;

	if (!load(library))
		return false;
	buffer = library->xmlOutputBufferCreateIO(write_bytes, NULL, out, NULL);
	xml.writer = buffer ? library->xmlNewTextWriter(buffer) : NULL;
	if (!xml.writer)
		return false;
	library->xmlTextWriterSetIndent(xml.writer, 1);
	check(&xml, library->xmlTextWriterStartDocument(xml.writer, NULL, "UTF-8", NULL));
	open_element(&xml, "testsuites");
	for (size_t i = 0; i < n; i++)
		if (is_first_of_folder(results, i))
			write_suite(&xml, results, n, i, id++, options);
	close_element(&xml);
	check(&xml, library->xmlTextWriterEndDocument(xml.writer));
	check(&xml, library->xmlTextWriterFlush(xml.writer));
	library->xmlFreeTextWriter(xml.writer);
	return !xml.bad && !ferror(out);
}
