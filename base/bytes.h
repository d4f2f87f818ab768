/* Bounds-checked big-endian access to packet bytes: a sink to write to, and a view to read from.
 * Both only note an access beyond the end, so that callers check once, at the end. */
#ifndef FINWAIT_BASE_BYTES_H
#define FINWAIT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sink {
	uint8_t *bytes;
	size_t size, used;
	bool full;	    /* something did not fit */
	uint8_t held;	    /* the bits of an unfinished byte, see put_bits() */
	unsigned n_held;
};

/* Reserves `size` bytes in the sink; NULL: they do not fit. */
static inline uint8_t *sink_room(struct sink *out, size_t size)
{
	if (out->full || size > out->size - out->used) {
		out->full = true;
		return NULL;
	}
	out->used += size;
	return out->bytes + out->used - size;
}

/* Writes `value` in `width` bytes, 1 to 8. */
static inline void put(struct sink *out, unsigned width, uint64_t value)
{
	uint8_t *at = sink_room(out, width);

	for (unsigned i = 0; at && i < width; i++)
		at[i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

/* Writes `value` in `width` bits, 1 to 64, right behind the previous bits. Only whole bytes reach
 * the sink. */
static inline void put_bits(struct sink *out, unsigned width, uint64_t value)
{
	if (!out->n_held && width % 8 == 0) {
		put(out, width / 8, value);
		return;
	}
	while (width--) {
		out->held = (uint8_t)(out->held << 1 | (value >> width & 1));
		if (++out->n_held < 8)
			continue;
		put(out, 1, out->held);
		out->n_held = 0;
	}
}

static inline void put_bytes(struct sink *out, const void *bytes, size_t size)
{
	uint8_t *at = sink_room(out, size);

	if (at && size)
		memcpy(at, bytes, size);
}

static inline void put_zeros(struct sink *out, size_t size)
{
	uint8_t *at = sink_room(out, size);

	if (at && size)
		memset(at, 0, size);
}

/* Overwrites a 16-bit field written before. */
static inline void patch16(struct sink *out, size_t at, uint16_t value)
{
	if (out->full || at + 2 > out->used)
		return;
	out->bytes[at] = (uint8_t)(value >> 8);
	out->bytes[at + 1] = (uint8_t)value;
}

struct view {
	const uint8_t *bytes;
	size_t left;
	bool cut;	 /* something was not there; it read as zero */
	uint8_t held;	 /* the bits of a byte begun, see take_bits() */
	unsigned n_held;
};

/* Takes the next `size` bytes; NULL: they are not there. */
static inline const uint8_t *take_bytes(struct view *in, size_t size)
{
	const uint8_t *at = in->bytes;

	if (in->cut || size > in->left) {
		in->cut = true;
		return NULL;
	}
	in->bytes += size;
	in->left -= size;
	return at;
}

/* Takes a number of `width` bytes, 1 to 8. */
static inline uint64_t take(struct view *in, unsigned width)
{
	const uint8_t *at = take_bytes(in, width);
	uint64_t value = 0;

	for (unsigned i = 0; at && i < width; i++)
		value = value << 8 | at[i];
	return value;
}

/* Takes a number of `width` bits, 1 to 64, right behind the previous bits. */
static inline uint64_t take_bits(struct view *in, unsigned width)
{
	uint64_t value = 0;

	if (!in->n_held && width % 8 == 0)
		return take(in, width / 8);
	while (width--) {
		if (!in->n_held) {
			in->held = (uint8_t)take(in, 1);
			in->n_held = 8;
		}
		value = value << 1 | (in->held >> --in->n_held & 1);
	}
	return value;
}

/* Takes the next `size` bytes as a view of their own, which is cut if they are not there. */
static inline struct view take_view(struct view *in, size_t size)
{
	const uint8_t *at = take_bytes(in, size);

	return (struct view){.bytes = at, .left = at ? size : 0, .cut = !at};
}

#endif
