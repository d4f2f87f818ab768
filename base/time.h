/* Times are int64_t nanoseconds. */
#ifndef FINWAIT_BASE_TIME_H
#define FINWAIT_BASE_TIME_H

#define NSEC_PER_SEC  1000000000LL
#define NSEC_PER_MSEC 1000000LL
#define NSEC_PER_USEC 1000LL

#endif
