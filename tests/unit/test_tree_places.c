/* Tests the places that tree.h gives for fields, comments, words of defines and #ifdef parts. */
#include "parser/tree.h"
#include "tests/unit/parser_fixture.h"

#define SOCKET "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"

#define MANY_FIELDS                                                                                \
	SOCKET "+0 < ipv4 [ttl 9] 1.1.1.1 > 2.2.2.2: gre flags checksum present, sum 7, off 0, "   \
	       "key 0, seq 5: mpls (label 1, tc 0, ttl 3): [ect0, ttl 64] 7 > 8 S . E 1:2(1)! "    \
	       "ack 3 win 5 urg 6 <mss MSS, nop , nop,TS val 10 ecr 20,sack 1:2 3:4,nop,nop>\n"

static const struct {
	enum field_id field;
	unsigned option, outer;
	const char *written; /* NULL: not there */
} places[] = {
	{FIELD_tcp_flags, 0, 0, "S . E"},
	{FIELD_tcp_ace, 0, 0, "S . E"},
	{FIELD_tcp_seq, 0, 0, "1"},
	{FIELD_tcp_end, 0, 0, "2"},
	{FIELD_tcp_length, 0, 0, "1"},
	{FIELD_tcp_ack, 0, 0, "3"},
	{FIELD_tcp_window, 0, 0, "5"},
	{FIELD_tcp_urgent, 0, 0, "6"},
	{FIELD_tcp_source, 0, 0, "7"},
	{FIELD_udp_destination, 0, 0, "8"},
	{FIELD_ip_ttl, 0, 0, "64"},
	{FIELD_ip_ttl, 0, 1, "9"},
	{FIELD_ip_ttl, 0, 2, NULL},
	{FIELD_ip_ecn, 0, 0, "ect0"},
	{FIELD_ip_header, 0, 0, "[ect0, ttl 64]"},
	{FIELD_ip_source, 0, 1, "1.1.1.1"},
	{FIELD_ip_destination, 0, 1, "2.2.2.2"},
	{FIELD_outer_kind, 0, 2, "gre"},
	{FIELD_outer_kind, 0, 3, "mpls"},
	{FIELD_gre_seq, 0, 2, "5"},
	{FIELD_mpls_tc, 1, 3, "(label 1, tc 0, ttl 3)"},
	{FIELD_mpls_tc, 2, 3, NULL},
	{FIELD_tcp_option, 1, 0, "mss MSS"},
	{FIELD_option_mss, 1, 0, "mss MSS"},
	{FIELD_option_mss_value, 1, 0, "MSS"},
	{FIELD_tcp_option, 3, 0, "nop"},
	{FIELD_option_ts_val, 4, 0, "10"},
	{FIELD_option_ts_ecr, 4, 0, "20"},
	{FIELD_tcp_option, 5, 0, "sack 1:2 3:4"},
	{FIELD_tcp_options_from, 5, 0, "sack 1:2 3:4,nop,nop"},
	{FIELD_tcp_option, 8, 0, NULL},
	{FIELD_tcp_options, 0, 0, "<mss MSS, nop , nop,TS val 10 ecr 20,sack 1:2 3:4,nop,nop>"},
	{FIELD_icmp_type, 0, 0, NULL},
};

static void test_packet_span(void **state)
{
	static const char *text = "--define=MSS=1460\n" MANY_FIELDS;
	struct parsed parsed;

	(void)state;
	parse(&parsed, text);
	assert_string_equal(parsed.messages, "");
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct span span;
		bool found = packet_span(parsed.script, parsed.script->events[1]->packet,
					 places[i].field, places[i].option, places[i].outer, &span);
		char *got = found ? strndup(text + span.begin, span.end - span.begin) : NULL;

		if (places[i].written)
			assert_string_equal(got ? got : "nothing", places[i].written);
		else
			assert_null(got);
		free(got);
	}
	drop(&parsed);
}

/* What a caret stands under when this differs. */
static void test_event_field_loc(void **state)
{
	static const char *text =
		SOCKET "+0 > . 1:1(0) ack 1\n <mss 1460>\n"
		       "+0...1 read(3, ..., 10) = -1 /* so */ EAGAIN\n"
		       "+0~+1 tcp_state(3) = CLOSE\n+0 tcp_states(3) = [CLOSE, LISTEN]\n"
		       "+0 poll([{fd=3, events=POLLIN, revents=0}, {fd=3, revents=POLLERR}], 2, 0) "
		       "= 1\n"
		       "+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 9}], msg_flags=0, "
		       "msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_TOS, cmsg_data=1}, "
		       "{cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=2}]}, 0) = 1\n";
	static const struct {
		unsigned event;
		enum field_id field;
		unsigned index;
		uint32_t line, column;
		const char *written;
		unsigned item;
		const char *name;
	} rows[] = {
		{1, FIELD_tcp_ack, 0, 2, 19, "1", 0, ""},
		{1, FIELD_option_mss_value, 1, 3, 7, "1460", 0, ""},
		{1, FIELD_option_ts_val, 1, 3, 3, "mss 1460", 0, ""},
		{1, FIELD_tcp_option, 2, 3, 2, "<mss 1460>", 0, ""},
		{1, FIELD_tcp_window, 0, 2, 4, "> . 1:1(0) ack 1\n <mss 1460>", 0, ""},
		{1, FIELD_time, 0, 2, 1, "+0", 0, ""},
		{2, FIELD_time, 0, 4, 1, "+0...1", 0, ""},
		{2, FIELD_call_result, 0, 4, 27, "-1 /* so */ EAGAIN", 0, ""},
		{2, FIELD_call_errno, 0, 4, 39, "EAGAIN", 0, ""},
		{2, FIELD_call_argument, 3, 4, 21, "10", 0, ""},
		{3, FIELD_state, 0, 5, 22, "CLOSE", 0, ""},
		{4, FIELD_state_of_path, 2, 6, 28, "LISTEN", 0, ""},
		{4, FIELD_state_of_path, 3, 6, 20, "[CLOSE, LISTEN]", 0, ""},
		{5, FIELD_poll_revents, 1, 7, 40, "0", 1, "revents"},
		{5, FIELD_poll_revents, 1, 7, 59, "POLLERR", 2, "revents"},
		{5, FIELD_poll_revents, 1, 7, 9, NULL, 3, "revents"},
		{6, FIELD_msg_flags, 2, 8, 68, "0", 0, "msg_flags"},
		{6, FIELD_cmsg_member, 2, 8, 132, "1", 1, "cmsg_data"},
		{6, FIELD_cmsg_member, 2, 8, 166, "IP_TTL", 2, "cmsg_type"},
		{6, FIELD_cmsg, 2, 8, 136, "{cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=2}", 2,
		 "msg_control"},
	};
	struct parsed parsed;

	(void)state;
	parse(&parsed, text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct loc loc =
			event_field_loc(parsed.script, parsed.script->events[rows[i].event],
					&(struct subject){.field = rows[i].field,
							  .index = rows[i].index,
							  .item = rows[i].item,
							  .name = rows[i].name});
		char *got = strndup(text + loc.begin, loc.end - loc.begin);

		if (rows[i].written)
			assert_string_equal(got, rows[i].written);
		assert_int_equal(loc.line, rows[i].line);
		assert_int_equal(loc.column, rows[i].column);
		free(got);
	}
	drop(&parsed);
}

static void test_comments(void **state)
{
	static const char *text = "// The file.\n"
				  "\n"
				  "// Made\n"
				  "/* here */\n" SOCKET " // not above, but behind\n"
				  "\n"
				  "// Closed.\n"
				  "+0 close(3) = 0 /* at\n once */ // really\n"
				  "// the end\n";
	static const char *const around[] = {
		"// Made\n/* here */\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
		"// Closed.\n+0 close(3) = 0 /* at\n once */ // really",
	};
	struct parsed parsed;

	(void)state;
	parse(&parsed, text);
	assert_string_equal(parsed.messages, "");
	assert_int_equal(script_n_items(parsed.script), 2);
	for (size_t i = 0; i < 2; i++) {
		struct span span = item_with_comments(parsed.script, i);
		char *got = strndup(text + span.begin, span.end - span.begin);

		assert_string_equal(got, around[i]);
		free(got);
	}
	drop(&parsed);
}

static void test_defines_and_parts(void **state)
{
	static const char *text =
		"--define=N=10\n" SOCKET
		"#ifdef Linux\n+0 setsockopt(3, SOL_SOCKET, SO_SNDBUF, [N], 4) = 0\n"
		"#endif\n#ifdef OTHER\n+0 nothing (\n#endif\n";
	struct parsed parsed;
	const struct script *script;

	(void)state;
	parse(&parsed, text);
	assert_string_equal(parsed.messages, "");
	script = parsed.script;
	assert_int_equal(script->n_defined, 1);
	assert_int_equal(text[script->defined[0].loc.begin], 'N');
	assert_string_equal(script_defined(script, script->defined[0].loc.begin), "10");
	assert_null(script_defined(script, script->defined[0].loc.begin + 1));
	assert_int_equal(script->n_ifdefs, 2);
	assert_true(script->ifdefs[0].taken);
	assert_false(script->ifdefs[1].taken);
	assert_memory_equal(text + script->ifdefs[1].name.begin, "OTHER\n", 6);
	assert_memory_equal(text + script->ifdefs[1].loc.end - 6, "#endif", 6);
	drop(&parsed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_span),
		cmocka_unit_test(test_event_field_loc),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_defines_and_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
