/* An expected packet held against what the kernel sends: every difference, in the script's
 * notation. One door: the live packet is mapped to script numbers, added to those before it that
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
	struct seqmap *seqmap; /* of the connection */
	const struct packet *expected;
	/* What came. */
	struct packet actual;		/* in script numbers; of several segments their sum */
	const struct wire_packet *live; /* the last one; NULL: none yet */
	int64_t since_start_ns;		/* of it: the tolerance of clocks is a percentage of that */
	uint32_t first_nonzero;		/* as in struct wire_packet, of the sum */
	bool other_length;		/* more or less data than expected */
	struct mismatches mismatches;
};

enum match_result {
	MATCH_SAME,
	MATCH_DIFFERS, /* see mismatches */
	MATCH_MORE,    /* the beginning of what is expected, unless --strict_segments: what follows
			* goes on with it, or match_end() tells what is missing */
};

/* Takes the next packet of the connection: the first, or another one after MATCH_MORE. Numbers are
 * learned as the language says; a packet that matches teaches its flow label. Time is not compared.
 * Not compared either: IP id and DF, transport checksums, ports, numbers that echo the other's
 * clock. */
enum match_result match_live(struct matching *matching, const struct wire_packet *live,
			     int64_t since_start_ns);
/* No more came: what did, against all that is expected. */
void match_end(struct matching *matching);

/* Would it match? Nothing is learned of the expectation. */
bool match_would(const struct matching *matching, const struct wire_packet *live,
		 int64_t since_start_ns);

#endif
