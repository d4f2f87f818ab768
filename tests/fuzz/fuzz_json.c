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

static void read_all(struct report_read *read, const char *text, size_t size)
{
	struct errbuf err = {""};
	FILE *in = size ? fmemopen((void *)text, size, "r") : NULL;

	*read = (struct report_read){0};
	if (in && report_json_read(in, "a file", read, &err) && !*err.text)
		abort();
	if (in)
		fclose(in);
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
	for (size_t i = 0; i < n; i++) {
		report_classic(out, results[i]);
		report_trace(out, results[i], 80, true);
	}
	fclose(out);
	free(text.bytes);
}

static char *written(const struct report_read *read, size_t *size)
{
	struct text text;
	FILE *out = text_open(&text);

	for (size_t i = 0; i < read->n_shards; i++)
		report_json_shard(out, &read->shards[i]);
	report_json(out, (const struct run_result *const *)read->results, read->n);
	fclose(out);
	*size = text.size;
	return text.bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t first_size, second_size;
	struct report_read read, again;
	char *first, *second;

	read_all(&read, (const char *)bytes, size);
	first = written(&read, &first_size);
	all_reports((const struct run_result *const *)read.results, read.n);
	read_all(&again, first, first_size);
	second = written(&again, &second_size);
	if (read.n != again.n || read.n_shards != again.n_shards || first_size != second_size ||
	    memcmp(first, second, first_size))
		abort();
	free(first);
	free(second);
	report_read_free(&read);
	report_read_free(&again);
	return 0;
}
