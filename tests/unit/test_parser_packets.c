/* Packets: what each notation becomes, how it prints, and what is refused. */
#include "tests/unit/parser_fixture.h"

#include "parser/tables.h"

static const struct {
	const char *text;
	const char *printed; /* NULL: the same */
	bool ipv6;
} packets[] = {
	{"< S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>", NULL, 0},
	{"> S. 0:0(0) ack 1 <...>", NULL, 0},
	{"< . 1:1001(1000) ack 1 win 257 urg 5", NULL, 0},
	{"> - 0:0(0)", NULL, 0},
	{"> FPU. 1:2(1) ack 4294967295", "> FPU. 1:2(1) ack 4294967295", 0},
	{"> SWE 0:0(0)", "> SEW 0:0(0)", 0},
	{"> S.EW 0:0(0)", "> SEW. 0:0(0)", 0},
	{"> EAP. 0:0(0)", "> PEA. 0:0(0)", 0},
	{"> P5. 0:0(0)", "> P.5 0:0(0)", 0},
	{"> .5 0:0(0)", NULL, 0},
	{"> S5 0:0(0)", NULL, 0},
	{"> S .0 0:0(0)", "> S.0 0:0(0)", 0},
	{"> 8080 > 80 . 1:1(0) ack 1", NULL, 0},
	{"< . 5:6(1)! ack 1 win 5", NULL, 0},
	{"> . ...(100) ack 1", NULL, 0},
	{"> . 1:1(0) ack 1 <nop, nop, sack 1:2 3:4>", "> . 1:1(0) ack 1 <nop,nop,sack 1:2 3:4>", 0},
	{"> . 1:1(0) ack 1 <TS val ... ecr 5!,nop,nop>", NULL, 0},
	{"> . 1:1(0) ack 1 <md5 000102030405060708090a0b0c0d0e0f,eol,nop>", NULL, 0},
	{"> . 1:1(0) ack 1 <md5 valid,nop,nop>", NULL, 0},
	{"> S 0:0(0) <FO,nop,nop>", NULL, 0},
	{"> S 0:0(0) <FO 1234567890123456,nop,nop>", NULL, 0},
	{"> S 0:0(0) <FOEXP,FOEXP DE4f234f,nop,nop,nop,nop>",
	 "> S 0:0(0) <FOEXP,FOEXP de4f234f,nop,nop,nop,nop>", 0},
	{"> . 1:1(0) <ECN e1b 1 ceb 2 e0b 3,nop>", NULL, 0},
	{"> . 1:1(0) <AccECN0 ee0b 16777215,nop,nop,nop>",
	 "> . 1:1(0) <ECN e0b 16777215,nop,nop,nop>", 0},
	{"> . 1:1(0) <AccECN1,nop,nop>", "> . 1:1(0) <gen-174,nop,nop>", 0},
	{"> . 1:1(0) <gen-30 0102,gen-0x1f,nop,nop>", "> . 1:1(0) <gen-30 0102,gen-31,nop,nop>", 0},
	{"> . 1:1(0) <exp-0a1B 01,nop,nop,nop>", "> . 1:1(0) <exp-0a1b 01,nop,nop,nop>", 0},
	{"> . 1:1(0) <exp-FO,exp-F989 beef,nop,nop>", "> . 1:1(0) <FOEXP,FOEXP beef,nop,nop>", 0},
	{"> . 1:1(0) <020405b4,gen-3 07,01,050a0000000100000002,nop,nop>",
	 "> . 1:1(0) <mss 1460,wscale 7,nop,sack 1:2,nop,nop>", 0},
	{"> . 1:1(0) <gen-2 01,nop>", NULL, 0},
	{"> [ect01] . 1:1(0)", NULL, 0},
	{"> ( ect0 ) . 1:1(0)", "> [ect0] . 1:1(0)", 0},
	{"> [noecn, flowlabel 0x12] . 1:1(0)", "> [noecn, flowlabel 0x00012] . 1:1(0)", 1},
	{"> [class 0x12, hlim 5] . 1:1(0)", "> [tos 0x12, ttl 5] . 1:1(0)", 1},
	{"> [dscp af11, ect0, ttl 64] P. 1:2(1)", "> [dscp 0x0a, ect0, ttl 64] P. 1:2(1)", 0},
	{"> [dscp voice-admit] P. 1:2(1)", "> [dscp 0x2c] P. 1:2(1)", 0},
	{"> [dscp le, ecn ect01] P. 1:2(1)", "> [dscp 0x01, ect01] P. 1:2(1)", 0},
	{"< udp(50)", "< udp (50)", 0},
	{"> [ttl 1] udp 53 > 54 (100)", NULL, 0},
	{"< icmp unreachable host_unreachable [1:1461(1460)]", NULL, 0},
	{"< icmp unreachable code_1", "< icmp unreachable host_unreachable", 0},
	{"< icmp type_250 code_7", NULL, 0},
	{"< [1:1461(1460)] icmp unreachable frag_needed mtu 1200",
	 "< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]", 0},
	{"< icmp packet_too_big mtu 70000 [udp (8)]", NULL, 1},
	{"< icmp unreachable port_unreachable [raw (8)]", NULL, 1},
	{"< icmp unreachable net_unreachable", "< icmp unreachable no_route", 1},
	{"> icmp echo_request id 7 [raw (64)]", NULL, 0},
	{"< ipv4 [ect1] 1.2.3.4 > 2.3.4.5: ipv6 (ttl 5) ::1 > 2001:db8::2: gre: . 1:1(0) win 5",
	 "< ipv4 [ect1] 1.2.3.4 > 2.3.4.5: ipv6 [ttl 5] ::1 > 2001:db8::2: gre: . 1:1(0) win 5", 0},
	{"> GREv0, flags[key present, sequence# present], sum 0, off 0, key=0x5, seq 6: - 1:1(0)",
	 "> gre flags 0x3000, sum 0, off 0, key 5, seq 6: - 1:1(0)", 0},
	{"> gre flags[none] sum 1 off 2 key 3 seq 4: - 1:1(0)",
	 "> gre flags 0x0000, sum 1, off 2, key 3, seq 4: - 1:1(0)", 0},
	{"> mpls (label 1048575, tc 7, ttl 3) (label 2, tc 0, [S], ttl 255): . 1:1(0)", NULL, 0},
};

static void test_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
		char text[400], expected[400];
		const char *printed = packets[i].printed ? packets[i].printed : packets[i].text;

		snprintf(text, sizeof(text), "0 `a`\n+0%s\n", packets[i].text);
		snprintf(expected, sizeof(expected), "0 `a`\n+0 %s\n", printed);
		prints(text, expected, packets[i].ipv6 ? IP_V6 : IP_V4);
	}
}

static const struct {
	const char *packet, *message; /* the packet begins in column 4 */
} bad_packets[] = {
	{"> Q 1:1(0)", ":6: error: unknown TCP flag 'Q'"},
	{"> ct 1:1(0)", ":6: error: unknown TCP flag 'c'"},
	{"> E5. 1:1(0)", ":6: error: an AccECN digit stands for"},
	{"> S5W 1:1(0)", ":6: error: an AccECN digit stands for"},
	{"> 5.6 1:1(0)", ":6: error: more than one AccECN digit"},
	{"> . 1:1(1)", ":8: error: sequence numbers and length differ: 1 + 1 is 2, not 1"},
	{"> . 4294967295:0(1)", ":8: error: sequence numbers and length differ"},
	{"> . 4294967296:4294967296(0)", "out of range: 0 to 4294967295"},
	{"> . 1:70001(70000)", "out of range: 0 to 65535"},
	{"> . 1:65536(65535)", "too long for IP"},
	{"> . -1:1(2)", "out of range"},
	{"> . 1:0x1(0)", "unexpected '0x1', expected number"},
	{"> . 1:1(0) ack", "the event ends too early, expected number"},
	{"> . 1:1(0) win 65536", ":19: error: win 65536 is out of range"},
	{"> . 1:1(0) win 99999999999999999999999",
	 ":19: error: win 99999999999999999999999 is out of range"},
	{"> . 1:1(0) win 5 ack 1", ":21: error: unexpected 'ack'"},
	{"< . 1:1(0) ack 1", ":8: error: an injected segment needs a window"},
	{"< . ...(5) ack 1 win 5", "needs a sequence number"},
	{"< . 1:1(0) ack 1 win 5 <...>", ":27: error: <...> is for expected segments only"},
	{"> . 1:1(0) <>", ":16: error: unexpected '>'"},
	{"> . 1:1(0) <mss 1460,nop>", ":15: error: the options take 5 bytes"},
	{"> . 1:1(0) <mss 65536>", "mss 65536 is out of range"},
	{"> . 1:1(0) <mss 0x10>", "mss is a decimal number, not '0x10'"},
	{"> . 1:1(0) <mss>", "mss needs a number"},
	{"> . 1:1(0) <mss 1 2>", "unexpected '2' in mss"},
	{"> . 1:1(0) <wscale 256,nop>", "wscale 256 is out of range"},
	{"> . 1:1(0) <SACKok,nop,nop>", "did you mean sackOK?"},
	{"> . 1:1(0) <sack 1:2 3:4 5:6 7:8 9:10>", "at most 4 blocks fit"},
	{"> . 1:1(0) <sack 1>", "a block is LEFT:RIGHT"},
	/* what a broken option leaves behind must not reach the next */
	{"> . 1:1(0) <nop,nop,TS val 1 ecr 70000000000>",
	 "ecr 70000000000 is out of range"},
	{"> . 1:1(0) <FO 00112233,md5 000102030405060708090a0b0c0d0e0f,x>",
	 "unknown TCP option 'x'"},
	{"> . 1:1(0) <TS val 1>", "TS needs ecr N"},
	{"> . 1:1(0) <FO abc>", "an odd number of hexadecimal digits"},
	{"> . 1:1(0) <FO xyz0>", "'xyz0' is not hexadecimal"},
	{"> . 1:1(0) <md5 000102030405060708090a0b0c0d0e0f00>", "too long: at most 16"},
	{"> . 1:1(0) <ECN>", "ECN needs a counter"},
	{"> . 1:1(0) <ECN e0b 1 e1b 2,nop,nop>", "unexpected 'e1b' in ECN"},
	{"> . 1:1(0) <ECN e0b 16777216,nop,nop,nop>", "out of range: 0 to 16777215"},
	{"> . 1:1(0) <gen-256>", "a kind is a number from 0 to 255"},
	{"> . 1:1(0) <exp-12 00>", "an experiment has four hexadecimal digits"},
	{"> . 1:1(0) <0205ffff>", "the option's length byte says 5, but 4 bytes are written"},
	{"> . 1:1(0) <TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,nop>",
	 "take more than 40 bytes"},
	{"< [ect01] . 1:1(0) win 5", "ect01 is for expected packets only"},
	{"> [ttl 256] . 1:1(0)", "ttl 256 is out of range"},
	{"> [ttl] . 1:1(0)", "ttl needs a value"},
	{"> [tos 16] . 1:1(0)", "tos is a hexadecimal number"},
	{"> [tos 0x100] . 1:1(0)", "out of range"},
	{"> [tos 0x10, ect0] . 1:1(0)", "tos is the whole byte"},
	{"> [ect0 ttl 5] . 1:1(0)", "expected ',' before 'ttl'"},
	{"> [ect0, ce] . 1:1(0)", "a second ECN word"},
	{"> [ect0,] . 1:1(0)", "nothing after ','"},
	{"> [flowlabel 0x100000] . 1:1(0)", "out of range"},
	{"> [nonsense] . 1:1(0)", "unknown IP field 'nonsense'"},
	{"> 70000 > 80 . 1:1(0)", "a port 70000 is out of range"},
	{"> [1:2(1)] . 1:1(0)", "an echoed packet belongs to ICMP"},
	{"> udp (65530)", "out of range"},
	{"< icmp unreachable frag_neded", "did you mean frag_needed?"},
	{"< icmp packet_too_big", "unknown ICMPv4 type 'packet_too_big'"},
	{"< icmp type_256", "unknown ICMPv4 type 'type_256'"},
	{"< icmp unreachable mtu 5", "mtu goes with unreachable frag_needed only"},
	{"< icmp unreachable id 5", "id goes with requests and replies only"},
	{"< icmp unreachable [raw (7)]", "at least 8"},
	{"< icmp unreachable [1:1(0)] [1:1(0)]", "a second echoed packet"},
	{"> ipv4 ::1 > 1.2.3.4: . 1:1(0)", "::1 is no IPv4 address"},
	{"> ipv4 1.2.3.400 > 1.2.3.4: . 1:1(0)", "'1.2.3.400' is no address"},
	{"> gre: gre: gre: gre: gre: gre: gre: . 1:1(0)", "too many outer headers"},
	{"> gre flags 0x1 sum 0 off 0 key 0 seq 0: . 1:1(0)", "only version 0 of GRE"},
	{"> gre flags[none] sum 0 off 0: . 1:1(0)", "malformed GRE header"},
	{"> mpls (label 1, tc 0): . 1:1(0)", "an MPLS label is"},
	{"> mpls (label 1048576, tc 0, ttl 1): . 1:1(0)", "label is out of range"},
	{"> encap psp spi 5 . 1:1(0)", "PSP encapsulation is not supported yet"},
	{"> . 1:1(0)/udp(5 > 6)", "UDP encapsulation is not supported yet"},
	{"> sctp: INIT[]", "SCTP packets are not supported"},
};

static void test_bad_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_packets) / sizeof(*bad_packets); i++) {
		char text[400];

		snprintf(text, sizeof(text), "0 `a`\n+0 %s\n+0 `b`\n", bad_packets[i].packet);
		says(text, bad_packets[i].message, IP_V4);
		says(text, "t.pkt:2:", IP_V4);
	}
}

/* What is written in wire order ends up in wire order. */
static void test_option_values(void **state)
{
	const struct tcp_segment *tcp;
	struct parsed parsed;

	(void)state;
	parse(&parsed,
	      "0 `a`\n+0 > . 1:1(0) <ECN e1b 1 ceb 2,nop,nop,nop,FOEXP 0102,nop,nop,nop>\n");
	assert_string_equal(parsed.messages, "");
	tcp = &parsed.script->events[1]->packet->tcp;
	assert_int_equal(tcp->n_options, 8);
	assert_int_equal(tcp->options[0].kind, 174);
	assert_int_equal(tcp->options[0].length, 8);
	assert_int_equal(tcp->options[0].value[0], 1);
	assert_int_equal(tcp->options[0].value[1], 2);
	assert_int_equal(tcp->options[4].kind, 254);
	assert_int_equal(tcp->options[4].length, 6);
	assert_int_equal(tcp->options[4].n_bytes, 2);
	assert_memory_equal(tcp->options[4].bytes, "\x01\x02", 2);
	drop(&parsed);
}

/* More than any packet needs: told, not played, and no crash. */
static void test_endless(void **state)
{
	static const struct {
		const char *before, *again, *after, *says;
	} rows[] = {
		{"[ect0", ", ect0", "] . 1:1(0) ack 1", "a packet of more than 65535 words"},
		{". 1:1(0) ack ", "0", "1", "longer than 65535 bytes"},
		{". 1:1(0) ack 1 <nop", ",nop", ">", "a packet of more than 65535 words"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		fprintf(out, "0 `a`\n+0 > %s", rows[i].before);
		for (unsigned j = 0; j < 70000; j++)
			fputs(rows[i].again, out);
		fprintf(out, "%s\n", rows[i].after);
		fclose(out);
		says(text, rows[i].says, -1);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_bad_packets),
		cmocka_unit_test(test_option_values),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests_name("parser_packets", tests, NULL, NULL);
}
