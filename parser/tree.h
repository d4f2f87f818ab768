/* A script as it is written: the place of each part, the text between the parts, and how to change
 * a part and leave the rest byte for byte.
 *
 * The text is script->source. Everything in it has a place: events, option lines and expressions
 * have a loc; packet_span() gives the place of a field of a packet, event->words that of an event
 * word, script->defined those of words of defines, script->ifdefs those of #ifdef parts. The text
 * between is trivia. Offsets count bytes from the start of the file. For scripts without errors. */
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

/* The place of an item with its comments: those right above it, without a blank line between, and
 * those behind it in its last line. */
struct span item_with_comments(const struct script *script, size_t index);

/* The place of the time of an event. */
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

/* Reads the trivia at `offset`. False: there is none there, or the text ends. */
bool trivia_at(const struct script *script, uint32_t offset, struct trivia *trivia);
/* The offset of the first byte from `offset` on that is no trivia. */
uint32_t trivia_end(const struct script *script, uint32_t offset);

/* ---- packets ----------------------------------------------------------------------------- */

/* The place of the value of a field in a packet: 1460 of `mss 1460`, 7 of `ack 7`; for a whole
 * option everything that is written. `option` is the number of the TCP option that the field
 * belongs to, from 1 in the script's order; `outer` is the number of the outer header, from 1 for
 * the outermost, or 0 for the innermost IP header. Ports are FIELD_tcp_source and
 * FIELD_tcp_destination in every packet. False: the field is not written. */
bool packet_span(const struct script *script, const struct packet *packet, enum field_id field,
		 unsigned option, unsigned outer, struct span *span);

/* What a report is about: a field, and which one if it is one of several. */
struct subject {
	enum field_id field;
	unsigned index;	  /* of the option, label or argument, from 1 */
	unsigned item;	  /* of a list in an argument, from 1 */
	unsigned outer;	  /* the outer header, as in packet_span() */
	const char *name; /* of a member of a record in an argument; "": none */
};

/* The place of that field in an event. False: it is not written. */
bool event_field_span(const struct script *script, const struct event *event,
		      const struct subject *subject, struct span *span);
/* The same. If the field is not written, the place of what it would be a part of, or else
 * everything behind the time. */
struct loc event_field_loc(const struct script *script, const struct event *event,
			   const struct subject *subject);

/* The line and column of a span, counted from a place that is not behind it. */
struct loc loc_of_span(const struct script *script, struct loc from, struct span span);

/* ---- text -------------------------------------------------------------------------------- */

/* What the word at `offset` stands for; NULL: it is no word of a define. */
const char *script_defined(const struct script *script, uint32_t offset);
/* The index in script->defined of the first word of a define from `offset` on. */
size_t script_defined_from(const struct script *script, uint32_t offset);

/* A change: `text` replaces a span. */
struct edit {
	struct span span;
	const char *text;
};

/* Writes the script with these changes and everything else as it is. The changes must be in order
 * and must not overlap. */
void script_write(FILE *out, const struct script *script, const struct edit *edits, size_t n_edits);

#endif
