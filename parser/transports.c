/* The rows of transports.def. */
#include "parser/tables.h"

const struct transport_row transport_rows[N_PACKET_KINDS] = {
#define TRANSPORT(id, name, protocol, protocol6, connects, ports)                                  \
	[PACKET_##id] = {#name, protocol, protocol6, connects, ports},
#include "parser/transports.def"
#undef TRANSPORT
};
