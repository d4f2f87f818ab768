/* A script as written: where everything stands, what stands between, and how to change a part of it
 * and leave the rest byte for byte.
 *
 * The text is script->source. All that a script says has its place in it: events, option lines and
 * expressions by their loc, the fields of a packet by packet_span(), an event word by event->words,
 * words of defines by script->defined, #ifdef parts by script->ifdefs. What stands between is
 * trivia. Offsets count bytes from the first one of the file. Good for scripts without errors. */
#ifndef FINWAIT_PARSER_TREE_H
#define FINWAIT_PARSER_TREE_H

#include <stdio.h>

#include "parser/ast.h"

/* ---- items: option lines, the init command, events, the cleanup command, in this order ------ */

enum item_kind { ITEM_OPTION, ITEM_COMMAND, ITEM_EVENT };

struct item {
	enum item_kind kind;
	struct loc loc;
	const struct option_line *option; /* OPTION */
	const char *command;		  /* COMMAND */
	const struct event *event;	  /* EVENT */
};

size_t script_n_items(const struct script *script);
struct item script_item(const struct script *script, size_t index);

/* The item with the comments that are about it: those right above it, without a blank line between,
 * and those behind it in its last line. */
struct span item_with_comments(const struct script *script, size_t index);

/* Where the time of an event is written. */
struct loc event_time_loc(const struct event *event);

/* ---- trivia ------------------------------------------------------------------------------ */

enum trivia_kind {
	TRIVIA_BLANKS,
	TRIVIA_COMMENT,	  /* of either kind, without the newline behind it */
	TRIVIA_DIRECTIVE, /* #ifdef NAME that holds, #endif */
	TRIVIA_SKIPPED,	  /* an #ifdef part that is not taken, with its directives */
	TRIVIA_BOM,	  /* a byte order mark */
};

struct trivia {
	enum trivia_kind kind;
	struct span span;
};

/* False: what stands at `offset` is no trivia, or the end of the text. */
bool trivia_at(const struct script *script, uint32_t offset, struct trivia *trivia);
/* The first byte from `offset` on that is none. */
uint32_t trivia_end(const struct script *script, uint32_t offset);

/* ---- packets ----------------------------------------------------------------------------- */

/* Where a packet has the value of a field: 1460 of `mss 1460`, 7 of `ack 7`; of a whole option all
 * that is written. `option` is the TCP option's number, from 1 in the script's order, where the
 * field is of one; `outer` that of the outer header, outermost first, 0 for the innermost one.
 * Ports are FIELD_tcp_source and FIELD_tcp_destination in every packet. False: it is not written.
 */
bool packet_span(const struct script *script, const struct packet *packet, enum field_id field,
		 unsigned option, unsigned outer, struct span *span);

/* What a report speaks of: a field, and where it is one of several, which one. */
struct subject {
	enum field_id field;
	unsigned index;	  /* of the option, label or argument, from 1 */
	unsigned item;	  /* of a list in an argument, from 1 */
	unsigned outer;	  /* the outer header, as in packet_span() */
	const char *name; /* of a member of a record in an argument; "": none */
};

/* Where an event has it. False: it is not written. */
bool event_field_span(const struct script *script, const struct event *event,
		      const struct subject *subject, struct span *span);
/* The same; if it is not written, what is nearest: the whole of which it would be a part, or all
 * behind the time. */
struct loc event_field_loc(const struct script *script, const struct event *event,
			   const struct subject *subject);

/* The place of a span, counted from one that does not lie behind it. */
struct loc loc_of_span(const struct script *script, struct loc from, struct span span);

/* ---- text -------------------------------------------------------------------------------- */

/* For what the word at `offset` stands; NULL: it is no define's. */
const char *script_defined(const struct script *script, uint32_t offset);
/* The index in script->defined of the first such word from `offset` on. */
size_t script_defined_from(const struct script *script, uint32_t offset);

/* Puts `text` in the place of a span. */
struct edit {
	struct span span;
	const char *text;
};

/* The script with these changes, which do not overlap and come in order; everything else as
 * written. */
void script_write(FILE *out, const struct script *script, const struct edit *edits, size_t n_edits);

#endif
