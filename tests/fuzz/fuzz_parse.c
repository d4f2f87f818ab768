/* Any bytes as a script: no crash, no leak, no undefined behaviour; and what parses is printed in a
 * notation that parses to the same again. */
#include <stdlib.h>
#include <string.h>

#include "parser/ast_print.h"
#include "parser/script.h"
#include "parser/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Between the items is nothing but trivia; the pieces of a packet come in order. */
static bool is_all_there(const struct script *script)
{
	uint32_t at = 0;

	for (size_t i = 0; i < script_n_items(script); i++) {
		struct item item = script_item(script, i);
		const struct packet *packet = NULL;

		if (trivia_end(script, at) != item.loc.begin || item.loc.begin >= item.loc.end)
			return false;
		at = item.loc.end;
		if (item.kind == ITEM_EVENT && item.event->kind == EVENT_PACKET)
			packet = item.event->packet;
		for (unsigned j = 1; packet && j < packet->n_written; j++)
			if (packet->written[j].begin <
			    packet->written[j - 1].begin + packet->written[j - 1].size)
				return false;
	}
	return trivia_end(script, at) == script->source.size;
}

/* The printed script; NULL: it does not parse. */
static char *parse_and_print(const char *text, size_t size, int mode)
{
	struct source source = {"fuzz.pkt", text, size};
	struct arena *arena = arena_new();
	struct diags *diags = diags_new(&source);
	struct script *script = script_parse(arena, &source, NULL, 0, mode, diags);
	char *out_text = NULL;
	size_t out_size;
	FILE *out = open_memstream(&out_text, &out_size);
	bool good = !diags_errors(diags);

	if (!out)
		abort();
	if (good && !is_all_there(script))
		abort();
	if (good)
		script_print(out, script);
	else
		diags_print(diags, out, true);
	fclose(out);
	/* A define is in the text already; a second time it could hit again. */
	for (size_t i = 0; i < script->n_options; i++)
		good &= strcmp(script->options[i].name, "define") != 0;
	diags_free(diags);
	arena_free(arena);
	if (good)
		return out_text;
	free(out_text);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first byte chooses the address family. */
	int mode = size ? data[0] % (N_IP_MODES + 1) - 1 : -1;
	char *text = malloc(size + 1), *first, *second;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	first = parse_and_print(text, size, mode);
	second = first ? parse_and_print(first, strlen(first), mode) : NULL;
	if (first && (!second || strcmp(first, second)))
		abort();
	free(text);
	free(first);
	free(second);
	return 0;
}
