/* UDP. Datagrams have no numbers to map. */
#include "runtime/conn/match_parts.h"
#include "runtime/conn/transport.h"

static bool udp_opens(const struct packet *packet)
{
	(void)packet;
	return true;
}

static uint32_t udp_len(const struct packet *packet)
{
	return packet->udp.len;
}

static void udp_match(struct matching *m)
{
	static const enum field_id length = FIELD_udp_length;

	match_fields(&length, 1, &m->expected->udp, &m->actual.udp, &m->mismatches);
	match_data(m);
}

const struct transport transport_udp = {
	.opens = udp_opens,
	.len = udp_len,
	.match = udp_match,
};
