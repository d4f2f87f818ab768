/* ICMP: an error quotes a packet, and only the sequence number in the quotation is mapped. */
#include <stdio.h>

#include "runtime/conn/match_parts.h"
#include "runtime/conn/seqmap_parts.h"
#include "runtime/conn/transport.h"

static bool icmp_opens(const struct packet *packet)
{
	(void)packet;
	return true;
}

static uint32_t icmp_len(const struct packet *packet)
{
	(void)packet; /* its payload is not data of a program */
	return 0;
}

/* The quoted packet is one that the kernel has sent. */
static bool icmp_to_live(struct seqmap *seqmap, struct packet *live, struct arena *arena,
			 bool ecr_scaled, struct errbuf *error)
{
	struct icmp_message *icmp = &live->icmp;

	(void)arena, (void)ecr_scaled, (void)error;
	if (icmp->echoed == ICMP_ECHO_TCP)
		field_set(FIELD_icmp_echoed, icmp,
			  field_get(FIELD_icmp_echoed, icmp) + seqmap->local_isn);
	return true;
}

static const char *word_or_number(char out[16], const char *word, const char *prefix,
				  uint8_t number)
{
	if (word)
		return word;
	snprintf(out, 16, "%s_%u", prefix, number);
	return out;
}

/* The payload is not compared: it quotes other packets. */
static void icmp_match(struct matching *m)
{
	const struct icmp_message *a = &m->expected->icmp, *b = &m->actual.icmp;
	size_t expected = wire_icmp_size(m->expected), actual = wire_icmp_size(&m->actual);
	uint8_t version = m->actual.ip_version;
	char x[16], y[16];

	if (a->type != b->type)
		mismatch_add(&m->mismatches, FIELD_icmp_type,
			     word_or_number(x, icmp_type_name(version, a->type), "type", a->type),
			     word_or_number(y, icmp_type_name(version, b->type), "type", b->type));
	if (a->code != b->code)
		mismatch_add(&m->mismatches, FIELD_icmp_code,
			     word_or_number(x, icmp_code_name(version, a->type, a->code), "code",
					    a->code),
			     word_or_number(y, icmp_code_name(version, b->type, b->code), "code",
					    b->code));
	if (expected != actual)
		mismatch_int(&m->mismatches, FIELD_icmp_length, (long long)expected,
			     (long long)actual);
}

const struct transport transport_icmp = {
	.opens = icmp_opens,
	.len = icmp_len,
	.to_live = icmp_to_live,
	.match = icmp_match,
};
