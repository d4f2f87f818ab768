#include "tun/pcap_file.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>

#define PACKET_MAX (1 << 18) /* libpcap's own largest */

struct pcap_file {
	pcap_t *pcap;
	pcap_dumper_t *dumper; /* owns the stream of `out` */
	struct outfile *out;
};

int pcap_file_start(struct outfile *out, struct pcap_file **file, struct errbuf *err)
{
	struct pcap_file *made = calloc(1, sizeof(*made));

	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	made->out = out;
	made->pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, PACKET_MAX,
							  PCAP_TSTAMP_PRECISION_NANO);
	if (made->pcap) {
		made->dumper = pcap_dump_fopen(made->pcap, out->stream);
		if (!made->dumper)
			out->stream = NULL; /* libpcap closes it when it fails */
	}
	if (!made->dumper) {
		pcap_file_drop(made);
		return err_set(err, -ENOMEM, "no memory for the capture file");
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

static void close_dumper(struct pcap_file *file)
{
	if (file->dumper) {
		pcap_dump_close(file->dumper);
		file->out->stream = NULL;
	}
	if (file->pcap)
		pcap_close(file->pcap);
}

int pcap_file_close(struct pcap_file *file, struct errbuf *err)
{
	struct outfile *out = file->out;

	close_dumper(file);
	free(file);
	return outfile_finish(out, err);
}

void pcap_file_drop(struct pcap_file *file)
{
	if (!file)
		return;
	close_dumper(file);
	free(file);
}
