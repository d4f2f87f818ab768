/* struct seqmap: the numbers of one connection. Internal to seqmap.c and the transports. */
#ifndef FINWAIT_RUNTIME_CONN_SEQMAP_PARTS_H
#define FINWAIT_RUNTIME_CONN_SEQMAP_PARTS_H

#include "runtime/conn/seqmap.h"

/* A TS val of the script and the live val that it stood for. */
struct ts_pair {
	uint32_t script, live;
};

/* The numbers of a segment that the closing RST needs. */
struct remembered {
	bool valid;
	uint16_t flags, window;
	uint32_t ack, end; /* end: the sequence number after the segment */
};

struct seqmap {
	struct arena *arena;
	const struct seqmap *before; /* its numbering may go on; NULL: none, or decided */
	bool has_local_isn, has_script_isn, has_remote_isn, has_label;
	uint32_t local_isn;		   /* live number of the first SYN that the kernel sent */
	uint32_t script_isn;		   /* the script's number for it; 0 until it is known */
	uint32_t remote_isn;		   /* the peer's; the live number is the script's */
	uint32_t script_label, live_label; /* flow label of the last packet expected with one */
	struct ts_pair *ts;		   /* in the order seen; the first is the baseline */
	size_t n_ts, max_ts;
	struct remembered sent, seen;
};

#endif
