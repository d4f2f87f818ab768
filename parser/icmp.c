/* The rows of icmp.def, both ways. */
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "parser/tables.h"

struct icmp_row {
	uint8_t ip_version, type, code;
	const char *name;
	enum icmp_class class; /* of types */
};

static const struct icmp_row types[] = {
#define TYPE(version, name, number, class) {version, number, 0, #name, class},
#define CODE(...)
#include "parser/icmp.def"
#undef TYPE
#undef CODE
};

static const struct icmp_row codes[] = {
#define TYPE(...)
#define CODE(version, type, name, number) {version, type, number, #name, 0},
#include "parser/icmp.def"
#undef TYPE
#undef CODE
};

#define LENGTH(rows) (sizeof(rows) / sizeof(*(rows)))

/* The N of type_N or code_N: 0 .. 255; -1: something else. */
static int plain_number(const char *prefix, const char *name)
{
	size_t length = strlen(prefix), n;
	int number;

	if (strncmp(name, prefix, length))
		return -1;
	n = strspn(name + length, "0123456789");
	if (!n || n > 3 || name[length + n])
		return -1;
	number = atoi(name + length);
	return number <= 255 ? number : -1;
}

int icmp_type_by_name(uint8_t ip_version, const char *name)
{
	for (size_t i = 0; i < LENGTH(types); i++)
		if (types[i].ip_version == ip_version && !strcmp(types[i].name, name))
			return types[i].type;
	return plain_number("type_", name);
}

void icmp_names(char *text, size_t size, uint8_t ip_version, int type)
{
	const struct icmp_row *rows = type < 0 ? types : codes;
	size_t n = type < 0 ? LENGTH(types) : LENGTH(codes);
	struct out out = OUT(text, size);

	for (size_t i = 0; i < n; i++)
		if (rows[i].ip_version == ip_version && (type < 0 || rows[i].type == type))
			out_put(&out, "%s%s", out.n ? " " : "", rows[i].name);
	out_finish(&out);
}

int icmp_code_by_name(uint8_t ip_version, uint8_t type, const char *name)
{
	for (size_t i = 0; i < LENGTH(codes); i++)
		if (codes[i].ip_version == ip_version && codes[i].type == type &&
		    !strcmp(codes[i].name, name))
			return codes[i].code;
	return plain_number("code_", name);
}

const char *icmp_type_name(uint8_t ip_version, uint8_t type)
{
	for (size_t i = 0; i < LENGTH(types); i++)
		if (types[i].ip_version == ip_version && types[i].type == type)
			return types[i].name;
	return NULL;
}

const char *icmp_code_name(uint8_t ip_version, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < LENGTH(codes); i++)
		if (codes[i].ip_version == ip_version && codes[i].type == type &&
		    codes[i].code == code)
			return codes[i].name;
	return NULL;
}

enum icmp_class icmp_class_of(uint8_t ip_version, uint8_t type)
{
	for (size_t i = 0; i < LENGTH(types); i++)
		if (types[i].ip_version == ip_version && types[i].type == type)
			return types[i].class;
	/* ICMPv6 says it by the number, even of those to come. */
	return ip_version == 6 && type < 128 ? ICMP_ERROR : ICMP_QUERY;
}

bool icmp_tells_mtu(uint8_t ip_version, uint8_t type, uint8_t code)
{
	return ip_version == 6 ? type == 2 : type == 3 && code == 4;
}
