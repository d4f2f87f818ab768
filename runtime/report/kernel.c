#include "runtime/report/kernel.h"

#include <stdlib.h>

#include "parser/tables.h"
#include "runtime/report/text.h"

static void print_meaning(FILE *out, const char *reason)
{
	const struct reason_row *row = reason_by_name(reason);
	char *clean = text_clean(reason, false);

	fputs(clean, out);
	if (row && row->meaning)
		fprintf(out, " (%s)", row->meaning);
	putc('\n', out);
	free(clean);
}

/* That something was dropped is a fact; whether the failure comes of it is for the reader to say. */
void kernel_reasons(FILE *out, const struct run_result *result, const struct record *failed)
{
	int i = result->failed_record;

	if (failed->reset_reason) {
		fprintf(out, LABEL "tcp_send_reset: ", "why");
		print_meaning(out, failed->reset_reason);
	}
	while (i >= 0 && result->records[i]->kind != RECORD_INJECT)
		i--;
	if (i >= 0 && result->records[i]->drop_reason) {
		fprintf(out, LABEL "the segment of line %u: ", "dropped",
			result->records[i]->line);
		print_meaning(out, result->records[i]->drop_reason);
	}
}

void kernel_counters(FILE *out, const struct run_result *result)
{
	for (size_t i = 0; i < result->n_counters; i++) {
		char *name = text_clean(result->counters[i].name, false);

		if (i == 0)
			fprintf(out, LABEL, "kernel");
		fprintf(out, "%s+%s %lld", i ? ", " : "", name, (long long)result->counters[i].by);
		free(name);
	}
	if (result->n_counters)
		putc('\n', out);
	for (size_t i = 0; i < result->n_counters; i++) {
		const char *meaning = counter_meaning(result->counters[i].name);

		if (meaning)
			fprintf(out, LABEL "%s: %s\n", "", result->counters[i].name, meaning);
	}
}
