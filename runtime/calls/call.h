/* What a call handler works with. A handler (call_NAME, one per row of parser/calls.def):
 *
 *	int fd = arg_fd(c, 0);			reads the arguments first: they may fail
 *	if (call_begin(c))			false: an argument failed, nothing is called
 *		call_end(c, listen(fd, n));	call_begin() and call_end() take the time
 *	...					then compares the values that the call stored,
 *						and sets c->shown[] to their live form
 *
 * Everything that can be prepared is prepared before call_begin(). call_perform() compares result
 * and errno, and writes the live form of the call. */
#ifndef FINWAIT_RUNTIME_CALLS_CALL_H
#define FINWAIT_RUNTIME_CALLS_CALL_H

#include <pthread.h>
#include <sys/uio.h>

#include "parser/ast.h"
#include "parser/tables.h"
#include "runtime/bed/share.h"

/* A change of capabilities affects only the calling thread, so each thread catches up with this
 * before its next call. */
struct capabilities {
	pthread_mutex_t lock;
	atomic_uint generation;
	uint64_t set, cleared; /* bits of the effective set */
};

/* Data that all threads of the program share. */
struct host {
	struct program_env env;
	struct share *share;
	pthread_mutex_t making; /* held while the table of descriptors is written */
	struct capabilities caps;
	atomic_uint finished; /* number of calls; who reads it also sees what they changed */
	/* The data that calls send. Never changed or freed, so MSG_ZEROCOPY may refer to it. */
	unsigned char *zeros;
	size_t n_zeros;
};

/* Data of one thread. */
struct worker {
	struct host *host;
	const struct event *event; /* its blocking call; NULL: it serves all other calls */
	unsigned number;	   /* index in share->threads */
	unsigned char *received;   /* buffer for received data */
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

/* Makes one call and fills in its slot, except for the state SLOT_DONE. */
void call_perform(struct worker *worker, const struct event *event, struct call_slot *slot);

/* The size in bytes of the buffer for the data that a call sends or receives. */
size_t call_buffer_size(const struct call *call);

/* ---- for handlers ---------------------------------------------------------------------- */

void call_fail(struct call_ctx *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool call_begin(struct call_ctx *c);
/* Takes the result of the system call; reads errno if it is -1. */
void call_end(struct call_ctx *c, int64_t result);

/* Zeroed memory that is valid during the call; the thread allocates it before the timeline. */
void *call_scratch(struct call_ctx *c, size_t size);
char *call_printf(struct call_ctx *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const struct expr *arg(const struct call_ctx *c, size_t i); /* NULL: left out */
int64_t arg_int(const struct call_ctx *c, size_t i);	    /* 0 if it is `...` or left out */
bool is_any(const struct expr *expr);			    /* true for `...` */
const struct expr *field_of(const struct expr *record, const char *name); /* NULL: none */
int64_t field_int(const struct expr *record, const char *name);

/* The live descriptor of a script's descriptor. A negative one is returned as it is; an unknown one
 * makes the call fail. */
int live_fd(struct call_ctx *c, int64_t script_fd);
int arg_fd(struct call_ctx *c, size_t i);
int arg_socket(struct call_ctx *c, size_t i, struct socket_kind *kind); /* also sets the kind */
/* For calls that make a descriptor: the label that the script gives it; -1: none is written. */
int64_t result_label(const struct call_ctx *c);
/* Makes the call fail if the label is in use. */
void check_free(struct call_ctx *c, int64_t script_fd);
/* Binds a label to the descriptor that the call has made; does nothing if there is no label or no
 * descriptor. */
void made_fd(struct call_ctx *c, int64_t script_fd, int live_fd, const struct socket_kind *kind);

/* The data to send: zeros, an echo request for ping sockets, or NULL if the script writes 0. */
void *send_buffer(struct call_ctx *c, size_t i, size_t size, const struct socket_kind *socket);
void *recv_buffer(struct call_ctx *c, size_t i, size_t size);
/* The iovecs of a list of {..., LEN} records, each with a part of `base`. */
struct iovec *arg_iovecs(struct call_ctx *c, const struct expr *list, unsigned char *base);

/* ---- addresses (address.c) --------------------------------------------------------------- */

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* The address of an `addr` or `target` argument for a socket of that family. NULL, and *size 0, if
 * the script writes a null pointer. */
struct sockaddr *arg_address(struct call_ctx *c, size_t i, bool remote,
			     const struct socket_kind *socket, socklen_t *size);
/* The address that `...` means for a remote end. */
struct sockaddr *remote_address(struct call_ctx *c, const struct socket_kind *socket, socklen_t *size);
/* Store addresses in the slot, for the run loop. note_target() is called before the system call,
 * with its target (NULL: none); note_addresses() after it stores getsockname(), getpeername() and
 * the device. */
void note_target(struct call_ctx *c, const struct sockaddr *target, socklen_t size);
void note_addresses(struct call_ctx *c, int fd);

/* ---- control messages (cmsg.c) ----------------------------------------------------------- */

/* The bytes of a msg_control list as the kernel would write or read them. */
void *control_encode(struct call_ctx *c, const struct expr *list, size_t *size);
/* Compares the received messages with the list, and returns their live form. */
char *control_compare(struct call_ctx *c, const struct expr *list, struct msghdr *msg);

#endif
