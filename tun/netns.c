#include "tun/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tun/mounts.h"
#include "tun/rtnl.h"

#define LOOPBACK_INDEX 1 /* linux/net/loopback.c: the first device of every namespace */
#define FIRST_INODE    0xEFFFFFF9

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int code;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	code = n < 0 ? -errno : 0;
	close(fd);
	return code;
}

/* user_namespaces(7): without CAP_SETGID gid_map may be written only once setgroups is denied. */
static int map_to_root(uid_t uid, gid_t gid, struct errbuf *err)
{
	char uid_map[32], gid_map[32];
	const struct {
		const char *path, *text;
	} files[] = {
		{"/proc/self/setgroups", "deny"},
		{"/proc/self/uid_map", uid_map},
		{"/proc/self/gid_map", gid_map},
	};

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned)uid);
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned)gid);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int code = write_file(files[i].path, files[i].text);

		if (code < 0)
			return err_set(err, code, "cannot write %s: %s; is /proc mounted?",
				       files[i].path, strerror(-code));
	}
	return 0;
}

static const char *unshare_hint(int error)
{
	switch (error) {
	case EPERM:
		return "run as root, or allow user namespaces (sysctl "
		       "kernel.unprivileged_userns_clone=1, "
		       "kernel.apparmor_restrict_unprivileged_userns=0)";
	case ENOSPC:
	case EUSERS:
		return "raise user.max_user_namespaces and user.max_net_namespaces";
	case EINVAL:
		return "the kernel lacks CONFIG_NET_NS or CONFIG_USER_NS, or the process has "
		       "threads";
	default:
		return "see unshare(2)";
	}
}

static int enter_namespaces(struct errbuf *err)
{
	const int flags = CLONE_NEWNET | CLONE_NEWNS;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(flags) == 0)
		return 0;
	if (errno == EPERM && unshare(flags | CLONE_NEWUSER) == 0)
		return map_to_root(uid, gid, err);
	return err_set(err, -errno, "cannot make a network namespace: %s; %s", strerror(errno),
		       unshare_hint(errno));
}

/* Makes /proc/sys read-only and mounts /proc/sys/net on top, writable as before. mount_setattr(2)
 * is used and not a remount: it adds one flag and leaves the others (nosuid, nodev, ...), which a
 * user namespace must not drop. MS_REC is needed since a user namespace may not copy a mount
 * without the mounts that are locked on top of it. */
static void guard_sysctls(void)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};

	if (mount("/proc/sys", "/proc/sys", NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount("/proc/sys/net", "/proc/sys/net", NULL, MS_BIND | MS_REC, NULL) < 0)
		return;
	mount_setattr(AT_FDCWD, "/proc/sys", 0, &read_only, sizeof(read_only));
}

bool netns_sysctls_guarded(void)
{
	struct statvfs outer, net;

	return statvfs("/proc/sys", &outer) == 0 && outer.f_flag & ST_RDONLY &&
	       statvfs("/proc/sys/net", &net) == 0 && !(net.f_flag & ST_RDONLY);
}

/* The initial namespace has a fixed inode number (Linux 6.18, linux/nsfs.h: NET_NS_INIT_INO) and,
 * on older kernels, sysctls of the whole machine (net/core/sysctl_net_core.c: net_core_table).
 * Process 1 is no reference: it may be in another namespace, or not be visible. */
bool netns_is_first(void)
{
	struct stat ns;

	return stat("/proc/self/ns/net", &ns) || ns.st_ino == FIRST_INODE ||
	       access("/proc/sys/net/core/somaxconn", F_OK) ||
	       !access("/proc/sys/net/core/dev_weight", F_OK);
}

int netns_enter(struct errbuf *err)
{
	struct mounts outside = mounts_here();
	int fd, code = enter_namespaces(err);

	if (code < 0)
		return code;
	code = mounts_private(&outside);
	if (code == -EXDEV)
		return err_set(err, code,
			       "unshare(2) made no mount namespace, or /proc does not show it");
	/* In a chroot under an old kernel it is enough that /proc is private: all mounts made here
	 * are below it. */
	if (code < 0 && mount(NULL, "/proc", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(err, code, "cannot make the mounts private: %s", strerror(-code));
	guard_sysctls();
	fd = rtnl_open(err);
	if (fd < 0)
		return fd;
	code = rtnl_link_up(fd, LOOPBACK_INDEX, 0, err);
	close(fd);
	return code;
}

/* "net.ipv4.tcp_sack" -> "/proc/sys/net/ipv4/tcp_sack". A name with slashes is taken as it is, so
 * that it can contain a device with a dot in its name (sysctl(8)). */
static int sysctl_path(const char *name, char *path, size_t size, struct errbuf *err)
{
	int n = snprintf(path, size, "/proc/sys/%s", name);

	if (n < 0 || (size_t)n >= size || !*name || strstr(name, ".."))
		return err_set(err, -EINVAL, "bad sysctl name \"%.100s\"", name);
	if (!strchr(name, '/')) {
		for (char *p = path + strlen("/proc/sys/"); *p; p++)
			if (*p == '.')
				*p = '/';
	}
	return 0;
}

static const char *sysctl_hint(int code)
{
	switch (-code) {
	case ENOENT:
		return "a network namespace of this kernel has no such sysctl";
	case EROFS:
	case EACCES:
	case EPERM:
		return "only sysctls of the network namespace may be changed";
	case EINVAL:
	case ERANGE:
		return "the kernel does not take this value";
	default:
		return strerror(-code);
	}
}

int sysctl_write(const char *name, const char *value, struct errbuf *err)
{
	char path[256];
	int code = sysctl_path(name, path, sizeof(path), err);

	if (code < 0)
		return code;
	code = write_file(path, value);
	if (code < 0)
		return err_set(err, code, "cannot set sysctl %s to \"%.60s\": %s", name, value,
			       sysctl_hint(code));
	return 0;
}

int sysctl_read(const char *name, char *value, size_t size, struct errbuf *err)
{
	char path[256];
	ssize_t n;
	int fd;
	int code = sysctl_path(name, path, sizeof(path), err);

	if (code < 0)
		return code;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, value, size - 1);
	if (n < 0) {
		code = -errno;
		if (fd >= 0)
			close(fd);
		return err_set(err, code, "cannot read sysctl %s: %s", name, sysctl_hint(code));
	}
	close(fd);
	while (n > 0 && value[n - 1] == '\n')
		n--;
	value[n] = '\0';
	return 0;
}
