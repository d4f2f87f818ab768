#include "runtime/report/xml.h"

#include <limits.h>
#include <stdlib.h>

#include "runtime/report/text.h"

void xml_put(FILE *out, const char *text, bool lines)
{
	static const char *const entities[UCHAR_MAX + 1] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};
	char *clean = text_clean(text, lines);

	for (const char *c = clean; *c; c++) {
		const char *entity = entities[(unsigned char)*c];

		if (entity)
			fputs(entity, out);
		else
			putc(*c, out);
	}
	free(clean);
}
