#include "base/nstat.h"

#include <stdlib.h>
#include <string.h>

static const char *end_of(const struct nstat *nstat)
{
	return nstat->text + nstat->size;
}

/* The end of a line, without its newline. */
static const char *line_end(const struct nstat *nstat, const char *line)
{
	const char *end = memchr(line, '\n', (size_t)(end_of(nstat) - line));

	return end ? end : end_of(nstat);
}

static const char *after_line(const struct nstat *nstat, const char *line)
{
	const char *end = line_end(nstat, line);

	return end < end_of(nstat) ? end + 1 : end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of a line; NULL: none. */
static const char *word(const struct nstat *nstat, const char **at, size_t *size)
{
	const char *end = line_end(nstat, *at), *begin = *at, *stop;

	while (begin < end && is_blank(*begin))
		begin++;
	for (stop = begin; stop < end && !is_blank(*stop); stop++)
		;
	*at = stop;
	*size = (size_t)(stop - begin);
	return *size ? begin : NULL;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A name that is too long is cut. */
static void set(struct nstat_item *item, const char *name, size_t size, const char *value)
{
	size_t room = sizeof(item->name) - 1, head = least(item->prefix_size, room);
	size_t rest = least(size, room - head);

	if (head)
		memcpy(item->name, item->prefix, head);
	memcpy(item->name + head, name, rest);
	item->name[head + rest] = '\0';
	item->value = (int64_t)strtoull(value, NULL, 10);
}

/* Begins a line: "TcpExt: NAME NAME ..." with "TcpExt: NUMBER NUMBER ..." under it, or in snmp6
 * "NAME NUMBER". False: it is neither. */
static bool begin_line(const struct nstat *nstat, struct nstat_item *item, const char *line)
{
	const char *first;

	item->names = line;
	item->next = after_line(nstat, line);
	item->prefix_size = 0;
	first = word(nstat, &item->names, &item->prefix_size);
	if (!first || first[item->prefix_size - 1] != ':') {
		item->names = line;
		item->values = NULL;
		item->prefix_size = 0;
		return first;
	}
	item->prefix = first;
	item->values = item->next + item->prefix_size;
	item->next = after_line(nstat, item->next);
	item->prefix_size--;
	return item->values <= end_of(nstat);
}

/* The next counter of the lines that the place is in. */
static bool in_lines(const struct nstat *nstat, struct nstat_item *item)
{
	size_t size, value_size;
	const char *name = word(nstat, &item->names, &size), *value;

	if (!name)
		return false;
	if (!item->values) {
		value = word(nstat, &item->names, &value_size);
		item->names = line_end(nstat, item->names);
	} else {
		value = word(nstat, &item->values, &value_size);
	}
	if (value)
		set(item, name, size, value);
	return value;
}

bool nstat_next(const struct nstat *nstat, struct nstat_item *item)
{
	if (!item->next)
		item->next = nstat->text;
	else if (in_lines(nstat, item))
		return true;
	while (item->next < end_of(nstat))
		if (begin_line(nstat, item, item->next) && in_lines(nstat, item))
			return true;
	return false;
}

static bool find(const struct nstat *nstat, const char *name, struct nstat_item *item)
{
	*item = (struct nstat_item){0};
	while (nstat_next(nstat, item))
		if (!strcmp(item->name, name))
			return true;
	return false;
}

bool nstat_find(const struct nstat *nstat, const char *name, int64_t *value)
{
	struct nstat_item item;

	if (!find(nstat, name, &item))
		return false;
	*value = item.value;
	return true;
}

/* The value that a counter had before. Some lines appear only when something has been counted in
 * them; the two places then have to be brought together again. */
static int64_t before_of(const struct nstat *before, struct nstat_item *was, const char *name)
{
	struct nstat_item next = *was, found;

	if (!nstat_next(before, &next) || strcmp(next.name, name)) {
		if (!find(before, name, &found))
			return 0;
		next = found;
	}
	*was = next;
	return was->value;
}

bool nstat_next_growth(const struct nstat *before, struct nstat_item *was,
		       const struct nstat *after, struct nstat_item *is)
{
	while (nstat_next(after, is)) {
		is->value -= before_of(before, was, is->name);
		if (is->value)
			return true;
	}
	return false;
}
