/* TCP options by their rows: which row reads some bytes, fields of any width, sub-types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "parser/tcp_options.h"

/* The option that these bytes, kind and length first, are. */
static struct tcp_option taken(const uint8_t *bytes, size_t size)
{
	struct tcp_option option = {.kind = bytes[0], .length = (uint8_t)size};
	struct view in = {.bytes = bytes + 2, .left = size - 2};

	assert_int_equal(size, bytes[1]);
	tcp_option_take(in, &option);
	return option;
}

static void printed_as(const struct tcp_option *option, const char *expected)
{
	char text[200];
	struct out out = OUT(text, sizeof(text));

	out_tcp_option(&out, option);
	out_finish(&out);
	assert_string_equal(text, expected);
}

static void rows_for_bytes(void **state)
{
	static const struct {
		uint8_t bytes[16];
		size_t size;
		const char *printed;
	} rows[] = {
		{{2, 4, 5, 0xb4}, 4, "mss 1460"},
		{{2, 3, 5}, 3, "gen-2 05"},
		{{3, 3, 14}, 3, "wscale 14"},
		{{4, 2}, 2, "sackOK"},
		{{4, 3, 0}, 3, "gen-4 00"},
		{{5, 2}, 2, "gen-5"},
		{{5, 10, 0, 0, 0, 1, 0, 0, 0, 2}, 10, "sack 1:2"},
		{{8, 10, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}, 10, "TS val 1 ecr 4294967295"},
		{{28, 4, 0x01, 0x2c}, 4, "uto 300"},
		{{28, 4, 0x80, 0x05}, 4, "uto minutes 5"},
		{{28, 4, 0xff, 0xff}, 4, "uto minutes 32767"},
		{{28, 3, 0}, 3, "gen-28 00"},
		{{30, 4, 1, 2}, 4, "gen-30 0102"},
		{{34, 2}, 2, "FO"},
		{{172, 5, 0, 0, 9}, 5, "ECN e0b 9"},
		{{172, 2}, 2, "gen-172"},
		{{172, 6, 0, 0, 0, 9}, 6, "gen-172 00000009"},
		{{254, 5, 0xf9, 0x89, 1}, 5, "FOEXP 01"},
		{{254, 5, 0xf9, 0x88, 1}, 5, "exp-f988 01"},
		{{254, 3, 0xf9}, 3, "gen-254 f9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp_option option = taken(rows[i].bytes, rows[i].size);
		uint8_t bytes[UINT8_MAX];

		printed_as(&option, rows[i].printed);
		assert_int_equal(tcp_option_bytes(&option, bytes, sizeof(bytes)), rows[i].size);
		assert_memory_equal(bytes, rows[i].bytes, rows[i].size);
	}
}

/* A sub-type of four bits, a version of four, flags, a key of 64 (RFC 8684 3.1 is such a one). */
static const struct tcp_option_row key_row = {
	.id = FIELD_tcp_option,
	.name = "key",
	.kind = 30,
	.form = &tcp_option_forms[FORM_FIELDS],
	.select_bits = 4,
	.select = 0xa,
	.fields = {{"version", 4, 0}, {"checksum", 1, VALUE_FLAG}, {"flags", 7, 0}, {"key", 64, 0}},
	.n_fields = 4,
};

static void wide_and_narrow_fields(void **state)
{
	static const uint8_t bytes[] = {30, 12, 0xa1, 0x81, 1, 2, 3, 4, 0xff, 6, 7, 8};
	struct view in = {.bytes = bytes + 2, .left = sizeof(bytes) - 2};
	struct tcp_option option = {.kind = 30, .length = sizeof(bytes)}, other;
	uint8_t again[UINT8_MAX];

	(void)state;
	assert_true(tcp_option_take_as(&key_row, in, &option));
	assert_int_equal(option.value[0], 1);
	assert_int_equal(option.value[1], 1);
	assert_int_equal(option.value[2], 1);
	assert_true(option.value[3] == 0x01020304ff060708);
	printed_as(&option, "key version 1 checksum flags 1 key 72623863984686856");
	assert_int_equal(tcp_option_bytes(&option, again, sizeof(again)), sizeof(bytes));
	assert_memory_equal(again, bytes, sizeof(bytes));
	other = option;
	assert_int_equal(tcp_option_differs(&option, &other, 0), FIELD_none);
	other.value[3] ^= 1ull << 40;
	assert_int_equal(tcp_option_differs(&option, &other, 0), key_row.id + 4);
}

static void other_sub_types(void **state)
{
	static const uint8_t other[] = {30, 12, 0xb1, 0x81, 1, 2, 3, 4, 5, 6, 7, 8};
	struct tcp_option option = {.kind = 30, .length = sizeof(other)}, before = option;
	struct view in = {.bytes = other + 2, .left = sizeof(other) - 2};

	(void)state;
	assert_false(tcp_option_take_as(&key_row, in, &option));
	assert_memory_equal(&option, &before, sizeof(option));
	in.bytes = (const uint8_t[]){0xa1};
	in.left = 1;
	assert_false(tcp_option_take_as(&key_row, in, &option));
	assert_memory_equal(&option, &before, sizeof(option));
}

static void differences(void **state)
{
	static const uint8_t ts[] = {8, 10, 0, 0, 0, 100, 0, 0, 0, 1};
	struct tcp_option a = taken(ts, sizeof(ts)), b = a;

	(void)state;
	b.value[0] = 150;
	b.value[1] = 2; /* an echo is not compared */
	assert_int_equal(tcp_option_differs(&a, &b, 50), FIELD_none);
	assert_int_equal(tcp_option_differs(&a, &b, 49), FIELD_option_ts_val);
	a.any = 1;
	assert_int_equal(tcp_option_differs(&a, &b, 0), FIELD_none);
	assert_int_equal(field_option(FIELD_option_ts_ecr), FIELD_option_ts);
	assert_int_equal(field_option(FIELD_option_ts), FIELD_option_ts);
	assert_int_equal(field_option(FIELD_tcp_ack), FIELD_none);
	assert_int_equal(field_by_name("option_uto_minutes"), FIELD_option_uto_minutes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_for_bytes),
		cmocka_unit_test(wide_and_narrow_fields),
		cmocka_unit_test(other_sub_types),
		cmocka_unit_test(differences),
	};

	return cmocka_run_group_tests_name("tcp_options", tests, NULL, NULL);
}
