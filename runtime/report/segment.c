#include "runtime/report/segment.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/out.h"
#include "parser/fields.h"

#define LABEL_ROOM 256

bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

bool segment_takes_numbers(const struct tcp_segment *segment)
{
	return segment->len > 0 || (segment->flags & (TCP_SYN | TCP_FIN));
}

uint32_t segment_end(const struct tcp_segment *segment)
{
	return segment->seq + segment->len + !!(segment->flags & TCP_SYN) +
	       !!(segment->flags & TCP_FIN);
}

/* "F." or "-"; the digit of an ACE field may stand behind the letters. */
static bool read_flags(const char *word, size_t size, uint16_t *flags)
{
	*flags = 0;
	if (size == 1 && *word == '-')
		return true;
	for (size_t i = 0; i < size; i++) {
		uint16_t bit = tcp_flag_by_letter(word[i]);

		if (!bit && !(i > 0 && isdigit((unsigned char)word[i])))
			return false;
		*flags |= bit;
	}
	return size > 0;
}

/* "1:1001(1000)", with a "!" behind it where it is not mapped. */
static bool read_numbers(const char *word, size_t size, struct tcp_segment *segment)
{
	unsigned begin, end, len;
	int used = 0;

	if (sscanf(word, "%u:%u(%u)%n", &begin, &end, &len, &used) != 3 || !used)
		return false;
	used += word[used] == '!';
	if ((size_t)used != size)
		return false;
	segment->seq = begin;
	segment->len = len;
	return true;
}

/* What follows the numbers, up to the options. */
static void read_rest(const char *text, struct tcp_segment *segment)
{
	unsigned value;

	for (; *text && *text != '<'; text += strcspn(text, " "), text += strspn(text, " ")) {
		if (sscanf(text, "ack %u", &value) == 1) {
			segment->has_ack = true;
			segment->ack = value;
		} else if (sscanf(text, "win %u", &value) == 1) {
			segment->has_window = true;
			segment->window = (uint16_t)value;
		}
	}
}

/* As segment_read(); `flags` is where the segment itself begins. */
static bool find_segment(struct tcp_segment *segment, const char *text, const char **flags)
{
	const char *before = NULL;
	size_t before_size = 0;

	*segment = (struct tcp_segment){0};
	for (const char *word = text; word && *word; word += strspn(word, " ")) {
		size_t size = strcspn(word, " ");

		if (before && read_numbers(word, size, segment) &&
		    read_flags(before, before_size, &segment->flags)) {
			*flags = before;
			read_rest(word + size + strspn(word + size, " "), segment);
			return true;
		}
		before = word;
		before_size = size;
		word += size;
	}
	return false;
}

bool segment_read(struct tcp_segment *segment, const char *text)
{
	const char *flags;

	return find_segment(segment, text, &flags);
}

/* "FIN PSH"; packetdrill's "tcp_fin" is the name. */
static void put_flags(struct out *out, uint16_t flags)
{
	size_t before = out->n;

	for (size_t i = 0; i < N_TCP_FLAGS; i++) {
		const struct tcp_flag_row *row = &tcp_flag_rows[i];

		if (!(flags & row->bit) || (row->bit == TCP_ACK_FLAG && out->n > before))
			continue;
		out_put(out, "%s", out->n > before ? " " : "");
		for (const char *c = strchr(row->theirs, '_') + 1; *c; c++)
			out_put(out, "%c", toupper((unsigned char)*c));
	}
	if (out->n == before)
		out_put(out, "no flag");
}

/* Outer headers and what the IP header says, but for the ports: connections have a column. */
static size_t prefix_size(const char *text, const char *flags)
{
	const char *last = flags;
	unsigned port;
	int n = 0;

	for (int words = 0; words < 3 && last > text;) {
		last--;
		words += last > text ? last[-1] == ' ' : 1;
	}
	if (sscanf(last, "%u > %u %n", &port, &port, &n) == 2 && last + n == flags)
		return (size_t)(last - text);
	return (size_t)(flags - text);
}

const char *segment_label(struct arena *arena, const char *text)
{
	char room[LABEL_ROOM];
	struct out out = OUT(room, sizeof(room));
	struct tcp_segment segment;
	const char *flags;

	if ((text[0] == '<' || text[0] == '>') && text[1] == ' ')
		text += 2;
	if (!find_segment(&segment, text, &flags))
		return arena_strndup(arena, text, strlen(text));
	out_bytes(&out, text, prefix_size(text, flags));
	put_flags(&out, segment.flags);
	out_put(&out, " %u", segment.seq);
	if (segment.len)
		out_put(&out, ":%u(%u)", segment.seq + segment.len, segment.len);
	if (segment.has_ack)
		out_put(&out, " ack %u", segment.ack);
	if (segment.has_window && !segment.window && !(segment.flags & TCP_RST))
		out_put(&out, " win 0");
	out_finish(&out);
	return arena_strndup(arena, room, strlen(room));
}
