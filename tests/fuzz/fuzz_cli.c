/* Any words as a command line: no crash, no leak; what is wrong has a text; what is right
 * configures a script in every mode. The first byte chooses the name finwait is called by. */
#include <stdlib.h>
#include <string.h>

#include "runtime/app/cli.h"

#define MOST_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char script_text[] = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";

static void configure(const struct settings *settings, struct arena *arena, int mode)
{
	struct source source = {"fuzz.pkt", script_text, sizeof(script_text) - 1};
	struct diags *diags = diags_new(&source);
	size_t n;
	struct cli_option *options = settings_script_options(settings, mode, &n);

	script_parse(arena, &source, options, n, mode, diags);
	diags_free(diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new();
	char *text = calloc(1, size + 1), *word = text, *argv[MOST_WORDS] = {"finwait"};
	struct errbuf error = {""};
	struct settings settings;
	int argc = 1;

	if (!text)
		abort();
	if (size)
		memcpy(text, bytes + 1, size - 1);
	while (argc < MOST_WORDS - 1 && word && *word) {
		char *end = strchr(word, '\n');

		argv[argc++] = word;
		if (end)
			*end++ = '\0';
		word = end;
	}
	if (cli_parse(&settings, arena, size && bytes[0] & 1, argc, argv, &error)) {
		for (int mode = -1; mode < N_IP_MODES; mode++)
			configure(&settings, arena, mode);
	} else if (!*error.text) {
		abort();
	}
	arena_free(arena);
	free(text);
	return 0;
}
