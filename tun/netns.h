/* A network namespace of one's own, as root or, through a user namespace, without it. */
#ifndef FINWAIT_TUN_NETNS_H
#define FINWAIT_TUN_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/errbuf.h"

/* Moves the calling (single-threaded) process into a fresh network namespace and a mount namespace
 * in which /proc/sys is read-only except /proc/sys/net; without CAP_SYS_ADMIN through a user
 * namespace with the caller mapped to root. Brings `lo` up. The namespace and all in it vanish
 * with its last process. Returns 0 or -errno with `err` saying what failed and what would help. */
int netns_enter(struct errbuf *err);

/* Is /proc/sys read-only but for /proc/sys/net? netns_enter goes on where the kernel does not let
 * it arrange that (a /proc with locked mounts, a kernel before 5.12); without privileges the host's
 * sysctls are then still guarded by their permissions, as root by nothing. */
bool netns_sysctls_guarded(void);

/* Is the process in the machine's first network namespace, or might it be? */
bool netns_is_first(void);

/* Writes a sysctl of this namespace: name "net.ipv4.tcp_sack" (dots or slashes). 0 or -errno. */
int sysctl_write(const char *name, const char *value, struct errbuf *err);
/* Reads one; the value without the newline. */
int sysctl_read(const char *name, char *value, size_t size, struct errbuf *err);

#endif
