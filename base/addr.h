/* IPv4 and IPv6 addresses. */
#ifndef FINWAIT_BASE_ADDR_H
#define FINWAIT_BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

/* An IPv4 or IPv6 address, network order. */
struct ip_addr {
	uint8_t version;   /* 4 or 6; 0: none */
	uint8_t bytes[16]; /* the first 4 for IPv4, the others 0 */
};

#define IP_ADDR_TEXT 46 /* INET6_ADDRSTRLEN */

/* Reads an address as inet_pton(3) does. False: the text is no address, and version is 0. */
bool ip_addr_parse(const char *text, struct ip_addr *addr);
/* Writes it into `out` and returns `out`; "-" for no address. */
const char *ip_addr_print(const struct ip_addr *addr, char out[IP_ADDR_TEXT]);
bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b);

#endif
