/* Mounts of one's own, which nobody outside sees. */
#ifndef FINWAIT_TUN_MOUNTS_H
#define FINWAIT_TUN_MOUNTS_H

/* For a process in a fresh mount namespace: mounts that it makes from here on stay in it. In a
 * chroot "/" is no mount, and the one that it lies on cannot be named: there the process moves to a
 * copy of its tree that is one (Linux 5.12 or later). 0 or -errno. */
int mounts_private(void);

#endif
