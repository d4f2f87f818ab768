#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/record/mismatch.h"

/* Copies what fits; longer text ends in "...". */
static void copy_text(char *out, size_t size, const char *text, size_t length)
{
	bool cut = length >= size;
	size_t n = cut ? size - 1 : length;

	memcpy(out, text, n);
	out[n] = '\0';
	if (cut)
		memcpy(out + n - 3, "...", 3);
}

static void add(struct mismatches *list, const char *field, const char *expected,
		size_t expected_length, const char *actual)
{
	struct mismatch *mismatch;

	if (list->n++ >= MAX_MISMATCHES)
		return;
	mismatch = &list->at[list->n - 1];
	copy_text(mismatch->field, sizeof(mismatch->field), field, strlen(field));
	copy_text(mismatch->expected, sizeof(mismatch->expected), expected, expected_length);
	copy_text(mismatch->actual, sizeof(mismatch->actual), actual, strlen(actual));
	mismatch->off_ns = 0;
}

void mismatch_add(struct mismatches *list, const char *field, const char *expected,
		  const char *actual)
{
	add(list, field, expected, strlen(expected), actual);
}

void mismatch_time(struct mismatches *list, const char *field, const char *expected,
		   const char *actual, int64_t off_ns)
{
	mismatch_add(list, field, expected, actual);
	if (list->n <= MAX_MISMATCHES)
		list->at[list->n - 1].off_ns = off_ns;
}

void mismatch_int(struct mismatches *list, const char *field, long long expected, long long actual)
{
	mismatch_printf(list, field, "%lld\n%lld", expected, actual);
}

void mismatch_printf(struct mismatches *list, const char *field, const char *format, ...)
{
	char text[2048];
	const char *split;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	split = strchr(text, '\n');
	if (split)
		add(list, field, text, (size_t)(split - text), split + 1);
	else
		mismatch_add(list, field, text, "");
}
