#include "base/addr.h"

#include <arpa/inet.h>
#include <string.h>

bool ip_addr_parse(const char *text, struct ip_addr *addr)
{
	*addr = (struct ip_addr){0};
	if (inet_pton(AF_INET, text, addr->bytes) == 1)
		addr->version = 4;
	else if (inet_pton(AF_INET6, text, addr->bytes) == 1)
		addr->version = 6;
	return addr->version != 0;
}

const char *ip_addr_print(const struct ip_addr *addr, char out[IP_ADDR_TEXT])
{
	int family = addr->version == 4 ? AF_INET : AF_INET6;

	if (addr->version == 0 || !inet_ntop(family, addr->bytes, out, IP_ADDR_TEXT))
		strcpy(out, "-");
	return out;
}

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->version == b->version &&
	       memcmp(a->bytes, b->bytes, a->version == 4 ? 4 : 16) == 0;
}
