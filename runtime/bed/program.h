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
	SLOT_REQUESTED, /* handed to the program */
	SLOT_ENTERED,	/* about to enter the kernel */
	SLOT_DONE,	/* everything below is valid */
};

/* What a call did. Written by the program, read by the run loop once state is SLOT_DONE. */
struct call_slot {
	atomic_uint state;	  /* enum slot_state; futex */
	int64_t begin_ns, end_ns; /* CLOCK_MONOTONIC, right before and after the system call */
	int64_t result;
	int error; /* errno if result is -1, else 0 */
	struct mismatches
		mismatches; /* where result, errno and out-values differ from the script */
	char failure[256];  /* why the call could not be made (unknown fd ...), result -1; "": it
			       was made */
	char live[512];	    /* the call as it really was: "recvmsg(4, {...}, 0) = 100"; "" if it
			       was not made */
	/* For the run loop's connection tracking: places in the table of descriptors, of the
	 * call's first argument and of the first descriptor that it made; -1: none. */
	int used, made;
	/* The address given to connect, sendto or sendmsg; valid from SLOT_ENTERED on. */
	struct sockaddr_storage target;
	/* After connect, sendto, sendmsg, bind, listen and accept: getsockname(), getpeername() and
	 * the index of the device the socket is bound to (0: none). Family AF_UNSPEC: unknown. */
	struct sockaddr_storage local, peer;
	int device;
};

/* TCP_INFO, TCP_CC_INFO and SO_MEMINFO of a socket at one moment, for code blocks. */
struct sock_snapshot {
	int error; /* errno of the first request that failed; 0: none */
	char failure[256];
	uint32_t tcp_info_size, cc_info_size, meminfo_size; /* bytes returned */
	unsigned char tcp_info[512], cc_info[128], meminfo[128];
};

struct program; /* the run loop's handle of the program */

struct program_env;
struct share; /* share.h */

/* The program's main function after the fork: serves requests and never returns (server_main() of
 * runtime/calls/server.h). The program must not outlive the process `parent`. */
typedef void serve_calls(const struct program_env *env, struct share *share, pid_t parent);

/* What a call knows of the run; it does not change during the timeline. */
struct program_env {
	const struct script *script;
	int64_t tolerance_ns;
	serve_calls *serve;
};

/* program_start() forks the program, which starts its threads. It must be called while the process
 * has only one thread; the program dies with that thread. The program keeps standard input, output
 * and error and closes every other descriptor that it inherited. program_ready() waits until all
 * threads are up; before that only program_stop() may be called. Both return 0, or -errno with err.
 */
int program_start(const struct program_env *env, struct program **program, struct errbuf *err);
int program_ready(struct program *program, struct errbuf *err);

pid_t program_pid(const struct program *program);

/* Sets time zero, as CLOCK_MONOTONIC ns and CLOCK_REALTIME ns; to be called before the first call.
 */
void program_set_start(struct program *program, int64_t monotonic_ns, int64_t realtime_ns);

/* Hands a call to the program and returns. If the program has ended, the slot is done at once and
 * its failure says how the program ended. */
void program_request(struct program *program, const struct event *event);

const struct call_slot *program_slot(const struct program *program, const struct call *call);

/* The descriptors that calls have made so far; the table stays valid after the program's end. */
const struct descriptors *program_descriptors(const struct program *program);

/* Waits until the call is done; true, or false at the deadline (CLOCK_MONOTONIC ns). */
bool program_wait(struct program *program, const struct call *call, int64_t deadline_ns);

/* Waits until the call is done or its thread sleeps in the kernel (from /proc/PID/task/TID/stat);
 * true if either, false at the deadline. */
bool program_wait_asleep(struct program *program, const struct call *call, int64_t deadline_ns);

/* Takes a snapshot of a live descriptor, for code blocks and states. False if the program did not
 * answer before the deadline (CLOCK_MONOTONIC ns); an answer may say that it failed, see struct
 * sock_snapshot. */
bool program_snapshot(struct program *program, int live_fd, struct sock_snapshot *snapshot,
		      int64_t deadline_ns);

/* Ends the program by a signal, or by exit(status) in a thread that is not inside a call, and waits
 * until it is gone and the kernel has closed its sockets. Pending calls are then done, with a
 * failure. Returns 0; -EINVAL (the signal ends no process); -ESRCH (the program has ended already);
 * or another -errno. */
int program_kill(struct program *program, int signal);
int program_exit(struct program *program, int status);
bool program_alive(struct program *program);

/* Ends the program if it still runs, and frees the handle. Accepts NULL. */
void program_stop(struct program *program);

#endif
