#include "tun/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes a copy of the root's tree on /proc, which is part of the copy too. /proc is a mount in
 * every chroot in which a run can be played, so it can be made private first. */
static int copy_root(int tree)
{
	struct mount_attr private = {.propagation = MS_PRIVATE};

	if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof(private)) ||
	    mount(NULL, "/proc", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    move_mount(tree, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) || chroot("/proc"))
		return -errno;
	return 0;
}

static int leave_chroot(void)
{
	int tree = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	char *cwd = getcwd(NULL, 0);
	int code = tree < 0 ? -errno : copy_root(tree);

	if (!code && chdir(cwd ? cwd : "/"))
		code = -errno;
	if (tree >= 0)
		close(tree);
	free(cwd);
	return code;
}

struct mounts mounts_here(void)
{
	struct stat ns;

	if (stat("/proc/self/ns/mnt", &ns))
		return (struct mounts){0};
	return (struct mounts){ns.st_dev, ns.st_ino};
}

int mounts_private(const struct mounts *outside)
{
	struct mounts here = mounts_here();

	if (!here.inode || !outside->inode ||
	    (here.inode == outside->inode && here.device == outside->device))
		return -EXDEV;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	return errno == EINVAL ? leave_chroot() : -errno;
}
