#include "tun/pcap_file.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "tun/pcapng.h"

#define KEPT_MAX (16 << 20) /* the most bytes of packets that wait for their comment */

/* A packet that is not written yet. */
struct kept {
	int64_t realtime_ns;
	size_t number;
	const void *note;
	size_t size;
	bool inbound;
	uint8_t bytes[];
};

struct pcap_file {
	struct outfile *out;
	pcap_describe describe;
	/* pcap */
	pcap_t *pcap;
	pcap_dumper_t *dumper; /* owns the stream of `out` */
	/* pcapng */
	struct kept **kept; /* by number; NULL: already written */
	size_t n, room, written, bytes;
};

static bool start_classic(struct pcap_file *file)
{
	file->pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, PCAPNG_PACKET_MAX,
							  PCAP_TSTAMP_PRECISION_NANO);
	if (!file->pcap)
		return false;
	file->dumper = pcap_dump_fopen(file->pcap, file->out->stream);
	if (!file->dumper)
		file->out->stream = NULL; /* libpcap closes it when it fails */
	return file->dumper;
}

int pcap_file_start(struct outfile *out, enum pcap_format format, pcap_describe describe,
		    struct pcap_file **file, struct errbuf *err)
{
	struct pcap_file *made = calloc(1, sizeof(*made));

	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	made->out = out;
	made->describe = describe;
	if (format == PCAP_NG) {
		pcapng_begin(out->stream);
	} else if (!start_classic(made)) {
		pcap_file_drop(made);
		return err_set(err, -ENOMEM, "no memory for the capture file");
	}
	*file = made;
	return 0;
}

static void add_classic(struct pcap_file *file, int64_t realtime_ns, const uint8_t *bytes,
			size_t size)
{
	struct pcap_pkthdr header = {
		/* tv_usec holds nanoseconds: PCAP_TSTAMP_PRECISION_NANO. */
		.ts = {realtime_ns / 1000000000, realtime_ns % 1000000000},
		.caplen = size,
		.len = size,
	};

	pcap_dump((u_char *)file->dumper, &header, bytes);
}

/* Writes the oldest packet that is kept, with a comment made from its note. */
static void write_one(struct pcap_file *file)
{
	struct kept *kept = file->kept[file->written];
	char text[PCAPNG_COMMENT_MAX] = "";

	if (file->describe)
		file->describe(kept->note, text, sizeof(text));
	pcapng_packet(file->out->stream, kept->realtime_ns, kept->bytes, kept->size, kept->inbound,
		      text);
	file->bytes -= kept->size;
	file->kept[file->written++] = NULL;
	free(kept);
}

static void make_room(struct pcap_file *file)
{
	size_t room = file->room ? 2 * file->room : 64;
	struct kept **bigger;

	if (file->n < file->room)
		return;
	bigger = realloc(file->kept, room * sizeof(*bigger));
	if (!bigger)
		abort();
	file->kept = bigger;
	file->room = room;
}

size_t pcap_file_add(struct pcap_file *file, int64_t realtime_ns, const uint8_t *bytes, size_t size,
		     bool inbound)
{
	struct kept *kept;

	if (file->dumper) {
		add_classic(file, realtime_ns, bytes, size);
		return file->n++;
	}
	kept = malloc(sizeof(*kept) + size);
	if (!kept)
		abort();
	*kept = (struct kept){
		.realtime_ns = realtime_ns,
		.number = file->n,
		.size = size,
		.inbound = inbound,
	};
	memcpy(kept->bytes, bytes, size);
	make_room(file);
	file->kept[file->n++] = kept;
	file->bytes += size;
	while (file->bytes > KEPT_MAX)
		write_one(file);
	return file->n - 1;
}

void pcap_file_note(struct pcap_file *file, size_t number, const void *note)
{
	if (number >= file->written && number < file->n && file->kept)
		file->kept[number]->note = note;
}

static void let_go(struct pcap_file *file)
{
	if (file->dumper) {
		pcap_dump_close(file->dumper);
		file->out->stream = NULL;
	}
	if (file->pcap)
		pcap_close(file->pcap);
	while (file->written < file->n && file->kept)
		free(file->kept[file->written++]);
	free(file->kept);
	free(file);
}

/* A packet of the kernel may be read after a later injection, so packets are sorted. */
static int by_time(const void *a, const void *b)
{
	const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;

	if (x->realtime_ns != y->realtime_ns)
		return x->realtime_ns < y->realtime_ns ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

int pcap_file_close(struct pcap_file *file, struct errbuf *err)
{
	struct outfile *out = file->out;

	if (file->kept)
		qsort(file->kept + file->written, file->n - file->written, sizeof(*file->kept),
		      by_time);
	while (file->written < file->n && file->kept)
		write_one(file);
	let_go(file);
	return outfile_finish(out, err);
}

void pcap_file_drop(struct pcap_file *file)
{
	if (file)
		let_go(file);
}
