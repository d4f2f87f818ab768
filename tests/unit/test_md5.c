/* MD5 against RFC 1321's own vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/wire/md5.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void md5_vectors(void **state)
{
	/* RFC 1321 A.5 */
	static const struct {
		const char *text;
		uint8_t digest[17];
	} rows[] = {
		{"", "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"},
		{"abc", "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72"},
		{"1234567890123456789012345678901234567890123456789012345678901234567890123456789"
		 "0",
		 "\x57\xed\xf4\xa2\x2b\xe3\xc9\x55\xac\x49\xda\x2e\x21\x07\xb6\x7a"},
	};
	uint8_t digest[16];
	struct md5 md5;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		md5_begin(&md5);
		md5_add(&md5, rows[i].text, strlen(rows[i].text));
		md5_end(&md5, digest);
		assert_memory_equal(digest, rows[i].digest, 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md5_vectors),
	};

	return cmocka_run_group_tests_name("md5", tests, NULL, NULL);
}
