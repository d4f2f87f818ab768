/* A packet between grammar and check: the atoms as written, with their places. The grammar leaves
 * them in packet->written; raw_packet_read() sorts them into the members that check_packet() reads.
 */
#ifndef FINWAIT_PARSER_RAW_H
#define FINWAIT_PARSER_RAW_H

#include "base/arena.h"
#include "parser/ast.h"

struct atom {
	enum atom_kind kind;
	struct loc loc;
	const char *text;	 /* as written, or what a define stands for; terminated */
	struct written *written; /* in the packet: the check may say which field it is of */
};

/* The atom's number if it is a decimal one from 0 to max; reports it otherwise. */
bool atom_number(const struct atom *atom, uint64_t max, const char *what, struct diags *diags,
		 uint64_t *value);

struct atoms {
	struct atom *items;
	size_t n;
	struct loc loc;
};

struct exprs {
	struct expr **items;
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
	struct loc loc;	      /* of the event */
	struct raw_outer *outers;
	struct atoms *ip_info; /* NULL: none */
	struct atom sport, dport;
	struct atom flags; /* one word, however it was spaced */
	struct raw_seq *seq;
	struct atom ack, window, urgent;
	struct atoms *options; /* one per option */
	size_t n_options;
	struct loc options_loc;
	struct atom length; /* UDP */
	struct atom type, code, mtu, id;
	enum echo_kind echo;
	struct loc echo_loc;
	struct raw_seq *echo_seq;
	struct atom echo_length;
};

/* The atoms of a packet event; all that is new lives in `scratch`. */
struct raw_packet *raw_packet_read(struct arena *scratch, const struct script *script,
				   const struct event *event);

#endif
