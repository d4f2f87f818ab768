/* The text of a script, by its nodes. */
#include "parser/tree.h"

#include <stdlib.h>
#include <string.h>

/* ---- items --------------------------------------------------------------------------------- */

size_t script_n_items(const struct script *script)
{
	return script->n_options + (script->init_command != NULL) + script->n_events +
	       (script->cleanup_command != NULL);
}

struct item script_item(const struct script *script, size_t index)
{
	if (index < script->n_options)
		return (struct item){.kind = ITEM_OPTION,
				     .loc = script->options[index].loc,
				     .option = &script->options[index]};
	index -= script->n_options;
	if (script->init_command && index-- == 0)
		return (struct item){.kind = ITEM_COMMAND,
				     .loc = script->init_loc,
				     .command = script->init_command};
	if (index < script->n_events)
		return (struct item){.kind = ITEM_EVENT,
				     .loc = script->events[index]->loc,
				     .event = script->events[index]};
	return (struct item){.kind = ITEM_COMMAND,
			     .loc = script->cleanup_loc,
			     .command = script->cleanup_command};
}

struct loc event_time_loc(const struct event *event)
{
	struct loc loc = event->loc;

	loc.end = event->time.end_offset;
	return loc;
}

static unsigned newlines(const struct script *script, struct span span)
{
	const char *at = script->source.text + span.begin, *end = script->source.text + span.end;
	unsigned n = 0;

	while ((at = memchr(at, '\n', end - at)) != NULL) {
		at++;
		n++;
	}
	return n;
}

/* Where the comments right above an item begin, or the item does. */
static uint32_t comments_above(const struct script *script, uint32_t from, uint32_t item)
{
	uint32_t begin = item;
	bool own_line = !from; /* not of the line where the item before ends */
	struct trivia trivia;

	for (uint32_t at = from; trivia_at(script, at, &trivia); at = trivia.span.end) {
		unsigned n = trivia.kind == TRIVIA_BLANKS ? newlines(script, trivia.span) : 0;

		own_line |= n > 0;
		if (trivia.kind == TRIVIA_COMMENT && own_line && begin == item)
			begin = trivia.span.begin;
		else if (n > 1 || trivia.kind == TRIVIA_DIRECTIVE || trivia.kind == TRIVIA_SKIPPED)
			begin = item;
	}
	return begin;
}

struct span item_with_comments(const struct script *script, size_t index)
{
	struct loc loc = script_item(script, index).loc;
	uint32_t from = index ? script_item(script, index - 1).loc.end : 0;
	struct span span = {comments_above(script, from, loc.begin), loc.end};
	struct trivia trivia;

	for (uint32_t at = loc.end; trivia_at(script, at, &trivia); at = trivia.span.end) {
		if (trivia.kind == TRIVIA_COMMENT)
			span.end = trivia.span.end;
		else if (trivia.kind != TRIVIA_BLANKS || newlines(script, trivia.span))
			break;
	}
	return span;
}

/* ---- trivia -------------------------------------------------------------------------------- */

static bool starts(const struct script *script, uint32_t offset, const char *text)
{
	size_t size = strlen(text);

	return script->source.size - offset >= size &&
	       !memcmp(script->source.text + offset, text, size);
}

static int by_begin(const void *offset, const void *part)
{
	uint32_t key = *(const uint32_t *)offset;
	uint32_t begin = ((const struct ifdef_part *)part)->loc.begin;

	return key < begin ? -1 : key > begin;
}

static const struct ifdef_part *ifdef_at(const struct script *script, uint32_t offset)
{
	size_t n = script->n_ifdefs;

	return n ? bsearch(&offset, script->ifdefs, n, sizeof(*script->ifdefs), by_begin) : NULL;
}

/* Behind the next `text`, or the end of the script. */
static uint32_t behind(const struct script *script, uint32_t offset, const char *text)
{
	const struct source *source = &script->source;
	const char *at = memmem(source->text + offset, source->size - offset, text, strlen(text));

	return at ? (uint32_t)(at + strlen(text) - source->text) : source->size;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool trivia_at(const struct script *script, uint32_t offset, struct trivia *trivia)
{
	const struct source *source = &script->source;
	const struct ifdef_part *part;
	uint32_t end = offset;

	while (end < source->size && is_blank(source->text[end]))
		end++;
	trivia->kind = TRIVIA_BLANKS;
	if (end > offset) {
		;
	} else if (!offset && starts(script, offset, "\xef\xbb\xbf")) {
		trivia->kind = TRIVIA_BOM;
		end = offset + 3;
	} else if (starts(script, offset, "//")) {
		trivia->kind = TRIVIA_COMMENT;
		end = behind(script, offset, "\n");
		end -= end > offset && source->text[end - 1] == '\n';
	} else if (starts(script, offset, "/*")) {
		trivia->kind = TRIVIA_COMMENT;
		end = behind(script, offset + 2, "*/");
	} else if ((part = ifdef_at(script, offset)) != NULL) {
		trivia->kind = part->taken ? TRIVIA_DIRECTIVE : TRIVIA_SKIPPED;
		end = part->taken ? part->name.end : part->loc.end;
	} else if (starts(script, offset, "#endif")) {
		trivia->kind = TRIVIA_DIRECTIVE;
		end = offset + strlen("#endif");
	}
	trivia->span = (struct span){offset, end};
	return end > offset;
}

uint32_t trivia_end(const struct script *script, uint32_t offset)
{
	struct trivia trivia;

	while (trivia_at(script, offset, &trivia))
		offset = trivia.span.end;
	return offset;
}

/* ---- text ---------------------------------------------------------------------------------- */

size_t script_defined_from(const struct script *script, uint32_t offset)
{
	size_t low = 0, high = script->n_defined;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (script->defined[middle].loc.begin < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *script_defined(const struct script *script, uint32_t offset)
{
	size_t i = script_defined_from(script, offset);

	if (i < script->n_defined && script->defined[i].loc.begin == offset)
		return script->defined[i].text;
	return NULL;
}

void script_write(FILE *out, const struct script *script, const struct edit *edits, size_t n_edits)
{
	const char *text = script->source.text;
	uint32_t at = 0;

	for (size_t i = 0; i < n_edits; i++) {
		fwrite(text + at, 1, edits[i].span.begin - at, out);
		fputs(edits[i].text, out);
		at = edits[i].span.end;
	}
	fwrite(text + at, 1, script->source.size - at, out);
}
