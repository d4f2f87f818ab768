#include "tests/unit/parser_fixture.h"
#include "tests/unit/without_codes.h"

void parse_bytes(struct parsed *parsed, const char *text, size_t size,
		 const struct cli_option *options, size_t n_options, int mode)
{
	size_t length;
	FILE *out;

	parsed->arena = arena_new();
	parsed->source = (struct source){"t.pkt", text, size};
	parsed->diags = diags_new(&parsed->source);
	parsed->script = script_parse(parsed->arena, &parsed->source, options, n_options, mode,
				      parsed->diags);
	out = open_memstream(&parsed->messages, &length);
	diags_print(parsed->diags, out, false);
	fclose(out);
	without_codes(parsed->messages);
	out = open_memstream(&parsed->printed, &length);
	if (!diags_errors(parsed->diags))
		script_print(out, parsed->script);
	fclose(out);
}

void parse(struct parsed *parsed, const char *text)
{
	parse_bytes(parsed, text, strlen(text), NULL, 0, -1);
}

void drop(struct parsed *parsed)
{
	free(parsed->messages);
	free(parsed->printed);
	diags_free(parsed->diags);
	arena_free(parsed->arena);
}

void prints(const char *text, const char *expected, int mode)
{
	const struct cli_option key = {"tcp_md5_secret", "a key"};
	struct parsed first, second;

	parse_bytes(&first, text, strlen(text), &key, 1, mode);
	assert_string_equal(first.messages, "");
	assert_string_equal(first.printed, expected);
	parse_bytes(&second, first.printed, strlen(first.printed), &key, 1, mode);
	assert_string_equal(second.messages, "");
	assert_string_equal(second.printed, expected);
	drop(&second);
	drop(&first);
}

void says(const char *text, const char *message, int mode)
{
	struct parsed parsed;

	parse_bytes(&parsed, text, strlen(text), NULL, 0, mode);
	if (!strstr(parsed.messages, message))
		print_message("'%s' says:\n%sand not: %s\n", text, parsed.messages, message);
	assert_non_null(strstr(parsed.messages, message));
	assert_true(diags_errors(parsed.diags) > 0);
	drop(&parsed);
}
