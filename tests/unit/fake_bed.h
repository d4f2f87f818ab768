/* A fake bed for tests of the play loop: the clock advances only in waits, calls return what the
 * script says, and the kernel answers from a table. A test needs neither root nor a TUN device, and
 * takes microseconds. */
#ifndef FINWAIT_TESTS_FAKE_BED_H
#define FINWAIT_TESTS_FAKE_BED_H

#include "runtime/play/play.h"

#define US(n) ((n)*NSEC_PER_USEC)
#define MS(n) ((n)*NSEC_PER_MSEC)

/* What happens when the loop comes to the event of that index: of a packet or call, right after it
 * was injected or made. One thing a row; a table ends with an empty row. */
struct fake_row {
	unsigned event;
	int64_t delay; /* ns after that */
	const char
		*packet; /* the kernel sends it: "S. 0:0(0) ack 1 <mss 1460>", in script numbers */
	int state;	 /* the connection is in this state from then on */
	int state_error; /* asking for states fails with this errno, at that event alone */
	bool mute;	 /* the program gives no values from then on */
	int64_t oversleep; /* the wait for the event ends so late */
	int64_t slow_send; /* the injection takes so long, all of it after the kernel has it */
	int64_t call_time; /* the call takes so long */
	int call_errno;	   /* the call returns -1 and this */
	int timer;	   /* its timer is this one from then on, of timers.def ... */
	int64_t left;	   /* ... and has so long to go */
	const char *counter; /* this one of the kernel's counters grows by one */
	const char *reason; /* the kernel drops what is injected, or sends the RST expected, for it */
	int receive_error; /* the link fails with this errno */
};

/* The kernel's initial sequence number, so that script numbers and live ones differ. */
#define FAKE_ISS 1000000u

/* How most scripts begin: a connection is accepted as 4. Events 0 to 6; the SYN is event 3, the ACK 5. */
#define LISTENING                                                                                  \
	"0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"                                            \
	"+0 bind(3, ..., ...) = 0\n"                                                               \
	"+0 listen(3, 1) = 0\n"
#define OPENED                                                                                     \
	LISTENING                                                                                  \
	"+0 < S 0:0(0) win 65535 <mss 1460>\n"                                                     \
	"+0 > S. 0:0(0) ack 1 <...>\n"                                                             \
	"+0 < . 1:1(0) ack 1 win 65535\n"                                                          \
	"+0 accept(3, ..., ...) = 4\n"

/* Plays a script's text. The result is the caller's; a script with errors fails the test. */
struct run_result *fake_play(const char *script, const struct fake_row *rows);

#endif
