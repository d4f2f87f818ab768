/* Tests what may be changed in the run's namespace, and that nothing outside it changes. */
#include "tests/unit/tun_child.h"

#include <dirent.h>
#include <fcntl.h>

static void sysctls(void *argument)
{
	struct errbuf err;
	char value[64];

	(void)argument;
	enter();
	CHECK(sysctl_write("net.ipv4.tcp_sack", "0", &err) == 0, "%s", err.text);
	CHECK(sysctl_read("net/ipv4/tcp_sack", value, sizeof(value), &err) == 0, "%s", err.text);
	CHECK(strcmp(value, "0") == 0, "it is \"%s\"", value);
	CHECK(sysctl_write("net.ipv4.tcp_rmem", "4096 5000 6000", &err) == 0, "%s", err.text);
	CHECK(sysctl_read("net.ipv4.tcp_rmem", value, sizeof(value), &err) == 0, "%s", err.text);
	CHECK(strcmp(value, "4096\t5000\t6000") == 0, "it is \"%s\"", value);
	CHECK(sysctl_write("net.ipv4.tcp_sack", "many", &err) == -EINVAL, "%s", err.text);
	CHECK(sysctl_write("net.ipv4.no_such", "1", &err) == -ENOENT, "%s", err.text);
	CHECK(strstr(err.text, "net.ipv4.no_such"), "%s", err.text);
	CHECK(sysctl_write("../../etc/passwd", "1", &err) == -EINVAL, "%s", err.text);
	CHECK(sysctl_write("", "1", &err) == -EINVAL, "%s", err.text);
}

static void host_sysctls_guarded(void *argument)
{
	struct errbuf err;
	char value[64];
	int code;

	(void)argument;
	enter();
	CHECK(netns_sysctls_guarded(), "/proc/sys can be written");
	CHECK(sysctl_read("vm.swappiness", value, sizeof(value), &err) == 0, "%s", err.text);
	code = sysctl_write("vm.swappiness", value, &err);
	CHECK(code == -EROFS || code == -EACCES, "%d: the host's sysctl was written", code);
	CHECK(sysctl_write("net.ipv4.tcp_sack", "1", &err) == 0, "%s", err.text);
}

static void unprivileged_guard(void *argument)
{
	as_nobody(host_sysctls_guarded, argument);
}

/* Everything of the host that a run might change: interfaces, addresses, routes, sysctls. */

struct snapshot {
	size_t size;
	char text[1 << 20];
};

static void snap_file(struct snapshot *snapshot, const char *path)
{
	size_t room = sizeof(snapshot->text) - snapshot->size;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, snapshot->text + snapshot->size, room);
	if (n > 0)
		snapshot->size += n;
	close(fd);
}

static void snap_folder(struct snapshot *snapshot, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);
	char path[512];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		assert_true(snapshot->size + sizeof(path) < sizeof(snapshot->text));
		snapshot->size += sprintf(snapshot->text + snapshot->size, "\n%s: ", path);
		snap_file(snapshot, path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void snap_host(struct snapshot *snapshot)
{
	static const char *const folders[] = {
		"/proc/sys/net/ipv4",
		"/proc/sys/net/ipv4/conf/all",
		"/proc/sys/net/ipv4/conf/default",
		"/proc/sys/net/ipv6/conf/all",
		"/proc/sys/net/ipv6/conf/default",
		"/proc/sys/net/core",
		"/proc/sys/vm",
		"/sys/class/net",
	};
	static const char *const files[] = {"/proc/net/route", "/proc/net/if_inet6",
					    "/proc/net/fib_trie", "/proc/mounts"};

	snapshot->size = 0;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		snap_folder(snapshot, folders[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		snap_file(snapshot, files[i]);
}

/* A whole run of it: namespace, device, addresses, a connection. */
static void whole_run(void *argument)
{
	const struct family *family = argument;
	struct link *link = enter_and_open(family);
	struct errbuf err;

	CHECK(sysctl_write("net.ipv4.tcp_sack", "0", &err) == 0, "%s", err.text);
	handshake(link, family, listener(family), &(uint32_t){0});
	link->ops->close(link);
}

static void whole_run_as_nobody(void *argument)
{
	as_nobody(whole_run, argument);
}

static void host_is_untouched(void (*run)(void *))
{
	/* Not on the heap: a skip leaves the function. */
	static struct snapshot before, after;
	const char *a, *b;

	snap_host(&before);
	for (size_t i = 0; i < N_FAMILIES; i++)
		in_child(run, (void *)&families[i]);
	snap_host(&after);
	assert_true(after.size > 1000);
	for (a = before.text, b = after.text; *a || *b; a += *a != 0, b += *b != 0) {
		size_t size_a = strcspn(a, "\n"), size_b = strcspn(b, "\n");

		if (size_a != size_b || memcmp(a, b, size_a) != 0)
			fail_msg("before: %.*s\nafter:  %.*s", (int)size_a, a, (int)size_b, b);
		a += size_a;
		b += size_b;
	}
}

static void test_host_is_untouched(void **state)
{
	(void)state;
	host_is_untouched(whole_run);
}

static void test_host_is_untouched_by_nobody(void **state)
{
	(void)state;
	host_is_untouched(whole_run_as_nobody);
}

static void test_sysctls(void **state)
{
	(void)state;
	in_child(sysctls, NULL);
}

static void test_host_sysctls_guarded(void **state)
{
	(void)state;
	in_child(host_sysctls_guarded, NULL);
}

static void test_unprivileged_guard(void **state)
{
	(void)state;
	in_child(unprivileged_guard, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sysctls),
		cmocka_unit_test(test_host_sysctls_guarded),
		cmocka_unit_test(test_unprivileged_guard),
		cmocka_unit_test(test_host_is_untouched),
		cmocka_unit_test(test_host_is_untouched_by_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
