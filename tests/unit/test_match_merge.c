/* Segments that continue one another are one expected segment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/match_fixture.h"

static struct wire_packet piece(uint16_t flags, uint32_t seq, uint32_t size)
{
	return (struct wire_packet){.packet = out(flags, seq, size, 1), .n_data = size};
}

static struct matching expecting(const struct packet *expected)
{
	return (struct matching){.config = &config,
				 .arena = arena,
				 .seqmap = seqmap_new(arena),
				 .expected = expected};
}

static void merging(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG | TCP_FIN | TCP_CWR, 1, 2500, 1);
	struct wire_packet first = piece(TCP_ACK_FLAG | TCP_CWR, 1, 1000);
	struct wire_packet next = piece(TCP_ACK_FLAG | TCP_PSH, 1001, 1000);
	struct wire_packet last = piece(TCP_ACK_FLAG | TCP_FIN, 2001, 500);
	struct matching matching = expecting(&expected), dirty = expecting(&expected);

	(void)state;
	assert_int_equal(match_live(&matching, &first, 0), MATCH_MORE);
	assert_int_equal(match_live(&matching, &next, 0), MATCH_MORE);
	assert_int_equal(matching.actual.tcp.len, 2000);
	assert_int_equal(matching.actual.tcp.seq, 1);
	assert_int_equal(match_live(&matching, &last, 0), MATCH_SAME);
	assert_false(matching.other_length);
	last.first_nonzero = 3;
	match_live(&dirty, &first, 0);
	match_live(&dirty, &next, 0);
	assert_int_equal(match_live(&dirty, &last, 0), MATCH_DIFFERS);
	assert_string_equal(told_of(&dirty.mismatches),
			    "payload: zeros / a byte that is not zero at offset 2002");
	/* Nothing is waited for that cannot be a part, nor if segments count. */
	dirty = expecting(&expected);
	assert_int_equal(match_live(&dirty, &next, 0), MATCH_DIFFERS);
	assert_true(dirty.other_length);
	dirty = expecting(&expected);
	config.strict_segments = true;
	assert_int_equal(match_live(&dirty, &first, 0), MATCH_DIFFERS);
}

static void unfinished(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG, 1, 2500, 1);
	struct wire_packet first = piece(TCP_ACK_FLAG, 1, 1000);
	struct matching matching = expecting(&expected);

	(void)state;
	assert_int_equal(match_live(&matching, &first, 0), MATCH_MORE);
	match_end(&matching);
	assert_true(matching.other_length);
	assert_string_equal(told_of(&matching.mismatches), "payload length: 2500 / 1000");
}

static void no_continuation(void **state)
{
	struct packet expected = out(TCP_ACK_FLAG, 1, 5000, 1);
	struct tcp_option options[] = {test_mss(1)};
	struct wire_packet good = piece(TCP_ACK_FLAG, 1001, 1000);
	struct wire_packet bad[] = {good, good, good, good, good, good, good, good, good, good};
	static const char *const fields[] = {
		"next segment: seq",
		"next segment: ack",
		"next segment: win",
		"next segment: urg",
		"next segment: flags",
		"next segment: bytes of options",
		"next segment: payload length",
		"next segment: protocol",
		"next segment: IP version",
		"next segment: IP header",
	};

	(void)state;
	bad[0].packet.tcp.seq++;
	bad[1].packet.tcp.ack++;
	bad[2].packet.tcp.window++;
	bad[3].packet.tcp.urgent++;
	bad[4].packet.tcp.flags |= TCP_ECE;
	test_options(&bad[5].packet, options, 1);
	bad[6].packet.tcp.len = 999;
	bad[7].packet = (struct packet){.kind = PACKET_UDP};
	bad[8].packet.ip_version = 6;
	bad[9].ip_options = 8;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct wire_packet first = piece(TCP_ACK_FLAG, 1, 1000);
		struct matching matching = expecting(&expected);
		const struct mismatch *why = &matching.mismatches.at[1];
		char field[MISMATCH_NAME_SIZE];

		first.packet.tcp.has_window = first.packet.tcp.has_urgent = true;
		assert_int_equal(match_live(&matching, &first, 0), MATCH_MORE);
		assert_int_equal(match_live(&matching, &bad[i], 0), MATCH_DIFFERS);
		assert_int_equal(matching.mismatches.n, 2);
		assert_string_equal(mismatch_field_name(why, field), fields[i]);
		assert_int_equal(matching.actual.tcp.len, 1000);
		assert_ptr_equal(matching.live, &first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(merging),
		TEST(unfinished),
		TEST(no_continuation),
	};

	return cmocka_run_group_tests_name("match, merging", tests, NULL, NULL);
}
