/* A new network namespace, made as root or, without root, through a user namespace. */
#ifndef FINWAIT_TUN_NETNS_H
#define FINWAIT_TUN_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/errbuf.h"

/* Moves the calling (single-threaded) process into a new network namespace and a new mount
 * namespace in which /proc/sys is read-only except for /proc/sys/net. Without CAP_SYS_ADMIN it does
 * so through a user namespace in which the caller is mapped to root. Brings `lo` up. The namespace
 * and everything in it vanish with its last process. Returns 0, or -errno with `err`, which says
 * what failed and what would help. */
int netns_enter(struct errbuf *err);

/* True if /proc/sys is read-only except for /proc/sys/net. netns_enter() succeeds even if the
 * kernel does not allow that (a /proc with locked mounts, a kernel before 5.12). For an
 * unprivileged user the host's sysctls are then still guarded by their permissions, but not for
 * root. */
bool netns_sysctls_guarded(void);

/* True if this is, or may be, the initial network namespace of the machine. */
bool netns_is_first(void);

/* Writes a sysctl of this namespace: name "net.ipv4.tcp_sack" (dots or slashes). 0 or -errno. */
int sysctl_write(const char *name, const char *value, struct errbuf *err);
/* Reads a sysctl; the value has no newline. 0 or -errno. */
int sysctl_read(const char *name, char *value, size_t size, struct errbuf *err);

#endif
