/* Capture files, and the link without a kernel. */
#include "tests/unit/tun_child.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tun/pcap_file.h"

static char *scratch(void)
{
	static const char template[] = "/tmp/test-tun-XXXXXX";
	char *folder = strdup(template);

	assert_non_null(folder);
	assert_non_null(mkdtemp(folder));
	return folder;
}

static int files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void test_pcap_file(void **state)
{
	const int64_t time_ns = 1700000000 * SECOND + 123456789;
	static uint8_t large[65535] = {0x45};
	char *folder = scratch();
	char path[64], text[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	struct outfile out;
	struct pcap_file *file;
	const u_char *bytes;
	struct errbuf err;
	pcap_t *pcap;

	(void)state;
	snprintf(path, sizeof(path), "%s/x.pcap", folder);
	assert_int_equal(outfile_open(&out, path, &err), 0);
	assert_int_equal(pcap_file_start(&out, &file, &err), 0);
	pcap_file_add(file, time_ns, (const uint8_t *)"\x45packet", 7);
	pcap_file_add(file, time_ns + 1, large, sizeof(large));
	assert_int_equal(pcap_file_close(file, &err), 0);
	assert_int_equal(access(path, F_OK), -1); /* that is the owner's business */
	assert_int_equal(outfile_commit(&out, &err), 0);

	pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_RAW);
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
	assert_int_equal(header->ts.tv_sec, 1700000000);
	assert_int_equal(header->ts.tv_usec, 123456789);
	assert_int_equal(header->len, 7);
	assert_memory_equal(bytes, "\x45packet", 7);
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
	assert_int_equal(header->ts.tv_usec, 123456790);
	assert_int_equal(header->caplen, sizeof(large));
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
	pcap_close(pcap);
	assert_int_equal(files_in(folder), 1);
	unlink(path);
	rmdir(folder);
	free(folder);
}

static void test_pcap_file_not_written(void **state)
{
	char *folder = scratch();
	char path[64];
	struct outfile out;
	struct pcap_file *file;
	struct errbuf err;

	(void)state;
	snprintf(path, sizeof(path), "%s/x.pcap", folder);
	assert_int_equal(outfile_open(&out, path, &err), 0);
	assert_int_equal(pcap_file_start(&out, &file, &err), 0);
	pcap_file_add(file, 0, (const uint8_t *)"\x45packet", 7);
	assert_int_equal(files_in(folder), 0); /* nothing that a kill would leave */
	pcap_file_drop(file);
	outfile_abort(&out);
	assert_int_equal(files_in(folder), 0);
	pcap_file_drop(NULL);
	rmdir(folder);
	free(folder);
}

/* A full disk is an error, not half a file. */
static void full_disk(void *argument)
{
	const struct mounts outside = mounts_here();
	static uint8_t bytes[60000];
	struct outfile out;
	struct pcap_file *file;
	struct errbuf err;

	(void)argument;
	if (unshare(CLONE_NEWNS) < 0 || mounts_private(&outside) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, "size=64k") < 0)
		child_skip("mounts are not allowed here");
	CHECK(outfile_open(&out, "/tmp/x.pcap", &err) == 0, "%s", err.text);
	CHECK(pcap_file_start(&out, &file, &err) == 0, "%s", err.text);
	for (int i = 0; i < 3; i++)
		pcap_file_add(file, i, bytes, sizeof(bytes));
	CHECK(pcap_file_close(file, &err) == -ENOSPC, "%s", err.text);
	CHECK(access("/tmp/x.pcap", F_OK) < 0, "half a file");
}

static void test_full_disk(void **state)
{
	(void)state;
	in_child(full_disk, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap_file),
		cmocka_unit_test(test_pcap_file_not_written),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
