/* Mounts of one's own, which nobody outside sees. */
#ifndef FINWAIT_TUN_MOUNTS_H
#define FINWAIT_TUN_MOUNTS_H

#include <sys/types.h>

/* A mount namespace; inode 0: which one cannot be told. */
struct mounts {
	dev_t device;
	ino_t inode;
};

/* That of this process. */
struct mounts mounts_here(void);

/* For a process in a fresh mount namespace: mounts that it makes from here on stay in it. Where it
 * is not seen to be in another one than `outside`, -EXDEV, and nothing has been done: what makes
 * namespaces may have been let through without effect. Nothing is to be mounted before this.
 *
 * In a chroot "/" is no mount, and the one that it lies on cannot be named: there the process moves
 * to a copy of its tree that is one (Linux 5.12 or later). 0 or -errno. */
int mounts_private(const struct mounts *outside);

#endif
