#include "runtime/report/report.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The result of a run with a million records is smaller. */
#define LINE_MOST (256U << 20)

/* An expected failure keeps its records too: it is looked at sooner or later. */
static bool wants_records(const struct run_result *result)
{
	return verdict_is_failure(result->verdict) || result->verdict == VERDICT_XFAIL;
}

bool report_json(FILE *out, const struct run_result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *text = run_result_to_json(results[i], wants_records(results[i]));

		if (!text)
			return false;
		fprintf(out, "%s\n", text);
		free(text);
	}
	return !ferror(out);
}

bool report_json_shard(FILE *out, const struct report_shard *shard)
{
	fprintf(out, "{\"shard\":%u,\"shards\":%u,\"runs\":%zu,\"planned\":%zu}\n", shard->k,
		shard->n, shard->runs, shard->planned);
	return !ferror(out);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A line of its own, without an end if it is the last. */
struct line {
	char *text; /* malloced */
	size_t size, room, number;
};

/* 1, 0 at the end of the file, or -errno with err. */
static int read_line(FILE *in, struct line *line, struct errbuf *err)
{
	int c;

	line->number++;
	for (line->size = 0; (c = getc_unlocked(in)) != EOF && c != '\n';) {
		if (!c)
			return err_set(err, -EINVAL, "line %zu has a zero byte: it is no JSON",
				       line->number);
		if (line->size == LINE_MOST)
			return err_set(err, -EFBIG, "line %zu is longer than %u MiB", line->number,
				       LINE_MOST >> 20);
		if (line->size == line->room) {
			size_t room = line->room ? line->room * 2 : 4096;
			char *text = realloc(line->text, room);

			if (!text)
				return err_set(err, -ENOMEM, "out of memory");
			line->text = text;
			line->room = room;
		}
		line->text[line->size++] = (char)c;
	}
	if (ferror(in))
		return err_set(err, -EIO, "cannot be read");
	return c == '\n' || line->size;
}

static bool is_blank(const struct line *line)
{
	for (size_t i = 0; i < line->size; i++)
		if (!strchr(" \t\r", line->text[i]))
			return false;
	return true;
}

/* A positive number; false: there is none. */
static bool number_from(const json_t *object, const char *name, size_t least, size_t *number)
{
	const json_t *value = json_object_get(object, name);

	*number = (size_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= (json_int_t)least;
}

static bool shard_from_line(const struct line *line, struct report_shard *shard)
{
	json_t *object = json_loadb(line->text, line->size, 0, NULL);
	size_t k = 0, n = 0;
	bool good = number_from(object, "shard", 1, &k) && number_from(object, "shards", k, &n) &&
		    n <= UINT_MAX && number_from(object, "planned", 0, &shard->planned) &&
		    number_from(object, "runs", 0, &shard->runs);

	json_decref(object);
	shard->k = (unsigned)k;
	shard->n = (unsigned)n;
	return good;
}

/* Room for one more, where arrays double when they are full. */
static void *grow(void *items, size_t n, size_t size)
{
	void *bigger = items;

	if (!(n & (n - 1)))
		bigger = reallocarray(items, n ? 2 * n : 1, size);
	if (!bigger)
		abort();
	return bigger;
}

static bool take_line(const struct line *line, const char *path, struct report_read *read)
{
	struct run_result *result = run_result_from_json(line->text, line->size);
	struct report_shard shard = {.path = path, .first = read->n, .after = read->n};

	if (result) {
		read->results = grow(read->results, read->n, sizeof(struct run_result *));
		read->results[read->n++] = result;
		if (read->n_shards && read->shards[read->n_shards - 1].path == path)
			read->shards[read->n_shards - 1].after = read->n;
		return true;
	}
	if (!shard_from_line(line, &shard))
		return false;
	read->shards = grow(read->shards, read->n_shards, sizeof(*read->shards));
	read->shards[read->n_shards++] = shard;
	return true;
}

int report_json_read(FILE *in, const char *path, struct report_read *read, struct errbuf *err)
{
	struct line line = {0};
	int code;

	while ((code = read_line(in, &line, err)) > 0) {
		if (is_blank(&line) || take_line(&line, path, read))
			continue;
		code = err_set(err, -EINVAL, "line %zu is no result of a run", line.number);
		break;
	}
	free(line.text);
	return code;
}

int report_json_load(const char *path, struct report_read *read, struct errbuf *err)
{
	FILE *in = fopen(path, "re");
	struct errbuf inner = {""};
	int code;

	if (!in)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	code = report_json_read(in, path, read, &inner);
	fclose(in);
	return code ? err_set(err, code, "%.120s: %.130s", path, inner.text) : 0;
}

void report_read_free(struct report_read *read)
{
	for (size_t i = 0; i < read->n; i++)
		run_result_free(read->results[i]);
	free(read->results);
	free(read->shards);
	*read = (struct report_read){0};
}
