/* Numbers in this machine's order of bytes, on whichever it runs: as the compiler has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/native.h"

static void numbers(void **state)
{
	uint8_t byte = 0xfe;
	uint16_t half = 0xfedc;
	uint32_t word = 0xfedcba98;
	uint64_t number = UINT64_C(0xfedcba9876543210);

	(void)state;
	assert_true(native_get(&number, 0) == 0);
	assert_true(native_get(&byte, 1) == byte);
	assert_true(native_get(&half, 2) == half);
	assert_true(native_get(&word, 4) == word);
	assert_true(native_get(&number, 8) == number);
	native_put(&byte, 1, 0x123456);
	native_put(&half, 2, 0x123456);
	native_put(&word, 4, UINT64_C(0x1234567890));
	native_put(&number, 8, 5);
	assert_true(byte == 0x56);
	assert_true(half == 0x3456);
	assert_true(word == 0x34567890);
	assert_true(number == 5);
}

static void bit_fields(void **state)
{
	struct {
		uint8_t a : 4, b : 4; /* as tcpi_snd_wscale and tcpi_rcv_wscale */
		uint8_t c : 1, d : 2;
	} of = {.a = 3, .b = 12, .c = 1, .d = 2};
	const uint8_t *bytes = (const uint8_t *)&of;

	(void)state;
	assert_true(native_bits(bytes[0], 1, 0, 4) == 3);
	assert_true(native_bits(bytes[0], 1, 4, 4) == 12);
	assert_true(native_bits(bytes[1], 1, 0, 1) == 1);
	assert_true(native_bits(bytes[1], 1, 1, 2) == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(bit_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
