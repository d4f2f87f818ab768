#include "tun/pcapng.h"

#include <string.h>

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
/* Option codes: of any block, of a section, of an interface, of a packet. */
enum { OPTION_END = 0, OPTION_COMMENT = 1, SECTION_USER_APPLICATION = 4, INTERFACE_TIME_UNIT = 9,
       PACKET_FLAGS = 2 };

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define LINKTYPE_RAW	 101 /* IPv4 or IPv6, as the first byte says */
#define NANOSECONDS	 9   /* 10^-9 s */
#define INBOUND		 1   /* bits 0 and 1 of the flags */
#define OUTBOUND	 2

struct option {
	uint16_t code;
	const void *bytes;
	size_t size;
};

static void put16(FILE *out, uint16_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static void put32(FILE *out, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

/* Everything but numbers is padded to whole words of 32 bits. */
static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void put_bytes(FILE *out, const void *bytes, size_t size)
{
	static const uint8_t zeros[4];

	fwrite(bytes, 1, size, out);
	fwrite(zeros, 1, padded(size) - size, out);
}

static size_t options_size(const struct option *options, size_t n)
{
	size_t size = 4; /* OPTION_END */

	for (size_t i = 0; i < n; i++)
		size += 4 + padded(options[i].size);
	return size;
}

static void put_options(FILE *out, const struct option *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put16(out, options[i].code);
		put16(out, (uint16_t)options[i].size);
		put_bytes(out, options[i].bytes, options[i].size);
	}
	put32(out, OPTION_END);
}

/* Begins a block. Its size stands at both ends of it. Returns the size, for the other end. */
static uint32_t begin_block(FILE *out, uint32_t type, size_t body)
{
	uint32_t size = (uint32_t)(body + 12);

	put32(out, type);
	put32(out, size);
	return size;
}

void pcapng_begin(FILE *out)
{
	static const char name[] = "finwait";
	static const uint8_t unit = NANOSECONDS;
	const struct option section = {SECTION_USER_APPLICATION, name, strlen(name)};
	const struct option interface = {INTERFACE_TIME_UNIT, &unit, 1};
	uint32_t size = begin_block(out, BLOCK_SECTION, 16 + options_size(&section, 1));

	put32(out, BYTE_ORDER_MAGIC);
	put16(out, 1); /* the format's version, 1.0 */
	put16(out, 0);
	put32(out, UINT32_MAX); /* the section's length: not given */
	put32(out, UINT32_MAX);
	put_options(out, &section, 1);
	put32(out, size);
	size = begin_block(out, BLOCK_INTERFACE, 8 + options_size(&interface, 1));
	put16(out, LINKTYPE_RAW);
	put16(out, 0);
	put32(out, PCAPNG_PACKET_MAX);
	put_options(out, &interface, 1);
	put32(out, size);
}

/* The size to which a comment is cut, which is not within a character of UTF-8. */
static size_t comment_size(const char *comment)
{
	size_t size = strnlen(comment, PCAPNG_COMMENT_MAX + 1);

	if (size <= PCAPNG_COMMENT_MAX)
		return size;
	for (size = PCAPNG_COMMENT_MAX; size && (comment[size] & 0xc0) == 0x80;)
		size--;
	return size;
}

void pcapng_packet(FILE *out, int64_t realtime_ns, const uint8_t *bytes, size_t size, bool inbound,
		   const char *comment)
{
	const uint32_t flags = inbound ? INBOUND : OUTBOUND;
	struct option options[2] = {{PACKET_FLAGS, &flags, sizeof(flags)}};
	size_t n = 1, kept = size < PCAPNG_PACKET_MAX ? size : PCAPNG_PACKET_MAX;
	uint64_t time = (uint64_t)realtime_ns;
	uint32_t block;

	if (comment && *comment)
		options[n++] = (struct option){OPTION_COMMENT, comment, comment_size(comment)};
	block = begin_block(out, BLOCK_PACKET, 20 + padded(kept) + options_size(options, n));
	put32(out, 0); /* the interface */
	put32(out, (uint32_t)(time >> 32));
	put32(out, (uint32_t)time);
	put32(out, (uint32_t)kept);
	put32(out, (uint32_t)size);
	put_bytes(out, bytes, kept);
	put_options(out, options, n);
	put32(out, block);
}
