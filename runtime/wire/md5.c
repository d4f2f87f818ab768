#include <math.h>
#include <string.h>

#include "runtime/wire/md5.h"

static const uint8_t shifts[4][4] = {
	{7, 12, 17, 22},
	{5, 9, 14, 20},
	{4, 11, 16, 23},
	{6, 10, 15, 21},
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t word(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* The functions F, G, H and I of RFC 1321 3.4; sets *index to the word of the block that the step
 * takes. */
static uint32_t mix(unsigned i, uint32_t b, uint32_t c, uint32_t d, unsigned *index)
{
	const uint32_t f[4] = {(b & c) | (~b & d), (b & d) | (c & ~d), b ^ c ^ d, c ^ (b | ~d)};
	const unsigned k[4] = {i, 5 * i + 1, 3 * i + 5, 7 * i};

	*index = k[i / 16] % 16;
	return f[i / 16];
}

static void md5_block(uint32_t state[4], const uint8_t block[64])
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (unsigned i = 0; i < 64; i++) {
		unsigned index;
		uint32_t sum = a + mix(i, b, c, d, &index);

		/* The constants are defined as these very numbers (RFC 1321 3.4). */
		sum += (uint32_t)(int64_t)(fabs(sin(i + 1)) * 4294967296.0);
		sum += word(block + 4 * index);
		a = d;
		d = c;
		c = b;
		b += rotate(sum, shifts[i / 16][i % 4]);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void md5_begin(struct md5 *md5)
{
	*md5 = (struct md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void md5_add(struct md5 *md5, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size) {
		size_t used = md5->size % 64;
		size_t n = size < 64 - used ? size : 64 - used;

		memcpy(md5->block + used, at, n);
		md5->size += n;
		at += n;
		size -= n;
		if (used + n == 64)
			md5_block(md5->state, md5->block);
	}
}

void md5_end(struct md5 *md5, uint8_t digest[16])
{
	uint64_t bits = md5->size * 8;
	uint8_t tail[8];

	md5_add(md5, "\x80", 1);
	while (md5->size % 64 != 56)
		md5_add(md5, "", 1);
	for (unsigned i = 0; i < 8; i++)
		tail[i] = (uint8_t)(bits >> 8 * i);
	md5_add(md5, tail, 8);
	for (unsigned i = 0; i < 16; i++)
		digest[i] = (uint8_t)(md5->state[i / 4] >> 8 * (i % 4));
}
