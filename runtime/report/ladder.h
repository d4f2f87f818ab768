/* The picture of a run: what the program did, what passed between kernel and peer, and the states
 * of both, as rows of cells. Computed once from the records; ladder_text.c, svg.c and mermaid.c
 * print it. */
#ifndef FINWAIT_RUNTIME_REPORT_LADDER_H
#define FINWAIT_RUNTIME_REPORT_LADDER_H

#include "base/arena.h"
#include "runtime/record/record.h"

enum ladder_kind {
	LADDER_EVENT, /* of the program, or of the run */
	LADDER_OUT,   /* an arrow from the kernel to the peer */
	LADDER_IN,    /* an arrow from the peer to the kernel */
	LADDER_GAP,   /* nothing happened for a while: `time` says how long */
};

/* All texts are clean (text_clean()), in one line; "" where there is nothing to say. */
struct ladder_row {
	enum ladder_kind kind;
	enum record_status status;
	bool missing;	     /* the arrow was expected and never came, or could not be sent */
	bool extra;	     /* no event expected it */
	unsigned connection; /* which, from 1; 0: none */
	int64_t at_ns;	     /* INT64_MIN: unknown */
	const char *time;    /* "0.100603" */
	const char *program; /* "close(4) = 0" */
	const char *kernel;  /* the state that it came to, without "TCP_" */
	const char *peer;    /* the states that it came to, one blank between them */
	const char *label;   /* on the arrow: "FIN 1 ack 1" */
	const char *note;    /* below it: "retransmitted" */
	const char *message; /* what is wrong: "FAILED: ..." */
	const char *detail;  /* all of it in script notation */
	const struct record *record; /* the result's; NULL: a gap */
};

struct ladder_connection {
	const char *key;	   /* as records have it */
	const char *kernel, *peer; /* "192.168.0.1:8080" */
};

struct ladder {
	struct arena *arena;
	const char *title;   /* "scripts/x.pkt (ipv4)" */
	const char *verdict; /* "pass" */
	const char *reason;  /* "the segment differs in ack" */
	struct ladder_connection *connections;
	size_t n_connections;
	struct ladder_row *rows;
	size_t n_rows; /* 0: the result has no records, or none that can be drawn */
};

/* Never NULL. The result has to live as long. */
struct ladder *ladder_new(const struct run_result *result);
void ladder_free(struct ladder *ladder);

/* The next line of a label, as text_line(): broken before "ack" where that helps. */
const char *ladder_label_line(const char **at, size_t columns, size_t *size);

/* The next state of `row->peer`, and its length; NULL: no more. Begins with *at = row->peer. */
const char *ladder_state(const char **at, size_t *size);

#endif
