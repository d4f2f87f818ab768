/* The stages of a parse, one after the other: text, shapes, options, packets, names. */
#include "parser/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parser/build.h"
#include "parser/check.h"
#include "parser/config_finish.h"
#include "parser/grammar.h"
#include "parser/options.h"
#include "parser/tables.h"

#define MAX_SOURCE (64 << 20)

/* The scanner's own functions (flex writes no header for us). */
int scan_lex_init_extra(struct parser *parser, void **scanner);
int scan_lex_destroy(void *scanner);
struct yy_buffer_state *scan__scan_bytes(const char *bytes, int length, void *scanner);

static void close_file(int *fd)
{
	if (*fd > STDIN_FILENO)
		close(*fd);
}

int source_load(struct arena *arena, const char *path, struct source *source)
{
	bool stdin_asked = !strcmp(path, "-");
	__attribute__((cleanup(close_file))) int fd =
		stdin_asked ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0, room = 4096;
	struct stat status;
	char *text, *bigger;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size < MAX_SOURCE)
		room = status.st_size + 2; /* one to end the text, one to see the end of the file */
	text = arena_alloc(arena, room);
	while ((n = read(fd, text + size, room - size - 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		size += n;
		if (size > (size_t)MAX_SOURCE)
			return -EFBIG;
		if (room - size > 1)
			continue;
		bigger = arena_alloc(arena, 2 * room);
		memcpy(bigger, text, size);
		text = bigger;
		room *= 2;
	}
	text[size] = 0;
	*source = (struct source){
		stdin_asked ? "<stdin>" : arena_strndup(arena, path, strlen(path)), text, size};
	return 0;
}

/* A capture, a program, a picture: no need to tell each of its bytes. */
static const char *binary_kind(const struct source *source)
{
	static const struct {
		const char *magic, *what;
	} kinds[] = {
		{"\xd4\xc3\xb2\xa1", "a capture (pcap)"},
		{"\xa1\xb2\xc3\xd4", "a capture (pcap)"},
		{"\x4d\x3c\xb2\xa1", "a capture (pcap)"},
		{"\x0a\x0d\x0d\x0a", "a capture (pcapng)"},
		{"\x7f"
		 "ELF",
		 "a program (ELF)"},
		{"\x1f\x8b", "compressed (gzip)"},
	};
	size_t looked = source->size < 4096 ? source->size : 4096, controls = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strncmp(source->text, kinds[i].magic, strlen(kinds[i].magic)))
			return kinds[i].what;
	for (size_t i = 0; i < looked; i++)
		controls += (unsigned char)source->text[i] < ' ' &&
			    !strchr("\t\n\r\f\v", source->text[i] ? source->text[i] : 1);
	return looked >= 64 && controls > looked / 10 ? "no text" : NULL;
}

static void parse_text(struct parser *parser)
{
	const struct source *source = parser->source;
	static const char mark[] = "\xef\xbb\xbf"; /* some editors put a byte order mark first */
	bool marked = source->size >= 3 && !memcmp(source->text, mark, 3);
	const char *binary = binary_kind(source);

	parser->line = 1;
	parser->offset = marked ? 3 : 0;
	parser->column = 1 + parser->offset;
	parser->item_column = UINT32_MAX / 2;
	if (binary) {
		diag_error_hint(parser->diags, FW_binary, ((struct loc){0}),
				"scripts are text files, most often NAME.pkt",
				"this file is %s, not a script", binary);
		return;
	}
	if (scan_lex_init_extra(parser, &parser->scanner))
		abort(); /* out of memory */
	scan__scan_bytes(source->text + parser->offset, source->size - parser->offset,
			 parser->scanner);
	pkt_parse(parser);
	scan_lex_destroy(parser->scanner);
}

/* What stands in the option's line behind its name, where a value without '=' would be. */
static const char *stray_value(const struct parser *parser, struct loc loc)
{
	const char *text = parser->source->text + loc.end;
	size_t length;

	text += strspn(text, " \t");
	length = strcspn(text, " \t\r\n");
	if (!loc.line || !length || !strncmp(text, "--", 2) || !strncmp(text, "//", 2))
		return NULL;
	return arena_strndup(parser->arena, text, length);
}

static void bad_option(struct parser *parser, const struct cli_option *option, struct loc loc,
		       int error, const char *text)
{
	static const struct {
		int error;
		enum diag_code code;
	} codes[] = {
		{-ENOENT, FW_unknown_option},	{-EPERM, FW_option_command_line},
		{-ENODATA, FW_option_no_value}, {-E2BIG, FW_option_takes_none},
		{-EOPNOTSUPP, FW_unsupported},
	};
	const struct option_row *row = option_by_name(option->name);
	const char *near = row ? NULL : closest_name("option", option->name);
	const char *stray = error == -ENODATA ? stray_value(parser, loc) : NULL;
	enum diag_code code = FW_option_bad_value;
	const char *hint = NULL;

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].error == error)
			code = codes[i].code;
	if (near)
		hint = arena_printf(parser->arena, "did you mean --%s?", near);
	else if (error == -ENODATA)
		hint = arena_printf(parser->arena, "--%s=%s", row->name,
				    stray ? stray : row->value_name);
	if (stray)
		diag_error_hint(parser->diags, FW_option_equals, loc, hint,
				"--%s needs '=' before its value", row->name);
	else
		diag_error_hint(parser->diags, code, loc, hint, "%s", text);
}

static void set_option(struct parser *parser, struct config *config,
		       const struct cli_option *option, struct loc loc)
{
	struct errbuf err;
	int error = config_set(config, parser->arena, option->name, option->value, loc, &err);

	if (error)
		bad_option(parser, option, loc, error, err.text);
}

/* Defaults <- option lines <- command line. Once: option lines come before the first event. */
static struct config *configure(struct parser *parser)
{
	struct script *script = parser->script;
	struct config *config = config_new(parser->arena);
	struct errbuf err;

	for (size_t i = 0; i < script->n_options; i++) {
		const struct option_line *line = &script->options[i];
		struct cli_option option = {line->name, line->value};

		set_option(parser, config, &option, line->loc);
	}
	for (size_t i = 0; i < parser->n_options; i++)
		set_option(parser, config, &parser->options[i], (struct loc){0});
	if (parser->mode >= 0)
		config->ip_mode = parser->mode;
	if (config_finish(config, &err))
		diag_error(parser->diags, FW_option_bad_value, ((struct loc){0}), "%s", err.text);
	return config;
}

/* Reads text; the script has a config then. */
static struct script *read_script(struct parser *parser)
{
	parser->script = arena_new_of(parser->arena, struct script);
	parser->script->source = *parser->source;
	parser->scratch = arena_new();
	for (size_t i = 0; i < parser->n_options; i++)
		if (!strcmp(parser->options[i].name, "define") && parser->options[i].value)
			define_add(parser, parser->options[i].value, true);
	parse_text(parser);
	arena_free(parser->scratch);
	parser->script->config = configure(parser);
	return parser->script;
}

struct script *script_parse(struct arena *arena, const struct source *source,
			    const struct cli_option *options, size_t n_options, int mode,
			    struct diags *diags)
{
	struct parser parser = {.arena = arena,
				.diags = diags,
				.source = source,
				.options = options,
				.n_options = n_options,
				.mode = mode};
	struct script *script = read_script(&parser);

	if (!script->n_events && !diags_errors(diags))
		diag_error(diags, FW_no_events, parser_here(&parser), "the script has no events");
	check_script(script, arena, diags);
	return script;
}

const struct config *script_config(struct arena *arena, const struct source *source,
				   const struct cli_option *options, size_t n_options)
{
	struct parser parser = {.arena = arena,
				.diags = diags_new(source),
				.source = source,
				.options = options,
				.n_options = n_options,
				.mode = -1,
				.options_only = true};
	const struct config *config = read_script(&parser)->config;

	diags_free(parser.diags);
	return config;
}

int64_t script_duration(const struct script *script)
{
	int64_t now = 0, end = 0;

	for (size_t i = 0; i < script->n_events; i++) {
		const struct event *event = script->events[i];
		int64_t base =
			event->time.kind == TIME_RELATIVE || event->time.kind == TIME_RELATIVE_RANGE
				? now
				: 0;

		if (event->time.kind != TIME_ANY)
			now = base + event->time.until;
		if (event->blocking && base + event->end > end)
			end = base + event->end;
	}
	return now > end ? now : end;
}
