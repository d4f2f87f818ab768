/* TCP (RFC 9293 3.1). What the options look like is told by their rows. */
#include "parser/tables.h"
#include "runtime/wire/checksum.h"
#include "runtime/wire/codec.h"
#include "runtime/wire/md5.h"

#define TCP_HEADER_SIZE	 20
#define TCP_OPTIONS_SIZE 40

/* ---- options -> bytes -------------------------------------------------------------------- */

static unsigned value_width(const struct tcp_option_row *row, unsigned index)
{
	return index < row->n_fields && row->fields[index].width ? row->fields[index].width : 4;
}

static void option_put(struct sink *out, const struct tcp_option *option)
{
	const struct tcp_option_row *row = option->row;

	put(out, 1, option->kind);
	if (option->length == 1 && !option->n_values && !option->n_bytes)
		return;
	put(out, 1, option->length);
	if (row && row->n_magic)
		put(out, row->n_magic, row->magic);
	for (unsigned i = 0; i < option->n_values; i++)
		put(out, row ? value_width(row, i) : 4, option->value[i]);
	put_bytes(out, option->bytes, option->n_bytes);
}

size_t wire_option_bytes(const struct tcp_option *option, uint8_t *bytes, size_t size)
{
	struct sink out = {.bytes = bytes, .size = size};

	option_put(&out, option);
	return out.used;
}

size_t wire_options_size(const struct tcp_segment *tcp)
{
	uint8_t bytes[255];
	size_t size = 0;

	for (unsigned i = 0; i < tcp->n_options; i++)
		size += wire_option_bytes(&tcp->options[i], bytes, sizeof(bytes));
	return size;
}

/* ---- segment -> bytes -------------------------------------------------------------------- */

static void header_put(struct sink *out, const struct tcp_segment *tcp,
		       const struct wire_tuple *tuple, size_t options_size)
{
	put(out, 2, tuple->sport);
	put(out, 2, tuple->dport);
	put(out, 4, tcp->seq);
	put(out, 4, tcp->ack);
	put(out, 2, (uint32_t)(TCP_HEADER_SIZE + options_size) / 4 << 12 | (tcp->flags & 0xfffu));
	put(out, 2, tcp->window);
	put(out, 2, 0); /* checksum */
	put(out, 2, tcp->urgent);
}

void wire_tcp_md5(const struct packet *packet, const struct wire_tuple *tuple, const char *secret,
		  uint8_t digest[16])
{
	static const uint8_t zeros[256];
	size_t options_size = wire_options_size(&packet->tcp);
	size_t left = packet->tcp.payload, segment = TCP_HEADER_SIZE + options_size + left;
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
	if (packet->data) {
		md5_add(&md5, packet->data, packet->n_data);
		left -= packet->n_data < left ? packet->n_data : left;
	}
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
			wire_tcp_md5(packet, &encoding->tuple, encoding->md5_secret, option.bytes);
		}
		option_put(out, &option);
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
	put_zeros(out, tcp->payload);
	if (out->full)
		return true; /* told by ip_finish() */
	sum = checksum_pseudo(&encoding->tuple, PROTO_TCP, (uint32_t)(out->used - start));
	sum = checksum_add(sum, out->bytes + start, out->used - start);
	patch16(out, start + 16, checksum_fold(sum));
	return true;
}

/* ---- bytes -> options -------------------------------------------------------------------- */

/* Each reads the payload of one option as its row says; false: it does not look like that. */
typedef bool option_take_fn(struct view in, struct tcp_option *option);

static bool bare_take(struct view in, struct tcp_option *option)
{
	(void)option;
	return !in.left;
}

static bool numbers_take(struct view in, struct tcp_option *option)
{
	for (unsigned i = 0; i < option->row->n_fields; i++)
		option->value[option->n_values++] = take(&in, value_width(option->row, i));
	return !in.cut && !in.left;
}

static bool blocks_take(struct view in, struct tcp_option *option)
{
	if (!in.left || in.left % 8 || in.left > 4 * MAX_TCP_OPTION_VALUES)
		return false;
	while (in.left)
		option->value[option->n_values++] = take(&in, 4);
	return true;
}

static bool octets_take(struct view in, struct tcp_option *option)
{
	if (in.left > sizeof(option->bytes) || in.left > option->row->max_bytes)
		return false;
	option->n_bytes = (uint8_t)in.left;
	if (in.left)
		memcpy(option->bytes, in.bytes, in.left);
	return true;
}

static bool counters_take(struct view in, struct tcp_option *option)
{
	while (in.left && option->n_values < option->row->n_fields) {
		unsigned i = option->n_values++;

		option->value[i] = take(&in, value_width(option->row, i));
	}
	return !in.cut && !in.left;
}

static option_take_fn *const option_takes[] = {
	[OPTION_BARE] = bare_take,	   [OPTION_NUMBERS] = numbers_take,
	[OPTION_BLOCKS] = blocks_take,	   [OPTION_BYTES] = octets_take,
	[OPTION_COUNTERS] = counters_take,
};

/* An option with its payload in `in`. Raw when no row fits. */
static void option_take(struct view in, struct tcp_option *option)
{
	struct tcp_option raw = *option;
	struct view payload = in;

	option->row = tcp_option_by_kind(option->kind, option->length, in.bytes);
	if (option->row) {
		take_bytes(&payload, option->row->n_magic);
		if (!payload.cut && option_takes[option->row->form](payload, option))
			return;
	}
	*option = raw;
	option->n_bytes = (uint8_t)in.left;
	if (in.left)
		memcpy(option->bytes, in.bytes, in.left);
}

static enum wire_result options_take(struct view in, struct arena *arena, struct tcp_segment *tcp,
				     struct wire_error *error)
{
	struct tcp_option options[MAX_TCP_OPTIONS] = {0};
	unsigned n = 0;

	while (in.left) {
		struct tcp_option *option = &options[n++];

		option->kind = (uint8_t)take(&in, 1);
		option->length = 1;
		if (option->kind > KIND_NOP) {
			option->length = (uint8_t)take(&in, 1);
			if (in.cut || option->length < 2 || option->length - 2u > in.left)
				return decode_error(error, "TCP option %u (kind %u) has length %u",
						    n, option->kind, option->length);
		}
		option_take(take_view(&in, option->length < 2 ? 0 : option->length - 2u), option);
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

enum wire_result tcp_take(struct view *in, struct arena *arena, struct packet *packet,
			  struct wire_tuple *tuple, struct wire_error *error)
{
	struct tcp_segment *tcp = &packet->tcp;
	size_t size = in->left, header;
	struct view options;
	enum wire_result result;
	uint32_t word;

	packet->kind = PACKET_TCP;
	tuple->sport = (uint16_t)take(in, 2);
	tuple->dport = (uint16_t)take(in, 2);
	tcp->seq = take(in, 4);
	tcp->ack = take(in, 4);
	word = take(in, 2);
	header = (word >> 12) * 4;
	tcp->flags = word & 0xfff;
	tcp->window = (uint16_t)take(in, 2);
	take(in, 2);
	tcp->urgent = (uint16_t)take(in, 2);
	if (in->cut)
		return decode_error(error, "truncated TCP header: %zu bytes", size);
	if (header < TCP_HEADER_SIZE || header > size)
		return decode_error(error, "bad TCP data offset: %zu bytes of %zu", header, size);
	options = take_view(in, header - TCP_HEADER_SIZE);
	result = options_take(options, arena, tcp, error);
	if (result != WIRE_OK)
		return result;
	tcp->has_ack = tcp->ack || (tcp->flags & TCP_ACK_FLAG);
	tcp->has_window = true;
	tcp->has_urgent = tcp->urgent || (tcp->flags & TCP_URG);
	tcp->payload = (uint32_t)in->left;
	payload_take(in, packet);
	return WIRE_OK;
}
