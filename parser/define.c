/* Defines, and the text of strings and numbers. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "parser/parser.h"
#include "parser/tables.h"

static size_t bucket_of(const char *name, size_t size)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash % N_DEFINE_BUCKETS;
}

static struct define *define_find(const struct parser *parser, const char *name, size_t size)
{
	struct define *define = parser->defines[bucket_of(name, size)];

	while (define && (strncmp(define->name, name, size) || define->name[size]))
		define = define->next;
	return define;
}

void define_add(struct parser *parser, const char *text, bool from_command_line)
{
	const char *equals = strchr(text, '=');
	struct define *define;
	size_t size;

	if (!equals)
		return; /* config_set() reports it */
	size = equals - text;
	define = define_find(parser, text, size);
	if (!define) {
		struct define **bucket = &parser->defines[bucket_of(text, size)];

		define = arena_new_of(parser->arena, struct define);
		define->name = arena_strndup(parser->arena, text, size);
		define->next = *bucket;
		*bucket = define;
	} else if (define->fixed && !from_command_line) {
		return;
	}
	define->value = arena_strndup(parser->arena, equals + 1, strlen(equals + 1));
	define->fixed = from_command_line;
}

const char *define_hint(const char *word)
{
	static const struct {
		const char *word, *hint;
	} rows[] = {
#define LEFT_OUT(name, value) {name, "a define stands for it: -D " name "=" value}
		LEFT_OUT("TFO_COOKIE", "HEX, the cookie as the kernel makes it"),
		LEFT_OUT("CMSG_LEVEL_IP", "SOL_IP, or SOL_IPV6 for IPv6"),
		LEFT_OUT("CMSG_TYPE_RECVERR", "IP_RECVERR, or IPV6_RECVERR for IPv6"),
		LEFT_OUT("CODE", "host_unreachable, or another code of ICMP"),
#undef LEFT_OUT
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].word, word))
			return rows[i].hint;
	return NULL;
}

const char *define_value(const struct parser *parser, struct token name)
{
	const struct define *define = define_find(parser, name.text, name.size);

	return define ? define->value : NULL;
}

void define_used(struct parser *parser, struct token token, struct loc loc)
{
	struct script *script = parser->script;

	*array_add(parser->arena, script->defined, script->n_defined) = (struct defined_word){
		.loc = loc, .text = arena_strndup(parser->arena, token.text, token.size)};
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Writes the byte that the escape at `in` (after the backslash) stands for; returns how many
 * characters it took, 0 for none known. */
static size_t escape(const char *in, size_t left, char *out)
{
	static const char letters[] = "nrtvf\\\"", bytes[] = "\n\r\t\v\f\\\"";
	const char *letter;

	if (left >= 3 && in[0] == 'x' && isxdigit((unsigned char)in[1]) &&
	    isxdigit((unsigned char)in[2])) {
		*out = (char)(hex_digit(in[1]) << 4 | hex_digit(in[2]));
		return 3;
	}
	letter = left && *in ? strchr(letters, *in) : NULL;
	if (!letter)
		return 0;
	*out = bytes[letter - letters];
	return 1;
}

char *string_decode(struct parser *parser, struct token quoted, struct loc loc, size_t *size)
{
	const char *in = quoted.text + 1, *end = quoted.text + quoted.size - 1;
	char *text = arena_alloc(parser->arena, quoted.size), *out = text;
	size_t taken;

	while (in < end) {
		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		taken = escape(in + 1, end - in - 1, out);
		if (!taken) {
			diag_error_hint(
				parser->diags, FW_escape, loc,
				"known are \\n \\r \\t \\v \\f \\\\ \\\" and \\xHH (two digits)",
				"unknown escape '\\%c' in a string", in + 1 < end ? in[1] : ' ');
			*out++ = *in++;
			continue;
		}
		out++;
		in += 1 + taken;
	}
	*size = out - text;
	return text;
}

bool number_parse(struct token token, int64_t *value)
{
	bool hex = token.size > 2 && token.text[1] == 'x';
	char *end;

	errno = 0;
	*value = hex ? (int64_t)strtoull(token.text + 2, &end, 16) : strtoll(token.text, &end, 10);
	return !errno && end == token.text + token.size;
}
