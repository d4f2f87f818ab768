/* The stages of a parse, one after the other: text, shapes, options, packets, names. */
#include "parser/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/build.h"
#include "parser/check.h"
#include "parser/grammar.h"

#define MAX_SOURCE ((size_t)256 << 20)

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
	if (fd < 0)
		return -errno;
	size_t size = 0, room = 4096;
	char *text = arena_alloc(arena, room);
	ssize_t n;
	while ((n = read(fd, text + size, room - size - 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		size += n;
		if (size > MAX_SOURCE)
			return -EFBIG;
		if (room - size > 1)
			continue;
		char *bigger = arena_alloc(arena, 2 * room);
		memcpy(bigger, text, size);
		text = bigger;
		room *= 2;
	}
	text[size] = 0;
	*source = (struct source){
		stdin_asked ? "<stdin>" : arena_strndup(arena, path, strlen(path)), text, size};
	return 0;
}

static void parse_text(struct parser *parser)
{
	const struct source *source = parser->source;
	static const char mark[] = "\xef\xbb\xbf"; /* some editors put a byte order mark first */
	bool marked = source->size >= 3 && !memcmp(source->text, mark, 3);
	parser->line = 1;
	parser->offset = marked ? 3 : 0;
	parser->column = 1 + parser->offset;
	parser->item_column = UINT32_MAX / 2;
	if (scan_lex_init_extra(parser, &parser->scanner))
		abort(); /* out of memory */
	scan__scan_bytes(source->text + parser->offset, source->size - parser->offset,
			 parser->scanner);
	pkt_parse(parser);
	scan_lex_destroy(parser->scanner);
}

static void set_option(struct config *config, struct arena *arena, const char *name,
		       const char *value, struct loc loc, struct diags *diags)
{
	const char *wrong = config_set(config, arena, name, value, loc);
	if (wrong)
		diag_error(diags, loc, "%s", wrong);
}

/* Defaults <- option lines <- command line. */
static void configure(struct script *script, struct arena *arena, const struct cli_option *options,
		      size_t n_options, int mode, struct diags *diags)
{
	struct config *config = script->config = config_new(arena);
	for (size_t i = 0; i < script->n_options; i++) {
		const struct option_line *line = &script->options[i];
		set_option(config, arena, line->name, line->value, line->loc, diags);
	}
	for (size_t i = 0; i < n_options; i++)
		set_option(config, arena, options[i].name, options[i].value, (struct loc){0},
			   diags);
	if (mode >= 0)
		config->ip_mode = mode;
	const char *wrong = config_finish(config, arena);
	if (wrong)
		diag_error(diags, ((struct loc){0}), "%s", wrong);
}

struct script *script_parse(struct arena *arena, const struct source *source,
			    const struct cli_option *options, size_t n_options, int mode,
			    struct diags *diags)
{
	struct script *script = arena_new_of(arena, struct script);
	struct parser *parser = arena_new_of(arena, struct parser);
	script->source = *source;
	*parser =
		(struct parser){.arena = arena, .diags = diags, .script = script, .source = source};
	for (size_t i = 0; i < n_options; i++)
		if (!strcmp(options[i].name, "define") && options[i].value)
			define_add(parser, options[i].value, true);
	parse_text(parser);
	if (!script->n_events && !diags_errors(diags))
		diag_error(
			diags,
			((struct loc){parser->line, parser->column, parser->line, parser->column}),
			"the script has no events");
	configure(script, arena, options, n_options, mode, diags);
	for (size_t i = 0; i < script->n_events; i++)
		if (script->events[i]->kind == EVENT_PACKET)
			check_packet((struct raw_packet *)script->events[i]->packet, script->config,
				     arena, diags);
	check_script(script, arena, diags);
	return script;
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
