/* Characters of a text that should be UTF-8, and may not be. */
#ifndef FINWAIT_PARSER_UTF8_H
#define FINWAIT_PARSER_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at `text`, of which `size` are left, and its code point. 0: no valid
 * UTF-8, or a control character that is spelt in more than one byte. */
unsigned utf8_next(const char *text, size_t size, uint32_t *code);

/* How many columns a terminal gives the character: 0 (nothing is seen), 1 or 2. */
unsigned utf8_columns(uint32_t code);

#endif
