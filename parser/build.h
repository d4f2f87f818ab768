/* What the grammar calls: constructors of raw nodes, and the state of one parse.
 *
 * The grammar knows shapes only. Packets leave it as struct raw_packet: the atoms as written, with
 * their places; check_packet() makes struct packet of them. Calls leave it as expression trees.
 * Everything lives in the arena; nothing has to be freed when a parse breaks off. */
#ifndef FINWAIT_PARSER_BUILD_H
#define FINWAIT_PARSER_BUILD_H

#include "base/arena.h"
#include "parser/ast.h"

/* A stretch of the source (or of a define's value); not terminated. */
struct token {
	const char *text;
	size_t size;
};

enum atom_kind {
	ATOM_NONE, /* absent */
	ATOM_WORD,
	ATOM_INT,
	ATOM_HEX, /* 0x... */
	ATOM_FLOAT,
	ATOM_ADDRESS,
	ATOM_STRING,
	ATOM_ELLIPSIS,
	ATOM_MARK, /* punctuation */
};

struct atom {
	enum atom_kind kind;
	struct loc loc;
	const char *text; /* as written, terminated */
};

struct atoms {
	struct atom *items;
	size_t n, capacity;
	struct loc loc;
};

struct exprs {
	struct expr **items;
	size_t n;
};

struct fields {
	struct field *items;
	size_t n;
};

/* start:end(length), or ...(length) */
struct raw_seq {
	struct loc loc;
	struct atom start, end, length;
	bool any, literal;
};

struct raw_outer {
	enum header_kind kind;
	struct loc loc;
	struct atoms *atoms;  /* ip-info, or the fields of GRE; NULL: none */
	struct atom src, dst; /* IPV4, IPV6 */
	struct exprs *groups; /* MPLS */
	struct raw_outer *next;
};

enum echo_kind { ECHO_NONE, ECHO_SEQ, ECHO_UDP, ECHO_RAW };

struct raw_packet {
	struct packet packet; /* what check_packet() makes of the rest */
	struct raw_outer *outers, **last_outer;
	struct atoms *ip_info; /* NULL: none */
	struct atom sport, dport;
	struct atom flags; /* one word, however it was spaced */
	struct raw_seq *seq;
	struct atom ack, window, urgent;
	struct atoms *options; /* one per option */
	size_t n_options, options_capacity;
	struct loc options_loc;
	struct atom length; /* UDP */
	struct atom type, code, mtu, id;
	enum echo_kind echo;
	struct loc echo_loc;
	struct raw_seq *echo_seq;
	struct atom echo_length;
	struct loc unsupported_loc; /* line 0: nothing of the kind */
	const char *unsupported;    /* "PSP encapsulation" */
};

struct define {
	struct define *next; /* of the same bucket */
	const char *name, *value;
	bool fixed; /* from the command line: a script cannot change it */
};

#define N_DEFINE_BUCKETS 256
#define MAX_RESUMED	 8

struct cli_option;

/* One parse. The scanner keeps its place here, so that it can be asked for tokens one by one. */
struct parser {
	struct arena *arena;
	struct arena *scratch; /* of the current event: raw packets and their atoms */
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
	bool in_ifdef;
	struct loc ifdef_loc;
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
	/* under construction */
	struct atoms atoms;
	struct event *event;
	struct raw_packet *packet;
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

/* Undoes the escapes between the quotes of a string token; bad ones are reported at loc. */
char *string_decode(struct parser *parser, struct token quoted, struct loc loc, size_t *size);

/* Decimal, or hexadecimal after 0x; false: not a number, or it does not fit (hexadecimal ones may
 * use all 64 bits). */
bool number_parse(const char *text, int64_t *value);

/* ---- items ------------------------------------------------------------------------- */

void build_option(struct parser *parser, struct loc loc, struct token name,
		  const struct token *value, struct loc value_loc);
/* A command without a time: before the first event the init command, after the last the cleanup. */
void build_bare_command(struct parser *parser, struct loc loc, struct token text);
void build_time(struct parser *parser, enum time_kind kind, struct loc loc, struct token at,
		const struct token *until);
void build_end(struct parser *parser, struct loc loc, struct token end);
void build_end_plus(struct parser *parser, struct loc plus);
void build_text(struct parser *parser, enum event_kind kind, struct token text, struct loc loc);
void build_event(struct parser *parser, struct loc loc);

/* ---- calls and expressions --------------------------------------------------------- */

void build_call(struct parser *parser, struct token name, struct loc loc, struct exprs *args);
void build_errno(struct parser *parser, struct token name, struct loc loc);
void build_note(struct parser *parser, struct token word, struct loc loc); /* one piece of it */

struct expr *build_expr(struct parser *parser, enum expr_kind kind, struct loc loc);
struct expr *build_int(struct parser *parser, struct token token, struct loc loc);
struct expr *build_word(struct parser *parser, struct token token, struct loc loc);
struct expr *build_string(struct parser *parser, struct expr *before, struct token token,
			  struct loc loc);
struct expr *build_items(struct parser *parser, enum expr_kind kind, struct loc loc,
			 struct exprs *items);
struct expr *build_named(struct parser *parser, struct token name, struct loc loc,
			 struct exprs *args);
struct expr *build_pair(struct parser *parser, enum expr_kind kind, struct loc loc,
			struct expr *left, struct expr *right);
struct expr *build_record(struct parser *parser, struct loc loc, struct fields *fields);
struct exprs *build_list(struct parser *parser, struct exprs *list, struct expr *item);
struct fields *build_field(struct parser *parser, struct fields *list, struct loc loc,
			   struct expr *name, struct expr *value);

/* ---- packets ----------------------------------------------------------------------- */

void build_packet(struct parser *parser, enum direction direction);
void build_kind(struct parser *parser, enum packet_kind kind);
void build_atom(struct parser *parser, enum atom_kind kind, struct token token, struct loc loc);
struct atoms *build_atoms(struct parser *parser, struct loc loc); /* those gathered so far */
struct atom *build_one(struct parser *parser, enum atom_kind kind, struct token token,
		       struct loc loc);
void build_outer_ip(struct parser *parser, enum header_kind kind, struct loc loc,
		    struct atoms *info, const struct atom *src, const struct atom *dst);
void build_outer(struct parser *parser, enum header_kind kind, struct loc loc, struct atoms *atoms,
		 struct exprs *groups);
void build_ports(struct parser *parser, const struct atom *sport, const struct atom *dport);
/* Flags come as up to three tokens: a word, a dot or a fraction, a word. */
void build_flags(struct parser *parser, struct loc loc, struct token a, struct token b,
		 struct token c);
struct raw_seq *build_seq(struct parser *parser, struct loc loc, const struct atom *start,
			  const struct atom *end, const struct atom *length, bool literal);
void build_icmp(struct parser *parser, const struct atom *type, const struct atom *code);
void build_echo(struct parser *parser, enum echo_kind kind, struct loc loc, struct raw_seq *seq,
		const struct atom *length);
void build_options_any(struct parser *parser, struct loc loc);
void build_tcp_option(struct parser *parser, struct loc loc);
void build_unsupported(struct parser *parser, struct loc loc, const char *what);

/* ---- what the generated code shares ------------------------------------------------ */

#define MAX_EXPECTED 6

/* A syntax error at the last token: reports it and makes pkt_lex() look for the next event. */
void syntax_error(struct parser *parser, const char *unexpected, const char *const *expected,
		  int n_expected);

/* Makes event->packet of parser->packet, which is gone with the next event: script.c. */
void finish_packet(struct parser *parser, struct event *event);

/* ---- behind the grammar: check_packet.c, check_options.c --------------------------- */

struct config;

/* Fills raw->packet from the raw members. */
void check_packet(struct raw_packet *raw, const struct config *config, struct arena *arena,
		  struct diags *diags);
void check_tcp_options(struct raw_packet *raw, struct arena *arena, struct diags *diags);
void check_outers(struct raw_packet *raw, struct arena *arena, struct diags *diags);
void check_ip_info(struct ip_info *info, const struct atoms *atoms, enum direction direction,
		   struct diags *diags);

/* The atom's number if it is a decimal one from 0 to max; reports it otherwise. */
bool atom_number(const struct atom *atom, uint64_t max, const char *what, struct diags *diags,
		 uint64_t *value);

#endif
