/* Capture files, and the link without a kernel. */
#include "tests/unit/tun_child.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tun/pcap_file.h"
#include "tun/pcapng.h"

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

/* `note` is a text. */
static void describe(const void *note, char *text, size_t size)
{
	snprintf(text, size, "%s", note ? (const char *)note : "");
}

static void check_capture(enum pcap_format format)
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

	snprintf(path, sizeof(path), "%s/x.pcap", folder);
	assert_int_equal(outfile_open(&out, path, &err), 0);
	assert_int_equal(pcap_file_start(&out, format, describe, &file, &err), 0);
	pcap_file_note(file, pcap_file_add(file, time_ns, (const uint8_t *)"\x45packet", 7, true),
		       "first");
	pcap_file_add(file, time_ns + 1, large, sizeof(large), false);
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

static void test_pcapng(void **state)
{
	(void)state;
	check_capture(PCAP_NG);
}

static void test_classic(void **state)
{
	(void)state;
	check_capture(PCAP_CLASSIC);
}

/* Whole blocks: a section, an interface, and a packet with its flags and comment. */
static void test_blocks(void **state)
{
	static const struct {
		uint32_t head[7];
		char bytes[8];
		uint16_t flags_head[2];
		uint32_t flags;
		uint16_t comment_head[2];
		char comment[4];
		uint32_t tail[2];
	} packet = {{6, 60, 0, 391, 1048577, 5, 5}, "ckpat", {2, 4}, 1, {1, 3}, "why", {0, 60}};
	uint32_t words[64];
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	pcapng_begin(out);
	fflush(out);
	memcpy(words, text, size < sizeof(words) ? size : sizeof(words));
	assert_int_equal(words[0], 0x0a0d0d0a);
	assert_int_equal(words[1] % 4, 0);
	assert_int_equal(words[words[1] / 4 - 1], words[1]);
	assert_int_equal(words[2], 0x1a2b3c4d);
	assert_int_equal(words[words[1] / 4], 1); /* the interface's block */
	assert_int_equal(words[1] + words[words[1] / 4 + 1], size);
	fclose(out);
	free(text);
	out = open_memstream(&text, &size);
	pcapng_packet(out, ((int64_t)391 << 32) + 1048577, (const uint8_t *)"ckpat", 5, true, "why");
	fclose(out);
	assert_int_equal(size, sizeof(packet));
	assert_memory_equal(text, &packet, size);
	free(text);
}

/* A comment is cut between characters; what is kept for comments is bounded. */
static void test_bounds(void **state)
{
	static char comment[PCAPNG_COMMENT_MAX + 10];
	static uint8_t large[65535] = {0x45};
	char path[64], text[PCAP_ERRBUF_SIZE], *folder = scratch(), *block;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	struct pcap_file *file;
	struct outfile out;
	struct errbuf err;
	size_t size, n = 0;
	FILE *stream = open_memstream(&block, &size);
	pcap_t *pcap;

	(void)state;
	memset(comment, 'a', PCAPNG_COMMENT_MAX - 1);
	strcpy(comment + PCAPNG_COMMENT_MAX - 1, "\xc3\xa9");
	pcapng_packet(stream, 0, large, 4, false, comment);
	fclose(stream);
	assert_int_equal(((uint16_t *)(void *)block)[21], PCAPNG_COMMENT_MAX - 1);
	free(block);
	snprintf(path, sizeof(path), "%s/x.pcapng", folder);
	assert_int_equal(outfile_open(&out, path, &err), 0);
	assert_int_equal(pcap_file_start(&out, PCAP_NG, describe, &file, &err), 0);
	for (size_t i = 0; i < 300; i++)
		pcap_file_add(file, 0, large, sizeof(large), false);
	pcap_file_note(file, 0, "too late, it is written");
	pcap_file_note(file, 299, "last");
	assert_int_equal(pcap_file_close(file, &err), 0);
	assert_int_equal(outfile_commit(&out, &err), 0);
	pcap = pcap_open_offline(path, text);
	assert_non_null(pcap);
	while (pcap_next_ex(pcap, &header, &bytes) == 1)
		n += header->caplen == sizeof(large);
	assert_int_equal(n, 300);
	pcap_close(pcap);
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
	assert_int_equal(pcap_file_start(&out, PCAP_NG, NULL, &file, &err), 0);
	pcap_file_add(file, 0, (const uint8_t *)"\x45packet", 7, false);
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
	CHECK(pcap_file_start(&out, PCAP_NG, NULL, &file, &err) == 0, "%s", err.text);
	for (int i = 0; i < 3; i++)
		pcap_file_add(file, i, bytes, sizeof(bytes), true);
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
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_classic),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_pcap_file_not_written),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
