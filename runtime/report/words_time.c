/* When a record happened, and when it was to. */
#include <stdlib.h>

#include "runtime/report/words.h"

static void say_window(FILE *out, const struct record *record)
{
	fprintf(out, "due %.6f s", (double)record->due_ns / 1e9);
	if (record->until_ns > record->due_ns)
		fprintf(out, " to %.6f s", (double)record->until_ns / 1e9);
	if (record->tolerance_ns > 0)
		fprintf(out, ", tolerance %s", text_duration(record->tolerance_ns).text);
}

/* How far it is off, unless the headline says so. */
static void say_off(FILE *out, const struct record *record)
{
	int64_t off = record_off_ns(record);

	if (record_is_given_up(record))
		fputs(", ", out);
	else if (record->fault == FAULT_UNEXPECTED)
		fputs("; silence was ", out);
	else if (!record->late)
		fputs(", in time: ", out);
	else if (record->fault == FAULT_TIME)
		fputs("; ", out);
	else
		fprintf(out, ", %s %s: ", text_duration(off).text, off < 0 ? "early" : "late");
}

/* One that no time was asked of. */
static const char *timeless(const struct record *record)
{
	if (record->kind == RECORD_CODE)
		return ", evaluated after the run";
	return record->expected ? ", any time would do" : "";
}

char *words_time(const struct record *record)
{
	bool came = record->actual_ns != INT64_MIN, due = record->due_ns != INT64_MIN;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	if (came)
		fprintf(out, "%s%.6f s", record_is_given_up(record) ? "given up at " : "",
			(double)record->actual_ns / 1e9);
	if (came && due)
		say_off(out, record);
	if (due)
		say_window(out, record);
	else if (came)
		fputs(timeless(record), out);
	fclose(out);
	return text;
}
