/* Any bytes as results of shards (finwait merge) or of a run's pipe: no crash, no leak, no
 * undefined behaviour; what is read is written and read to the same again, and every report can be
 * made of it. */
#include <stdlib.h>
#include <string.h>

#include "runtime/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct text {
	char *bytes;
	size_t size;
	FILE *out;
};

static FILE *text_open(struct text *text)
{
	text->out = open_memstream(&text->bytes, &text->size);
	if (!text->out)
		abort();
	return text->out;
}

static struct run_result **read_all(const char *text, size_t size, size_t *n)
{
	struct run_result **results = NULL;
	struct errbuf err = {""};
	FILE *in = size ? fmemopen((void *)text, size, "r") : NULL;

	*n = 0;
	if (in && report_json_read(in, &results, n, &err) && !*err.text)
		abort();
	if (in)
		fclose(in);
	return results;
}

static void free_all(struct run_result **results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_result_free(results[i]);
	free(results);
}

static void all_reports(const struct run_result *const *results, size_t n)
{
	struct summary_options summary = {.wall_ns = 1, .slowest = 5};
	struct junit_options junit = {0};
	struct ladder_options ladder = {.color = true};
	struct text text;
	FILE *out = text_open(&text);

	report_tap(out, results, n, TAP_14);
	report_tap(out, results, n, TAP_KERNEL);
	report_junit(out, results, n, &junit);
	report_github(out, results, n);
	report_github_summary(out, results, n);
	report_summary(out, results, n, &summary);
	report_svg(out, results, n);
	report_mermaid(out, results, n);
	report_html(out, results, n, 0);
	for (size_t i = 0; i < n; i++)
		report_ladder(out, results[i], &ladder);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < results[i]->n_records; j++)
			report_trace_line(out, results[i]->records[j], true);
	fclose(out);
	free(text.bytes);
}

static char *written(const struct run_result *const *results, size_t n, size_t *size)
{
	struct text text;

	report_json(text_open(&text), results, n);
	fclose(text.out);
	*size = text.size;
	return text.bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t n, n_again, first_size, second_size;
	struct run_result **results = read_all((const char *)bytes, size, &n), **again;
	const struct run_result *const *all = (const struct run_result *const *)results;
	char *first = written(all, n, &first_size), *second;

	all_reports(all, n);
	again = read_all(first, first_size, &n_again);
	second = written((const struct run_result *const *)again, n_again, &second_size);
	if (n != n_again || first_size != second_size || memcmp(first, second, first_size))
		abort();
	free(first);
	free(second);
	free_all(results, n);
	free_all(again, n_again);
	return 0;
}
