/* See explain.h. Names, numbers and shapes come from the tables; what they mean, and the examples,
 * from docs/explain/, which is part of the program. */
#include "runtime/app/explain.h"

#include <stdlib.h>
#include <string.h>

#include "parser/options.h"
#include "parser/symbols.h"
#include "parser/tables.h"
#include "parser/tcp_options.h"

#define WIDTH 78

/* docs/explain/codes.md, calls.md and words.md, one behind the other. */
extern const char explain_pages[];
__asm__(".pushsection .rodata\n"
	".global explain_pages\n"
	"explain_pages: .incbin \"docs/explain/codes.md\"\n"
	".incbin \"docs/explain/calls.md\"\n"
	".incbin \"docs/explain/words.md\"\n"
	".byte 0\n"
	".popsection\n");

/* ---- pages -------------------------------------------------------------------------------------
 */

/* The text behind "## NAME"; NULL: there is none. */
static const char *section(const char *name)
{
	size_t length = strlen(name);

	for (const char *at = strstr(explain_pages, "\n## "); at; at = strstr(at + 1, "\n## "))
		if (!strncmp(at + 4, name, length) && at[4 + length] == '\n')
			return at + 4 + length + 1;
	return NULL;
}

static void print_section(FILE *out, const char *name)
{
	static const struct {
		const char *fence, *title;
	} fences[] = {
		{"```wrong", "  wrong:"},
		{"```pkt", "  in a script:"},
	};
	const char *text = section(name);
	bool inside = false;

	while (text && *text && *text != '#') {
		size_t length = strcspn(text, "\n");

		if (!strncmp(text, "```", 3)) {
			for (size_t i = 0; !inside && i < sizeof(fences) / sizeof(*fences); i++)
				if (!strncmp(text, fences[i].fence, strlen(fences[i].fence)))
					fprintf(out, "%s\n", fences[i].title);
			inside = !inside;
		} else {
			fprintf(out, "%s%.*s\n", inside ? "    " : "", (int)length, text);
		}
		text += length + (text[length] == '\n');
		if (*text == '\n' && (text[1] == '#' || !text[1]))
			return;
	}
}

/* ---- one kind of word after the other: each true if the word is one of it
 * --------------------------- */

static bool explain_code(FILE *out, const char *word)
{
	char *end;
	unsigned long number = !strncasecmp(word, "FW", 2) ? strtoul(word + 2, &end, 10) : 0;
	char name[16];

	if (!number || *end)
		return false;
	for (size_t i = 1; i < N_DIAG_CODES; i++) {
		if (diag_code_rows[i].number != number)
			continue;
		snprintf(name, sizeof(name), "FW%04lu", number);
		fprintf(out, "%s: %s\n", name, diag_code_rows[i].what);
		print_section(out, name);
		return true;
	}
	return false;
}

static bool explain_call(FILE *out, const char *word)
{
	static const char *const results[] = {
		[RESULT_EXACT] = "the number must be equal",
		[RESULT_ANY] = "any number that is not negative",
		[RESULT_FD] = "the number that the descriptor has in the script",
	};
	const struct call_row *row = call_by_name(word);
	struct call_argument argument;

	if (!row)
		return false;
	fprintf(out, "%s(): a system call: %s\n", row->name, row->help);
	for (size_t i = 0; call_argument(row, i, &argument); i++)
		fprintf(out, "  argument %zu  %s: %s%s\n", i + 1, argument.name, argument.expected,
			argument.optional ? " (may be left out)" : "");
	fprintf(out, "  result      %s, or -1 and an errno\n", results[row->result]);
	print_section(out, row->name);
	return true;
}

static bool explain_event(FILE *out, const char *word)
{
	enum event_kind kind;

	if (!event_kind_by_word(word, &kind))
		return false;
	fprintf(out, "%s: an event: %s%s\n", word,
		event_rows[kind].times & FORM_AT ? "+0 " : "+0~+.5 ", event_rows[kind].usage);
	print_section(out, word);
	return true;
}

static bool explain_state(FILE *out, const char *word)
{
	int state = tcp_state_by_name(word);

	if (state < 0)
		return false;
	fprintf(out, "%s: a TCP state, %d in netinet/tcp.h\n", tcp_state_symbol(state), state);
	print_section(out, tcp_state_symbol(state));
	return true;
}

static bool explain_time(FILE *out, const char *word)
{
	const char *form = strstr(word, "...") ? "T...END"
			   : strchr(word, '~') ? "T~T"
			   : *word == '*'      ? "*"
			   : *word == '+'      ? "+T"
					       : "T";

	if (section(word) && strchr("T+*", *word) && word[strspn(word, "+T~.END*")] == 0)
		form = word;
	else if (!*word || word[strspn(word, "0123456789.+~*")] || !strpbrk(word, "0123456789*"))
		return false;
	fprintf(out, "%s: a time of the form %s\n", word, form);
	print_section(out, form);
	return true;
}

static const struct runner_option {
	const char *name, *value_name, *help;
} runner_options[] = {
#define RUNNER(field, name, letter, kind, value_name, group, drop_in, help)                        \
	{name, value_name, help},
#include "runtime/app/cli.def"
#undef RUNNER
};

#define N_RUNNER_OPTIONS (sizeof(runner_options) / sizeof(*runner_options))

static bool explain_option(FILE *out, const char *word)
{
	const char *name = word + (strncmp(word, "--", 2) ? 0 : 2);
	const struct option_row *row = option_by_name(name);
	char heading[60];
	bool known = row != NULL;

	if (row)
		fprintf(out, "--%s%s%s: an option of the script%s: %s\n", row->name,
			row->argument == OPTION_ARGUMENT ? "=" : "",
			row->argument == OPTION_ARGUMENT ? row->value_name : "",
			row->in_script ? " and of the command line" : "", row->help);
	for (size_t i = 0; i < N_RUNNER_OPTIONS && !row; i++) {
		const struct runner_option *option = &runner_options[i];

		if (strcmp(option->name, name))
			continue;
		fprintf(out, "--%s%s%s: an option of the command line: %s\n", option->name,
			option->value_name ? " " : "", option->value_name ? option->value_name : "",
			option->help);
		known = true;
	}
	snprintf(heading, sizeof(heading), "--%.50s", row ? row->name : name);
	if (known)
		print_section(out, heading);
	return known;
}

static bool explain_tcp_option(FILE *out, const char *word)
{
	const struct tcp_option_row *row = tcp_option_by_name(word, "");

	for (size_t i = 0; !row && i < n_tcp_option_rows; i++)
		if (!strcmp(tcp_option_rows[i].name, word))
			row = &tcp_option_rows[i];
	if (!row)
		return false;
	fprintf(out, "%s: a TCP option, kind %u\n", row->name, row->kind);
	print_section(out, row->name);
	return true;
}

static bool explain_counter(FILE *out, const char *word)
{
	const char *meaning;

	if (!counter_is_known(word))
		return false;
	meaning = counter_meaning(word);
	fprintf(out, "%s: a counter of the kernel%s%s\n", word,
		meaning ? ", which grows where " : "", meaning ? meaning : "");
	fprintf(out, "\n  in a script:\n    +0 counter(%s) = 1\n", word);
	return true;
}

static bool explain_symbol(FILE *out, const char *word)
{
	const struct symbol *row = symbol_in_family(SYMBOLS_ERRNO, word);
	int64_t value;

	if (row) {
		fprintf(out, "%s: an errno, %d: %s\n\n  in a script:\n    +0 close(4) = -1 %s\n",
			word, (int)row->value, strerror((int)row->value), word);
		return true;
	}
	if (tcp_state_by_name(word) >= 0 || !symbol_value(word, &value))
		return false;
	fprintf(out, "%s: a constant, %lld (0x%llx)\n", word, (long long)value,
		(unsigned long long)value);
	return true;
}

static bool explain_icmp(FILE *out, const char *word)
{
	bool known = false;

	for (uint8_t version = 4; version <= 6; version += 2) {
		int type = icmp_type_by_name(version, word);
		char codes[500];

		if (type < 0)
			continue;
		icmp_names(codes, sizeof(codes), version, type);
		fprintf(out, "%s: a type of ICMPv%u, %d%s%s\n", word, version, type,
			*codes ? "; its codes: " : "", codes);
		known = true;
	}
	return known;
}

static bool explain_reason(FILE *out, const char *word)
{
	const struct reason_row *row = reason_by_name(word);

	if (!row)
		return false;
	fprintf(out, "%s: a reason for a RST, or for dropping a packet%s%s\n", word,
		row->meaning ? ": " : "", row->meaning ? row->meaning : "");
	print_section(out, word);
	return true;
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

static const char *nearest(const char *word)
{
	static const char *const kinds[] = {"call",    "state",	   "TCP option", "option",
					    "counter", "constant", "errno",	 "signal",
					    "icmp",    "reason",   "IP field"};
	const char *near = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && !near; i++)
		near = closest_name(kinds[i], word + (strncmp(word, "--", 2) ? 0 : 2));
	return near;
}

bool explain(FILE *out, const char *word)
{
	static bool (*const kinds[])(FILE * out, const char *word) = {
		explain_code,	    explain_call,   explain_event,   explain_state,
		explain_tcp_option, explain_time,   explain_counter, explain_symbol,
		explain_icmp,	    explain_option, explain_reason,
	};
	unsigned found = 0;
	const char *near;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char *text = NULL;
		size_t size;
		FILE *page = open_memstream(&text, &size);

		if (page && kinds[i](page, word)) {
			fflush(page);
			fprintf(out, "%s%s", found++ ? "\n" : "", text);
		}
		if (page)
			fclose(page);
		free(text);
	}
	if (found)
		return true;
	near = nearest(word);
	fprintf(stderr, "finwait: nothing is known of '%s'%s%s%s\n", word,
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	if (!near)
		fprintf(stderr, "finwait explain lists what can be explained\n");
	return false;
}

struct topics {
	FILE *out;
	size_t column;
};

static void topic(struct topics *topics, const char *name)
{
	if (topics->column + strlen(name) + 1 > WIDTH) {
		fprintf(topics->out, "\n   ");
		topics->column = 3;
	}
	topics->column += (size_t)fprintf(topics->out, " %s", name);
}

static void topics_title(struct topics *topics, const char *title)
{
	fprintf(topics->out, "%s%s\n   ", topics->column ? "\n\n" : "", title);
	topics->column = 3;
}

void explain_topics(FILE *out)
{
	static const char *const calls[] = {
#define CALL(name, ...) #name,
#include "parser/calls.def"
#undef CALL
	};
	static const char *const others[] = {"'T'", "'+T'", "'T~T'", "'T...END'", "'*'"};
	struct topics topics = {.out = out};

	fprintf(out, "finwait explain WORD tells what it is, with an example.\n\n");
	topics_title(&topics, "Codes of mistakes: FW0001 and so on. Calls:");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		topic(&topics, calls[i]);
	topics_title(&topics, "Times (and any one, as '+.1...0.3'):");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		topic(&topics, others[i]);
	topics_title(&topics, "Events:");
	for (size_t i = 0; i < N_EVENT_KINDS; i++)
		if (event_rows[i].word)
			topic(&topics, event_rows[i].word);
	topics_title(&topics, "States:");
	for (int state = 1; state <= N_TCP_STATES; state++)
		topic(&topics, tcp_state_symbol(state));
	topics_title(&topics, "TCP options:");
	for (size_t i = 0; i < n_tcp_option_rows; i++)
		if (!i || strcmp(tcp_option_rows[i].name, tcp_option_rows[i - 1].name))
			topic(&topics, tcp_option_rows[i].name);
	topics_title(&topics, "Reasons of resets:");
	for (const char *at = strstr(explain_pages, "\n## TCP_ABORT_ON_CLOSE\n"); at;
	     at = strstr(at + 1, "\n## ")) {
		char name[40];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 4, "\n"), at + 4);
		topic(&topics, name);
	}
	fprintf(out,
		"\n\nAlso: options (--strict), counters (TcpExtTCPAbortOnClose), constants, errnos "
		"and types of ICMP.\n");
}
