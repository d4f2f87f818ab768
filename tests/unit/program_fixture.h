/* Plays the calls of a script with the real program under test, over a loopback device in a network
 * namespace of its own. Local and remote address are the same, so a script can be both ends. */
#ifndef FINWAIT_TESTS_PROGRAM_FIXTURE_H
#define FINWAIT_TESTS_PROGRAM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "parser/script.h"
#include "runtime/bed/clock.h"
#include "runtime/bed/program.h"

#define SECOND NSEC_PER_SEC

#define LISTENER                                                                                   \
	"0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"                                            \
	"+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0\n"                                 \
	"+0 bind(3, ..., ...) = 0\n"                                                               \
	"+0 listen(3, 4) = 0\n"
/* 4 has connected to 5. */
#define PAIR                                                                                       \
	LISTENER "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4\n"                                  \
		 "+0 connect(4, ..., ...) = 0\n"                                                   \
		 "+0 accept(3, ..., ...) = 5\n"

struct play {
	struct arena *arena;
	struct script *script;
	struct program *program;
	int end_code; /* of program_kill() or program_exit() */
};

void play_open(struct play *play, const char *text, enum ip_mode mode);
void play_event(struct play *play, const struct event *event);
void play_all(struct play *play);

/* The call in the nth line (from 1), which is also the nth event. */
const struct call_slot *slot_at(const struct play *play, size_t line);
const struct call_slot *last_slot(const struct play *play);
/* The live descriptor behind a label. */
int live_number(const struct play *play, int label);
void play_close(struct play *play);
void play_script(struct play *play, const char *text);

#endif
