/* A capture file for Wireshark, tcpdump and other readers. It has whole IP packets (DLT_RAW) with
 * timestamps in ns. The format is pcapng, in which each packet has a comment, or pcap. */
#ifndef FINWAIT_TUN_PCAP_FILE_H
#define FINWAIT_TUN_PCAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/outfile.h"

enum pcap_format { PCAP_NG, PCAP_CLASSIC };

/* Writes the comment of a packet into `text`. `note` is what is known of the packet (NULL:
 * nothing). An empty text: no comment. */
typedef void (*pcap_describe)(const void *note, char *text, size_t size);

struct pcap_file;

/* Starts a capture in an open file, which the caller owns and which must outlive the capture.
 * `describe` is called for each packet when the file is closed, or earlier if there is no more room
 * to keep packets. NULL: no comments. Returns 0 and *file, or -errno with err. */
int pcap_file_start(struct outfile *out, enum pcap_format format, pcap_describe describe,
		    struct pcap_file **file, struct errbuf *err);

/* Appends a packet of `size` bytes with its time in CLOCK_REALTIME ns; `inbound`: it goes to the
 * kernel. An error is kept until pcap_file_close() returns it. Returns the number of the packet. */
size_t pcap_file_add(struct pcap_file *file, int64_t realtime_ns, const uint8_t *bytes, size_t size,
		     bool inbound);

/* Sets the note of packet `number`. The note must live as long as the capture. */
void pcap_file_note(struct pcap_file *file, size_t number, const void *note);

/* Writes the packets in the order of their times, finishes the outfile (outfile_finish()) and frees
 * `file`. Returns 0, or -errno with err. */
int pcap_file_close(struct pcap_file *file, struct errbuf *err);

/* Frees `file` and leaves the outfile incomplete. Accepts NULL. */
void pcap_file_drop(struct pcap_file *file);

#endif
