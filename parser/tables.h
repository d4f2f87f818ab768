/* The tables of what the language knows. Each list is a .def file, expanded here and in runtime/.
 */
#ifndef FINWAIT_PARSER_TABLES_H
#define FINWAIT_PARSER_TABLES_H

#include "parser/ast.h"
#include "parser/fields.h"

/* ---- system calls: calls.def ------------------------------------------------------------- */

enum call_id {
#define CALL(name, ...) CALL_##name,
#include "parser/calls.def"
#undef CALL
	N_CALLS
};

/* How a call's result is compared. */
enum result_rule {
	RESULT_EXACT, /* the number must be equal */
	RESULT_ANY,   /* any number >= 0 satisfies an expected one >= 0 */
	RESULT_FD,    /* any descriptor satisfies an expected one >= 0, which becomes its label */
};

struct call_row {
	enum call_id id;
	const char *name;
	const char *signature; /* argument kinds, space-separated; '?' in front: may be left out */
	enum result_rule result;
	const char *help;
};

const struct call_row *call_by_name(const char *name); /* NULL: none */

/* One word of a signature, and what messages say of it. */
struct call_argument {
	const char *name; /* fd, buf */
	const char *expected;
	bool optional;
};

bool call_argument(const struct call_row *row, size_t i, struct call_argument *argument);

/* ---- events: events.def ------------------------------------------------------------------ */

/* Forms of the time column. */
enum time_form {
	FORM_AT = 1,	 /* 0.1, +0.1 */
	FORM_ANY = 2,	 /* * */
	FORM_WINDOW = 4, /* 0.1~0.2, +0.1~+0.2 */
	FORM_END = 8,	 /* 0.1...0.2 */
};

struct event_row {
	const char *word;   /* tcp_state; NULL: the kind has a notation of its own */
	const char *called; /* tcp_state(), calls */
	size_t least, most; /* arguments of the word */
	const char *result; /* the form of the text after '='; NULL: there is none */
	unsigned times;	    /* a set of enum time_form */
	const char *usage;  /* tcp_state(fd) = STATE */
};

extern const struct event_row event_rows[]; /* by enum event_kind */

bool event_kind_by_word(const char *word, enum event_kind *kind); /* false: no event word */

/* ---- transports: transports.def ----------------------------------------------------------- */

struct transport_row {
	const char *name;	    /* "tcp" */
	uint8_t protocol, protocol6; /* over IPv4, over IPv6 */
	bool connects;		     /* it has listeners, connections with states, and resets */
	bool ports;
};

extern const struct transport_row transport_rows[N_PACKET_KINDS]; /* by enum packet_kind */

/* ---- ICMP: icmp.def ----------------------------------------------------------------------- */

/* Numbers for a type or code word of that IP version; -1: unknown. "type_N" and "code_N" work. */
int icmp_type_by_name(uint8_t ip_version, const char *name);
int icmp_code_by_name(uint8_t ip_version, uint8_t type, const char *name);
/* Their names, for messages: "A B C"; `type` -1: the types, else the codes of that type. */
void icmp_names(char *out, size_t size, uint8_t ip_version, int type);
/* The class of a type: an error quotes a packet (RFC 1122 3.2.2, RFC 4443 2.1), an echo has an id.
 */
enum icmp_class { ICMP_QUERY, ICMP_ECHO, ICMP_ERROR };
enum icmp_class icmp_class_of(uint8_t ip_version, uint8_t type);
/* True if the message has the MTU of the next hop (RFC 1191 4, RFC 4443 3.2). */
bool icmp_tells_mtu(uint8_t ip_version, uint8_t type, uint8_t code);
/* Names for printing; NULL: none, print type_N / code_N. */
const char *icmp_type_name(uint8_t ip_version, uint8_t type);
const char *icmp_code_name(uint8_t ip_version, uint8_t type, uint8_t code);

/* ---- the kernel's counters: counters.def ---------------------------------------------------- */

struct counter_row {
	const char *name;
	const char *meaning; /* NULL: no words for it; "": it only counts traffic */
};

extern const struct counter_row counter_rows[];
extern const size_t n_counter_rows;

/* True if the name has a row or the running kernel has a counter of this name. */
bool counter_is_known(const char *name);
/* counter_is_told(): true if a report should say that the counter has grown. counter_meaning():
 * what that means; NULL: no words for it. */
bool counter_is_told(const char *name);
const char *counter_meaning(const char *name);

/* ---- timers: timers.def ------------------------------------------------------------------- */

/* "TIME_WAIT" of the number that sock_diag has for it (idiag_timer); NULL: none. -1: no such name. */
const char *sock_timer_name(int timer);
int sock_timer_by_name(const char *name);

/* ---- why the kernel resets and drops: reasons.def ------------------------------------------ */

struct reason_row {
	const char *name, *meaning;
};

extern const struct reason_row reason_rows[];
extern const size_t n_reason_rows;

const struct reason_row *reason_by_name(const char *name); /* NULL: none */

/* ---- defines ------------------------------------------------------------------------------ */

/* A hint for an unknown word that published scripts expect to be defined on the command line: how
 * to define it there. NULL: it is no such word. */
const char *define_hint(const char *word);

/* ---- symbolic constants: symbols.def ------------------------------------------------------ */

/* True and *value when the name is a known constant (errno names included). */
bool symbol_value(const char *name, int64_t *value);
/* A name for an errno (EPIPE), a signal (SIGKILL), a TCP state (TCP_CLOSE_WAIT); NULL: none. */
const char *errno_symbol(int value);
const char *signal_symbol(int value);
/* True if the signal's default action ends a process (signal(7)). */
bool signal_ends(int signal);
const char *tcp_state_symbol(int state);   /* netinet/tcp.h number -> "TCP_FIN_WAIT1" */
/* netinet/tcp.h number of "TCP_FIN_WAIT1" or "FIN_WAIT1"; -1: unknown. */
int tcp_state_by_name(const char *name);
/* Appends flags as A|B|0x40 from a family prefix ("POLL", "EPOLL", "MSG_"); for messages. */
void symbol_flags(char *out, size_t size, const char *prefix, uint64_t value);

/* The closest known name for "did you mean", NULL: nothing near. `kind` is "call", "constant",
 * "option", "state", "errno", "signal", "icmp", "TCP option", "counter", "timer", "IP field",
 * "segment field", "reason". */
const char *closest_name(const char *kind, const char *name);

#endif
