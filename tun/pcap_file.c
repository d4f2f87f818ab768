#include "tun/pcap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKET_MAX (1 << 18) /* libpcap's own largest */

struct pcap_file {
	pcap_t *pcap;
	pcap_dumper_t *dumper;
	bool made; /* `temporary` exists */
	char path[PATH_MAX];
	char temporary[PATH_MAX];
};

/* mkstemp makes files that only their owner can read; a capture is as readable as any file. */
static void usual_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fchmod(fd, 0666 & ~mask) < 0)
		return; /* readable by the owner, then */
}

static FILE *make_temporary(struct pcap_file *file)
{
	int fd = mkostemp(file->temporary, O_CLOEXEC);
	FILE *stream;

	if (fd < 0)
		return NULL;
	file->made = true;
	usual_mode(fd);
	stream = fdopen(fd, "wb");
	if (!stream)
		close(fd);
	return stream;
}

static int start(struct pcap_file *file, struct errbuf *err)
{
	FILE *stream = make_temporary(file);

	if (!stream)
		return err_set(err, -errno, "cannot write %.120s: %s", file->path, strerror(errno));
	file->pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, PACKET_MAX,
							  PCAP_TSTAMP_PRECISION_NANO);
	if (!file->pcap) {
		fclose(stream);
		return err_set(err, -ENOMEM, "out of memory");
	}
	file->dumper = pcap_dump_fopen(file->pcap, stream); /* owns the stream if it succeeds */
	if (!file->dumper) {
		fclose(stream);
		return err_set(err, -EIO, "cannot write %.120s: %.100s", file->path,
			       pcap_geterr(file->pcap));
	}
	return 0;
}

int pcap_file_open(const char *path, struct pcap_file **file, struct errbuf *err)
{
	struct pcap_file *made;
	int code;

	if (strlen(path) + sizeof(".XXXXXX") > PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "the capture file's name is too long");
	made = calloc(1, sizeof(*made));
	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	strcpy(made->path, path);
	stpcpy(stpcpy(made->temporary, path), ".XXXXXX");
	code = start(made, err);
	if (code < 0) {
		pcap_file_drop(made);
		return code;
	}
	*file = made;
	return 0;
}

void pcap_file_add(struct pcap_file *file, int64_t realtime_ns, const uint8_t *bytes, size_t size)
{
	struct pcap_pkthdr header = {
		/* tv_usec holds nanoseconds: PCAP_TSTAMP_PRECISION_NANO. */
		.ts = {realtime_ns / 1000000000, realtime_ns % 1000000000},
		.caplen = size,
		.len = size,
	};

	pcap_dump((u_char *)file->dumper, &header, bytes);
}

int pcap_file_close(struct pcap_file *file, struct errbuf *err)
{
	int code = 0;

	if (pcap_dump_flush(file->dumper) < 0 || ferror(pcap_dump_file(file->dumper)))
		code = err_set(err, errno ? -errno : -EIO, "cannot write %.120s: %s", file->path,
			       strerror(errno ? errno : EIO));
	else if (rename(file->temporary, file->path) < 0)
		code = err_set(err, -errno, "cannot write %.120s: %s", file->path, strerror(errno));
	else
		file->made = false;
	pcap_file_drop(file);
	return code;
}

void pcap_file_drop(struct pcap_file *file)
{
	if (!file)
		return;
	if (file->dumper)
		pcap_dump_close(file->dumper);
	if (file->pcap)
		pcap_close(file->pcap);
	if (file->made)
		unlink(file->temporary);
	free(file);
}
