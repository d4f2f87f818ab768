/* Text in XML and in HTML. */
#ifndef FINWAIT_RUNTIME_REPORT_XML_H
#define FINWAIT_RUNTIME_REPORT_XML_H

#include <stdbool.h>
#include <stdio.h>

/* Cleans a text (text_clean(): no control characters, valid UTF-8; newlines are kept if `lines`)
 * and escapes it, so that it may stand between tags and, in double quotes, in an attribute. */
void xml_put(FILE *out, const char *text, bool lines);

#endif
