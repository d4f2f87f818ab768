/* Compares an expected packet with what the kernel sends, and lists every difference in the
 * script's notation. A live packet is mapped to script numbers, added to the previous packets that
 * are parts of the same segment, and compared. */
#ifndef FINWAIT_RUNTIME_CONN_MATCH_H
#define FINWAIT_RUNTIME_CONN_MATCH_H

#include "parser/config.h"
#include "runtime/conn/seqmap.h"
#include "runtime/record/mismatch.h"

struct matching {
	/* Given by the caller. */
	const struct config *config;
	struct arena *arena;
	struct seqmap *seqmap; /* the connection's */
	const struct packet *expected;
	/* The packets that came. */
	struct packet actual;		/* in script numbers; the sum, if there are several */
	const struct wire_packet *live; /* the last packet; NULL: none yet */
	int64_t since_start_ns;		/* its time, of which clocks may be off by a percentage */
	uint32_t first_nonzero;		/* as in struct wire_packet, for the sum */
	bool other_length;		/* there is more or less data than expected */
	struct mismatches mismatches;
};

enum match_result {
	MATCH_SAME,
	MATCH_DIFFERS, /* see mismatches */
	MATCH_MORE,    /* the packet is the beginning of the expected one (not with
			* --strict_segments); match the next one, or call match_end() */
};

/* Compares the next packet of the connection: the first one, or another one after MATCH_MORE.
 * Learns sequence numbers as the language says, and the flow label of a packet that matches. Does
 * not compare the time, IP id and DF, transport checksums, ports, and numbers that echo the other
 * side's clock. */
enum match_result match_live(struct matching *matching, const struct wire_packet *live,
			     int64_t since_start_ns);
/* No more packets came: compares the sum with the whole expected packet. */
void match_end(struct matching *matching);

/* True if the packet would match; learns nothing from the expectation. */
bool match_would(const struct matching *matching, const struct wire_packet *live,
		 int64_t since_start_ns);

#endif
