#include "runtime/conn/transport.h"

const struct transport *transport_of(enum packet_kind kind)
{
	static const struct transport *const transports[N_PACKET_KINDS] = {
#define TRANSPORT(id, name, ...) [PACKET_##id] = &transport_##name,
#include "parser/transports.def"
#undef TRANSPORT
	};

	return transports[kind];
}
