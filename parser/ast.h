/* The checked script: plain nodes, each with its source span. It holds nothing live: no descriptors
 * and no live sequence numbers. struct packet holds what the notation can express about a packet.
 * It is also a part of a live packet (struct wire_packet in runtime/wire), so that both are printed
 * and compared by the same code.
 *
 * Integers are in host order unless said otherwise; times are in ns. The arena owns all memory. */
#ifndef FINWAIT_PARSER_AST_H
#define FINWAIT_PARSER_AST_H

#include "base/addr.h"
#include "base/time.h"
#include "parser/diag.h"
#include "parser/fields.h"

/* ---- expressions ----------------------------------------------------------------------- */

enum expr_kind {
	EXPR_INT,      /* 5, 0x10, -1: value, is_hex */
	EXPR_WORD,     /* SOL_SOCKET: text; value after check (resolved) */
	EXPR_STRING,   /* "abc" "def": text/size hold the decoded, counted bytes */
	EXPR_ELLIPSIS, /* ... */
	EXPR_OR,       /* a|b|c: items; value after check */
	EXPR_LIST,     /* [a, b]: items */
	EXPR_RECORD,   /* {name=value, ...}: fields */
	EXPR_CALL,     /* inet_addr("1.2.3.4"), htons(80), msg_name(...): text, items; value or
			* address after check */
	EXPR_GROUP,    /* (label 1, tc 0, ttl 3): MPLS and the like, items */
	EXPR_WORDS,    /* flags none sum 1 off 2: juxtaposed atoms, items */
	EXPR_FRACTION, /* 0.5, in a member of a record: text; value in billionths, unresolved */
};

struct expr {
	enum expr_kind kind;
	struct loc loc;
	bool resolved;	    /* value is valid (ints at parse; words, ors, htons() after check) */
	bool is_hex;	    /* EXPR_INT written in hexadecimal */
	int64_t value;	    /* see resolved */
	const char *text;   /* word, call name, or decoded string bytes */
	size_t size;	    /* length of text */
	struct ip_addr addr; /* inet_addr(), inet6_addr() after check */
	struct expr **items;
	size_t n_items;
	struct field *fields;
	size_t n_fields;
};

/* One member of a record. `{..., 1000}` has fields without a name; `msg_iov(1)=[..]` has an
 * argument; `SYM=value` inside epoll events and netlink attributes has just name and value. */
struct field {
	struct loc loc;
	const char *name;      /* NULL: positional */
	struct expr *argument; /* the N of msg_iov(N); NULL */
	struct expr *value;
};

/* ---- packets --------------------------------------------------------------------------- */

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

/* A word, number or mark of a packet as it stands in the script. Neighbours with the same field are
 * what is written of that field: `ttl` and `64`, or the three pieces of `S . E`. */
struct written {
	uint32_t begin; /* offset into the source */
	uint16_t size;
	uint8_t kind;	/* enum atom_kind */
	uint8_t field;	/* enum field_id */
};
_Static_assert(N_FIELDS <= UINT8_MAX, "a field's number fits into struct written");

enum direction {
	INBOUND,  /* '<': injected into the kernel under test */
	OUTBOUND, /* '>': expected from it */
};

/* What a script says about an IP header. What it does not say is TOS 0 and the default TTL in an
 * inbound packet, and anything in an outbound one. */
struct ip_info {
	bool has_tos, has_dscp, has_ecn; /* all of the TOS byte, its upper six bits, its lower two */
	bool ect01;	      /* outbound only: ECT(0) or ECT(1); has_ecn too */
	bool has_ttl, has_flow_label;
	uint8_t tos;	      /* TOS / traffic class */
	uint8_t ttl;	      /* TTL / hop limit */
	uint32_t flow_label;  /* 20 bits */
};

enum header_kind { HEADER_IPV4, HEADER_IPV6, HEADER_GRE, HEADER_MPLS };

struct mpls_label {
	uint32_t label; /* 20 bits */
	uint8_t tc;	/* 3 bits */
	bool bottom;	/* S bit */
	uint8_t ttl;
};

struct gre_header {
	bool plain;	/* "gre:" without fields: flags 0, and no other field on the wire */
	uint16_t flags; /* as on the wire, bits 0x8000 checksum, 0x2000 key, 0x1000 sequence; version 0 */
	uint16_t sum, off;
	uint32_t key, seq;
};

/* An outer header, which ends with ':' in a script. */
struct outer_header {
	enum header_kind kind;
	struct ip_info ip;	/* IPV4, IPV6 */
	struct ip_addr src, dst; /* IPV4, IPV6 */
	struct gre_header gre;
	struct mpls_label labels[6];
	uint8_t n_labels;
};

#define MAX_OUTER_HEADERS 6

/* TCP_FIN, TCP_SYN ..., TCP_ACK_FLAG, and the reserved bits: the low 12 of the data-offset word. */
enum {
#define FLAG(id, letter, bit, theirs) TCP_##id = bit,
#include "parser/tcp_flags.def"
#undef FLAG
	TCP_RESERVED = 0xe00,
};

struct tcp_option_row; /* parser/tcp_options.h */

#define MAX_TCP_OPTION_VALUES 8

/* One TCP option. `value` holds its numbers in wire order: mss [mss]; wscale [shift]; sack
 * [left, right, ...]; TS [val, ecr]; ECN in written order. `bytes` holds what has no
 * numbers: Fast Open cookie, MD5 digest, the payload of an unknown kind. `length` is the whole
 * option on the wire, kind and length bytes (and what selects the row) included. */
struct tcp_option {
	const struct tcp_option_row *row; /* NULL: a kind without a row, payload in bytes */
	uint8_t kind;
	uint8_t length;
	uint8_t n_values;
	uint8_t n_bytes;
	uint8_t any;	  /* bit I: number I is `...`, unchecked (TS val ...) */
	uint8_t literal;  /* bit I: number I is as written, not mapped (TS ecr N!) */
	bool computed;	  /* md5 valid: the digest is computed, or verified */
	uint64_t value[MAX_TCP_OPTION_VALUES];
	uint8_t bytes[40];
};

enum tcp_options_mode {
	OPTIONS_NONE, /* nothing written: outbound must carry none */
	OPTIONS_LIST,
	OPTIONS_ANY,  /* <...>: unchecked (outbound) */
};

#define MAX_TCP_OPTIONS 40

struct tcp_segment {
	uint16_t flags;	      /* TCP_FIN ... */
	bool ace_given;	      /* an AccECN digit was written: ACE is compared as a number */
	bool has_ack, has_window, has_urgent;
	bool seq_any;	      /* ...(100): sequence number unchecked */
	bool seq_literal;     /* 5:6(1)!: no ISN mapping */
	uint16_t window, urgent;
	uint32_t seq, ack;
	uint32_t len;	      /* bytes of data */
	enum tcp_options_mode options_mode;
	uint8_t n_options;
	struct tcp_option *options;
};

struct udp_datagram {
	uint32_t len; /* bytes of data */
};

enum icmp_echoed { ICMP_ECHO_TCP, ICMP_ECHO_UDP, ICMP_ECHO_RAW };

struct icmp_message {
	uint8_t type, code;
	bool has_mtu, has_id;
	uint32_t mtu;
	uint16_t id;
	enum icmp_echoed echoed; /* TCP when nothing is written */
	bool has_echoed;
	uint32_t echoed_seq;	 /* TCP: script numbers, never a SYN's */
	uint32_t echoed_length;	 /* TCP payload, UDP payload, or RAW: whole ICMP message length */
};

enum packet_kind {
#define TRANSPORT(id, ...) PACKET_##id,
#include "parser/transports.def"
#undef TRANSPORT
	N_PACKET_KINDS
};

struct raw_outer; /* parser/raw.h */

struct packet {
	enum direction direction;
	enum packet_kind kind;
	uint8_t ip_version; /* 4 or 6: of the innermost IP header, on the wire */
	uint8_t n_outer;
	struct outer_header *outer; /* n_outer headers, outermost first; NULL: none */
	struct ip_info ip;
	bool has_ports;
	uint16_t sport, dport; /* 0: the connection's own */
	union {
		struct tcp_segment tcp;
		struct udp_datagram udp;
		struct icmp_message icmp;
	};
	/* All its pieces in the order of the source, and the outer headers before the check. */
	uint16_t n_written;
	struct written *written;
	struct raw_outer *raw_outers;
};

/* ---- events ---------------------------------------------------------------------------- */

enum time_kind {
	TIME_ABSOLUTE,	     /* 0.1 */
	TIME_RELATIVE,	     /* +0.1 */
	TIME_ANY,	     /* * */
	TIME_ABSOLUTE_RANGE, /* 0.1~0.2 */
	TIME_RELATIVE_RANGE, /* +0.1~+0.2 */
};

struct event_time {
	enum time_kind kind;
	uint32_t end_offset; /* where the text of the time ends; it begins the event's */
	int64_t at;	     /* ns; the lower bound of a range */
	int64_t until;	     /* ns; == at unless a range */
};

struct call_row; /* parser/tables.h */

/* A system call: NAME(ARGS) = RESULT [ERRNO] [(note)]. */
struct call {
	const struct call_row *row; /* after check */
	const char *name;
	struct loc name_loc;
	struct expr **args;
	size_t n_args;
	struct expr *result;	 /* NULL only for event words; a call must have a result */
	const char *errno_name;	 /* NULL: errno unchecked */
	struct loc errno_loc;
	int errno_value;	 /* after check */
	const char *note;	 /* words between the last parentheses; NULL */
	unsigned slot;		 /* after check: 0.. over the script's calls in order */
};

enum event_kind {
#define EVENT(id, ...) EVENT_##id,
#include "parser/events.def"
#undef EVENT
	N_EVENT_KINDS
} __attribute__((packed)); /* a script may have very many events */

/* tcp_state() and tcp_states(). */
struct state_claim {
	bool under_test;     /* tcp_state(...): the connection under test */
	int64_t fd;	     /* script descriptor, open or closed, unless under_test */
	uint8_t *states;     /* netinet/tcp.h numbers, TCP_ESTABLISHED = 1 ... TCP_CLOSING = 11 */
	size_t n_states;
	struct loc loc;
};

/* counter(): by how much a counter of the kernel has grown since the script's start. */
struct counter_claim {
	const char *name; /* as nstat(8) has it */
	int64_t value;
};

/* tcp_timer(): what sock_diag(7) says about a socket's timer. */
struct timer_claim {
	bool under_test; /* tcp_timer(...) */
	int64_t fd;	 /* script descriptor, open or closed, unless under_test */
	bool has_timer, has_left, has_retrans; /* which members are written, and so compared */
	int timer;	   /* number of timers.def */
	int64_t left;	   /* ns until it fires */
	int64_t retrans;   /* how often it has fired since it was last answered */
};

/* reset_reason(), drop_reason(): why the kernel sent its last RST, dropped the last segment. */
struct reason_claim {
	bool under_test;
	int64_t fd;	    /* script descriptor, open or closed, unless under_test */
	const char *reason; /* as the kernel names it; NONE: it was not dropped */
};

struct event {
	enum event_kind kind;
	bool blocking;		/* T...END */
	unsigned index;		/* position in script->events */
	struct loc loc;		/* of the whole event; line is that of the time */
	struct event_time time;
	union {
		int64_t end;		  /* a blocking CALL: ns, same frame as time.at */
		const struct call *words; /* an event word: as written */
	};
	union {
		struct packet *packet;
		struct call *call;
		const char *text; /* COMMAND (verbatim) and CODE (trimmed) */
		struct state_claim *state;
		struct counter_claim *counter;
		struct timer_claim *timer;
		struct reason_claim *reason;
		int signal;	  /* KILL */
		int status;	  /* EXIT */
	};
};

/* An option line. */
struct option_line {
	struct loc loc, value_loc;
	const char *name;  /* without the dashes */
	const char *value; /* as text; NULL: none written. define: "NAME=value" */
};

/* A use of a define: the place of the word, and in `text` what it stands for. */
struct defined_word {
	struct loc loc;
	const char *text; /* terminated */
};

/* An #ifdef with its #endif and everything between them. */
struct ifdef_part {
	struct loc loc;
	struct span name;
	bool taken;
};

struct config; /* parser/config.h */

struct script {
	struct source source;
	struct option_line *options;
	size_t n_options;
	const char *init_command;    /* NULL: none */
	struct loc init_loc;
	const char *cleanup_command; /* NULL: none */
	struct loc cleanup_loc;
	struct event **events;
	size_t n_events;
	unsigned n_calls;	     /* slots used by calls */
	unsigned n_blocking;	     /* how many of them are blocking */
	bool has_code, has_reasons; /* reset_reason() or drop_reason() */
	struct defined_word *defined; /* in the order of the source, as the parts are */
	size_t n_defined;
	struct ifdef_part *ifdefs;
	size_t n_ifdefs;
	struct config *config;	     /* defaults <- option lines <- command line */
};

#endif
