/* Literals of system calls: {...} and lists of them. Each returns false if the expression is not of
 * that shape at all; mistakes inside are reported in place. Names are resolved before. */
#ifndef FINWAIT_PARSER_CHECK_LITERALS_H
#define FINWAIT_PARSER_CHECK_LITERALS_H

#include "parser/check_parts.h"

bool check_sockaddr(struct check *check, const struct expr *expr);
bool check_linger(struct check *check, const struct expr *expr);
bool check_iovecs(struct check *check, const struct expr *expr);
bool check_msghdr(struct check *check, const struct expr *expr);
bool check_pollfds(struct check *check, const struct expr *expr);
bool check_epoll_event(struct check *check, const struct expr *expr);
bool check_epoll_events(struct check *check, const struct expr *expr);

#endif
