#include <stdio.h>
#include <string.h>

#include "parser/config.h"
#include "runtime/wire/wire.h"

bool tuple_equal(const struct wire_tuple *a, const struct wire_tuple *b)
{
	return a->sport == b->sport && a->dport == b->dport && ip_addr_equal(&a->src, &b->src) &&
	       ip_addr_equal(&a->dst, &b->dst);
}

struct wire_tuple tuple_reverse(const struct wire_tuple *tuple)
{
	return (struct wire_tuple){
		.src = tuple->dst,
		.dst = tuple->src,
		.sport = tuple->dport,
		.dport = tuple->sport,
	};
}

size_t tuple_print(char *out, size_t size, const struct wire_tuple *tuple)
{
	const char *format = tuple->src.version == 6 ? "[%s]:%u > [%s]:%u" : "%s:%u > %s:%u";
	char src[46], dst[46];

	return (size_t)snprintf(out, size, format, ip_addr_print(&tuple->src, src), tuple->sport,
				ip_addr_print(&tuple->dst, dst), tuple->dport);
}
