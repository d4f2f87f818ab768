/* What a failure comes from, where the script itself tells (runtime/play/play_why.c). */
#include <stdlib.h>

#include "runtime/report/words.h"

typedef void (*sentence)(FILE *out, const struct record *record);

static void of_line(FILE *out, const char *what, const struct record *record)
{
	fprintf(out, "%s of line %u ", what, record->cause_line);
}

static void say_retransmission(FILE *out, const struct record *record)
{
	of_line(out, "the segment", record);
	fprintf(out, "again, %s later (a retransmission)",
		text_duration(record->cause_ago_ns).text);
}

static void say_sent_before(FILE *out, const struct record *record)
{
	fprintf(out,
		"it begins as the segment of line %u, %s before, and all of it had been sent (a "
		"retransmission)",
		record->cause_line, text_duration(record->cause_ago_ns).text);
}

static void say_no_ack_flag(FILE *out, const struct record *record)
{
	of_line(out, "the segment", record);
	fputs("has no ACK flag, so the kernel drops it", out);
}

static void say_ack_left_out(FILE *out, const struct record *record)
{
	of_line(out, "the segment", record);
	fputs("has the ACK flag but no \"ack NUMBER\": it acknowledges the initial number, which "
	      "is nothing",
	      out);
}

static void say_ack_not_sent(FILE *out, const struct record *record)
{
	of_line(out, "the segment", record);
	fprintf(out, "acknowledges %lld, but the kernel had sent only up to %lld",
		(long long)record->cause_number, (long long)record->cause_limit);
}

static void say_beyond_window(FILE *out, const struct record *record)
{
	of_line(out, "the segment", record);
	fprintf(out, "begins at %lld, beyond the kernel's window, which ended at %lld or before",
		(long long)record->cause_number, (long long)record->cause_limit);
}

static void say_before_window(FILE *out, const struct record *record)
{
	of_line(out, "the segment", record);
	fprintf(out, "ends at %lld, before the kernel's window: it had acknowledged up to %lld",
		(long long)record->cause_number, (long long)record->cause_limit);
}

static void say_hole(FILE *out, const struct record *record)
{
	of_line(out, "the segment", record);
	fprintf(out, "begins at %lld, but the peer had sent only up to %lld: what is between is "
		     "missing",
		(long long)record->cause_number, (long long)record->cause_limit);
}

static void say_fin_acks_ours(FILE *out, const struct record *record)
{
	of_line(out, "the FIN", record);
	fprintf(out, "acknowledges ours (ack %lld), so this is no simultaneous close and does not "
		     "lead to CLOSING",
		(long long)record->cause_number);
}

static const sentence sentences[N_CAUSES] = {
	[CAUSE_RETRANSMISSION] = say_retransmission,
	[CAUSE_SENT_BEFORE] = say_sent_before,
	[CAUSE_NO_ACK_FLAG] = say_no_ack_flag,
	[CAUSE_ACK_LEFT_OUT] = say_ack_left_out,
	[CAUSE_ACK_NOT_SENT] = say_ack_not_sent,
	[CAUSE_BEYOND_WINDOW] = say_beyond_window,
	[CAUSE_BEFORE_WINDOW] = say_before_window,
	[CAUSE_HOLE] = say_hole,
	[CAUSE_FIN_ACKS_OURS] = say_fin_acks_ours,
};

char *words_why(const struct record *record)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!record->cause_line || !sentences[record->cause])
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	sentences[record->cause](out, record);
	fclose(out);
	return text;
}
