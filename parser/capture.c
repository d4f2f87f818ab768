/* Lines of tcpdump and of Wireshark's packet list that were pasted into a script: said so, and
 * rewritten as a segment where that can be done. What they do not tell is who of the two is the
 * kernel under test. */
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "parser/syntax.h"

struct capture_line {
	const char *text, *program;
	char flags[12];
	const char *seq, *ack, *window, *length; /* NULL: not told */
	const char *options;			 /* as in a script, without < >; NULL: none */
};

/* The number behind `key`, which stands at the beginning of a word. */
static const char *number_after(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = strstr(text, key); at; at = strstr(at + 1, key))
		if (at > text && strchr(" ,", at[-1]) && at[length] >= '0' && at[length] <= '9')
			return at + length;
	return NULL;
}

static void add_flag(struct capture_line *line, char flag)
{
	size_t used = strlen(line->flags);

	if (used + 1 < sizeof(line->flags) && !strchr(line->flags, flag))
		line->flags[used] = flag;
}

static void read_options(struct arena *arena, struct capture_line *line)
{
	static const char key[] = "options [";
	const char *at = strstr(line->text, key);
	size_t length = at ? strcspn(at + strlen(key), "]") : 0;

	if (!length)
		return;
	line->options = arena_strndup(arena, at + strlen(key), length);
	if (strchr(line->options, '{')) /* sack 1 {2001:3001} */
		line->options = "...";
}

/* IP 10.0.0.1.1234 > 10.0.0.2.80: Flags [F.], seq 1, ack 1, win 502, length 0 */
static bool read_tcpdump(struct arena *arena, struct capture_line *line)
{
	static const char key[] = ": Flags [";
	const char *at = strstr(line->text, key);

	if (!at || !strstr(line->text, " > "))
		return false;
	line->program = "tcpdump";
	for (at += strlen(key); *at && *at != ']'; at++)
		if (strchr("FSRPUEW.", *at))
			add_flag(line, *at);
	line->seq = number_after(at, "seq ");
	line->ack = number_after(at, "ack ");
	line->window = number_after(at, "win ");
	line->length = number_after(at, "length ");
	read_options(arena, line);
	return line->length;
}

/* 1 0.000000 10.0.0.1 10.0.0.2 TCP 66 1234 -> 80 [FIN, ACK] Seq=1 Ack=1 Win=502 Len=0 */
static bool read_wireshark(struct arena *arena, struct capture_line *line)
{
	static const struct {
		const char *word;
		char letter;
	} words[] = {
		{"FIN", 'F'}, {"SYN", 'S'}, {"RST", 'R'}, {"PSH", 'P'}, {"ACK", '.'},
		{"URG", 'U'}, {"ECE", 'E'}, {"ECN", 'E'}, {"CWR", 'W'},
	};
	static const char *const options[] = {" MSS=", " WS=", " SACK_PERM", " TSval=", " SLE="};
	const char *seq = strstr(line->text, "] Seq="), *open = seq;

	(void)arena;
	while (open && open > line->text && *open != '[')
		open--;
	if (!open || *open != '[')
		return false;
	line->program = "Wireshark";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (memmem(open, seq - open, words[i].word, 3))
			add_flag(line, words[i].letter);
	line->seq = number_after(seq, "Seq=");
	line->ack = number_after(seq, "Ack=");
	line->window = number_after(seq, "Win=");
	line->length = number_after(seq, "Len=");
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strstr(seq, options[i]))
			line->options = "...";
	return line->length;
}

static uint32_t number(const char *text)
{
	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* "F. 1:1(0) ack 1 win 502" */
static const char *segment(struct arena *arena, const struct capture_line *line)
{
	bool syn = strchr(line->flags, 'S'), ack = strchr(line->flags, '.');
	uint32_t seq = syn ? 0 : number(line->seq), length = number(line->length);
	char text[300];
	struct out out = OUT(text, sizeof(text));

	out_put(&out, "%s ", *line->flags ? line->flags : "-");
	if (line->seq)
		out_put(&out, "%u:%u(%u)", seq, seq + length, length);
	else
		out_put(&out, "...(%u)", length);
	if (ack && line->ack)
		out_put(&out, " ack %u", syn ? 1 : number(line->ack));
	if (line->window)
		out_put(&out, " win %u", number(line->window));
	if (line->options)
		out_put(&out, " <%s>", line->options);
	out_finish(&out);
	return arena_printf(arena, "%s", text);
}

static struct loc whole_line(const struct parser *parser, struct loc loc)
{
	const char *text = parser->source->text;
	size_t begin = loc.begin - (loc.column - 1);

	begin += strspn(text + begin, " \t");
	loc.column -= loc.begin - begin;
	loc.begin = begin;
	loc.end = begin + strcspn(text + begin, "\r\n");
	return loc;
}

static bool read_line(struct parser *parser, struct loc loc, struct capture_line *line)
{
	static bool (*const readers[])(struct arena *arena, struct capture_line *line) = {
		read_tcpdump,
		read_wireshark,
	};
	const char *text = parser->source->text + loc.begin;
	size_t length = loc.end - loc.begin;

	*line = (struct capture_line){0};
	if (!memmem(text, length, ": Flags [", 9) && !memmem(text, length, "] Seq=", 6))
		return false;
	line->text = arena_strndup(parser->arena, text, length);
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		if (readers[i](parser->arena, line))
			return true;
	return false;
}

bool is_capture(struct parser *parser, struct loc at)
{
	struct capture_line line;

	return read_line(parser, whole_line(parser, at), &line);
}

bool capture_text(struct parser *parser, struct loc at)
{
	struct loc loc = whole_line(parser, at);
	struct capture_line line;
	const char *hint;

	if (!read_line(parser, loc, &line))
		return false;
	/* An unknown sequence number, or unknown options, can only be expected. */
	hint = arena_printf(parser->arena, "as an event, if the kernel sends it: +0 > %s%s",
			    segment(parser->arena, &line),
			    line.seq && (!line.options || *line.options != '.')
				    ? "; with < if the peer does"
				    : "");
	if (parser->captured != loc.end) /* else it has been told */
		diag_error_hint(parser->diags, FW_capture_text, loc, hint,
				"this line comes from %s and is not of a script's form",
				line.program);
	parser->captured = loc.end;
	return true;
}
