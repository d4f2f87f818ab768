#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <errno.h>

#include "runtime/report/html.h"

#define SIZE_MOST ((size_t)128 << 10)

/* The line of a text, without its end. */
static const char *line_of(const char *text, unsigned line, size_t *size)
{
	for (; text && line > 1; line--) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	*size = text ? strcspn(text, "\r\n") : 0;
	return text;
}

/* A result keeps the line at which it failed; and no event stands behind the end. */
static bool is_played(const struct run_result *result, const char *text)
{
	const struct record *failed = run_result_failed(result);
	unsigned last = 0;
	size_t size;
	const char *line;

	for (size_t i = 0; i < result->n_records; i++)
		if (result->records[i]->line > last)
			last = result->records[i]->line;
	if (!line_of(text, last, &size))
		return false;
	if (!failed || !result->source_line || !record_place(failed).line)
		return true;
	line = line_of(text, record_place(failed).line, &size);
	return line && strlen(result->source_line) == size &&
	       !strncmp(line, result->source_line, size);
}

static char *read_all(FILE *in)
{
	char *text = malloc(SIZE_MOST + 1);
	size_t size;

	if (!text)
		abort();
	size = fread(text, 1, SIZE_MOST + 1, in);
	if (ferror(in) || size > SIZE_MOST || memchr(text, '\0', size)) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

char *html_source(const struct run_result *result, const char **why)
{
	struct stat status;
	char *text = NULL;
	FILE *in;

	/* Results may come from elsewhere: they do not say which files of this machine are shown.
	 */
	*why = "its name does not end in .pkt";
	if (strlen(result->path) < 4 || strcmp(result->path + strlen(result->path) - 4, ".pkt"))
		return NULL;
	/* Standard input, a pipe: there is no second time. */
	if (stat(result->path, &status)) {
		*why = strerror(errno);
		return NULL;
	}
	*why = "no plain file";
	in = S_ISREG(status.st_mode) ? fopen(result->path, "re") : NULL;
	if (!in)
		return NULL;
	*why = "too long, or no text";
	text = read_all(in);
	fclose(in);
	if (!text || is_played(result, text))
		return text;
	*why = "it has changed since";
	free(text);
	return NULL;
}
