/* TCP (RFC 9293 3.1). The layout of the options is in their rows (parser/tcp_options.def). */
#include "parser/tcp_options.h"
#include "runtime/wire/checksum.h"
#include "runtime/wire/codec.h"
#include "runtime/wire/md5.h"

#define TCP_HEADER_SIZE	 20
#define TCP_OPTIONS_SIZE 40

size_t wire_options_size(const struct tcp_segment *tcp)
{
	uint8_t bytes[255];
	size_t size = 0;

	for (unsigned i = 0; i < tcp->n_options; i++)
		size += tcp_option_bytes(&tcp->options[i], bytes, sizeof(bytes));
	return size;
}

/* ---- segment -> bytes -------------------------------------------------------------------- */

static void header_put(struct sink *out, const struct tcp_segment *tcp,
		       const struct wire_tuple *tuple, size_t options_size)
{
	put(out, 2, tuple->sport);
	put(out, 2, tuple->dport);
	field_put(out, FIELD_tcp_seq, tcp);
	field_put(out, FIELD_tcp_ack, tcp);
	put_bits(out, 4, (TCP_HEADER_SIZE + options_size) / 4);
	field_put(out, FIELD_tcp_flags, tcp);
	field_put(out, FIELD_tcp_window, tcp);
	put(out, 2, 0); /* checksum */
	field_put(out, FIELD_tcp_urgent, tcp);
}

void wire_tcp_md5(const struct packet *packet, const struct wire_tuple *tuple, const uint8_t *data,
		  size_t n_data, const char *secret, uint8_t digest[16])
{
	static const uint8_t zeros[256];
	size_t options_size = wire_options_size(&packet->tcp);
	size_t left = packet->tcp.len, segment = TCP_HEADER_SIZE + options_size + left;
	uint8_t header[40 + TCP_HEADER_SIZE];
	struct sink out = {.bytes = header, .size = sizeof(header)};
	bool v6 = tuple->src.version == 6;
	struct md5 md5;

	put_bytes(&out, tuple->src.bytes, v6 ? 16 : 4);
	put_bytes(&out, tuple->dst.bytes, v6 ? 16 : 4);
	if (v6)
		put(&out, 4, (uint32_t)segment);
	put(&out, v6 ? 4 : 2, PROTO_TCP);
	if (!v6)
		put(&out, 2, (uint32_t)segment);
	header_put(&out, &packet->tcp, tuple, options_size);
	md5_begin(&md5);
	md5_add(&md5, header, out.used);
	if (n_data)
		md5_add(&md5, data, n_data);
	left -= n_data < left ? n_data : left;
	for (; left; left -= left < sizeof(zeros) ? left : sizeof(zeros))
		md5_add(&md5, zeros, left < sizeof(zeros) ? left : sizeof(zeros));
	md5_add(&md5, secret, strlen(secret));
	md5_end(&md5, digest);
}

static bool options_put(struct sink *out, const struct encoding *encoding)
{
	const struct packet *packet = encoding->packet;

	for (unsigned i = 0; i < packet->tcp.n_options; i++) {
		struct tcp_option option = packet->tcp.options[i];

		if (option.computed) {
			if (!encoding->md5_secret)
				return encode_error(encoding->error,
						    "md5 valid: needs --tcp_md5_secret");
			wire_tcp_md5(packet, &encoding->tuple, NULL, 0, encoding->md5_secret,
				     option.bytes);
		}
		tcp_option_put(out, &option);
	}
	return true;
}

bool tcp_put(struct sink *out, const struct encoding *encoding)
{
	const struct tcp_segment *tcp = &encoding->packet->tcp;
	size_t start = out->used, options_size = wire_options_size(tcp);
	uint64_t sum;

	if (options_size % 4 || options_size > TCP_OPTIONS_SIZE)
		return encode_error(encoding->error,
				    "TCP options take %zu bytes: must be a multiple of 4 and at "
				    "most 40",
				    options_size);
	header_put(out, tcp, &encoding->tuple, options_size);
	if (!options_put(out, encoding))
		return false;
	put_zeros(out, tcp->len);
	if (out->full)
		return true; /* ip_finish() reports it */
	sum = checksum_pseudo(&encoding->tuple, PROTO_TCP, (uint32_t)(out->used - start));
	sum = checksum_add(sum, out->bytes + start, out->used - start);
	patch16(out, start + 16, checksum_fold(sum));
	return true;
}

/* ---- bytes -> options -------------------------------------------------------------------- */

static enum wire_result options_take(struct view in, struct arena *arena, struct tcp_segment *tcp,
				     struct errbuf *error)
{
	struct tcp_option options[MAX_TCP_OPTIONS];
	unsigned n = 0;

	while (in.left) {
		struct tcp_option *option = &options[n++];

		*option = (struct tcp_option){0}; /* few are used */
		option->kind = (uint8_t)take(&in, 1);
		option->length = 1;
		if (option->kind > KIND_NOP) {
			option->length = (uint8_t)take(&in, 1);
			if (in.cut || option->length < 2 || option->length - 2u > in.left)
				return decode_error(error, "TCP option %u (kind %u) has length %u",
						    n, option->kind, option->length);
		}
		tcp_option_take(take_view(&in, option->length < 2 ? 0 : option->length - 2u),
				option);
	}
	tcp->n_options = (uint8_t)n;
	tcp->options_mode = n ? OPTIONS_LIST : OPTIONS_NONE;
	if (!n)
		return WIRE_OK;
	tcp->options = arena_alloc(arena, n * sizeof(*options));
	memcpy(tcp->options, options, n * sizeof(*options));
	return WIRE_OK;
}

/* ---- bytes -> segment -------------------------------------------------------------------- */

enum wire_result tcp_take(struct view *in, struct arena *arena, struct wire_packet *live,
			  struct errbuf *error)
{
	struct tcp_segment *tcp = &live->packet.tcp;
	size_t size = in->left, header;
	enum wire_result result;

	live->tuple.sport = (uint16_t)take(in, 2);
	live->tuple.dport = (uint16_t)take(in, 2);
	field_take(in, FIELD_tcp_seq, tcp);
	field_take(in, FIELD_tcp_ack, tcp);
	header = take_bits(in, 4) * 4;
	field_take(in, FIELD_tcp_flags, tcp);
	field_take(in, FIELD_tcp_window, tcp);
	take(in, 2); /* checksum */
	field_take(in, FIELD_tcp_urgent, tcp);
	if (in->cut)
		return decode_error(error, "truncated TCP header: %zu bytes", size);
	if (header < TCP_HEADER_SIZE || header > size)
		return decode_error(error, "bad TCP data offset: %zu bytes of %zu", header, size);
	result = options_take(take_view(in, header - TCP_HEADER_SIZE), arena, tcp, error);
	if (result != WIRE_OK)
		return result;
	tcp->has_ack = tcp->ack || (tcp->flags & TCP_ACK_FLAG);
	tcp->has_window = true;
	tcp->has_urgent = tcp->urgent || (tcp->flags & TCP_URG);
	tcp->len = (uint32_t)in->left;
	return WIRE_OK;
}
