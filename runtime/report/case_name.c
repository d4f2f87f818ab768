/* A run's name where readers allow few characters. */
#include <stdlib.h>
#include <string.h>

#include "runtime/report/report.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* One part of a path. */
static void put_part(FILE *out, const char *part, size_t size)
{
	putc('.', out);
	for (size_t i = 0; i < size; i++)
		putc(is_plain(part[i]) ? part[i] : '_', out);
}

char *report_case_name(const struct run_result *result)
{
	const char *path = result->path + strspn(result->path, "./");
	const char *mode = run_result_mode(result), *first = path;
	size_t left = strlen(path), size;
	char *name = NULL;
	FILE *out = open_memstream(&name, &size);

	if (!out)
		abort();
	if (left > 4 && !strcmp(path + left - 4, ".pkt"))
		left -= 4;
	fputs("finwait", out);
	for (const char *end = path + left; path < end; path += size + (path + size < end)) {
		size = 0;
		while (path + size < end && path[size] != '/')
			size++;
		/* The library's own folder says nothing. */
		if (size && strspn(path, ".") < size &&
		    !(path == first && size == 7 && !strncmp(path, "scripts", size)))
			put_part(out, path, size);
	}
	if (*mode)
		put_part(out, mode, strlen(mode));
	fclose(out);
	return name;
}
