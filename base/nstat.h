/* The counters of a network stack: the text of /proc/net/netstat, snmp and snmp6, one after the
 * other, looked up by the names that nstat(8) gives them, TcpExtTCPAbortOnClose, TcpOutRsts,
 * Ip6InReceives. Source: net/ipv4/proc.c, net/ipv6/proc.c. */
#ifndef FINWAIT_BASE_NSTAT_H
#define FINWAIT_BASE_NSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NSTAT_SIZE	(32 * 1024)
#define NSTAT_NAME_SIZE 64

struct nstat {
	size_t size;
	char text[NSTAT_SIZE];
};

/* A place in the text. All zeros: before the first counter. */
struct nstat_item {
	char name[NSTAT_NAME_SIZE];
	int64_t value;
	const char *names, *values; /* the rest of the two lines */
	const char *next;	    /* the line after them */
	const char *prefix;
	size_t prefix_size;
};

/* Advances to the next counter; false: there is none. */
bool nstat_next(const struct nstat *nstat, struct nstat_item *item);
/* False: there is no counter of that name. */
bool nstat_find(const struct nstat *nstat, const char *name, int64_t *value);

/* Advances to the next counter that has changed; its value is then the growth. Both places begin as
 * zeros. A counter that was not there before counts from 0. */
bool nstat_next_growth(const struct nstat *before, struct nstat_item *was,
		       const struct nstat *after, struct nstat_item *is);

#endif
