/* The numbers of one connection. Internal to seqmap.c and the transports. */
#ifndef FINWAIT_RUNTIME_CONN_SEQMAP_PARTS_H
#define FINWAIT_RUNTIME_CONN_SEQMAP_PARTS_H

#include "runtime/conn/seqmap.h"

/* A script's TS val and the live one it stood for. */
struct ts_pair {
	uint32_t script, live;
};

/* What the closing RST needs to know of a segment. */
struct remembered {
	bool valid;
	uint16_t flags, window;
	uint32_t ack, end; /* end: the sequence number after it */
};

struct seqmap {
	struct arena *arena;
	const struct seqmap *before; /* whose numbering may go on; NULL: none, or that is decided */
	bool has_local_isn, has_script_isn, has_remote_isn, has_label;
	uint32_t local_isn;		   /* of the first SYN that the kernel sent */
	uint32_t script_isn;		   /* the same as the script says; 0 until it does */
	uint32_t remote_isn;		   /* live and script are the same */
	uint32_t script_label, live_label; /* of the last outbound packet that told one */
	struct ts_pair *ts;		   /* in the order seen; the first is the baseline */
	size_t n_ts, max_ts;
	struct remembered sent, seen;
};

#endif
