#include "runtime/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

int report_json_read(FILE *in, struct run_result ***results, size_t *n, struct errbuf *err)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t size;
	int code = 0;

	while (code == 0 && (size = getline(&line, &room, in)) >= 0) {
		struct run_result *result, **bigger;

		number++;
		if (strspn(line, " \t\r\n") == (size_t)size)
			continue;
		result = run_result_from_json(line, (size_t)size);
		if (!result) {
			code = err_set(err, -EINVAL, "line %zu is no result of a run", number);
			break;
		}
		bigger = reallocarray(*results, *n + 1, sizeof(struct run_result *));
		if (!bigger) {
			run_result_free(result);
			code = err_set(err, -ENOMEM, "out of memory");
			break;
		}
		*results = bigger;
		bigger[(*n)++] = result;
	}
	if (code == 0 && ferror(in))
		code = err_set(err, -EIO, "cannot be read");
	free(line);
	return code;
}

int report_json_load(const char *path, struct run_result ***results, size_t *n, struct errbuf *err)
{
	FILE *in = fopen(path, "re");
	struct errbuf inner = {""};
	int code;

	if (!in)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	code = report_json_read(in, results, n, &inner);
	fclose(in);
	return code ? err_set(err, code, "%s: %s", path, inner.text) : 0;
}
