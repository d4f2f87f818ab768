/* How a run's keeper isolates the run's processes and files, before it starts the run. The run
 * isolates its network itself, by netns_enter(). See namespaces(7). */
#ifndef FINWAIT_RUNTIME_SUITE_SANDBOX_H
#define FINWAIT_RUNTIME_SUITE_SANDBOX_H

#include <stdbool.h>
#include "base/errbuf.h"
#include "tun/mounts.h"

/* If the process has no right to make namespaces, gives it that right through a user namespace in
 * which the caller is mapped to root. The runner calls this once; the processes that it starts
 * inherit the right. 0, or -errno with err. */
int sandbox_privilege(struct errbuf *err);

/* What runs can have on this machine; found out by making each of them. */
struct sandbox_means {
	bool processes; /* a pid namespace with a /proc of its own */
	bool tmp;	/* a /tmp of their own */
};
struct sandbox_means sandbox_means(void);

/* What a run must be able to reach in its sandbox, and what it must leave alone. */
struct sandbox_places {
	struct mounts outside; /* the runner's mount namespace */
	const char *script;    /* absolute, or NULL */
	const char *caller;    /* the runner's working directory, or NULL */
};

/* To be called in new pid and mount namespaces. Makes the mounts private and mounts a /proc that
 * shows this pid namespace. With `private_tmp` also mounts an empty /tmp, in which only the
 * entries of the old one remain that lead to the places, to the working directory and to this
 * program. 0, or -errno with err. */
int sandbox_enter(const struct sandbox_places *places, bool private_tmp, struct errbuf *err);

/* For machines without pid namespaces: makes a mount namespace with an empty /tmp as above. 0, or
 * -errno with err. */
int sandbox_enter_tmp(const struct sandbox_places *places, struct errbuf *err);

/* True if the process is in a network namespace that is not the machine's initial one, and in which
 * the name tun0 is free. Whoever made that namespace may have set it up for the scripts. */
bool sandbox_own_netns(void);

/* True if timelines may have real-time priority. */
bool sandbox_may_hurry(void);

/* Lowers the priority of this process below that of timelines, if it may be raised again later. */
void sandbox_stand_back(void);

#endif
