/* What a capture file says of a packet. */
#include <stdlib.h>

#include "runtime/report/report.h"
#include "runtime/report/words.h"

static void say_verdict(FILE *out, const struct record *record)
{
	char *message = words_message(record);

	if (message)
		fputs(message, out);
	else if (record->kind == RECORD_EXTRA)
		fputs("not in the script", out);
	else
		fputs(record->kind == RECORD_INJECT ? "as the script has it" : "as expected", out);
	/* Time alone does not need it. */
	if (record->mismatches && record->mismatches->n && record->expected)
		fprintf(out, "; the script has %s", record->expected);
	free(message);
}

void report_packet_comment(const void *about, char *text, size_t size)
{
	const struct record *record = about;
	FILE *out = fmemopen(text, size - 1, "w");
	char *clean;

	if (!out)
		abort();
	if (!record) {
		fputs("sent by the kernel: no event of the script is about it", out);
	} else {
		/* One that nothing expected stands nowhere in the script. */
		if (record->kind != RECORD_EXTRA)
			fprintf(out, "line %u, ", record->line);
		fputs(record->kind == RECORD_INJECT ? "injected: " : "sent by the kernel: ", out);
		say_verdict(out, record);
		if (record->state)
			fprintf(out, "; state %s", record_state_name(record));
	}
	fclose(out);
	text[size - 1] = '\0';
	clean = text_clean(text, false);
	snprintf(text, size, "%.*s", (int)size - 1, clean);
	free(clean);
}
