/* The operations that connections need from a transport, one struct for each row of
 * parser/transports.def. No other code asks which transport it is. */
#ifndef FINWAIT_RUNTIME_CONN_TRANSPORT_H
#define FINWAIT_RUNTIME_CONN_TRANSPORT_H

#include "base/arena.h"
#include "parser/tables.h"
#include "runtime/record/mismatch.h"
#include "runtime/wire/wire.h"

struct seqmap;
struct matching;

struct transport {
	/* True if a packet that the kernel sends begins a connection. */
	bool (*opens)(const struct packet *packet);
	/* The number of bytes of data in a packet. */
	uint32_t (*len)(const struct packet *packet);

	/* The place of a packet's data in the stream, which later packets continue; NULL: the
	 * transport has no stream. */
	uint32_t (*seq)(const struct packet *packet);
	/* Leaves out of a packet of the kernel the fields that `like`, a packet of the script, does
	 * not write. NULL: leaves out nothing. */
	void (*write_like)(const struct packet *like, struct packet *packet);

	/* Mapping, see seqmap.h; NULL: there are no numbers to map. `live` and `script` are copies
	 * that may be changed, but not what they point to; `expected` is of the same transport, or
	 * NULL. */
	bool (*to_live)(struct seqmap *seqmap, struct packet *live, struct arena *arena,
			bool ecr_scaled, struct errbuf *error);
	void (*learn)(struct seqmap *seqmap, const struct packet *expected,
		      const struct packet *live);
	void (*to_script)(const struct seqmap *seqmap, const struct packet *expected,
			  struct packet *script, struct arena *arena);
	/* remember() keeps what reset() will need of a packet; reset() makes the packet that ends
	 * the connection after the script. NULL: the transport has no such packet. */
	void (*remember)(struct seqmap *seqmap, const struct packet *live);
	bool (*reset)(const struct seqmap *seqmap, bool expected, struct packet *live);

	/* Adds all differences behind the IP headers. */
	void (*match)(struct matching *matching);
	/* may_grow() is true if `actual` may be the beginning of the expected packet. continues()
	 * adds to `why` what keeps `next` from continuing it; `script` is `next` in script numbers.
	 * merge() adds `next` to the sum. NULL: there is always only one packet. */
	bool (*may_grow)(const struct packet *expected, const struct packet *actual);
	void (*continues)(const struct matching *matching, const struct wire_packet *next,
			  const struct packet *script, struct mismatches *why);
	void (*merge)(struct packet *sum, const struct packet *next);
};

#define TRANSPORT(id, name, ...) extern const struct transport transport_##name;
#include "parser/transports.def"
#undef TRANSPORT

const struct transport *transport_of(enum packet_kind kind);

#endif
