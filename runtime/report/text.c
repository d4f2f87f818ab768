#include "runtime/report/text.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define TAB_STOP 8

/* Scripts are UTF-8 whatever the user's locale, which must not be changed for the whole process. */
struct utf8 {
	locale_t own, before;
};

static struct utf8 utf8_enter(void)
{
	struct utf8 utf8 = {.own = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)};

	if (utf8.own)
		utf8.before = uselocale(utf8.own);
	return utf8;
}

static void utf8_leave(struct utf8 *utf8)
{
	if (!utf8->own)
		return;
	uselocale(utf8->before);
	freelocale(utf8->own);
}

/* Characters that let what follows be read from right to left: what is shown would not be what is there. */
static bool turns_text(wchar_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Bytes of the character at `text` and its columns; 0 if it is no printable character. */
static size_t character(const char *text, size_t size, size_t *columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t n;

	if ((unsigned char)*text < 0x80) {
		*columns = 1;
		return *text >= ' ' && *text != 0x7f;
	}
	n = mbrtowc(&wide, text, size, &state);
	if (n == (size_t)-1 || n == (size_t)-2 || n == 0 || wcwidth(wide) < 0 || turns_text(wide))
		return 0;
	*columns = (size_t)wcwidth(wide);
	return n;
}

static bool is_ascii(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* Would a log of continuous integration take what stands here for a command, if not in this line then
 * when it is broken? GitHub's, as "::error file=x::text", and those of others, as "##[error]". */
static bool is_command(const char *text)
{
	static const char *const names[] = {
		"error", "warning", "notice", "debug", "group", "endgroup", "echo", "stop-commands",
		"add-mask", "add-path", "add-matcher", "remove-matcher", "set-env", "set-output",
		"save-state", "internal-set-repo-path",
	};
	size_t word = strspn(text + 2, "-abcdefghijklmnopqrstuvwxyz");

	if (!strncmp(text, "##", 2))
		return text[2 + word] == '[';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word == strlen(names[i]) && !strncmp(text + 2, names[i], word))
			return true;
	return false;
}

/* What stands for a byte that is not passed on. */
static size_t put_instead(char *to, char byte, size_t column)
{
	if (byte == '\t')
		return (size_t)sprintf(to, "%*s", (int)(TAB_STOP - column % TAB_STOP), "");
	if (byte == '\n')
		return (size_t)sprintf(to, "\\n");
	return (size_t)sprintf(to, "\\x%02x", (unsigned char)byte);
}

char *text_clean(const char *text, bool lines)
{
	size_t left = text ? strlen(text) : 0, column = 0, columns, n;
	char *clean = malloc(TAB_STOP * left + 1), *to = clean;
	struct utf8 utf8 = {0};

	if (!clean)
		abort();
	if (!is_ascii(text, left))
		utf8 = utf8_enter();
	for (; left > 0; text += n, left -= n) {
		bool marks = (text[0] == ':' || text[0] == '#') && text[1] == text[0];

		n = marks && is_command(text) ? 0 : character(text, left, &columns);
		if (n > 0) {
			memcpy(to, text, n);
			to += n;
			column += columns;
			continue;
		}
		n = 1;
		if (*text == '\n' && lines) {
			*to++ = '\n';
			column = 0;
			continue;
		}
		columns = put_instead(to, *text, column);
		to += columns;
		column += columns;
	}
	*to = '\0';
	utf8_leave(&utf8);
	return clean;
}

size_t text_width(const char *text, size_t size)
{
	struct utf8 utf8;
	size_t width = 0, columns, n;

	if (is_ascii(text, size))
		return size;
	utf8 = utf8_enter();
	for (; size > 0; text += n, size -= n) {
		n = character(text, size, &columns);
		width += n ? columns : 1;
		n += !n;
	}
	utf8_leave(&utf8);
	return width;
}

size_t text_fit(const char *text, size_t columns)
{
	size_t size = strlen(text), at = 0, n, width;
	struct utf8 utf8;

	if (is_ascii(text, size))
		return size < columns ? size : columns;
	utf8 = utf8_enter();
	for (; at < size; at += n) {
		n = character(text + at, size - at, &width);
		if (!n) {
			n = 1;
			width = 1;
		}
		if (width > columns)
			break;
		columns -= width;
	}
	utf8_leave(&utf8);
	return at;
}

const char *text_line(const char **at, size_t columns, size_t *size)
{
	const char *line = *at + strspn(*at, " ");
	size_t fits, n;

	if (!*line)
		return NULL;
	fits = text_fit(line, columns);
	if (!fits) /* a wide character in a narrow column: on it goes */
		for (fits = 1; (line[fits] & 0xc0) == 0x80; fits++)
			;
	for (n = fits; line[fits] && n > 0 && line[n] != ' '; n--)
		;
	if (!n)
		n = fits;
	*at = line + n;
	while (n > 1 && line[n - 1] == ' ')
		n--;
	*size = n;
	return line;
}

void text_pad(FILE *out, const char *text, size_t columns)
{
	size_t width = text_width(text, strlen(text));

	fprintf(out, "%s%*s", text, width < columns ? (int)(columns - width) : 0, "");
}

struct duration text_duration(int64_t ns)
{
	double s = ns < 0 ? -(double)ns / 1e9 : (double)ns / 1e9;
	struct duration out;

	if (s >= 10)
		snprintf(out.text, sizeof(out.text), "%.1f s", s);
	else if (s >= 1)
		snprintf(out.text, sizeof(out.text), "%.3f s", s);
	else if (s >= 1e-3)
		snprintf(out.text, sizeof(out.text), "%.1f ms", s * 1e3);
	else
		snprintf(out.text, sizeof(out.text), "%.0f us", s * 1e6);
	return out;
}

const char *text_paint(enum paint paint, bool color)
{
	static const char *const codes[] = {
		[PAINT_PLAIN] = "\033[0m", [PAINT_BAD] = "\033[1;31m", [PAINT_GOOD] = "\033[32m",
		[PAINT_WARN] = "\033[33m", [PAINT_BOLD] = "\033[1m",   [PAINT_DIM] = "\033[2m",
	};

	return color ? codes[paint] : "";
}
