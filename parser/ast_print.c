/* Nodes to script notation; the grammar in reverse. */
#include "parser/ast_print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "parser/config.h"
#include "parser/tables.h"

/* Where text goes; `n` counts on when `size` is used up. */
struct out {
	char *text;
	size_t size, n;
};

static void put_bytes(struct out *out, const char *bytes, size_t n)
{
	if (out->n + 1 < out->size) {
		size_t room = out->size - out->n - 1;
		memcpy(out->text + out->n, bytes, n < room ? n : room);
	}
	out->n += n;
}

static void put(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct out *out, const char *format, ...)
{
	char *at = out->n < out->size ? out->text + out->n : NULL;
	va_list args;
	va_start(args, format);
	int n = vsnprintf(at, at ? out->size - out->n : 0, format, args);
	va_end(args);
	out->n += n > 0 ? n : 0;
}

static size_t finish(struct out *out)
{
	if (out->size)
		out->text[out->n < out->size ? out->n : out->size - 1] = 0;
	return out->n;
}

#define OUT(text, size) ((struct out){text, size, 0})

/* ---- expressions ------------------------------------------------------------------------------
 */

static void put_string(struct out *out, const char *text, size_t size)
{
	static const char bytes[] = "\n\r\t\v\f\\\"", letters[] = "nrtvf\\\"";
	put(out, "\"");
	for (size_t i = 0; i < size; i++) {
		unsigned char c = text[i];
		const char *at = c ? strchr(bytes, c) : NULL;
		if (at)
			put(out, "\\%c", letters[at - bytes]);
		else if (c < ' ' || c == 0x7f)
			put(out, "\\x%02x", c);
		else
			put_bytes(out, text + i, 1);
	}
	put(out, "\"");
}

static void put_expr(struct out *out, const struct expr *expr);

static void put_items(struct out *out, struct expr *const *items, size_t n, const char *between)
{
	for (size_t i = 0; i < n; i++) {
		put(out, "%s", i ? between : "");
		put_expr(out, items[i]);
	}
}

static void put_fields(struct out *out, const struct expr *record)
{
	for (size_t i = 0; i < record->n_fields; i++) {
		const struct field *field = &record->fields[i];
		put(out, "%s", i ? ", " : "");
		if (field->name)
			put(out, "%s", field->name);
		if (field->argument) {
			put(out, "(");
			put_expr(out, field->argument);
			put(out, ")");
		}
		put(out, "%s", field->name ? "=" : "");
		put_expr(out, field->value);
	}
}

/* The kinds that are items between brackets. */
static const struct {
	const char *open, *between, *close;
} brackets[] = {
	[EXPR_OR] = {"", "|", ""},	[EXPR_LIST] = {"[", ", ", "]"},
	[EXPR_CALL] = {"(", ", ", ")"}, [EXPR_GROUP] = {"(", ", ", ")"},
	[EXPR_WORDS] = {"", " ", ""},
};

static void put_expr(struct out *out, const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_INT:
		put(out, expr->is_hex ? "0x%llx" : "%lld", (long long)expr->value);
		return;
	case EXPR_WORD:
		put_bytes(out, expr->text, expr->size);
		return;
	case EXPR_STRING:
		put_string(out, expr->text, expr->size);
		return;
	case EXPR_ELLIPSIS:
		put(out, "...");
		return;
	case EXPR_RECORD:
		put(out, "{");
		put_fields(out, expr);
		put(out, "}");
		return;
	case EXPR_CALL:
		put_bytes(out, expr->text, expr->size);
		break;
	case EXPR_OR:
	case EXPR_LIST:
	case EXPR_GROUP:
	case EXPR_WORDS:
		break;
	}
	put(out, "%s", brackets[expr->kind].open);
	put_items(out, expr->items, expr->n_items, brackets[expr->kind].between);
	put(out, "%s", brackets[expr->kind].close);
}

size_t expr_print(char *out, size_t size, const struct expr *expr)
{
	struct out to = OUT(out, size);
	put_expr(&to, expr);
	return finish(&to);
}

/* ---- packets -----------------------------------------------------------------------------------
 */

static void put_hex(struct out *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(out, "%02x", bytes[i]);
}

static void put_flags(struct out *out, const struct tcp_segment *tcp)
{
	static const struct {
		uint16_t flag;
		char letter;
	} letters[] = {
		{TCP_FIN, 'F'}, {TCP_SYN, 'S'}, {TCP_RST, 'R'}, {TCP_PSH, 'P'},	     {TCP_URG, 'U'},
		{TCP_ECE, 'E'}, {TCP_CWR, 'W'}, {TCP_AE, 'A'},	{TCP_ACK_FLAG, '.'},
	};
	const uint16_t ace = TCP_AE | TCP_CWR | TCP_ECE;
	uint16_t flags = tcp->ace_given ? tcp->flags & ~ace : tcp->flags;
	size_t before = out->n;
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (flags & letters[i].flag)
			put(out, "%c", letters[i].letter);
	if (tcp->ace_given)
		put(out, "%d",
		    (tcp->flags & TCP_AE ? 4 : 0) + (tcp->flags & TCP_CWR ? 2 : 0) +
			    (tcp->flags & TCP_ECE ? 1 : 0));
	if (out->n == before)
		put(out, "-");
}

size_t tcp_flags_print(char *out, size_t size, const struct tcp_segment *tcp)
{
	struct out to = OUT(out, size);
	put_flags(&to, tcp);
	return finish(&to);
}

static void put_raw_option(struct out *out, const struct tcp_option *option)
{
	unsigned magic = option->kind == 254 && option->n_bytes >= 2 ? 2 : 0;
	if (magic)
		put(out, "exp-%02x%02x", option->bytes[0], option->bytes[1]);
	else
		put(out, "gen-%u", option->kind);
	if (option->n_bytes > magic)
		put(out, " ");
	put_hex(out, option->bytes + magic, option->n_bytes - magic);
}

static void put_fields_of(struct out *out, const struct tcp_option *option)
{
	for (unsigned i = 0; i < option->n_values && i < option->row->n_fields; i++) {
		const char *name = option->row->fields[i].name;
		put(out, *name ? " %s" : "%s", name);
		if (!strcmp(name, "val") && option->val_any)
			put(out, " ...");
		else
			put(out, " %u", option->value[i]);
		if (!strcmp(name, "ecr") && option->ecr_literal)
			put(out, "!");
	}
}

static void put_option(struct out *out, const struct tcp_option *option)
{
	const struct tcp_option_row *row = option->row;
	if (!row || (row->form == OPTION_COUNTERS && !option->n_values)) {
		put_raw_option(out, option);
		return;
	}
	put(out, "%s", row->name);
	switch (row->form) {
	case OPTION_BARE:
		return;
	case OPTION_NUMBERS:
	case OPTION_COUNTERS:
		put_fields_of(out, option);
		return;
	case OPTION_BLOCKS:
		for (unsigned i = 0; i + 1 < option->n_values; i += 2)
			put(out, " %u:%u", option->value[i], option->value[i + 1]);
		return;
	case OPTION_BYTES:
		put(out, "%s", option->computed ? " valid" : option->n_bytes ? " " : "");
		put_hex(out, option->bytes, option->computed ? 0 : option->n_bytes);
		return;
	}
}

size_t tcp_option_print(char *out, size_t size, const struct tcp_option *option)
{
	struct out to = OUT(out, size);
	put_option(&to, option);
	return finish(&to);
}

static void put_options(struct out *out, const struct tcp_segment *tcp)
{
	if (tcp->options_mode == OPTIONS_NONE)
		return;
	put(out, "<");
	for (unsigned i = 0; tcp->options_mode == OPTIONS_LIST && i < tcp->n_options; i++) {
		put(out, "%s", i ? "," : "");
		put_option(out, &tcp->options[i]);
	}
	put(out, "%s>", tcp->options_mode == OPTIONS_ANY ? "..." : "");
}

size_t tcp_options_print(char *out, size_t size, const struct tcp_segment *tcp)
{
	struct out to = OUT(out, size);
	put_options(&to, tcp);
	return finish(&to);
}

static void put_ip_info(struct out *out, const struct ip_info *info)
{
	static const char *const ecn_words[] = {"noecn", "ect1", "ect0", "ce"};
	const char *between = "[";
	switch (info->tos_check) {
	case TOS_NONE:
		break;
	case TOS_ECN:
		put(out, "[%s", ecn_words[info->tos & 3]);
		break;
	case TOS_ECT01:
		put(out, "[ect01");
		break;
	case TOS_BYTE:
		put(out, "[tos 0x%02x", info->tos);
		break;
	case TOS_DSCP:
	case TOS_DSCP_ECN01:
		put(out, "[dscp 0x%02x%s", info->tos >> 2,
		    info->tos_check == TOS_DSCP_ECN01 ? ", ect01" : "");
		break;
	}
	if (info->tos_check != TOS_NONE)
		between = ", ";
	if (info->has_flow_label) {
		put(out, "%sflowlabel 0x%05x", between, info->flow_label);
		between = ", ";
	}
	if (info->has_ttl) {
		put(out, "%sttl %u", between, info->ttl);
		between = ", ";
	}
	if (*between == ',')
		put(out, "] ");
}

static void put_outer(struct out *out, const struct outer_header *outer)
{
	char src[46], dst[46];
	switch (outer->kind) {
	case HEADER_IPV4:
	case HEADER_IPV6:
		put(out, "ipv%d ", outer->kind == HEADER_IPV4 ? 4 : 6);
		put_ip_info(out, &outer->ip);
		put(out, "%s > %s: ", ip_addr_print(&outer->src, src),
		    ip_addr_print(&outer->dst, dst));
		return;
	case HEADER_GRE:
		if (outer->gre.plain)
			put(out, "gre: ");
		else
			put(out,
			    "gre flags 0x%04x, sum %u, off %u, key %u, seq %u: ", outer->gre.flags,
			    outer->gre.sum, outer->gre.off, outer->gre.key, outer->gre.seq);
		return;
	case HEADER_MPLS:
		put(out, "mpls");
		for (unsigned i = 0; i < outer->n_labels; i++)
			put(out, " (label %u, tc %u, %sttl %u)", outer->labels[i].label,
			    outer->labels[i].tc, outer->labels[i].bottom ? "[S], " : "",
			    outer->labels[i].ttl);
		put(out, ": ");
		return;
	}
}

static void put_tcp(struct out *out, const struct packet *packet)
{
	const struct tcp_segment *tcp = &packet->tcp;
	if (packet->has_ports)
		put(out, "%u > %u ", packet->sport, packet->dport);
	put_flags(out, tcp);
	if (tcp->seq_any)
		put(out, " ...(%u)", tcp->payload);
	else
		put(out, " %u:%u(%u)%s", tcp->seq, tcp->seq + tcp->payload, tcp->payload,
		    tcp->seq_literal ? "!" : "");
	if (tcp->has_ack)
		put(out, " ack %u", tcp->ack);
	if (tcp->has_window)
		put(out, " win %u", tcp->window);
	if (tcp->has_urgent)
		put(out, " urg %u", tcp->urgent);
	put(out, "%s", tcp->options_mode == OPTIONS_NONE ? "" : " ");
	put_options(out, tcp);
}

static void put_udp(struct out *out, const struct packet *packet)
{
	put(out, "udp ");
	if (packet->has_ports)
		put(out, "%u > %u ", packet->sport, packet->dport);
	put(out, "(%u)", packet->udp.payload);
}

static void put_icmp(struct out *out, const struct packet *packet)
{
	const struct icmp_message *icmp = &packet->icmp;
	const char *type = icmp_type_name(packet->ip_version, icmp->type);
	const char *code = icmp_code_name(packet->ip_version, icmp->type, icmp->code);
	if (type)
		put(out, "icmp %s", type);
	else
		put(out, "icmp type_%u", icmp->type);
	if (code)
		put(out, " %s", code);
	else if (icmp->code)
		put(out, " code_%u", icmp->code);
	if (icmp->has_mtu)
		put(out, " mtu %u", icmp->mtu);
	if (icmp->has_id)
		put(out, " id %u", icmp->id);
	if (!icmp->has_echoed)
		return;
	if (icmp->echoed == ICMP_ECHO_TCP)
		put(out, " [%u:%u(%u)]", icmp->echoed_seq, icmp->echoed_seq + icmp->echoed_length,
		    icmp->echoed_length);
	else
		put(out, " [%s (%u)]", icmp->echoed == ICMP_ECHO_UDP ? "udp" : "raw",
		    icmp->echoed_length);
}

static void put_packet(struct out *out, const struct packet *packet)
{
	static void (*const kinds[])(struct out *, const struct packet *) = {
		[PACKET_TCP] = put_tcp,
		[PACKET_UDP] = put_udp,
		[PACKET_ICMP] = put_icmp,
	};
	put(out, packet->direction == INBOUND ? "< " : "> ");
	for (unsigned i = 0; i < packet->n_outer; i++)
		put_outer(out, &packet->outer[i]);
	put_ip_info(out, &packet->ip);
	kinds[packet->kind](out, packet);
}

size_t packet_print(char *out, size_t size, const struct packet *packet)
{
	struct out to = OUT(out, size);
	put_packet(&to, packet);
	return finish(&to);
}

/* ---- events -------------------------------------------------------------------------------------
 */

static void put_call(struct out *out, const struct call *call)
{
	put(out, "%s(", call->name);
	put_items(out, call->args, call->n_args, ", ");
	put(out, ")");
	if (call->result) {
		put(out, " = ");
		put_expr(out, call->result);
	}
	if (call->errno_name)
		put(out, " %s", call->errno_name);
	if (call->note)
		put(out, " (%s)", call->note);
}

size_t call_print(char *out, size_t size, const struct call *call)
{
	struct out to = OUT(out, size);
	put_call(&to, call);
	return finish(&to);
}

/* Seconds with as many decimals as it takes. */
static void put_seconds(struct out *out, int64_t ns)
{
	put(out, "%lld", (long long)(ns / NSEC_PER_SEC));
	if (ns % NSEC_PER_SEC == 0)
		return;
	char digits[16];
	int n = snprintf(digits, sizeof(digits), "%09lld", (long long)(ns % NSEC_PER_SEC));
	while (n && digits[n - 1] == '0')
		n--;
	put(out, ".%.*s", n, digits);
}

static void put_time(struct out *out, const struct event *event)
{
	const struct event_time *time = &event->time;
	bool relative = time->kind == TIME_RELATIVE || time->kind == TIME_RELATIVE_RANGE;
	const char *sign = relative ? "+" : "";
	if (time->kind == TIME_ANY) {
		put(out, "*");
		return;
	}
	put(out, "%s", sign);
	put_seconds(out, time->at);
	if (time->kind == TIME_ABSOLUTE_RANGE || time->kind == TIME_RELATIVE_RANGE) {
		put(out, "~%s", sign);
		put_seconds(out, time->until);
	}
	if (event->blocking) {
		put(out, "...");
		put_seconds(out, event->end);
	}
}

size_t time_print(char *out, size_t size, const struct event *event)
{
	struct out to = OUT(out, size);
	put_time(&to, event);
	return finish(&to);
}

static void put_state(struct out *out, const struct state_claim *claim, bool several)
{
	put(out, several ? "tcp_states(" : "tcp_state(");
	if (claim->under_test)
		put(out, "...");
	else
		put(out, "%lld", (long long)claim->fd);
	put(out, several ? ") = [" : ") = ");
	for (size_t i = 0; i < claim->n_states; i++) {
		const char *name = tcp_state_symbol(claim->states[i]);
		put(out, "%s%s", i ? ", " : "", name ? name : "?");
	}
	put(out, several ? "]" : "");
}

static void put_kill(struct out *out, int signal)
{
	const char *name = signal_symbol(signal);
	if (name)
		put(out, "kill(%s)", name);
	else
		put(out, "kill(%d)", signal);
}

static void put_event(struct out *out, const struct event *event)
{
	put_time(out, event);
	put(out, " ");
	switch (event->kind) {
	case EVENT_PACKET:
		put_packet(out, event->packet);
		return;
	case EVENT_CALL:
		put_call(out, event->call);
		return;
	case EVENT_COMMAND:
		put(out, "`%s`", event->text);
		return;
	case EVENT_CODE:
		put(out, "%%{ %s }%%", event->text);
		return;
	case EVENT_STATE:
	case EVENT_STATES:
		put_state(out, event->state, event->kind == EVENT_STATES);
		return;
	case EVENT_QUIET:
		put(out, "quiet");
		return;
	case EVENT_KILL:
		put_kill(out, event->signal);
		return;
	case EVENT_EXIT:
		put(out, "exit(%d)", event->status);
		return;
	}
}

size_t event_print(char *out, size_t size, const struct event *event)
{
	struct out to = OUT(out, size);
	put_event(&to, event);
	return finish(&to);
}

/* ---- scripts
 * ------------------------------------------------------------------------------------- */

/* NAME="text" or NAME=`text`, with nothing behind the closing quote: stands as it is. */
static bool is_quoted_pair(const char *value)
{
	const char *at = strchr(value, '=');
	if (!at || (at[1] != '"' && at[1] != '`') ||
	    strcspn(value, " \t\r\n\"`/") < (size_t)(at - value))
		return false;
	char quote = at[1];
	for (at += 2; *at && *at != quote; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at && !at[1];
}

static void put_option_line(struct out *out, const struct option_line *line)
{
	const char *value = line->value;
	put(out, "--%s", line->name);
	if (!value)
		return;
	put(out, "=");
	bool plain = *value && !value[strcspn(value, " \t\r\n\"`")] && !strstr(value, "//") &&
		     !strstr(value, "/*");
	if (plain || (!strcmp(line->name, "define") && is_quoted_pair(value)))
		put(out, "%s", value);
	else
		put_string(out, value, strlen(value));
}

/* A line through a buffer that grows when it has to. */
static void print_line(FILE *out, void (*put_node)(struct out *, const void *), const void *node)
{
	char line[1024];
	struct out to = OUT(line, sizeof(line));
	put_node(&to, node);
	if (finish(&to) < sizeof(line)) {
		fprintf(out, "%s\n", line);
		return;
	}
	char *longer = malloc(to.n + 1);
	if (!longer)
		abort();
	to = OUT(longer, to.n + 1);
	put_node(&to, node);
	finish(&to);
	fprintf(out, "%s\n", longer);
	free(longer);
}

static void put_any_event(struct out *out, const void *event)
{
	put_event(out, event);
}

static void put_any_option(struct out *out, const void *line)
{
	put_option_line(out, line);
}

void script_print(FILE *out, const struct script *script)
{
	for (size_t i = 0; i < script->n_options; i++)
		print_line(out, put_any_option, &script->options[i]);
	if (script->init_command)
		fprintf(out, "`%s`\n", script->init_command);
	for (size_t i = 0; i < script->n_events; i++)
		print_line(out, put_any_event, script->events[i]);
	if (script->cleanup_command)
		fprintf(out, "`%s`\n", script->cleanup_command);
}
