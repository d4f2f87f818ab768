/* Numbers as the kernel and programs have them in memory, in this machine's byte order. Their width
 * is known only at run time. */
#ifndef FINWAIT_BASE_NATIVE_H
#define FINWAIT_BASE_NATIVE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NATIVE_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* The offset in a number of its lower `width` bytes. */
static inline size_t native_skip(size_t width)
{
	return NATIVE_BIG ? sizeof(uint64_t) - width : 0;
}

/* Reads a number of `width` bytes, 0 to 8. */
static inline uint64_t native_get(const void *bytes, size_t width)
{
	uint64_t number = 0;

	memcpy((char *)&number + native_skip(width), bytes, width);
	return number;
}

/* Writes the lower `width` bytes of a number. */
static inline void native_put(void *bytes, size_t width, uint64_t number)
{
	memcpy(bytes, (const char *)&number + native_skip(width), width);
}

/* Reads a bit-field of `bits` bits in such a number. `first` is the number of bits declared before
 * it. On little-endian machines compilers allocate the lowest bits first, on others the highest. */
static inline uint64_t native_bits(uint64_t number, size_t width, unsigned first, unsigned bits)
{
	unsigned shift = NATIVE_BIG ? (unsigned)width * 8 - first - bits : first;

	return number >> shift & ((UINT64_C(1) << bits) - 1);
}

#endif
