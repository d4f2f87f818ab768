/* A capture file for tcpdump, Wireshark and the like: whole IP packets (DLT_RAW), nanosecond
 * timestamps, through libpcap. */
#ifndef FINWAIT_TUN_PCAP_FILE_H
#define FINWAIT_TUN_PCAP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include "base/outfile.h"

struct pcap_file;

/* Starts a capture in an open file, which stays the caller's and must outlive the capture. Returns 0
 * and *file, or -errno with err. */
int pcap_file_start(struct outfile *out, struct pcap_file **file, struct errbuf *err);

/* Appends a packet: CLOCK_REALTIME nanoseconds, `size` bytes. An error is kept and told by
 * pcap_file_close. */
void pcap_file_add(struct pcap_file *file, int64_t realtime_ns, const uint8_t *bytes, size_t size);

/* Frees `file`; what it was written to is whole (outfile_finish()). Returns 0, or -errno with err. */
int pcap_file_close(struct pcap_file *file, struct errbuf *err);

/* Frees `file`; what it was written to is of no use. Accepts NULL. */
void pcap_file_drop(struct pcap_file *file);

#endif
