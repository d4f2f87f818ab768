/* What a call handler works with. A handler (call_NAME, one per row of parser/calls.def):
 *
 *	int fd = arg_fd(c, 0);			arguments first: they may fail
 *	if (call_begin(c))			false: an argument failed, nothing is called
 *		call_end(c, listen(fd, n));	call_begin and call_end take the time
 *	...					then out-values: compare, and c->shown[] for the
 *live form
 *
 * Everything that can be made ready is made ready before call_begin(). Result and errno are
 *compared by call_perform(), which also writes the live form. */
#ifndef FINWAIT_RUNTIME_CALLS_CALL_H
#define FINWAIT_RUNTIME_CALLS_CALL_H

#include <pthread.h>
#include <sys/uio.h>

#include "parser/ast.h"
#include "parser/tables.h"
#include "runtime/bed/share.h"

/* A capability change concerns the calling thread alone, so every thread catches up with this. */
struct capabilities {
	pthread_mutex_t lock;
	atomic_uint generation;
	uint64_t set, cleared; /* bits of the effective set */
};

/* What all threads of the program share. */
struct host {
	struct program_env env;
	struct share *share;
	pthread_mutex_t making; /* whoever adds to the descriptors */
	struct capabilities caps;
	atomic_uint finished; /* calls; a thread that reads it has seen all that those changed */
	/* What is sent. Never changed or freed, so MSG_ZEROCOPY may keep it. */
	unsigned char *zeros;
	size_t n_zeros;
};

/* What a thread has of its own. */
struct worker {
	struct host *host;
	const struct event *event; /* the one blocking call; NULL: serves the others */
	unsigned number;	   /* in share->threads */
	unsigned char *received;   /* where received data goes */
	size_t n_received;
	unsigned char *scratch;
	size_t scratch_used;
	unsigned caps_generation;
};

#define MAX_CALL_ARGS 8

struct call_ctx {
	struct host *host;
	struct worker *worker;
	const struct event *event;
	const struct call *call;
	struct call_slot *slot;
	const char *shown[MAX_CALL_ARGS]; /* live form of an argument; NULL: as written */
};

/* Makes one call: slot filled, but its state not yet SLOT_DONE. */
void call_perform(struct worker *worker, const struct event *event, struct call_slot *slot);

/* How much memory the data that a call sends or receives takes. */
size_t call_buffer_size(const struct call *call);

/* ---- for handlers ---------------------------------------------------------------------- */

void call_fail(struct call_ctx *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool call_begin(struct call_ctx *c);
/* Takes what the system call returned; errno is read if it is -1. */
void call_end(struct call_ctx *c, int64_t result);

/* Zeroed memory for the length of the call, made before the timeline. */
void *call_scratch(struct call_ctx *c, size_t size);
char *call_printf(struct call_ctx *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const struct expr *arg(const struct call_ctx *c, size_t i); /* NULL: left out */
int64_t arg_int(const struct call_ctx *c, size_t i);	    /* 0 for `...` and what is left out */
bool is_any(const struct expr *expr);			    /* `...` */
const struct expr *field_of(const struct expr *record, const char *name); /* NULL: none */
int64_t field_int(const struct expr *record, const char *name);

/* The live descriptor of a script's. Negative ones are passed on as they are; unknown ones fail. */
int live_fd(struct call_ctx *c, int64_t script_fd);
int arg_fd(struct call_ctx *c, size_t i);
int arg_socket(struct call_ctx *c, size_t i, struct socket_kind *kind); /* and what it is */
/* For calls that make one: the label their result stands for, -1 where none is written. */
int64_t result_label(const struct call_ctx *c);
/* Fails if the label is in use. */
void check_free(struct call_ctx *c, int64_t script_fd);
/* Binds a label to what the call has made; nothing where there is no label or no descriptor. */
void made_fd(struct call_ctx *c, int64_t script_fd, int live_fd, const struct socket_kind *kind);

/* Zeros to send (an echo request for ping sockets), or NULL where the script says so. */
void *send_buffer(struct call_ctx *c, size_t i, size_t size, const struct socket_kind *socket);
void *recv_buffer(struct call_ctx *c, size_t i, size_t size);
/* Both: {..., LEN} records, each with a piece of `base`. */
struct iovec *arg_iovecs(struct call_ctx *c, const struct expr *list, unsigned char *base);

/* ---- addresses (address.c) --------------------------------------------------------------- */

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* An `addr` or `target` argument for a socket of that family; *size 0 and NULL: NULL. */
struct sockaddr *arg_address(struct call_ctx *c, size_t i, bool remote,
			     const struct socket_kind *socket, socklen_t *size);
/* The remote end, as `...` means it. */
struct sockaddr *remote_address(struct call_ctx *c, const struct socket_kind *socket, socklen_t *size);
/* Into the slot, for the run loop: before the call, whom it asks for (NULL: nobody); after it,
 * getsockname(), getpeername() and the device. */
void note_target(struct call_ctx *c, const struct sockaddr *target, socklen_t size);
void note_addresses(struct call_ctx *c, int fd);

/* ---- control messages (cmsg.c) ----------------------------------------------------------- */

/* The bytes of a msg_control list as the kernel would write or read them. */
void *control_encode(struct call_ctx *c, const struct expr *list, size_t *size);
/* Compares and shows what was received. */
char *control_compare(struct call_ctx *c, const struct expr *list, struct msghdr *msg);

#endif
