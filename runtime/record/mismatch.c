#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/record/mismatch.h"

/* Copies as much text as fits; longer text ends in "...". */
static void copy_text(char *out, size_t size, const char *text, size_t length)
{
	bool cut = length >= size;
	size_t n = cut ? size - 1 : length;

	memcpy(out, text, n);
	out[n] = '\0';
	if (cut)
		memcpy(out + n - 3, "...", 3);
}

static struct mismatch *add(struct mismatches *list, enum field_id field, const char *expected,
			    size_t expected_length, const char *actual)
{
	bool kept = list->n < MAX_MISMATCHES;
	struct mismatch *mismatch = kept ? &list->at[list->n] : &list->spill;

	list->n++;
	memset(mismatch, 0, sizeof(*mismatch));
	mismatch->field = field;
	copy_text(mismatch->expected, sizeof(mismatch->expected), expected, expected_length);
	copy_text(mismatch->actual, sizeof(mismatch->actual), actual, strlen(actual));
	return mismatch;
}

struct mismatch *mismatch_add(struct mismatches *list, enum field_id field, const char *expected,
			      const char *actual)
{
	return add(list, field, expected, strlen(expected), actual);
}

struct mismatch *mismatch_int(struct mismatches *list, enum field_id field, long long expected,
			      long long actual)
{
	struct mismatch *mismatch =
		mismatch_printf(list, field, "%lld\n%lld", expected, actual);

	mismatch_set_numbers(mismatch, expected, actual);
	return mismatch;
}

struct mismatch *mismatch_printf(struct mismatches *list, enum field_id field, const char *format,
				 ...)
{
	char text[2048];
	const char *split;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	split = strchr(text, '\n');
	if (!split)
		return mismatch_add(list, field, text, "");
	return add(list, field, text, (size_t)(split - text), split + 1);
}

void mismatch_set_name(struct mismatch *mismatch, const char *name)
{
	copy_text(mismatch->name, sizeof(mismatch->name), name, strlen(name));
}

void mismatch_set_numbers(struct mismatch *mismatch, int64_t expected, int64_t actual)
{
	mismatch->is_number = true;
	mismatch->expected_number = expected;
	mismatch->actual_number = actual;
}

/* ---- its name ---------------------------------------------------------------------------- */

struct text {
	char *out;
	size_t n;
};

static void append(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void append(struct text *text, const char *format, ...)
{
	size_t room = MISMATCH_NAME_SIZE - text->n;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->out + text->n, room, format, args);
	va_end(args);
	if (n > 0)
		text->n += (size_t)n < room ? (size_t)n : room - 1;
}

/* The ending of 1st, 2nd, 3rd, 4th, 11th. */
static const char *ordinal_end(unsigned n)
{
	static const char *const ends[] = {"th", "st", "nd", "rd"};

	return n % 10 < 4 && n / 10 % 10 != 1 ? ends[n % 10] : ends[0];
}

/* Appends the text for one %-word of a pattern; see parser/fields.def for their meanings. */
static void append_word(struct text *text, const struct mismatch *mismatch, char word)
{
	unsigned index = mismatch->index ? mismatch->index : mismatch->live_index;

	switch (word) {
	case 'n':
		append(text, "%u", index);
		break;
	case 'N':
		append(text, "%u%s", index, ordinal_end(index));
		break;
	case 'i':
		append(text, "%u", mismatch->item);
		break;
	case 'o':
		append(text, "%u", mismatch->item ? mismatch->item - 1 : 0);
		break;
	case 'd':
		append(text, "%lld", (long long)mismatch->number);
		break;
	case 'm':
		append(text, "%s", mismatch->name);
		break;
	case 'u':
		append(text, "%s", mismatch->outer ? "outer " : "");
		break;
	}
}

const char *mismatch_field_name(const struct mismatch *mismatch, char out[MISMATCH_NAME_SIZE])
{
	const struct field_row *row = field_row(mismatch->field);
	const char *part = row->part ? row->part : "";
	const char *at = row->part ? field_row(field_option(mismatch->field))->shown : row->shown;
	struct text text = {.out = out};

	out[0] = '\0';
	append(&text, "%s", mismatch->next_segment ? "next segment: " : "");
	while (*at) {
		size_t plain = strcspn(at, "%");

		append(&text, "%.*s", (int)plain, at);
		at += plain;
		if (!*at)
			break;
		append_word(&text, mismatch, at[1]);
		at += 2;
	}
	append(&text, "%s%s", *part ? " " : "", part);
	return out;
}
