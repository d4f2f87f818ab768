/* Numbers as the kernel and programs have them in memory, in this machine's order of bytes, of a
 * width that is known only when it runs. */
#ifndef FINWAIT_BASE_NATIVE_H
#define FINWAIT_BASE_NATIVE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NATIVE_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* Where the lower `width` bytes of a number begin in it. */
static inline size_t native_skip(size_t width)
{
	return NATIVE_BIG ? sizeof(uint64_t) - width : 0;
}

/* The number in `width` bytes, 0 to 8. */
static inline uint64_t native_get(const void *bytes, size_t width)
{
	uint64_t number = 0;

	memcpy((char *)&number + native_skip(width), bytes, width);
	return number;
}

/* Its lower `width` bytes. */
static inline void native_put(void *bytes, size_t width, uint64_t number)
{
	memcpy(bytes, (const char *)&number + native_skip(width), width);
}

/* A bit-field of `bits` in such a number, `first` after those declared before it: compilers give
 * out the lowest bits first where the lowest byte comes first, else the highest. */
static inline uint64_t native_bits(uint64_t number, size_t width, unsigned first, unsigned bits)
{
	unsigned shift = NATIVE_BIG ? (unsigned)width * 8 - first - bits : first;

	return number >> shift & ((UINT64_C(1) << bits) - 1);
}

#endif
