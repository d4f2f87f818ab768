#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_LINKS 40 /* the number that the kernel follows, path_resolution(7) */
#define TRIES	   10
#define USUAL_MODE 0666

/* Where the contents are kept until the commit. */
enum held {
	HELD_NOT,     /* the outfile is not open */
	HELD_NOWHERE, /* nowhere: they are written to the path directly */
	HELD_UNNAMED, /* in an unnamed file of the directory */
	HELD_MEMORY,  /* in memory, if the file system has no unnamed files */
};

static int fail(struct outfile *file, const char *path, int error, struct errbuf *err)
{
	err_set(err, -error, "cannot write %.180s: %s", path, strerror(error));
	outfile_abort(file);
	return -error;
}

/* ---- where it will be ---------------------------------------------------------------------- */

static void free_text(char **text)
{
	free(*text);
}

/* Opens the directory of `path`, as seen from `dir`, and closes `dir`. *name becomes the last part
 * of the path, malloced. Returns the directory's descriptor, or -errno. */
static int step(int dir, const char *path, char **name)
{
	const char *slash = strrchr(path, '/');
	char *way = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int next = way ? openat(dir, way, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int error = way ? errno : ENOMEM;

	free(way);
	if (dir >= 0)
		close(dir);
	*name = next >= 0 ? strdup(slash ? slash + 1 : path) : NULL;
	return next < 0 ? -error : next;
}

static bool on_procfs(int dir)
{
	struct statfs info;

	return fstatfs(dir, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/* Reads a symbolic link. Returns its text, malloced; NULL with errno. */
static char *read_link(int dir, const char *name)
{
	char *text = calloc(1, PATH_MAX + 1);

	if (text && readlinkat(dir, name, text, PATH_MAX) < 0) {
		free(text);
		text = NULL;
	}
	return text;
}

/* Follows the links of a path's last part; they may lead to a file that does not exist. Fills in
 * file->dir, file->name and `status` (st_mode 0: no file yet). A link of procfs stands for an open
 * file and not for a path, so it is not followed. 0, or a positive errno. */
static int find_place(struct outfile *file, const char *path, struct stat *status)
{
	__attribute__((cleanup(free_text))) char *target = NULL;
	int dir = AT_FDCWD;

	for (int links = 0; links < MOST_LINKS; links++) {
		char *link;

		dir = step(dir, target ? target : path, &file->name);
		file->dir = dir;
		if (dir < 0)
			return -dir;
		if (!file->name)
			return ENOMEM;
		if (!*file->name)
			return *path ? EISDIR : ENOENT;
		memset(status, 0, sizeof(*status));
		if (fstatat(dir, file->name, status, AT_SYMLINK_NOFOLLOW))
			return errno == ENOENT ? 0 : errno;
		if (!S_ISLNK(status->st_mode) || on_procfs(dir))
			return 0;
		link = read_link(dir, file->name);
		if (!link)
			return errno;
		free(target);
		target = link;
		free(file->name);
		file->name = NULL;
	}
	return ELOOP;
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool writable(int dir, const char *name)
{
	return faccessat(dir, name, W_OK, AT_EACCESS) == 0;
}

/* Opens something without a name to hold the contents. Returns its descriptor; -1 with errno. */
static int open_held(struct outfile *file, const struct stat *status)
{
	int fd = openat(file->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, USUAL_MODE);

	file->held = HELD_UNNAMED;
	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM || errno == EROFS) {
		/* A file may be writable though its directory is not. */
		if (!status->st_mode)
			return -1;
		file->in_place = true;
	} else if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
		return -1;
	} else if (!writable(file->dir, ".")) {
		return -1;
	}
	file->held = HELD_MEMORY;
	return memfd_create("outfile", MFD_CLOEXEC);
}

/* 0, or a positive errno. */
static int look(struct outfile *file, const char *path, struct stat *status)
{
	int error;

	*file = (struct outfile){0};
	error = find_place(file, path, status);
	if (!error && (S_ISDIR(status->st_mode) || S_ISSOCK(status->st_mode)))
		error = S_ISDIR(status->st_mode) ? EISDIR : ENXIO;
	if (!error && S_ISREG(status->st_mode) && !writable(file->dir, file->name))
		error = errno;
	return error;
}

static bool is_file(const struct stat *status)
{
	return !status->st_mode || S_ISREG(status->st_mode);
}

/* Writes bytes of the stream, and keeps the errno, which a stream does not. */
static ssize_t write_bytes(void *cookie, const char *bytes, size_t size)
{
	struct outfile *file = cookie;
	size_t done = 0;

	while (done < size && !file->error) {
		ssize_t n = write(file->fd, bytes + done, size - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			file->error = errno;
	}
	return (ssize_t)done;
}

static int open_stream(struct outfile *file, const char *path, const struct stat *status)
{
	static const cookie_io_functions_t functions = {.write = write_bytes};

	file->path = strdup(path);
	if (!file->path)
		return ENOMEM;
	if (is_file(status)) {
		file->fd = open_held(file, status);
	} else {
		file->fd = open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
		file->held = HELD_NOWHERE;
	}
	if (file->fd < 0) {
		file->held = HELD_NOT;
		return errno;
	}
	file->stream = fopencookie(file, "w", functions);
	return file->stream ? 0 : ENOMEM;
}

int outfile_open(struct outfile *file, const char *path, struct errbuf *err)
{
	struct stat status;
	int error = look(file, path, &status);

	if (!error)
		error = open_stream(file, path, &status);
	return error ? fail(file, path, error, err) : 0;
}

int outfile_check(const char *path, struct errbuf *err)
{
	struct outfile file;
	struct stat status;
	int error = look(&file, path, &status), fd;

	if (!error && is_file(&status)) {
		fd = open_held(&file, &status);
		file.held = HELD_NOT;
		error = fd < 0 ? errno : 0;
		if (fd >= 0)
			close(fd);
	} else if (!error && access(path, W_OK)) {
		error = errno;
	}
	if (error)
		return fail(&file, path, error, err);
	outfile_abort(&file);
	return 0;
}

bool outfile_is_special(const char *path)
{
	struct outfile file;
	struct stat status;
	bool special = !look(&file, path, &status) && !is_file(&status);

	outfile_abort(&file);
	return special;
}

/* ---- the commit ---------------------------------------------------------------------------- */

/* Copies all of `from` into `to`. 0, or a positive errno. */
static int copy(int from, int to)
{
	off_t offset = 0;
	ssize_t n;

	do {
		n = sendfile(to, from, &offset, 1 << 20);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? errno : 0;
}

/* Overwrites the existing file. */
static int write_over(const struct outfile *file, int fd)
{
	int to = openat(file->dir, file->name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	int error = to < 0 ? errno : copy(fd, to);

	if (to >= 0 && close(to) && !error)
		error = errno;
	return error;
}

/* Gives the unnamed file this name, which must not exist. Tries procfs first: the other way needs a
 * capability before Linux 6.10. */
static int link_as(const struct outfile *file, int fd, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!linkat(AT_FDCWD, path, file->dir, name, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno == ENOENT && !linkat(fd, "", file->dir, name, AT_EMPTY_PATH))
		return 0;
	return errno;
}

/* The same for contents held in memory. */
static int copy_as(const struct outfile *file, int fd, const char *name)
{
	int to = openat(file->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, USUAL_MODE);
	struct stat status;
	int error = to < 0 ? errno : copy(fd, to);

	if (to < 0)
		return error;
	if (!fstatat(file->dir, file->name, &status, AT_SYMLINK_NOFOLLOW) &&
	    fchmod(to, status.st_mode & 07777))
		error = error ? error : errno;
	if (close(to) && !error)
		error = errno;
	if (error)
		unlinkat(file->dir, name, 0);
	return error;
}

/* Replaces the existing file: makes the new one beside it, under an unpredictable name, and renames
 * it. */
static int replace(const struct outfile *file, int fd)
{
	int error = EEXIST;
	char name[40];

	for (int i = 0; i < TRIES && error == EEXIST; i++) {
		uint64_t number = 0;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return errno;
		snprintf(name, sizeof(name), ".finwait-%016llx", (unsigned long long)number);
		error = file->held == HELD_UNNAMED ? link_as(file, fd, name)
						   : copy_as(file, fd, name);
	}
	if (error)
		return error;
	if (!renameat(file->dir, name, file->dir, file->name))
		return 0;
	error = errno;
	unlinkat(file->dir, name, 0);
	return error;
}

/* Gives the new file the mode and the owner of the old one. */
static int keep_mode(int fd, const struct stat *before)
{
	struct stat status;

	if (fstat(fd, &status))
		return errno;
	if ((status.st_uid != before->st_uid || status.st_gid != before->st_gid) &&
	    fchown(fd, before->st_uid, before->st_gid))
		return errno;
	return fchmod(fd, before->st_mode & 07777) ? errno : 0;
}

static int put_in_place(const struct outfile *file, int fd)
{
	struct stat before;
	int error;

	if (fstatat(file->dir, file->name, &before, AT_SYMLINK_NOFOLLOW)) {
		error = file->held == HELD_UNNAMED ? link_as(file, fd, file->name)
						   : copy_as(file, fd, file->name);
		return error == EEXIST ? replace(file, fd) : error;
	}
	if (!S_ISREG(before.st_mode)) /* it became something else meanwhile */
		return S_ISDIR(before.st_mode) ? EISDIR : EEXIST;
	/* A file with several names must stay one file. */
	if (file->in_place || before.st_nlink > 1)
		return write_over(file, fd);
	error = keep_mode(fd, &before);
	if (!error)
		error = replace(file, fd);
	/* A mount point cannot be replaced, and another user's file cannot be given back. */
	return error == EBUSY || error == EPERM ? write_over(file, fd) : error;
}

static int close_stream(struct outfile *file)
{
	bool bad = file->stream && ferror(file->stream);

	if (file->stream && (fclose(file->stream) || bad) && !file->error)
		file->error = EIO;
	file->stream = NULL;
	return file->error;
}

int outfile_finish(struct outfile *file, struct errbuf *err)
{
	int error = close_stream(file);

	if (error)
		return fail(file, file->path, error, err);
	file->whole = true;
	return 0;
}

/* ---- a process of its own ------------------------------------------------------------------ */

struct commit {
	const struct outfile *file;
	int error;
};

static int commit_apart(void *argument)
{
	struct commit *commit = argument;
	sigset_t all;

	setsid(); /* a signal to the process group must not end this process */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	commit->error = put_in_place(commit->file, commit->file->fd);
	_exit(0);
}

/* No signal may interrupt the commit while the file is renamed, so a separate process does it. That
 * process borrows our memory while we wait (CLONE_VFORK); if we are killed, it goes on. */
static int commit_safely(const struct outfile *file)
{
	char stack[32768] __attribute__((aligned(16)));
	struct commit commit = {file, EIO};
	pid_t pid = clone(commit_apart, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
			  &commit);

	if (pid < 0)
		return put_in_place(file, file->fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return commit.error;
}

int outfile_commit(struct outfile *file, struct errbuf *err)
{
	int code = outfile_finish(file, err), error;

	if (code)
		return code;
	error = file->held == HELD_NOWHERE ? 0 : commit_safely(file);
	if (error)
		return fail(file, file->path, error, err);
	outfile_abort(file);
	return 0;
}

void outfile_abort(struct outfile *file)
{
	close_stream(file);
	if (file->held != HELD_NOT)
		close(file->fd);
	if (file->dir > 0)
		close(file->dir);
	free(file->path);
	free(file->name);
	*file = (struct outfile){0};
}
