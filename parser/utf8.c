#include "parser/utf8.h"

unsigned utf8_next(const char *text, size_t size, uint32_t *code)
{
	unsigned char lead = *text;
	unsigned length = lead < 0x80		  ? 1
			  : (lead & 0xe0) == 0xc0 ? 2
			  : (lead & 0xf0) == 0xe0 ? 3
			  : (lead & 0xf8) == 0xf0 ? 4
						  : 0;

	*code = length < 2 ? lead : lead & (0x7f >> length);
	if (!length || length > size)
		return 0;
	for (unsigned i = 1; i < length; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (length > 1 && *code < 0xa0) /* overlong, or a C1 control */
		return 0;
	return length;
}

unsigned utf8_columns(uint32_t code)
{
	static const struct {
		uint32_t first, last;
		unsigned columns;
	} ranges[] = {
		{0x00ad, 0x00ad, 0}, /* soft hyphen */
		{0x0300, 0x036f, 0}, /* combining marks */
		{0x200b, 0x200f, 0}, /* zero width, directions */
		{0x202a, 0x202e, 0},   {0x2060, 0x2069, 0},
		{0xfe00, 0xfe0f, 0},			    /* variation selectors */
		{0xfeff, 0xfeff, 0},   {0x1100, 0x115f, 2}, /* East Asian wide blocks and emoji */
		{0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
		{0xf900, 0xfaff, 2},   {0xfe30, 0xfe6f, 2},
		{0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},
		{0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return ranges[i].columns;
	return 1;
}
