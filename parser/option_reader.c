/* The atoms of one TCP option, one after the other. */
#include "parser/option_reader.h"

#include <stdlib.h>
#include <string.h>

#include "parser/tables.h"

const struct atom *option_peek(const struct option_reader *reader)
{
	static const struct atom none = {.kind = ATOM_NONE, .text = ""};

	return reader->at < reader->n ? &reader->items[reader->at] : &none;
}

bool option_take_text(struct option_reader *reader, const char *text)
{
	bool is_it = !strcmp(option_peek(reader)->text, text);

	reader->at += is_it;
	return is_it;
}

bool option_read_hex(struct option_reader *reader, const char *digits, struct loc loc,
		     unsigned most)
{
	struct tcp_option *option = reader->option;
	size_t n = strlen(digits);

	if (strspn(digits, "0123456789abcdefABCDEF") != n) {
		diag_error_hint(reader->diags, FW_option_bytes, loc, define_hint(digits),
				"'%.60s' is not hexadecimal", digits);
		return false;
	}
	if (n % 2) {
		diag_error(reader->diags, FW_option_bytes, loc,
			   "an odd number of hexadecimal digits: two make a byte");
		return false;
	}
	if (option->n_bytes + n / 2 > most) {
		diag_error(reader->diags, FW_option_bytes, loc, "%zu bytes are too long: at most %u", n / 2,
			   most - option->n_bytes);
		return false;
	}
	for (size_t i = 0; i < n; i += 2) {
		char byte[3] = {digits[i], digits[i + 1], 0};

		option->bytes[option->n_bytes++] = strtoul(byte, NULL, 16);
	}
	return true;
}
