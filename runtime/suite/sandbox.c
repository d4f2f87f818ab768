#include "runtime/suite/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tun/mounts.h"
#include "tun/netns.h"

/* Start-ups give way to timelines, but not by much: on a busy machine they must make progress too.
 */
#define NICE_START_UP 4

static bool have_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return !syscall(SYS_capget, &header, data) && data[0].effective & (1U << CAP_SYS_ADMIN);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int error = errno;

	if (fd >= 0)
		close(fd);
	return n < 0 ? -error : 0;
}

int sandbox_privilege(struct errbuf *err)
{
	char uid_map[32], gid_map[32];
	int code;

	if (have_admin())
		return 0;
	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned)geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER))
		return err_set(err, -errno,
			       "cannot make a user namespace: %s; run as root, or allow them "
			       "(sysctl kernel.unprivileged_userns_clone=1)",
			       strerror(errno));
	/* user_namespaces(7): gid_map may be written only once setgroups is denied. */
	code = write_text("/proc/self/setgroups", "deny");
	if (!code)
		code = write_text("/proc/self/uid_map", uid_map);
	if (!code)
		code = write_text("/proc/self/gid_map", gid_map);
	if (code)
		return err_set(err, code, "cannot map the user of a user namespace: %s",
			       strerror(-code));
	return 0;
}

/* Returns 0 or -errno, as mount_tmp() does. */
static int mount_proc(const struct mounts *outside)
{
	int code = mounts_private(outside);

	if (!code && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		code = -errno;
	return code;
}

static int mount_tmp(void)
{
	return mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") ? -errno : 0;
}

/* Exit statuses of the probe. */
enum { HAS_TMP = 1, HAS_PROCESSES = 2 };

struct trial {
	int flags;
	struct mounts outside;
};

static int probe(void *argument)
{
	const struct trial *trial = argument;
	bool processes = trial->flags & CLONE_NEWPID;

	if (processes ? mount_proc(&trial->outside) : mounts_private(&trial->outside))
		_exit(0);
	_exit((processes ? HAS_PROCESSES : 0) | (mount_tmp() ? 0 : HAS_TMP));
}

/* The child borrows this process's memory while the process waits (CLONE_VFORK), so that nothing is
 * copied. */
static int try(int flags)
{
	char stack[16384] __attribute__((aligned(16)));
	struct trial trial = {flags, mounts_here()};
	int status = -1;
	pid_t pid = clone(probe, stack + sizeof(stack), flags | CLONE_VM | CLONE_VFORK | SIGCHLD,
			  &trial);

	if (pid < 0)
		return 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

struct sandbox_means sandbox_means(void)
{
	int found = try(CLONE_NEWPID | CLONE_NEWNS);

	if (!(found & HAS_PROCESSES))
		found = try(CLONE_NEWNS);
	return (struct sandbox_means){found & HAS_PROCESSES, found & HAS_TMP};
}

/* "/tmp/a/b/c" -> "/tmp/a", malloced; NULL if the path is not below /tmp. */
static char *top_of(const char *path)
{
	char *real = realpath(path, NULL);
	char *end = real && !strncmp(real, "/tmp/", 5) ? strchr(real + 5, '/') : NULL;

	if (end)
		*end = 0;
	if (real && !strncmp(real, "/tmp/", 5))
		return real;
	free(real);
	return NULL;
}

#define N_KEPT 4

/* An entry of the old /tmp, kept by descriptor since the new /tmp hides its name. */
struct kept {
	char *path; /* malloced; NULL: not below /tmp */
	int fd;
};

static void keep(struct kept *kept, const char *path)
{
	kept->path = path ? top_of(path) : NULL;
	kept->fd = kept->path ? open(kept->path, O_PATH | O_CLOEXEC) : -1;
}

/* Returns 0 or -errno, as replace_tmp() does. */
static int put_back(const struct kept *kept)
{
	char from[64];
	struct stat info;

	if (kept->fd < 0)
		return 0;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", kept->fd);
	/* Two of the places may lead through the same entry. */
	if (!access(kept->path, F_OK) || fstat(kept->fd, &info))
		return 0;
	if (S_ISDIR(info.st_mode))
		mkdir(kept->path, 0755);
	else
		close(open(kept->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	return mount(from, kept->path, NULL, MS_BIND | MS_REC, NULL) ? -errno : 0;
}

static int replace_tmp(const char *const paths[N_KEPT])
{
	struct kept kept[N_KEPT];
	int code;

	for (size_t i = 0; i < N_KEPT; i++)
		keep(&kept[i], paths[i]);
	code = mount_tmp();
	for (size_t i = 0; i < N_KEPT; i++) {
		if (!code)
			code = put_back(&kept[i]);
		if (kept[i].fd >= 0)
			close(kept[i].fd);
		free(kept[i].path);
	}
	return code;
}

static int own_tmp(const struct sandbox_places *places, struct errbuf *err)
{
	char *cwd = getcwd(NULL, 0);
	const char *paths[N_KEPT] = {places->script, places->caller, cwd, "/proc/self/exe"};
	int code = replace_tmp(paths);

	if (code)
		err_set(err, code, "cannot make an empty /tmp for the run: %s", strerror(-code));
	else if (cwd && chdir(cwd))
		code = err_set(err, -errno, "cannot change to %.150s: %s", cwd, strerror(errno));
	setenv("TMPDIR", "/tmp", 1);
	free(cwd);
	return code;
}

int sandbox_enter(const struct sandbox_places *places, bool private_tmp, struct errbuf *err)
{
	int code = mount_proc(&places->outside);

	if (code == -EXDEV)
		return err_set(err, code, "clone(2) made no mount namespace");
	if (code)
		return err_set(err, code, "cannot mount /proc for the run: %s", strerror(-code));
	return private_tmp ? own_tmp(places, err) : 0;
}

int sandbox_enter_tmp(const struct sandbox_places *places, struct errbuf *err)
{
	int code = unshare(CLONE_NEWNS) ? -errno : mounts_private(&places->outside);

	if (code)
		return err_set(err, code, "cannot make a mount namespace for the run: %s",
			       strerror(-code));
	return own_tmp(places, err);
}

bool sandbox_own_netns(void)
{
	return !netns_is_first() && !if_nametoindex("tun0");
}

bool sandbox_may_hurry(void)
{
	struct sched_param real_time = {.sched_priority = 1}, normal = {0};

	if (sched_setscheduler(0, SCHED_FIFO, &real_time))
		return false;
	return !sched_setscheduler(0, SCHED_OTHER, &normal);
}

void sandbox_stand_back(void)
{
	/* A process that may have real-time priority may undo a nice value; others may not. */
	if (sandbox_may_hurry())
		setpriority(PRIO_PROCESS, 0, NICE_START_UP);
}
