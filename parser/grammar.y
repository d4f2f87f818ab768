/* Shapes only: what a word means, and whether it may stand there, is settled after the parse by
 * the tables. Errors resume at the next event (recover.c). */
%code requires {
#include "parser/build.h"
}
%code provides {
int pkt_lex(PKT_STYPE *value, PKT_LTYPE *loc, struct parser *parser);
}
%code {
/* Deeper nesting than any script needs; a limit for hostile ones. */
#define YYMAXDEPTH 2000

#define YYLLOC_DEFAULT(out, in, n)                                                                 \
	((out) = YYRHSLOC(in, (n) != 0), (out).begin = (n) ? (out).begin : (out).end,              \
	 (out).end = YYRHSLOC(in, n).end)

#define NOTHING ((struct token){"", 0})

static void pkt_error(const PKT_LTYPE *loc, struct parser *parser, const char *message);
}

%define api.pure full
%define api.prefix {pkt_}
%define api.location.type {struct loc}
%define parse.error custom
%define parse.lac full
%locations
%param {struct parser *parser}
%expect 0

%union {
	struct token token;
	struct expr *expr;
	struct exprs *exprs;
	struct fields *fields;
	enum header_kind header;
}

%token PKT_EOF 0 "end of file"
%token SYNC "next event"
%token <token> INT "number" HEX "hexadecimal number" FLOAT "fraction" WORD "word"
%token <token> STRING "string" COMMAND "`command`" CODE "%{ code }%" ADDRESS "address"
%token <token> ELLIPSIS "..."
%token <token> OPTION "--option" OPTION_IS "--option=" VALUE "value"
%token <token> ACK "ack" WIN "win" URG "urg" ICMP "icmp" UDP "udp" MTU "mtu" ID "id" RAW "raw"
%token <token> IPV4 "ipv4" IPV6 "ipv6" GRE "gre" MPLS "mpls" ENCAP "encap"
%token <token> '+' '*' '~' '(' ')' '[' ']' '{' '}' '<' '>' ',' ':' '=' '|' '!' '.' '/' '-'

%type <token> number word note_word
%type <expr> expr or primary atom string member value words groups group result
%type <exprs> args arg_list group_list
%type <fields> fields field_list
%type <header> ip

%%

items:
	%empty
	| items item
	;

item:
	OPTION				{ build_option(parser, @$, $1, NULL, @1); }
	| OPTION_IS VALUE		{ build_option(parser, @$, $1, &$2, @2); }
	| COMMAND			{ build_bare_command(parser, @$, $1); }
	| time action			{ build_event(parser, @$); }
	| error SYNC			{ yyerrok; }
	;

/* ---- times ---- */

time:
	moment
	| moment ELLIPSIS number	{ build_end(parser, @3, $3); }
	| moment ELLIPSIS '+' number	{ build_end_plus(parser, @3); }
	;

moment:
	number				{ build_time(parser, TIME_ABSOLUTE, @$, $1, NULL); }
	| '+' number			{ build_time(parser, TIME_RELATIVE, @$, $2, NULL); }
	| '*'				{ build_time(parser, TIME_ANY, @$, NOTHING, NULL); }
	| number '~' number		{ build_time(parser, TIME_ABSOLUTE_RANGE, @$, $1, &$3); }
	| '+' number '~' '+' number	{ build_time(parser, TIME_RELATIVE_RANGE, @$, $2, &$5); }
	;

number: INT | FLOAT;

/* ---- events ---- */

action:
	packet
	| call
	| call '=' result outcome	{ parser->call->result = $3; }
	| word				{ build_call(parser, $1, @1, NULL); }
	| COMMAND			{ build_text(parser, EVENT_COMMAND, $1); }
	| CODE				{ build_text(parser, EVENT_CODE, $1); }
	;

call: word '(' args ')'			{ build_call(parser, $1, @1, $3); };

result:
	INT				{ $$ = build_int(parser, $1, @1); }
	| HEX				{ $$ = build_int(parser, $1, @1); }
	| word				{ $$ = build_word(parser, $1, @1); }
	| ELLIPSIS			{ $$ = build_expr(parser, EXPR_ELLIPSIS, @1); }
	| '[' args ']'			{ $$ = build_items(parser, EXPR_LIST, @$, $2); }
	| '{' fields '}'		{ $$ = build_record(parser, @$, $2); }
	;

outcome:
	%empty
	| note
	| errno
	| errno note
	;

errno: word				{ build_errno(parser, $1, @1); };

note: '(' note_words ')';

note_words:
	note_word			{ build_note(parser, $1); }
	| note_words note_word		{ build_note(parser, $2); }
	;

note_word: word | INT | HEX | FLOAT | '|' | '-' | ',' | '.' | ':' | '/';

/* ---- expressions ---- */

args: %empty { $$ = NULL; } | arg_list;

arg_list:
	member				{ $$ = build_list(parser, NULL, $1); }
	| arg_list ',' member		{ $$ = build_list(parser, $1, $3); }
	;

member: expr | words | groups;

expr: or | primary;

or:
	primary '|' primary		{ $$ = build_pair(parser, EXPR_OR, @$, $1, $3); }
	| or '|' primary		{ $$ = build_pair(parser, EXPR_OR, @$, $1, $3); }
	;

primary:
	atom
	| string
	| string ELLIPSIS
	| ELLIPSIS			{ $$ = build_expr(parser, EXPR_ELLIPSIS, @1); }
	| word '(' args ')'		{ $$ = build_named(parser, $1, @$, $3); }
	| '{' fields '}'		{ $$ = build_record(parser, @$, $2); }
	;

atom:
	INT				{ $$ = build_int(parser, $1, @1); }
	| HEX				{ $$ = build_int(parser, $1, @1); }
	| word				{ $$ = build_word(parser, $1, @1); }
	| '[' args ']'			{ $$ = build_items(parser, EXPR_LIST, @$, $2); }
	;

string:
	STRING				{ $$ = build_string(parser, NULL, $1, @1); }
	| string STRING			{ $$ = build_string(parser, $1, $2, @2); }
	;

/* flags none sum 1 */
words:
	atom atom			{ $$ = build_pair(parser, EXPR_WORDS, @$, $1, $2); }
	| words atom			{ $$ = build_pair(parser, EXPR_WORDS, @$, $1, $2); }
	;

/* (label 1, tc 0, ttl 3) (label 2, tc 0, [S], ttl 3) */
groups:
	group
	| groups group			{ $$ = build_pair(parser, EXPR_WORDS, @$, $1, $2); }
	;

group_list:
	group				{ $$ = build_list(parser, NULL, $1); }
	| group_list group		{ $$ = build_list(parser, $1, $2); }
	;

group: '(' arg_list ')'			{ $$ = build_items(parser, EXPR_GROUP, @$, $2); };

fields: %empty { $$ = NULL; } | field_list;

field_list:
	member				{ $$ = build_field(parser, NULL, @1, NULL, $1); }
	| member '=' value		{ $$ = build_field(parser, NULL, @$, $1, $3); }
	| field_list ',' member		{ $$ = build_field(parser, $1, @3, NULL, $3); }
	| field_list ',' member '=' value { $$ = build_field(parser, $1, @3, $3, $5); }
	;

value: member | FLOAT			{ $$ = build_fraction(parser, $1, @1); };

/* ---- packets ---- */

packet: direction outers info encap body;

direction:
	'<'				{ build_packet(parser, INBOUND); }
	| '>'				{ build_packet(parser, OUTBOUND); }
	;

outers: %empty | outers outer ':';

outer:
	ip outer_info addresses		{ build_outer(parser, $1, @$, @1, NULL); }
	| GRE				{ build_outer(parser, HEADER_GRE, @$, @1, NULL); }
	| GRE gre_atoms			{ build_outer(parser, HEADER_GRE, @$, @1, NULL); }
	| MPLS group_list		{ build_outer(parser, HEADER_MPLS, @$, @1, $2); }
	;

ip: IPV4 { $$ = HEADER_IPV4; } | IPV6 { $$ = HEADER_IPV6; };

outer_info: %empty | bracket;

addresses:
	ADDRESS '>' ADDRESS
	{
		build_atom(parser, FIELD_ip_source, ATOM_ADDRESS, @1);
		build_atom(parser, FIELD_ip_destination, ATOM_ADDRESS, @3);
	}
	;

gre_atoms: gre_atom | gre_atoms gre_atom;

gre_atom:
	word				{ build_atom(parser, FIELD_gre_flags, ATOM_WORD, @1); }
	| INT				{ build_atom(parser, FIELD_gre_flags, ATOM_INT, @1); }
	| HEX				{ build_atom(parser, FIELD_gre_flags, ATOM_HEX, @1); }
	| ',' | '=' | '[' | ']' | '|'
	;

bracket:
	'[' info_atoms ']'		{ build_atom(parser, FIELD_ip_header, ATOM_MARK, @1);
					  build_atom(parser, FIELD_ip_header, ATOM_MARK, @3); }
	| '(' info_atoms ')'		{ build_atom(parser, FIELD_ip_header, ATOM_MARK, @1);
					  build_atom(parser, FIELD_ip_header, ATOM_MARK, @3); }
	;

info_atoms: info_word | info_atoms info_atom;

info_word: WORD				{ build_atom(parser, FIELD_ip_header, ATOM_WORD, @1); };

info_atom:
	info_word
	| INT				{ build_atom(parser, FIELD_ip_header, ATOM_INT, @1); }
	| HEX				{ build_atom(parser, FIELD_ip_header, ATOM_HEX, @1); }
	| ','				{ build_atom(parser, FIELD_ip_header, ATOM_MARK, @1); }
	;

info: %empty | bracket | '[' echo ']';

encap:
	%empty
	| ENCAP word word INT		{ build_unsupported(parser, @$, "PSP encapsulation"); }
	;

body:
	ports flags seq ack win urg options suffix { build_kind(parser, PACKET_TCP); }
	| UDP ports udp_length		{ build_kind(parser, PACKET_UDP); }
	| ICMP icmp_words icmp_parts	{ build_kind(parser, PACKET_ICMP); }
	;

ports:
	%empty
	| INT '>' INT			{ build_atom(parser, FIELD_tcp_source, ATOM_INT, @1);
					  build_atom(parser, FIELD_tcp_destination, ATOM_INT, @3); }
	;

flags:
	flag_word
	| flag_word FLOAT		{ build_atom(parser, FIELD_tcp_flags, ATOM_FLOAT, @2); }
	| FLOAT				{ build_atom(parser, FIELD_tcp_flags, ATOM_FLOAT, @1); }
	| flag_word flag_mark
	| flag_word flag_mark flag_word
	| flag_mark
	| flag_mark flag_word
	| '-'				{ build_atom(parser, FIELD_tcp_flags, ATOM_MARK, @1); }
	;

flag_word: WORD				{ build_atom(parser, FIELD_tcp_flags, ATOM_WORD, @1); };

flag_mark: '.'				{ build_atom(parser, FIELD_tcp_flags, ATOM_MARK, @1); };

seq:
	INT ':' INT length bang		{ build_atom(parser, FIELD_tcp_seq, ATOM_INT, @1);
					  build_atom(parser, FIELD_tcp_end, ATOM_INT, @3); }
	| ELLIPSIS length		{ build_atom(parser, FIELD_tcp_seq, ATOM_ELLIPSIS, @1); }
	;

length: '(' INT ')'			{ build_atom(parser, FIELD_tcp_length, ATOM_INT, @2); };

udp_length: '(' INT ')'			{ build_atom(parser, FIELD_udp_length, ATOM_INT, @2); };

bang: %empty | '!'			{ build_atom(parser, FIELD_tcp_seq, ATOM_MARK, @1); };

ack: %empty | ACK INT			{ build_atom(parser, FIELD_tcp_ack, ATOM_INT, @2); };
win: %empty | WIN INT			{ build_atom(parser, FIELD_tcp_window, ATOM_INT, @2); };
urg: %empty | URG INT			{ build_atom(parser, FIELD_tcp_urgent, ATOM_INT, @2); };

options:
	%empty
	| less any more
	| less option_list more
	;

any: ELLIPSIS			{ build_atom(parser, FIELD_tcp_options, ATOM_ELLIPSIS, @1); };

less: '<'				{ build_atom(parser, FIELD_tcp_options, ATOM_MARK, @1); };

more: '>'				{ build_atom(parser, FIELD_tcp_options, ATOM_MARK, @1); };

comma: ','				{ build_atom(parser, FIELD_tcp_options, ATOM_MARK, @1); };

option_list: option | option_list comma option;

option: option_head | option option_atom;

option_head:
	word				{ build_atom(parser, FIELD_tcp_option, ATOM_WORD, @1); }
	| INT				{ build_atom(parser, FIELD_tcp_option, ATOM_INT, @1); }
	| HEX				{ build_atom(parser, FIELD_tcp_option, ATOM_HEX, @1); }
	;

option_atom:
	option_head
	| FLOAT				{ build_atom(parser, FIELD_tcp_option, ATOM_FLOAT, @1); }
	| ADDRESS			{ build_atom(parser, FIELD_tcp_option, ATOM_ADDRESS, @1); }
	| STRING			{ build_atom(parser, FIELD_tcp_option, ATOM_STRING, @1); }
	| ELLIPSIS			{ build_atom(parser, FIELD_tcp_option, ATOM_ELLIPSIS, @1); }
	| mark				{ build_atom(parser, FIELD_tcp_option, ATOM_MARK, @1); }
	| '[' nested ']'
	| '(' nested ')'
	;

mark: ':' | '=' | '!' | '|' | '+' | '-' | '/' | '.';

nested: nested_atom | nested nested_atom;

nested_atom: option_atom | ','		{ build_atom(parser, FIELD_tcp_option, ATOM_MARK, @1); };

suffix:
	%empty
	| udp_suffix
	| '[' info_atoms ']'		{ build_unsupported(parser, @$, "diagnostic payload"); }
	;

udp_suffix: '/' UDP '(' INT '>' INT ')'	{ build_unsupported(parser, @$, "UDP encapsulation"); };

icmp_words: icmp_type | icmp_type icmp_code;

icmp_type: WORD				{ build_atom(parser, FIELD_icmp_type, ATOM_WORD, @1); };

icmp_code: WORD				{ build_atom(parser, FIELD_icmp_code, ATOM_WORD, @1); };

icmp_parts:
	%empty
	| icmp_parts MTU INT		{ build_atom(parser, FIELD_icmp_mtu, ATOM_INT, @3); }
	| icmp_parts ID INT		{ build_atom(parser, FIELD_icmp_id, ATOM_INT, @3); }
	| icmp_parts '[' echo ']'
	;

echo:
	seq				{ build_echo(parser, @$); }
	| seq udp_suffix		{ build_echo(parser, @$); }
	| echo_word length		{ build_echo(parser, @$); }
	;

echo_word:
	UDP				{ build_atom(parser, FIELD_icmp_echoed, ATOM_WORD, @1); }
	| RAW				{ build_atom(parser, FIELD_icmp_echoed, ATOM_WORD, @1); }
	;

/* Keywords are words wherever no packet is spelt. */
word:
	WORD | ACK | WIN | URG | ICMP | UDP | MTU | ID | RAW | IPV4 | IPV6 | GRE | MPLS | ENCAP
	;

%%

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *parser)
{
	yysymbol_kind_t kinds[MAX_EXPECTED + 1];
	const char *names[MAX_EXPECTED + 1];
	int n = yypcontext_expected_tokens(context, kinds, MAX_EXPECTED + 1);
	for (int i = 0; i < n; i++)
		names[i] = yysymbol_name(kinds[i]);
	syntax_error(parser, yysymbol_name(yypcontext_token(context)), names, n);
	return 0;
}

/* Bison's own complaint: the stack is full. */
static void pkt_error(const PKT_LTYPE *loc, struct parser *parser, const char *message)
{
	(void)message;
	diag_error(parser->diags, FW_nested, *loc, "brackets are nested too deeply");
}
