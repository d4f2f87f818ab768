/* A capture file for Wireshark, tcpdump and the like: whole IP packets (DLT_RAW), nanosecond
 * timestamps; pcapng, where each packet has a comment, or pcap. */
#ifndef FINWAIT_TUN_PCAP_FILE_H
#define FINWAIT_TUN_PCAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/outfile.h"

enum pcap_format { PCAP_NG, PCAP_CLASSIC };

/* Writes the comment of a packet of which `note` is known (NULL: nothing); text[0] 0: none. */
typedef void (*pcap_describe)(const void *note, char *text, size_t size);

struct pcap_file;

/* Starts a capture in an open file, which stays the caller's and must outlive the capture. `describe`
 * is called when the file is closed, and before for what there is no more room to keep. NULL: no
 * comments. Returns 0 and *file, or -errno with err. */
int pcap_file_start(struct outfile *out, enum pcap_format format, pcap_describe describe,
		    struct pcap_file **file, struct errbuf *err);

/* Appends a packet: CLOCK_REALTIME nanoseconds, `size` bytes; `inbound`: to the kernel. An error is
 * kept and told by pcap_file_close. Returns its number. */
size_t pcap_file_add(struct pcap_file *file, int64_t realtime_ns, const uint8_t *bytes, size_t size,
		     bool inbound);

/* What is known of packet `number`; the note must live as long as the capture. */
void pcap_file_note(struct pcap_file *file, size_t number, const void *note);

/* Packets are in the order of their times. Frees `file`; what it was written to is whole (outfile_finish()). Returns 0, or -errno with err. */
int pcap_file_close(struct pcap_file *file, struct errbuf *err);

/* Frees `file`; what it was written to is of no use. Accepts NULL. */
void pcap_file_drop(struct pcap_file *file);

#endif
