/* The scripted peer's states as its segments imply them, and segments read from their notation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser/tables.h"
#include "runtime/report/peer.h"
#include "runtime/report/segment.h"

/* A segment as the script has it, and the states that the peer comes to at it. "> " is one of the
 * kernel that the script expects, ">?" one that it does not. */
struct step {
	const char *segment, *states;
};

#define MAX_STEPS 16

struct exchange {
	const char *name;
	struct step steps[MAX_STEPS];
};

/* clang-format off */
#define CLIENT {"< S 0:0(0) win 65535 <mss 1460>", "SYN_SENT"}, \
	       {"> S. 0:0(0) ack 1 win 64240 <mss 1460>", ""}, \
	       {"< . 1:1(0) ack 1 win 65535", "ESTABLISHED"}
#define SERVER {"> S 0:0(0) win 64240 <mss 1460>", ""}, \
	       {"< S. 0:0(0) ack 1 win 65535 <mss 1460>", "SYN_RECV"}, \
	       {"> . 1:1(0) ack 1 win 64240", "ESTABLISHED"}

static const struct exchange exchanges[] = {
	{"the kernel closes, four segments", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< . 1:1(0) ack 2 win 65535", "CLOSE_WAIT"},
		{"< F. 1:1(0) ack 2 win 65535", "LAST_ACK"},
		{"> . 2:2(0) ack 2", "CLOSE"}}},
	{"the kernel closes, three segments", {SERVER,
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 2 win 65535", "CLOSE_WAIT LAST_ACK"},
		{"> . 2:2(0) ack 2", "CLOSE"}}},
	{"the peer closes", {CLIENT,
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{"> . 1:1(0) ack 2", "FIN_WAIT2"},
		{"> F. 1:1(0) ack 2", ""},
		{"< . 2:2(0) ack 2 win 65535", "TIME_WAIT"}}},
	{"the peer closes, three segments", {CLIENT,
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{"> F. 1:1(0) ack 2", ""},
		{"< . 2:2(0) ack 2 win 65535", "TIME_WAIT"}}},
	/* The FIN says "ack 1": it has not seen the kernel's. The kernel's ACK was sent behind its FIN. */
	{"both close at once", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{"> . 2:2(0) ack 2", ""},
		{"< . 2:2(0) ack 2 win 65535", "CLOSING TIME_WAIT"}}},
	{"both close at once, and our ACK comes after the peer's", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{"< . 2:2(0) ack 2 win 65535", "CLOSING"},
		{"> . 2:2(0) ack 2", "TIME_WAIT"}}},
	{"what looks like it, but the FIN has seen ours", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 2 win 65535", "CLOSE_WAIT LAST_ACK"},
		{"> . 2:2(0) ack 2", "CLOSE"},
		{"< . 2:2(0) ack 2 win 65535", ""}}},
	{"both open at once", {
		{"> S 0:0(0)", ""},
		{"< S 0:0(0) win 65535", "SYN_SENT"},
		{"> S. 0:0(0) ack 1", ""},
		{"< . 1:1(0) ack 1 win 65535", "SYN_RECV ESTABLISHED"}}},
	{"a FIN on the third ACK", {
		{"< S 0:0(0) win 65535", "SYN_SENT"},
		{"> S. 0:0(0) ack 1", ""},
		{"< F. 1:1(0) ack 1 win 65535", "ESTABLISHED FIN_WAIT1"},
		{"> . 1:1(0) ack 2", "FIN_WAIT2"}}},
	{"the kernel's FIN is sent twice", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 2 win 65535", "CLOSE_WAIT LAST_ACK"}}},
	{"an ACK that does not take the FIN", {CLIENT,
		{"> P. 1:1001(1000) ack 1", ""},
		{"> F. 1001:1001(0) ack 1", ""},
		{"< . 1:1(0) ack 1001 win 65535", ""},
		{"< . 1:1(0) ack 1002 win 65535", "CLOSE_WAIT"}}},
	/* Who sends its FIN again has not got the ACK of the first. */
	{"the kernel's ACK is lost", {CLIENT,
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{"> . 1:1(0) ack 2", ""},
		{"< F. 1:1(0) ack 1 win 65535", ""},
		{"> . 1:1(0) ack 2", "FIN_WAIT2"}}},
	{"the last ACK is lost", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 2 win 65535", "CLOSE_WAIT LAST_ACK"},
		{"> . 2:2(0) ack 2", ""},
		{"< F. 1:1(0) ack 2 win 65535", ""},
		{"> . 2:2(0) ack 2", "CLOSE"}}},
	{"an ACK that the script does not expect", {CLIENT,
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{">?. 1:1(0) ack 2", ""},
		{"> P. 1:101(100) ack 2", ""},
		{"< . 2:2(0) ack 101 win 65535", "FIN_WAIT2"}}},
	{"a FIN that it does not expect, acknowledged", {CLIENT,
		{">?F. 1:1(0) ack 1", ""},
		{"< . 1:1(0) ack 2 win 65535", "CLOSE_WAIT"}}},
	/* Data that the peer has not acknowledged keep nothing back. */
	{"an ACK behind data that are under way", {CLIENT,
		{"> P. 1:1001(1000) ack 1", ""},
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{"> . 1001:1001(0) ack 2", "FIN_WAIT2"}}},
	{"a FIN with data", {CLIENT,
		{"< FP. 1:1001(1000) ack 1 win 65535", "FIN_WAIT1"},
		{"> . 1:1(0) ack 1001", ""},
		{"> . 1:1(0) ack 1002", "FIN_WAIT2"},
		{"> FP. 1:501(500) ack 1002", ""},
		{"< . 1002:1002(0) ack 501 win 65535", ""},
		{"< . 1002:1002(0) ack 502 win 65535", "TIME_WAIT"}}},
	{"the kernel resets", {CLIENT,
		{"< P. 1:1001(1000) ack 1 win 65535", ""},
		{"> . 1:1(0) ack 1001", ""},
		{"> R. 1:1(0) ack 1001", "CLOSE"}}},
	{"a RST that the script does not expect", {CLIENT, {">?R. 1:1(0) ack 1", ""}}},
	{"a RST before what the peer acknowledged", {CLIENT,
		{"> P. 1:1001(1000) ack 1", ""},
		{"< . 1:1(0) ack 1001 win 65535", ""},
		{"> R 1:1(0)", ""}}},
	{"refused", {{"< S 0:0(0) win 65535", "SYN_SENT"}, {"> R. 0:0(0) ack 1", "CLOSE"}}},
	{"the peer refuses", {{"> S 0:0(0)", ""}, {"< R. 0:0(0) ack 1 win 0", ""}}},
	{"the peer resets", {CLIENT, {"< R. 1:1(0) ack 1 win 0", "CLOSE"}}},
	{"a RST with a number that is not the peer's", {CLIENT,
		{"< R 101:101(0) win 0", ""},
		{"> . 1:1(0) ack 1", ""},
		{"< R 1:1(0) win 0", "CLOSE"}}},
	{"a SYN in the middle", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< S 50000:50000(0) win 65535", ""},
		{"> . 2:2(0) ack 1", ""},
		{"< . 1:1(0) ack 2 win 65535", "CLOSE_WAIT"}}},
	{"an ACK of what was not sent", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< . 1:1(0) ack 3 win 65535", ""},
		{"> . 2:2(0) ack 1", ""}}},
	{"the ports again", {SERVER,
		{"< F. 1:1(0) ack 1 win 65535", "FIN_WAIT1"},
		{"> F. 1:1(0) ack 2", ""},
		{"< . 2:2(0) ack 2 win 65535", "TIME_WAIT"},
		{"> S 0:0(0)", ""},
		{"< S. 0:0(0) ack 1 win 65535", "SYN_RECV"},
		{"> . 1:1(0) ack 1", "ESTABLISHED"}}},
	{"the ports again, opened by the peer", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 2 win 65535", "CLOSE_WAIT LAST_ACK"},
		{"> . 2:2(0) ack 2", "CLOSE"},
		{"< S 0:0(0) win 65535", "SYN_SENT"},
		{"> S. 0:0(0) ack 1", ""},
		{"< . 1:1(0) ack 1 win 65535", "ESTABLISHED"}}},
	/* The kernel's answer tells that it took the SYN for a new beginning. */
	{"the ports again, and the peer did not wait", {CLIENT,
		{"> F. 1:1(0) ack 1", ""},
		{"< F. 1:1(0) ack 2 win 65535", "CLOSE_WAIT LAST_ACK"},
		{">?. 2:2(0) ack 2", ""},
		{"< S 0:0(0) win 65535", "SYN_SENT"},
		{"> S. 0:0(0) ack 1", ""},
		{"< . 1:1(0) ack 1 win 65535", "ESTABLISHED"}}},
	{"SYNs again", {
		{"> S 0:0(0)", ""},
		{"> S 0:0(0)", ""},
		{"< S. 0:0(0) ack 1 win 65535", "SYN_RECV"},
		{"< S. 0:0(0) ack 1 win 65535", ""},
		{"> . 1:1(0) ack 1", "ESTABLISHED"}}},
	{"data on the SYN", {
		{"< S 0:1000(1000) win 65535 <FO 0123456789abcdef>", "SYN_SENT"},
		{"> S. 0:0(0) ack 1001", ""},
		{"< . 1001:1001(0) ack 1 win 65535", "ESTABLISHED"}}},
	{"data on the kernel's SYN, of which the SYN is taken", {
		{"> S 0:1000(1000) <FO 0123456789abcdef>", ""},
		{"< S. 0:0(0) ack 1 win 65535", "SYN_RECV"},
		{"> P. 1:1001(1000) ack 1", ""},
		{"< . 1:1(0) ack 1001 win 65535", "ESTABLISHED"}}},
};
/* clang-format on */

static void put_states(char *text, size_t size, const struct peer_segment *of)
{
	*text = '\0';
	for (unsigned i = 0; i < of->n_states; i++) {
		size_t used = strlen(text);

		snprintf(text + used, size - used, "%s%s", i ? " " : "",
			 tcp_state_symbol(of->states[i]) + strlen("TCP_"));
	}
}

static void states(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t e = 0; e < sizeof(exchanges) / sizeof(exchanges[0]); e++) {
		struct peer_segment segments[MAX_STEPS] = {0};
		const struct step *steps = exchanges[e].steps;
		size_t n = 0;
		char text[128];

		for (; n < MAX_STEPS && steps[n].segment; n++) {
			segments[n].from_kernel = *steps[n].segment == '>';
			segments[n].seen = steps[n].segment[1] == ' ';
			assert_true(segment_read(&segments[n].segment, steps[n].segment + 2));
		}
		peer_follow(segments, n);
		for (size_t i = 0; i < n; i++) {
			put_states(text, sizeof(text), &segments[i]);
			if (!strcmp(text, steps[i].states))
				continue;
			print_error("%s: at %s\n    is %s, should be %s\n", exchanges[e].name,
				    steps[i].segment, text, steps[i].states);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void labels(void **state)
{
	static const struct {
		const char *text, *label;
	} rows[] = {
		{"> F. 1:1(0) ack 1 win 64240", "FIN 1 ack 1"},
		{"> . 2:2(0) ack 2", "ACK 2 ack 2"},
		{"> . 2:2(0) ack 2 win 0", "ACK 2 ack 2 win 0"},
		{"< S 0:0(0) win 65535 <mss 1460>", "SYN 0"},
		{"> SEW 0:0(0) <...>", "SYN ECE CWR 0"},
		{"> S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 0>", "SYN 0 ack 1"},
		{"> FP. 2001:3001(1000) ack 1", "FIN PSH 2001:3001(1000) ack 1"},
		{"< 40001 > 8080 R 5:5(0) win 0", "RST 5"},
		{"< [ect0] 40001 > 8080 . 1:1(0) ack 1", "[ect0] ACK 1 ack 1"},
		{"< - 1:11(10) win 5", "no flag 1:11(10)"},
		{"> .5 1:1(0) ack 1", "ACK 1 ack 1"},
		{"> . 5:6(1)! ack 1", "ACK 5:6(1) ack 1"},
		{"> ipv4 [ttl 64] 192.168.0.1 > 192.0.2.1: gre: P. 1:2(1) ack 1",
		 "ipv4 [ttl 64] 192.168.0.1 > 192.0.2.1: gre: PSH 1:2(1) ack 1"},
		{"> udp (10)", "udp (10)"},
		{"< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]",
		 "icmp unreachable frag_needed mtu 1200 [1:1461(1460)]"},
		{"> F. ...(0) ack 1", "F. ...(0) ack 1"},
		{"1:1(0)", "1:1(0)"},
		{"Q 1:1(0)", "Q 1:1(0)"},
		{"", ""},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(segment_label(arena, rows[i].text), rows[i].label);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
