/* TCP options of match.h, in a file of its own for its length. */
#ifndef FINWAIT_RUNTIME_CONN_MATCH_OPTIONS_H
#define FINWAIT_RUNTIME_CONN_MATCH_OPTIONS_H

#include "runtime/conn/match.h"

/* Kinds one by one, in order; then what each says. One too many or too few shifts no other. */
void match_options(const struct match_env *env, const struct packet *expected,
		   const struct packet *live, const struct packet *actual,
		   struct mismatches *mismatches);

#endif
