/* What the grammar calls: constructors of nodes.
 *
 * The grammar knows shapes only. A packet leaves it as a list of what is written (struct written),
 * a call as trees of expressions; what they mean is the check's to say. Everything lives in the
 * arena; nothing has to be freed when a parse breaks off. */
#ifndef FINWAIT_PARSER_BUILD_H
#define FINWAIT_PARSER_BUILD_H

#include "parser/parser.h"
#include "parser/raw.h"

/* ---- items ------------------------------------------------------------------------- */

void build_option(struct parser *parser, struct loc loc, struct token name,
		  const struct token *value, struct loc value_loc);
/* A command without a time: before the first event the init command, after the last the cleanup. */
void build_bare_command(struct parser *parser, struct loc loc, struct token text);
void build_time(struct parser *parser, enum time_kind kind, struct loc loc, struct token at,
		const struct token *until);
void build_end(struct parser *parser, struct loc loc, struct token end);
void build_end_plus(struct parser *parser, struct loc plus);
void build_text(struct parser *parser, enum event_kind kind, struct token text);
void build_event(struct parser *parser, struct loc loc);

/* ---- calls and expressions --------------------------------------------------------- */

void build_call(struct parser *parser, struct token name, struct loc loc, struct exprs *args);
void build_errno(struct parser *parser, struct token name, struct loc loc);
void build_note(struct parser *parser, struct token word); /* one piece of it */

struct expr *build_expr(struct parser *parser, enum expr_kind kind, struct loc loc);
struct expr *build_int(struct parser *parser, struct token token, struct loc loc);
struct expr *build_word(struct parser *parser, struct token token, struct loc loc);
/* Of seconds, in billionths. */
struct expr *build_fraction(struct parser *parser, struct token token, struct loc loc);
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
/* One piece of a field. Pieces are kept in the order of the source, whenever they are built. */
void build_atom(struct parser *parser, enum field_id field, enum atom_kind kind, struct loc loc);
/* An outer header, whose first word is at `word`. */
void build_outer(struct parser *parser, enum header_kind kind, struct loc loc, struct loc word,
		 struct exprs *groups);
/* What stands in the brackets is an echoed packet: all pieces there are. */
void build_echo(struct parser *parser, struct loc loc);
void build_unsupported(struct parser *parser, struct loc loc, const char *what);

/* ---- what the generated code shares ------------------------------------------------ */

#define MAX_EXPECTED 6

/* capture.c: does the line at `at` come from tcpdump or Wireshark? capture_text() tells of it then. */
bool is_capture(struct parser *parser, struct loc at);
bool capture_text(struct parser *parser, struct loc at);

/* An event is complete: its tokens are forgotten. */
void tokens_reset(struct parser *parser);

/* A syntax error at the last token: reports it and makes pkt_lex() look for the next event. */
void syntax_error(struct parser *parser, const char *unexpected, const char *const *expected,
		  int n_expected);

#endif
