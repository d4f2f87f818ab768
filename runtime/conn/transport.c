#include "runtime/conn/transport.h"

#include <sys/socket.h>

const struct transport *transport_of(enum packet_kind kind)
{
	static const struct transport *const transports[N_PACKET_KINDS] = {
#define TRANSPORT(id, name, ...) [PACKET_##id] = &transport_##name,
#include "parser/transports.def"
#undef TRANSPORT
	};

	return transports[kind];
}

enum packet_kind transport_for_socket(int type, int protocol)
{
	static const int types = 0xf; /* the rest are flags, as SOCK_NONBLOCK */

	for (unsigned kind = 0; kind < N_PACKET_KINDS; kind++)
		if (protocol == transport_rows[kind].protocol ||
		    protocol == transport_rows[kind].protocol6)
			return kind;
	return (type & types) == SOCK_DGRAM ? PACKET_UDP : PACKET_TCP;
}
