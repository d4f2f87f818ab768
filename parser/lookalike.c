#include "parser/lookalike.h"

#include <stdlib.h>

static const struct lookalike rows[] = {
#define CHARACTER(code, name, meant) {code, name, meant},
#include "parser/lookalike.def"
#undef CHARACTER
};

static int by_code(const void *key, const void *row)
{
	uint32_t code = *(const uint32_t *)key, other = ((const struct lookalike *)row)->code;

	return code < other ? -1 : code > other;
}

const struct lookalike *lookalike_find(uint32_t code)
{
	return bsearch(&code, rows, sizeof(rows) / sizeof(*rows), sizeof(*rows), by_code);
}
