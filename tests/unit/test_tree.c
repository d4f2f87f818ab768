/* Tests with every script of the project that it comes back byte for byte, that everything has its
 * place, and that a part can be changed alone.
 *
 *     build/gcc/tests/unit/test_tree [-D NAME=VALUE]... FILE...
 *
 * does the same with other scripts, and says how many parse and which do not come back. */
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "parser/tables.h"
#include "parser/tree.h"
#include "tests/unit/parser_fixture.h"

#define MAX_DEFINES 64

static struct cli_option defines[MAX_DEFINES];
static size_t n_defines;
static const char *at_fault; /* what is wrong; NULL: nothing so far */

/* What holds is not counted; what does not is kept for the caller, with where it is. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition) && !at_fault)                                                     \
			at_fault = #condition;                                                     \
	} while (0)

static bool parses(struct parsed *parsed, const char *text, size_t size)
{
	static const int modes[] = {-1, IP_V6};

	for (size_t i = 0; i < 2; i++) {
		parse_bytes(parsed, text, size, defines, n_defines, modes[i]);
		if (!diags_errors(parsed->diags))
			return true;
		drop(parsed);
	}
	return false;
}

/* The script with its changes; free() it. */
static char *written(const struct script *script, const struct edit *edits, size_t n, size_t *size)
{
	char *text;
	FILE *out = open_memstream(&text, size);

	script_write(out, script, edits, n);
	fclose(out);
	return text;
}

/* ---- everything has its place ---------------------------------------------------------------- */

static void check_expr(const struct expr *expr, struct loc outside)
{
	HOLDS(expr->loc.begin >= outside.begin && expr->loc.end <= outside.end);
	HOLDS(expr->loc.begin < expr->loc.end);
	for (size_t i = 0; i < expr->n_items; i++) {
		check_expr(expr->items[i], expr->loc);
		HOLDS(!i || expr->items[i - 1]->loc.end <= expr->items[i]->loc.begin);
	}
	for (size_t i = 0; i < expr->n_fields; i++)
		check_expr(expr->fields[i].value, expr->loc);
}

static void check_call(const struct call *call, struct loc outside)
{
	HOLDS(call->name_loc.begin >= outside.begin);
	for (size_t i = 0; i < call->n_args; i++)
		check_expr(call->args[i], outside);
	if (call->result)
		check_expr(call->result, outside);
	if (call->errno_name)
		HOLDS(call->errno_loc.begin > call->result->loc.begin);
}

/* A number of the packet stands where packet_span() says. */
static void check_number(const struct script *script, const struct packet *packet,
			 enum field_id field, long long value)
{
	struct span span;
	const char *text;
	bool found = packet_span(script, packet, field, 0, 0, &span);

	HOLDS(found);
	if (!found)
		return;
	text = script_defined(script, span.begin);
	HOLDS(strtoll(text ? text : script->source.text + span.begin, NULL, 10) == value);
}

static void check_packet_fields(const struct script *script, const struct packet *packet)
{
	const struct tcp_segment *tcp = &packet->tcp;
	struct span span;

	if (packet->has_ports) {
		check_number(script, packet, FIELD_tcp_source, packet->sport);
		check_number(script, packet, FIELD_udp_destination, packet->dport);
	}
	if (packet->ip.has_ttl)
		check_number(script, packet, FIELD_ip_ttl, packet->ip.ttl);
	if (packet->kind != PACKET_TCP)
		return;
	HOLDS(packet_span(script, packet, FIELD_tcp_flags, 0, 0, &span));
	if (!tcp->seq_any) {
		check_number(script, packet, FIELD_tcp_seq, tcp->seq);
		check_number(script, packet, FIELD_tcp_end, tcp->seq + tcp->len);
	}
	check_number(script, packet, FIELD_tcp_length, tcp->len);
	if (tcp->has_ack)
		check_number(script, packet, FIELD_tcp_ack, tcp->ack);
	if (tcp->has_window)
		check_number(script, packet, FIELD_tcp_window, tcp->window);
	for (unsigned i = 0; i < tcp->n_options; i++)
		HOLDS(packet_span(script, packet, FIELD_tcp_option, i + 1, 0, &span));
	HOLDS(!packet_span(script, packet, FIELD_tcp_option, tcp->n_options + 1u, 0, &span));
	HOLDS(packet_span(script, packet, FIELD_tcp_options, 0, 0, &span) ==
	      (tcp->options_mode != OPTIONS_NONE));
}

static void check_event(const struct script *script, const struct event *event)
{
	struct loc time = event_time_loc(event);
	uint32_t at = trivia_end(script, time.end);

	HOLDS(time.begin < time.end && at < event->loc.end);
	if (event->kind == EVENT_CALL)
		check_call(event->call, event->loc);
	else if (event_rows[event->kind].word)
		check_call(event->words, event->loc);
	if (event->kind != EVENT_PACKET)
		return;
	for (unsigned i = 0; i < event->packet->n_written; i++) {
		const struct written *piece = &event->packet->written[i];

		HOLDS(piece->begin >= at && piece->size);
		at = piece->begin + piece->size;
	}
	HOLDS(at <= event->loc.end);
	check_packet_fields(script, event->packet);
}

/* Between the items is nothing but trivia. */
static void check_places(const struct script *script)
{
	uint32_t at = 0;

	for (size_t i = 0; i < script_n_items(script); i++) {
		struct item item = script_item(script, i);
		struct span with_comments = item_with_comments(script, i);

		HOLDS(with_comments.begin >= at && with_comments.begin <= item.loc.begin);
		HOLDS(with_comments.end >= item.loc.end);
		HOLDS(trivia_end(script, at) == item.loc.begin);
		HOLDS(item.loc.begin < item.loc.end);
		at = item.loc.end;
		if (item.kind == ITEM_EVENT)
			check_event(script, item.event);
	}
	HOLDS(trivia_end(script, at) == script->source.size);
}

/* ---- one part changed, the rest as it was ---------------------------------------------------- */

/* Directives inside an event would go with it. */
static bool has_directive(const struct script *script, struct loc loc)
{
	for (size_t i = 0; i < script->n_ifdefs; i++) {
		struct loc part = script->ifdefs[i].loc;

		if ((part.begin > loc.begin && part.begin < loc.end) ||
		    (part.end > loc.begin && part.end <= loc.end))
			return true;
	}
	return false;
}

static void check_same(const char *text, size_t size, const char *printed)
{
	struct parsed again;

	if (!parses(&again, text, size)) {
		HOLDS(!"the changed script parses");
		return;
	}
	HOLDS(!strcmp(again.printed, printed));
	drop(&again);
}

/* Every event in canonical notation, everything around it as written. */
static void check_events_replaced(const struct parsed *parsed)
{
	const struct script *script = parsed->script;
	struct edit *edits = calloc(script->n_events + 1, sizeof(*edits));
	size_t n = 0, size;
	char *text;

	for (size_t i = 0; i < script->n_events; i++) {
		const struct event *event = script->events[i];
		size_t length = event_print(NULL, 0, event) + 1;
		char *line = malloc(length);

		event_print(line, length, event);
		if (has_directive(script, event->loc))
			free(line);
		else
			edits[n++] = (struct edit){{event->loc.begin, event->loc.end}, line};
	}
	text = written(script, edits, n, &size);
	check_same(text, size, parsed->printed);
	free(text);
	while (n--)
		free((char *)edits[n].text);
	free(edits);
}

/* The window of every segment, everything else as written: what comes of it differs in that alone.
 */
static void check_windows_replaced(const struct parsed *parsed)
{
	FILE *out;
	const struct script *script = parsed->script;
	struct edit *edits = calloc(script->n_events + 1, sizeof(*edits));
	size_t n = 0, size;
	struct parsed again;
	char *text;

	for (size_t i = 0; i < script->n_events; i++) {
		struct packet *packet = script->events[i]->packet;

		if (script->events[i]->kind == EVENT_PACKET && packet->kind == PACKET_TCP &&
		    packet_span(script, packet, FIELD_tcp_window, 0, 0, &edits[n].span))
			edits[n++].text = "54321";
	}
	text = written(script, edits, n, &size);
	HOLDS(parses(&again, text, size));
	free(text);
	free(edits);
	if (at_fault)
		return;
	for (size_t i = 0; i < script->n_events; i++) {
		struct packet *packet = again.script->events[i]->packet;

		if (script->events[i]->kind != EVENT_PACKET || packet->kind != PACKET_TCP ||
		    !packet->tcp.has_window)
			continue;
		HOLDS(packet->tcp.window == 54321);
		packet->tcp.window = script->events[i]->packet->tcp.window;
	}
	free(again.printed);
	out = open_memstream(&again.printed, &size);
	script_print(out, again.script);
	fclose(out);
	HOLDS(!strcmp(again.printed, parsed->printed));
	drop(&again);
}

/* ---- over files ---------------------------------------------------------------------- */

static unsigned n_files, n_parsed, n_back;

static void check_file(const char *path)
{
	struct arena *arena = arena_new();
	struct source source;
	struct parsed parsed;
	size_t size;
	char *text;

	n_files++;
	at_fault = NULL;
	if (source_load(arena, path, &source) || !parses(&parsed, source.text, source.size)) {
		arena_free(arena);
		return;
	}
	n_parsed++;
	text = written(parsed.script, NULL, 0, &size);
	HOLDS(size == source.size && !memcmp(text, source.text, size));
	free(text);
	check_places(parsed.script);
	check_same(parsed.printed, strlen(parsed.printed), parsed.printed);
	check_events_replaced(&parsed);
	check_windows_replaced(&parsed);
	n_back += !at_fault;
	if (at_fault)
		print_message("%s: not so: %s\n", path, at_fault);
	drop(&parsed);
	arena_free(arena);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	const char *dot = strrchr(path, '.');

	(void)status, (void)ftw;
	if (type == FTW_F && dot && !strcmp(dot, ".pkt"))
		check_file(path);
	return 0;
}

static void test_own_scripts(void **state)
{
	(void)state;
	assert_int_equal(nftw("scripts", visit, 16, 0), 0);
	assert_true(n_parsed > 100);
	assert_int_equal(n_parsed, n_files);
	assert_int_equal(nftw("tests", visit, 16, 0), 0);
	assert_int_equal(n_back, n_parsed);
}

/* ---- by hand ------------------------------------------------------------------------- */

#define SOCKET "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"

#define WITH_NUL SOCKET "// NUL in a \0comment\n+0 close(3) = 0 /* \0 */ \n"

static void test_forms(void **state)
{
	static const struct {
		const char *text;
		size_t size; /* 0: to the NUL */
	} rows[] = {
		{"\xef\xbb\xbf" SOCKET, 0},
		{"// no newline at the end\n" SOCKET "+.100 close(3) = 0", 0},
		{"/* CRLF */\r\n\r\n--define=N=10\r\n0 socket(..., SOCK_STREAM,\r\n\tN) = 3\r\n",
		 0},
		{WITH_NUL, sizeof(WITH_NUL) - 1},
		{"#ifdef NO\n0 what ever(\n#endif\n#ifdef Linux\n" SOCKET "#endif\n", 0},
		{SOCKET "+0 > S. /* f */ 0:0(0)\n#ifdef NO\n ack 2\n#endif\n ack 1 <mss 1460>", 0},
		{"--tolerance_usecs = 5\n`true`\n" SOCKET "+0 `false`\n`true # cleanup`\n\n\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = rows[i].size ? rows[i].size : strlen(rows[i].text), size;
		struct parsed parsed;
		char *text;

		at_fault = NULL;
		parse_bytes(&parsed, rows[i].text, n, NULL, 0, -1);
		assert_string_equal(parsed.messages, "");
		text = written(parsed.script, NULL, 0, &size);
		assert_int_equal(size, n);
		assert_memory_equal(text, rows[i].text, n);
		check_places(parsed.script);
		if (at_fault)
			fail_msg("row %zu: not so: %s", i, at_fault);
		free(text);
		drop(&parsed);
	}
}

static int report(int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "D:")) == 'D' && n_defines < MAX_DEFINES)
		defines[n_defines++] = (struct cli_option){"define", optarg};
	for (int i = optind; i < argc; i++)
		check_file(argv[i]);
	printf("%u files, %u parse, %u of these come back\n", n_files, n_parsed, n_back);
	return n_back != n_parsed;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_scripts),
		cmocka_unit_test(test_forms),
	};

	if (argc > 1)
		return report(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
