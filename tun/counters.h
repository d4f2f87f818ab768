/* The counters of the network namespace that the process is in (base/nstat.h). */
#ifndef FINWAIT_TUN_COUNTERS_H
#define FINWAIT_TUN_COUNTERS_H

#include "base/errbuf.h"
#include "base/nstat.h"

struct counters; /* the open files */

/* Opens the files of the counters. `ipv6`: also the counters of IPv6 headers and ICMPv6 messages;
 * TCP's counters are for both versions and always included. 0, or -errno with err. */
int counters_open(struct counters **counters, bool ipv6, struct errbuf *err);
/* Reads all counters, which takes 30 to 60 us. 0, or -errno. */
int counters_read(const struct counters *counters, struct nstat *nstat);
void counters_close(struct counters *counters); /* accepts NULL */

#endif
