#include "runtime/wire/checksum.h"

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (i < size)
		sum += (uint32_t)bytes[i] << 8;
	return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint64_t checksum_pseudo(const struct wire_tuple *tuple, uint8_t protocol, uint32_t length)
{
	size_t size = tuple->src.version == 6 ? 16 : 4;
	uint64_t sum = (uint64_t)protocol + length;

	sum = checksum_add(sum, tuple->src.bytes, size);
	return checksum_add(sum, tuple->dst.bytes, size);
}
