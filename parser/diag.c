/* The queue of messages; diag_print.c prints it. */
#include "parser/diag_queue.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512

const struct diag_code_row diag_code_rows[N_DIAG_CODES] = {
#define CODE(number_, name_, what_) [FW_##name_] = {number_, #name_, what_},
#include "parser/diag_codes.def"
#undef CODE
};

struct diags *diags_new(const struct source *source)
{
	struct diags *diags = calloc(1, sizeof(*diags));

	if (!diags)
		abort();
	diags->source = source;
	diags->arena = arena_new();
	diags->last = &diags->first;
	return diags;
}

void diags_free(struct diags *diags)
{
	if (!diags)
		return;
	arena_free(diags->arena);
	free(diags);
}

size_t diags_errors(const struct diags *diags)
{
	return diags->n_errors;
}

/* What a script's bytes brought into a message must not steer a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = *text == '\n' || *text == '\t' ? ' ' : '?';
}

/* An error that the parse has found counts as the event's first. */
void diags_next_event(struct diags *diags, struct loc loc)
{
	const struct message *next = diags->passed ? diags->passed->next : diags->first;

	for (; next && next->loc.begin < loc.begin; next = next->next)
		diags->passed = next;
	diags->one_event = true;
	diags->errors_before = diags->n_errors;
	if (next && next->level == DIAG_ERROR && next->loc.begin < loc.end) {
		diags->errors_before--;
		diags->first_code = next->code;
	}
}

void diag_add(struct diags *diags, enum diag_level level, enum diag_code code, struct loc loc,
	      const char *hint, const char *format, ...)
{
	struct message *message;
	char text[TEXT_MAX];
	va_list args;

	if (level == DIAG_ERROR && diags->one_event && diags->n_errors > diags->errors_before &&
	    code != diags->first_code)
		return;
	if (diags->n_errors == diags->errors_before)
		diags->first_code = code;
	message = arena_new_of(diags->arena, struct message);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	message->level = level;
	message->code = code;
	message->loc = loc;
	message->number = diags->n++;
	message->text = arena_strndup(diags->arena, text, strlen(text));
	if (hint)
		message->hint = arena_strndup(diags->arena, hint, strlen(hint));
	*diags->last = message;
	diags->last = &message->next;
	diags->n_errors += level == DIAG_ERROR;
}
