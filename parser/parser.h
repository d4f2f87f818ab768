/* The state of one parse: text, tokens and what is under construction. */
#ifndef FINWAIT_PARSER_PARSER_H
#define FINWAIT_PARSER_PARSER_H

#include "base/arena.h"
#include "parser/ast.h"

/* A stretch of the source (or of a define's value); not terminated. */
struct token {
	const char *text;
	size_t size;
};

struct fields {
	struct field *items;
	size_t n;
};

struct define {
	struct define *next; /* of the same bucket */
	const char *name, *value;
	bool fixed; /* from the command line: a script cannot change it */
};

#define N_DEFINE_BUCKETS 256
#define MAX_RESUMED	 8

#define MAX_OPEN 32

struct cli_option;

/* A bracket that is open. */
struct opener {
	char mark;
	struct loc loc;
	bool first;   /* of its line */
	bool crossed; /* what looks like another event has begun since */
};

/* One parse. The scanner keeps its place here, so that it can be asked for tokens one by one. */
struct parser {
	struct arena *arena;
	struct arena *scratch; /* of the current event */
	struct diags *diags;
	struct script *script;
	const struct source *source;
	const struct cli_option *options; /* of the command line */
	size_t n_options;
	int mode;	   /* enum ip_mode; -1: the config's */
	bool options_only; /* the text ends before what is no option line */
	void *scanner;
	size_t offset;	       /* of the next byte to scan */
	uint32_t line, column; /* of it */
	struct define *defines[N_DEFINE_BUCKETS];
	bool in_ifdef;		 /* the script's last one */
	const char *option_name; /* the option whose value comes next */
	unsigned n_resumed;	 /* after strings and the like that never close */
	/* recovery: parser/recover.c */
	bool recovering, sync_now, replay;
	uint32_t item_column; /* where the current event or option began */
	bool token_first;     /* the last token was the first of its line */
	int token_kind;
	struct token token, previous;
	struct loc token_loc;
	struct loc token_end, previous_end; /* right behind them; line 0: there is none */
	int previous_kind;
	bool previous_first;
	/* what the tokens of the current event tell of its mistakes */
	struct opener open[MAX_OPEN];
	unsigned n_open;	/* counts on */
	struct opener crossed;	/* the last that was closed so late; mark 0: none */
	uint32_t captured;	/* the end of the last line of tcpdump's that was told */
	bool closes;		/* the last token closes a bracket */
	bool acted;		/* the time is over */
	struct token action;	/* the first token behind it */
	struct loc action_loc;
	int action_kind;
	/* under construction */
	struct event *event;
	struct packet *packet;
	struct written *written; /* of the packet, in the order of the source */
	size_t n_written;
	struct raw_outer **last_outer;
	bool echoed; /* the packet has an echoed one */
	struct call *call;
	size_t note_size;
	bool events_begun;
};

/* Right before the next byte to scan. */
static inline struct loc parser_here(const struct parser *parser)
{
	return (struct loc){parser->line, parser->column, parser->offset, parser->offset};
}

/* ---- defines and text: define.c ---------------------------------------------------- */

/* "NAME=value" as of --define. A script's own is ignored where the command line has one. */
void define_add(struct parser *parser, const char *text, bool from_command_line);
const char *define_value(const struct parser *parser, struct token name); /* NULL: not defined */

/* Notes that the word at loc was read as `token`. */
void define_used(struct parser *parser, struct token token, struct loc loc);

/* Undoes the escapes between the quotes of a string token; bad ones are reported at loc. */
char *string_decode(struct parser *parser, struct token quoted, struct loc loc, size_t *size);

/* Decimal, or hexadecimal after 0x, and no digit behind the token; false: it does not fit
 * (hexadecimal ones may use all 64 bits). */
bool number_parse(struct token token, int64_t *value);

#endif
