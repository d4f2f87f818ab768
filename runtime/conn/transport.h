/* What connections need of a transport: a row for each of parser/transports.def. Outside of these
 * files nobody asks which one it is. */
#ifndef FINWAIT_RUNTIME_CONN_TRANSPORT_H
#define FINWAIT_RUNTIME_CONN_TRANSPORT_H

#include "base/arena.h"
#include "parser/tables.h"
#include "runtime/record/mismatch.h"
#include "runtime/wire/wire.h"

struct seqmap;
struct matching;

struct transport {
	/* Does a packet that the kernel sends begin a connection? */
	bool (*opens)(const struct packet *packet);
	/* How many bytes of data it carries. */
	uint32_t (*len)(const struct packet *packet);

	/* Where its data stands in the stream, for segments whose data go on; NULL: there is no
	 * stream. */
	uint32_t (*seq)(const struct packet *packet);
	/* Leaves out of a packet that the kernel sent what scripts leave out who write like that. NULL:
	 * nothing. */
	void (*write_like)(const struct packet *like, struct packet *packet);

	/* Mapping, see seqmap.h; NULL: there are no numbers to map. `live` and `script` are
	 * copies to be changed, but for what they point to; `expected` is of the same transport, or
	 * NULL. */
	bool (*to_live)(struct seqmap *seqmap, struct packet *live, struct arena *arena,
			bool ecr_scaled, struct errbuf *error);
	void (*learn)(struct seqmap *seqmap, const struct packet *expected,
		      const struct packet *live);
	void (*to_script)(const struct seqmap *seqmap, const struct packet *expected,
			  struct packet *script, struct arena *arena);
	/* Keeps what reset() will need of the last packet of either direction; a packet that ends the
	 * connection after the script. NULL: there is no such thing. */
	void (*remember)(struct seqmap *seqmap, const struct packet *live);
	bool (*reset)(const struct seqmap *seqmap, bool expected, struct packet *live);

	/* All differences behind the IP headers. */
	void (*match)(struct matching *matching);
	/* May what came be the beginning of what is expected? Why `next`, in script numbers, cannot
	 * go on; and the sum of both. NULL: one packet is all. */
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
