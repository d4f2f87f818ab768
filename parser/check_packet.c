/* From what is written to struct packet: flags, numbers, ICMP words. Options and IP-level parts
 * have files of their own (check_options.c, check_ip.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser/check_packet.h"
#include "parser/config.h"
#include "parser/tables.h"
#include "parser/tcp_options.h"

/* ---- TCP --------------------------------------------------------------------------- */

static void check_flags(const struct atom *atom, struct tcp_segment *tcp, struct diags *diags)
{
	static const uint16_t ace_bits = TCP_AE | TCP_CWR | TCP_ECE;
	struct tcp_segment ace = {.flags = 0};

	if (!strcmp(atom->text, "-"))
		return;
	for (const char *c = atom->text; *c; c++) {
		bool digit = *c >= '0' && *c <= '7';
		uint16_t flag = digit ? 0 : tcp_flag_by_letter(*c);

		if (!flag && !digit) {
			diag_error_hint(
				diags, FW_unknown_flag, atom->loc,
				"flags are F S R P U E W A, '.' for ACK, a digit 0-7 for AccECN",
				"unknown TCP flag '%c' in '%.40s'", *c, atom->text);
			return;
		}
		if (digit && tcp->ace_given) {
			diag_error(diags, FW_accecn_digit, atom->loc,
				   "more than one AccECN digit in '%.40s'", atom->text);
			return;
		}
		if (digit) {
			field_set(FIELD_tcp_ace, &ace, *c - '0');
			flag = ace.flags;
		}
		if ((digit && tcp->flags & ace_bits) ||
		    (!digit && tcp->ace_given && flag & ace_bits)) {
			diag_error(diags, FW_accecn_digit, atom->loc,
				   "an AccECN digit stands for E, W and A in '%.40s'", atom->text);
			return;
		}
		tcp->ace_given |= digit;
		tcp->flags |= flag;
	}
}

/* Returns the payload length; fills *start. */
static uint32_t check_seq(const struct raw_seq *seq, uint32_t *start, struct diags *diags)
{
	uint64_t first = 0, last = 0, length;

	if (!atom_number(&seq->length, UINT16_MAX, "a length", diags, &length))
		return 0;
	if (seq->any)
		return length;
	if (!atom_number(&seq->start, UINT32_MAX, "a sequence number", diags, &first) ||
	    !atom_number(&seq->end, UINT32_MAX, "a sequence number", diags, &last))
		return 0;
	if (first + length != last)
		diag_error(diags, FW_seq_length, seq->loc,
			   "sequence numbers and length differ: %u + %u is %llu, not %u",
			   (unsigned)first, (unsigned)length, (unsigned long long)(first + length),
			   (unsigned)last);
	*start = first;
	return length;
}

/* The number that the atom is, if it is there, into its field; true: it is there and right. */
static bool check_field(const struct atom *atom, enum field_id field, const char *what,
			void *header, struct diags *diags)
{
	uint64_t value = 0;
	bool right =
		atom->kind != ATOM_NONE && atom_number(atom, field_max(field), what, diags, &value);

	field_set(field, header, value);
	field_set_given(field, header, right);
	return right;
}

static void check_digests(const struct raw_packet *raw, const struct config *config,
			  struct diags *diags)
{
	const struct tcp_segment *tcp = &raw->packet.tcp;

	for (unsigned i = 0; i < tcp->n_options; i++)
		if (tcp->options[i].computed && !config->md5_secret)
			diag_error_hint(diags, FW_md5_key, raw->options_loc,
					"--tcp_md5_secret=TEXT",
					"md5 valid: the digest needs a key");
}

static void check_tcp(struct raw_packet *raw, const struct config *config, struct arena *arena,
		      struct diags *diags)
{
	struct packet *packet = &raw->packet;
	struct tcp_segment *tcp = &packet->tcp;
	const struct {
		const struct atom *atom;
		enum field_id field;
	} optional[] = {
		{&raw->ack, FIELD_tcp_ack},
		{&raw->window, FIELD_tcp_window},
		{&raw->urgent, FIELD_tcp_urgent},
	};

	check_flags(&raw->flags, tcp, diags);
	tcp->len = check_seq(raw->seq, &tcp->seq, diags);
	tcp->seq_any = raw->seq->any;
	tcp->seq_literal = raw->seq->literal;
	for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		check_field(optional[i].atom, optional[i].field, field_row(optional[i].field)->word,
			    tcp, diags);
	if (packet->direction == INBOUND && raw->window.kind == ATOM_NONE)
		diag_error(diags, FW_no_window, raw->seq->loc,
			   "an injected segment needs a window: win N");
	if (packet->direction == INBOUND && tcp->seq_any)
		diag_error(diags, FW_seq_needed, raw->seq->loc,
			   "an injected segment needs a sequence number");
	if (packet->direction == INBOUND && tcp->options_mode == OPTIONS_ANY)
		diag_error(diags, FW_expected_only, raw->options_loc,
			   "<...> is for expected segments only");
	if (raw->echo)
		diag_error(diags, FW_echo_place, raw->echo_loc, "an echoed packet belongs to ICMP");
	check_tcp_options(raw, arena, diags);
	check_digests(raw, config, diags);
}

/* ---- ICMP -------------------------------------------------------------------------- */

/* "did you mean", or all there are: of types where `type` is -1, else the codes of that type. NULL
 * when so much is wrong that looking takes too long. */
static const char *icmp_hint(const struct atom *word, uint8_t version, int type,
			     struct arena *arena, struct diags *diags)
{
	const char *number = type < 0 ? "type_N" : "code_N";
	const char *near, *left_out = define_hint(word->text);
	char known[400];

	if (left_out)
		return left_out;
	if (diags_errors(diags) >= MAX_HINTED)
		return NULL;
	icmp_names(known, sizeof(known), version, type);
	near = closest_name("icmp", word->text);
	if (near && (type < 0 ? icmp_type_by_name(version, near)
			      : icmp_code_by_name(version, type, near)) >= 0)
		return arena_printf(arena, "did you mean %s?", near);
	return *known ? arena_printf(arena, "known are %s, any other as %s", known, number)
		      : arena_printf(arena, "this type has no codes with names: %s", number);
}

static void check_icmp_words(struct raw_packet *raw, struct arena *arena, struct diags *diags)
{
	struct packet *packet = &raw->packet;
	int type = icmp_type_by_name(packet->ip_version, raw->type.text), code;

	if (type < 0) {
		diag_error_hint(diags, FW_icmp_type, raw->type.loc,
				icmp_hint(&raw->type, packet->ip_version, -1, arena, diags),
				"unknown ICMPv%d type '%.40s'", packet->ip_version, raw->type.text);
		return;
	}
	packet->icmp.type = type;
	if (raw->code.kind == ATOM_NONE)
		return;
	code = icmp_code_by_name(packet->ip_version, type, raw->code.text);
	if (code < 0) {
		diag_error_hint(diags, FW_icmp_code, raw->code.loc,
				icmp_hint(&raw->code, packet->ip_version, type, arena, diags),
				"unknown code '%.40s' of ICMPv%d %s", raw->code.text,
				packet->ip_version, raw->type.text);
		return;
	}
	packet->icmp.code = code;
}

static void check_icmp_mtu(struct raw_packet *raw, struct diags *diags)
{
	struct packet *packet = &raw->packet;
	struct icmp_message *icmp = &packet->icmp;
	uint64_t value;
	bool v4 = packet->ip_version == 4;

	if (!icmp_tells_mtu(packet->ip_version, icmp->type, icmp->code))
		diag_error(diags, FW_icmp_part, raw->mtu.loc, "mtu goes with %s only",
			   v4 ? "unreachable frag_needed" : "packet_too_big");
	else if (!v4 || atom_number(&raw->mtu, UINT16_MAX, "mtu", diags, &value))
		check_field(&raw->mtu, FIELD_icmp_mtu, "mtu", icmp, diags);
}

static void check_echo(struct raw_packet *raw, struct diags *diags)
{
	struct icmp_message *icmp = &raw->packet.icmp;
	uint64_t length = 0;

	icmp->has_echoed = raw->echo != ECHO_NONE;
	if (raw->echo == ECHO_SEQ) {
		icmp->echoed_length = check_seq(raw->echo_seq, &icmp->echoed_seq, diags);
		if (raw->echo_seq->any)
			diag_error(diags, FW_seq_needed, raw->echo_loc,
				   "an echoed segment needs a sequence number");
	} else if (raw->echo &&
		   atom_number(&raw->echo_length, UINT16_MAX - 28, "a length", diags, &length)) {
		icmp->echoed = raw->echo == ECHO_UDP ? ICMP_ECHO_UDP : ICMP_ECHO_RAW;
		icmp->echoed_length = length;
		if (raw->echo == ECHO_RAW && length < 8)
			diag_error(diags, FW_range, raw->echo_length.loc,
				   "raw (N) counts the ICMP header: at least 8");
	}
}

static void check_icmp(struct raw_packet *raw, const struct config *config, struct arena *arena,
		       struct diags *diags)
{
	struct icmp_message *icmp = &raw->packet.icmp;
	size_t errors = diags_errors(diags);

	(void)config;
	check_icmp_words(raw, arena, diags);
	check_echo(raw, diags);
	if (diags_errors(diags) != errors)
		return;
	if (raw->mtu.kind != ATOM_NONE)
		check_icmp_mtu(raw, diags);
	if (check_field(&raw->id, FIELD_icmp_id, "id", icmp, diags) &&
	    icmp_class_of(raw->packet.ip_version, icmp->type) == ICMP_ERROR)
		diag_error(diags, FW_icmp_part, raw->id.loc,
			   "id goes with requests and replies only");
}

/* ---- all kinds --------------------------------------------------------------------- */

static void check_udp(struct raw_packet *raw, const struct config *config, struct arena *arena,
		      struct diags *diags)
{
	uint64_t length = 0;

	(void)config, (void)arena;
	atom_number(&raw->length, UINT16_MAX - 8, "a length", diags, &length);
	raw->packet.udp.len = length;
	if (raw->echo)
		diag_error(diags, FW_echo_place, raw->echo_loc, "an echoed packet belongs to ICMP");
}

static unsigned size_tcp(const struct packet *packet)
{
	unsigned size = 20 + packet->tcp.len;

	for (unsigned i = 0; i < packet->tcp.n_options; i++)
		size += packet->tcp.options[i].length;
	return size;
}

static unsigned size_udp(const struct packet *packet)
{
	return 8 + packet->udp.len;
}

static unsigned size_icmp(const struct packet *packet)
{
	(void)packet; /* its parts are within bounds by themselves */
	return 0;
}

static const struct {
	void (*check)(struct raw_packet *raw, const struct config *config, struct arena *arena,
		      struct diags *diags);
	unsigned (*size)(const struct packet *packet); /* header and data on the wire */
} transports[N_PACKET_KINDS] = {
#define TRANSPORT(id, name, ...) [PACKET_##id] = {check_##name, size_##name},
#include "parser/transports.def"
#undef TRANSPORT
};

static void check_size(const struct raw_packet *raw, struct diags *diags)
{
	const struct packet *packet = &raw->packet;
	unsigned ip = packet->ip_version == 4 ? 20 : 0; /* IPv6 does not count its header */
	unsigned size = transports[packet->kind].size(packet);
	struct loc loc = raw->seq ? raw->seq->loc : raw->length.loc;

	if (ip + size > UINT16_MAX)
		diag_error(diags, FW_too_long, loc, "the packet is %u bytes too long for IP",
			   ip + size - UINT16_MAX);
}

void check_packet(struct raw_packet *raw, const struct config *config, struct arena *arena,
		  struct diags *diags)
{
	struct packet *packet = &raw->packet;
	bool sport, dport;

	packet->ip_version = config->ip_mode == IP_V6 ? 6 : 4;
	check_outers(raw, arena, diags);
	if (raw->ip_info)
		check_ip_info(&packet->ip, raw->ip_info, packet->direction, diags);
	sport = check_field(&raw->sport, FIELD_tcp_source, "a port", packet, diags);
	dport = check_field(&raw->dport, FIELD_tcp_destination, "a port", packet, diags);
	packet->has_ports = sport && dport;
	transports[packet->kind].check(raw, config, arena, diags);
	check_size(raw, diags);
}
