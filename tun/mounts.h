/* Private mounts, which no process outside sees. See mount_namespaces(7). */
#ifndef FINWAIT_TUN_MOUNTS_H
#define FINWAIT_TUN_MOUNTS_H

#include <sys/types.h>

/* Identifies a mount namespace; inode 0: it is not known which one. */
struct mounts {
	dev_t device;
	ino_t inode;
};

/* The mount namespace of this process. */
struct mounts mounts_here(void);

/* To be called in a new mount namespace, before anything is mounted: mounts made afterwards stay in
 * this namespace. Returns 0 or -errno. -EXDEV: the process does not seem to be in another namespace
 * than `outside`, and nothing was done; a container may make the calls that create namespaces
 * succeed without effect.
 *
 * In a chroot "/" is no mount, and the mount that it lies on has no name there. So the process
 * moves to a copy of its tree that is a mount (Linux 5.12 or later). */
int mounts_private(const struct mounts *outside);

#endif
