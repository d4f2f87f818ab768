/* What a run's keeper shuts off before it starts the run. The network is not among it: that is
 * netns_enter()'s, in the run itself. */
#ifndef FINWAIT_RUNTIME_SUITE_SANDBOX_H
#define FINWAIT_RUNTIME_SUITE_SANDBOX_H

#include <stdbool.h>
#include "base/errbuf.h"
#include "tun/mounts.h"

/* Without the right to make namespaces: takes it through a user namespace, caller mapped to root.
 * For the runner, once; what it starts then has the right. 0, or -errno with err. */
int sandbox_privilege(struct errbuf *err);

/* What runs can have here; found out by making it. */
struct sandbox_means {
	bool processes; /* a pid namespace with a /proc of its own */
	bool tmp;	/* a /tmp of their own */
};
struct sandbox_means sandbox_means(void);

/* What a run must be able to reach in its sandbox, and what it must not touch. */
struct sandbox_places {
	struct mounts outside; /* the runner's mount namespace */
	const char *script;    /* absolute, or NULL */
	const char *caller;    /* the runner's working directory, or NULL */
};

/* In fresh pid and mount namespaces: mounts apart from the host's, a /proc that shows this pid
 * namespace, and, if asked, an empty /tmp, in which only what lies on the way to the places, to the
 * working directory and to this program is as it was. 0, or -errno with err. */
int sandbox_enter(const struct sandbox_places *places, bool private_tmp, struct errbuf *err);

/* Where there are no pid namespaces: makes a mount namespace, with such a /tmp in it. */
int sandbox_enter_tmp(const struct sandbox_places *places, struct errbuf *err);

/* Is the process in a network namespace that is not the machine's first, and in which tun0 is free?
 * Whoever made it may have set it up for the scripts. */
bool sandbox_own_netns(void);

/* May timelines have real-time priority? */
bool sandbox_may_hurry(void);

/* Start-ups stand back behind timelines, where they can be raised again later. */
void sandbox_stand_back(void);

#endif
