/* The program under test: a process of its own that performs the script's system calls, so that it
 * can block, be killed and exit. Its sockets exist in no other process: when it dies, the kernel
 * closes them.
 *
 * It is forked before the timeline starts, so it holds the checked script; a request is therefore
 * just the number of an event. One thread serves the calls that should return at once; each
 * blocking call has a thread of its own, all of them started before the timeline. Requests and
 * results live in one shared memory area with a struct call_slot per call (script order) and a
 * futex each. */
#ifndef FINWAIT_RUNTIME_BED_PROGRAM_H
#define FINWAIT_RUNTIME_BED_PROGRAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <netinet/in.h>

#include "parser/ast.h"
#include "parser/config.h"
#include "runtime/record/mismatch.h"
#include "base/errbuf.h"
#include "runtime/bed/descriptors.h"

enum slot_state {
	SLOT_IDLE,
	SLOT_REQUESTED, /* handed over */
	SLOT_ENTERED,	/* about to enter the kernel */
	SLOT_DONE,	/* everything below is valid */
};

/* What a call did. Written by the program, read by the run loop once state is SLOT_DONE. */
struct call_slot {
	atomic_uint state;	  /* enum slot_state; futex */
	int64_t begin_ns, end_ns; /* CLOCK_MONOTONIC, right before and after the system call */
	int64_t result;
	int error;		      /* errno if result is -1, else 0 */
	struct mismatches mismatches; /* result, errno and out-values against the script; empty: as
					 expected */
	char failure[256]; /* not a mismatch but a call that could not be made (unknown fd ...),
			      result -1; "" */
	char live[512];	   /* the call as it really was: "recvmsg(4, {...}, 0) = 100"; "" if it
			      was not made */
	/* For the run loop's connection tracking. In the table of descriptors, the one the call
	 * works on, its first argument, and the first it made; -1: none. */
	int used, made;
	/* Of connect, sendto and sendmsg, from SLOT_ENTERED on: the address given. */
	struct sockaddr_storage target;
	/* After these, bind, listen and accept: getsockname(), getpeername() and the index of the
	 * device the socket is bound to (0: none). Family AF_UNSPEC: unknown. */
	struct sockaddr_storage local, peer;
	int device;
};

/* TCP_INFO, TCP_CC_INFO and SO_MEMINFO of a socket at one moment, for code blocks. */
struct sock_snapshot {
	int error; /* errno of the first that failed; 0 */
	char failure[256];
	uint32_t tcp_info_size, cc_info_size, meminfo_size; /* bytes returned */
	unsigned char tcp_info[512], cc_info[128], meminfo[128];
};

struct program; /* the run loop's handle */

struct program_env;
struct share; /* share.h */

/* What the program does once it is forked: serves requests, and never returns (server_main() of
 * runtime/calls/server.h). `parent` is the process that it must not outlive. */
typedef void serve_calls(const struct program_env *env, struct share *share, pid_t parent);

/* What a call sees of the run: fixed before the timeline. */
struct program_env {
	const struct script *script;
	int64_t tolerance_ns;
	serve_calls *serve;
};

/* Forks the program, which starts its threads. Call it from the thread that will live longest (the
 * program dies with it) while the process has only one. The program keeps standard input, output
 * and error and closes every other descriptor it inherited. Then program_ready() waits until all
 * threads are up; before it nothing else may be called but program_stop(). Both return 0 or -errno.
 */
int program_start(const struct program_env *env, struct program **program, struct errbuf *err);
int program_ready(struct program *program, struct errbuf *err);

pid_t program_pid(const struct program *program);

/* Time zero as CLOCK_MONOTONIC ns and CLOCK_REALTIME ns, before the first call. */
void program_set_start(struct program *program, int64_t monotonic_ns, int64_t realtime_ns);

/* Hands a call over and returns. Once the program has ended, the slot is done at once and its
 * failure says how the program ended. */
void program_request(struct program *program, const struct event *event);

const struct call_slot *program_slot(const struct program *program, const struct call *call);

/* What the calls so far have made; it stays as it is when the program has ended. */
const struct descriptors *program_descriptors(const struct program *program);

/* Waits until the call is done; true, or false at the deadline (CLOCK_MONOTONIC ns). */
bool program_wait(struct program *program, const struct call *call, int64_t deadline_ns);

/* Waits until the call is done or its thread sleeps in the kernel (from /proc/PID/task/TID/stat);
 * true if either, false at the deadline. */
bool program_wait_asleep(struct program *program, const struct call *call, int64_t deadline_ns);

/* Takes the snapshot of a live descriptor, for code blocks and states. False if there was no answer
 * before the deadline (CLOCK_MONOTONIC ns); an answer may still be a failure, see the snapshot. */
bool program_snapshot(struct program *program, int live_fd, struct sock_snapshot *snapshot,
		      int64_t deadline_ns);

/* Ends the program by a signal, or normally with exit(status) (from a thread that is not inside a
 * call), and waits until it is gone and the kernel has closed its sockets. Calls still pending are
 * then done, with a failure. Returns 0, -EINVAL (a signal that ends nothing), -ESRCH (already
 * ended) or another -errno. */
int program_kill(struct program *program, int signal);
int program_exit(struct program *program, int status);
bool program_alive(struct program *program);

/* Ends what is left of it, and frees the handle. Accepts NULL. */
void program_stop(struct program *program);

#endif
