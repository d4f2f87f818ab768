/* Tests that output files are written completely or not at all, and stay the kind of file they
 * were.
 */
#include "tests/unit/tun_child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/outfile.h"

struct folder {
	char path[64];
	mode_t mask;
};

static int set_up(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	strcpy(folder->path, "/tmp/finwait-test-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	assert_int_equal(chdir(folder->path), 0);
	folder->mask = umask(022);
	*state = folder;
	return 0;
}

static int tear_down(void **state)
{
	struct folder *folder = *state;
	char command[100];

	umask(folder->mask);
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder->path);
	assert_int_equal(system(command), 0);
	free(folder);
	return 0;
}

static int entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 2;
}

static void content_is(const char *path, const char *want)
{
	char text[64];
	FILE *in = fopen(path, "re");
	size_t n;

	assert_non_null(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	fclose(in);
	assert_string_equal(text, want);
}

static void write_text(const char *path, const char *text)
{
	struct outfile file;
	struct errbuf err;

	if (outfile_open(&file, path, &err))
		fail_msg("%s", err.text);
	fputs(text, file.stream);
	if (outfile_commit(&file, &err))
		fail_msg("%s", err.text);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode;
}

static void whole_or_not(void **state)
{
	struct outfile file;
	struct errbuf err;

	(void)state;
	assert_int_equal(outfile_open(&file, "a", &err), 0);
	fputs("one", file.stream);
	fflush(file.stream);
	assert_int_equal(entries("."), 0); /* nothing that a kill would leave */
	assert_int_equal(outfile_commit(&file, &err), 0);
	outfile_abort(&file);
	content_is("a", "one");
	assert_int_equal(mode_of("a") & 07777, 0644);

	assert_int_equal(outfile_open(&file, "a", &err), 0);
	fputs("two", file.stream);
	outfile_abort(&file);
	content_is("a", "one");
	write_text("a", "three");
	content_is("a", "three");
	assert_int_equal(entries("."), 1);
}

static void an_existing_file_keeps_what_it_is(void **state)
{
	struct stat before, after;

	(void)state;
	write_text("a", "one");
	assert_int_equal(chmod("a", 0640), 0);
	write_text("a", "two");
	content_is("a", "two");
	assert_int_equal(mode_of("a") & 07777, 0640);
	/* Another name of the same file shows the same. */
	assert_int_equal(link("a", "b"), 0);
	write_text("a", "three");
	content_is("b", "three");
	if (geteuid() == 0) {
		assert_int_equal(unlink("b"), 0);
		assert_int_equal(chown("a", 65534, 65534), 0);
		write_text("a", "four");
		assert_int_equal(stat("a", &before), 0);
		assert_int_equal(before.st_uid, 65534);
		assert_int_equal(stat(".", &after), 0);
	}
	assert_int_equal(entries("."), geteuid() == 0 ? 1 : 2);
}

static void links_stay(void **state)
{
	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	write_text("sub/a", "one");
	assert_int_equal(symlink("sub/b", "first"), 0);
	assert_int_equal(symlink("a", "sub/b"), 0);
	write_text("first", "two");
	content_is("sub/a", "two");
	assert_true(S_ISLNK(mode_of("first")) && S_ISLNK(mode_of("sub/b")));
	/* One that leads to nothing yet. */
	assert_int_equal(symlink("sub/new", "dangling"), 0);
	write_text("dangling", "three");
	content_is("sub/new", "three");
	assert_true(S_ISLNK(mode_of("dangling")) && S_ISREG(mode_of("sub/new")));
	assert_int_equal(entries("sub"), 3);
}

static void fifos_and_open_files_are_written_to(void **state)
{
	char text[16] = "", path[40];
	int fd;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	write_text("fifo", "one");
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_string_equal(text, "one");
	close(fd);
	assert_true(S_ISFIFO(mode_of("fifo")));

	/* As standard output is that a shell sent to a file. */
	fd = open("log", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "before ", 7), 7);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	write_text(path, "after");
	assert_int_equal(lseek(fd, 0, SEEK_END), 12);
	close(fd);
	content_is("log", "before after");
}

static void what_cannot_be_written_is_told(void **state)
{
	char longest[300];
	static const struct {
		const char *path;
		int code;
	} rows[] = {
		{"nowhere/a", -ENOENT}, {".", -EISDIR},	       {"sub/", -EISDIR},
		{"", -ENOENT},		{"loop", -ELOOP},      {"socket/", -ENOTDIR},
		{"socket", -ENXIO},	{NULL, -ENAMETOOLONG},
	};
	struct outfile file;
	struct errbuf err;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(mknod("socket", S_IFSOCK | 0600, 0), 0);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = rows[i].path ? rows[i].path : longest;

		assert_int_equal(outfile_check(path, &err), rows[i].code);
		assert_int_equal(outfile_open(&file, path, &err), rows[i].code);
		outfile_abort(&file);
	}
	assert_int_equal(outfile_open(&file, "nowhere/a", &err), -ENOENT);
	assert_string_equal(err.text, "cannot write nowhere/a: No such file or directory");
	assert_int_equal(outfile_open(&file, "/dev/full", &err), 0);
	fputs("x", file.stream);
	assert_int_equal(outfile_commit(&file, &err), -ENOSPC);
	assert_string_equal(err.text, "cannot write /dev/full: No space left on device");
	/* A check makes nothing, and waits for nobody. */
	assert_int_equal(outfile_check("a", &err), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(outfile_check("fifo", &err), 0);
	assert_int_equal(entries("."), 4);
}

static void a_place_taken_meanwhile(void **state)
{
	struct outfile file;
	struct errbuf err;

	(void)state;
	assert_int_equal(outfile_open(&file, "a", &err), 0);
	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(outfile_commit(&file, &err), -EISDIR);
	assert_int_equal(entries("."), 1);
}

/* ---- in mounts of a child's own ------------------------------------------------------------ */

static void mount_own(const char *path, const char *options)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", path, "tmpfs", 0, options) < 0)
		child_skip("mounts are not allowed here");
}

static bool try_text(const char *path, const char *text, struct errbuf *err)
{
	struct outfile file;

	if (outfile_open(&file, path, err))
		return false;
	fputs(text, file.stream);
	return !outfile_commit(&file, err);
}

static void devices(void *argument)
{
	struct errbuf err;
	struct stat status;

	(void)argument;
	mount_own("/dev", "");
	if (mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)))
		child_skip("devices cannot be made here");
	CHECK(try_text("/dev/null", "x", &err), "%s", err.text);
	CHECK(!stat("/dev/null", &status) && S_ISCHR(status.st_mode), "no device any more");
	CHECK(entries("/dev") == 1, "left something");
}

static void mount_points(void *argument)
{
	struct errbuf err;
	struct stat status;

	(void)argument;
	mount_own("/tmp", "");
	CHECK(try_text("/tmp/a", "one", &err) && try_text("/tmp/b", "a longer one", &err), "%s",
	      err.text);
	CHECK(!mount("/tmp/a", "/tmp/b", NULL, MS_BIND, NULL), "%s", strerror(errno));
	CHECK(try_text("/tmp/b", "2", &err), "%s", err.text);
	CHECK(!stat("/tmp/a", &status) && status.st_size == 1, "%d bytes", (int)status.st_size);
	CHECK(entries("/tmp") == 2, "left something");
}

/* A folder in which nothing can be made, but with a file that may be written. */
static void files_alone(void *argument)
{
	struct errbuf err;
	struct stat status;

	(void)argument;
	mount_own("/tmp", "");
	CHECK(try_text("/tmp/a", "one", &err), "%s", err.text);
	CHECK(!chmod("/tmp/a", 0666) && !chmod("/tmp", 0755), "%s", strerror(errno));
	CHECK(try_text("/tmp/kept", "k", &err) && !chmod("/tmp/kept", 0444), "%s", err.text);
	CHECK(!setgroups(0, NULL) && !setgid(65534) && !setuid(65534), "%s", strerror(errno));
	CHECK(!outfile_check("/tmp/a", &err), "%s", err.text);
	CHECK(try_text("/tmp/a", "2", &err), "%s", err.text);
	CHECK(!stat("/tmp/a", &status) && status.st_size == 1 && !status.st_uid, "not as it was");
	CHECK(outfile_check("/tmp/b", &err) == -EACCES, "%s", err.text);
	CHECK(outfile_check("/tmp/kept", &err) == -EACCES, "a file that may not be written");
}

/* The run goes to other mounts, with another /tmp, before it is done. */
static void other_mounts(void *argument)
{
	struct outfile file;
	struct errbuf err;
	char text[4] = "";
	int dir, fd;

	(void)argument;
	mount_own("/tmp", "");
	dir = open("/tmp", O_PATH | O_CLOEXEC);
	CHECK(outfile_open(&file, "/tmp/a", &err) == 0, "%s", err.text);
	mount_own("/tmp", "");
	fputs("one", file.stream);
	CHECK(outfile_commit(&file, &err) == 0, "%s", err.text);
	fd = openat(dir, "a", O_RDONLY | O_CLOEXEC);
	CHECK(read(fd, text, 3) == 3 && !strcmp(text, "one"), "\"%s\"", text);
}

static void a_full_disk(void *argument)
{
	static char text[100001];
	struct errbuf err;

	(void)argument;
	mount_own("/tmp", "size=64k");
	CHECK(try_text("/tmp/a", "one", &err), "%s", err.text);
	memset(text, 'x', sizeof(text) - 1);
	CHECK(!try_text("/tmp/a", text, &err), "there is no room");
	CHECK(!strcmp(err.text, "cannot write /tmp/a: No space left on device"), "%s", err.text);
	CHECK(entries("/tmp") == 1, "left something");
}

static void in_own_mounts(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(devices, NULL);
	in_child(mount_points, NULL);
	in_child(files_alone, NULL);
	in_child(other_mounts, NULL);
	in_child(a_full_disk, NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_or_not),
		TEST(an_existing_file_keeps_what_it_is),
		TEST(links_stay),
		TEST(fifos_and_open_files_are_written_to),
		TEST(what_cannot_be_written_is_told),
		TEST(a_place_taken_meanwhile),
		TEST(in_own_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
