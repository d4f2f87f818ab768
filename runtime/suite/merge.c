/* Merges the reports of shards into one. A shard that was lost must not look like one that passed.
 */
#include "runtime/report/report.h"
#include "runtime/suite/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
	const struct report_shard *x = a, *y = b;

	return x->k < y->k ? -1 : x->k > y->k;
}

/* Checks that the files are shards of the same suite. */
static int check_alike(const struct report_read *read, struct errbuf *err)
{
	const struct report_shard *first = &read->shards[0];

	for (size_t i = 1; i < read->n_shards; i++) {
		const struct report_shard *shard = &read->shards[i];

		if (shard->n != first->n)
			return err_set(err, -EINVAL, "%.100s is of %u shards, %.100s of %u",
				       first->path, first->n, shard->path, shard->n);
		if (shard->planned != first->planned)
			return err_set(err, -EINVAL,
				       "%.80s is of %zu runs in all, %.80s of %zu: not the same "
				       "scripts, options or --repeat",
				       first->path, first->planned, shard->path, shard->planned);
	}
	return 0;
}

/* Checks that each shard is there exactly once; they are sorted by number. */
static int check_numbers(const struct report_read *read, struct errbuf *err)
{
	const struct report_shard *shards = read->shards;
	unsigned n = shards[0].n;

	for (size_t i = 0; i < read->n_shards || i < n; i++) {
		if (i && i < read->n_shards && shards[i].k == shards[i - 1].k)
			return err_set(err, -EINVAL, "shard %u of %u is there twice: %.90s, %.90s",
				       shards[i].k, n, shards[i - 1].path, shards[i].path);
		if (i == read->n_shards || shards[i].k != i + 1)
			return err_set(err, -EINVAL, "shard %zu of %u is missing", i + 1, n);
	}
	return 0;
}

/* Compares the number of runs in the files with the number that there should be. */
static int check_counts(const struct report_read *read, struct results *results, struct errbuf *err)
{
	size_t runs = 0;

	for (size_t i = 0; i < read->n_shards; i++) {
		const struct report_shard *shard = &read->shards[i];
		size_t there = shard->after - shard->first;

		if (there > shard->runs)
			return err_set(err, -EINVAL,
				       "%.150s: shard %u of %u has %zu results of %zu", shard->path,
				       shard->k, shard->n, there, shard->runs);
		if (there < shard->runs)
			fprintf(stderr, "finwait: %s: shard %u of %u: %zu of %zu runs not played\n",
				shard->path, shard->k, shard->n, shard->runs - there, shard->runs);
		results->missing += shard->runs - there;
		runs += shard->runs;
	}
	if (runs != read->shards[0].planned)
		return err_set(
			err, -EINVAL,
			"the shards are %zu of %zu runs: not the same scripts or --durations", runs,
			read->shards[0].planned);
	return 0;
}

/* A result and the shard that it comes from. */
struct origin {
	const struct run_result *result;
	const struct report_shard *shard;
};

static int by_name(const void *a, const void *b)
{
	const struct origin *x = a, *y = b;
	int order = strcmp(x->result->path, y->result->path);

	return order ? order : strcmp(run_result_mode(x->result), run_result_mode(y->result));
}

/* Checks that no run was in two shards. */
static int check_partition(const struct report_read *read, struct errbuf *err)
{
	struct origin *origins = calloc(read->n + 1, sizeof(*origins));
	size_t n = 0;
	int code = 0;

	if (!origins)
		abort();
	for (size_t i = 0; i < read->n_shards; i++)
		for (size_t j = read->shards[i].first; j < read->shards[i].after; j++)
			origins[n++] = (struct origin){read->results[j], &read->shards[i]};
	qsort(origins, n, sizeof(*origins), by_name);
	for (size_t i = 1; i < n && !code; i++)
		if (origins[i].shard != origins[i - 1].shard &&
		    !by_name(&origins[i], &origins[i - 1]))
			code = err_set(err, -EINVAL,
				       "%.120s (%s) is in shard %u and in shard %u: not the same "
				       "--durations",
				       origins[i].result->path, run_result_mode(origins[i].result),
				       origins[i - 1].shard->k, origins[i].shard->k);
	free(origins);
	return code;
}

static int check_shards(struct report_read *read, struct results *results, struct errbuf *err)
{
	int code;

	if (!read->n_shards)
		return 0;
	qsort(read->shards, read->n_shards, sizeof(*read->shards), by_number);
	code = check_alike(read, err);
	if (!code)
		code = check_numbers(read, err);
	if (!code)
		code = check_counts(read, results, err);
	return code ? code : check_partition(read, err);
}

/* Reads one report. An empty file is an error: its contents were lost on the way. */
static int load(const char *path, struct report_read *read, struct errbuf *err)
{
	size_t before = read->n + read->n_shards;
	int code = report_json_load(path, read, err);

	if (!code && read->n + read->n_shards == before)
		code = err_set(err, -ENODATA, "%.200s: there are no results in it", path);
	return code;
}

static int complain(const struct errbuf *err)
{
	fprintf(stderr, "finwait: %s\n", err->text);
	return STATUS_USAGE;
}

int suite_merge(struct settings *settings)
{
	struct report_read read = {0};
	struct results results = {0};
	struct errbuf err = {""};
	struct teller *teller;
	int status, code = teller_check(settings, &err);

	for (size_t i = 0; i < settings->paths.n && !code; i++)
		code = load(settings->paths.items[i], &read, &err);
	if (!code)
		code = check_shards(&read, &results, &err);
	teller = code ? NULL : teller_new(settings, 0, NULL, &err);
	if (!teller) {
		report_read_free(&read);
		return complain(&err);
	}
	for (size_t i = 0; i < read.n; i++)
		results_add(&results, read.results[i]);
	read.n = 0;
	report_read_free(&read);
	status = (int)results_status(&results, settings->bisect);
	if (!teller_end(teller, &results, 0) && status != STATUS_FAILED)
		status = STATUS_CANNOT;
	results_free(&results);
	return status;
}
