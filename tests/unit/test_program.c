/* The program under test as a process: hand-over, blocking, death. */
#include "tests/unit/program_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define CALLS_TIMED 200

static int compare_ints(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void test_round_trip(void **state)
{
	char text[CALLS_TIMED * 40 + 100] = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
	int64_t times[CALLS_TIMED], handover[CALLS_TIMED];
	struct play play;

	(void)state;
	for (int i = 0; i < CALLS_TIMED; i++)
		strcat(text, "+0 fcntl(3, F_GETFL) = 2\n");
	play_open(&play, text, IP_V4);
	play_event(&play, play.script->events[0]);
	for (int i = 0; i < CALLS_TIMED; i++) {
		const struct event *event = play.script->events[i + 1];
		int64_t begin;

		usleep(200); /* both sides sleep, as they do in a script */
		begin = clock_now();
		play_event(&play, event);
		times[i] = clock_now() - begin;
		handover[i] = program_slot(play.program, event->call)->begin_ns - begin;
	}
	qsort(times, CALLS_TIMED, sizeof(times[0]), compare_ints);
	qsort(handover, CALLS_TIMED, sizeof(handover[0]), compare_ints);
	print_message("request to system call: median %lld us; round trip: median %lld us\n",
		      (long long)handover[CALLS_TIMED / 2] / 1000,
		      (long long)times[CALLS_TIMED / 2] / 1000);
	assert_true(times[CALLS_TIMED / 2] < 2000 * NSEC_PER_USEC);
	play_close(&play);
}

static void test_blocking_does_not_hold_others(void **state)
{
	struct play play;

	(void)state;
	play_script(&play, PAIR "+0...1 read(5, ..., 500) = 500\n"
				"+0...1 accept(3, ..., ...) = 6\n"
				"+0 fcntl(4, F_GETFL) = 2\n");
	assert_int_equal(slot_at(&play, 8)->state, SLOT_ENTERED);
	assert_int_equal(slot_at(&play, 9)->state, SLOT_ENTERED);
	assert_int_equal(last_slot(&play)->state, SLOT_DONE);
	play_close(&play);
}

static void test_blocking_returns(void **state)
{
	const struct call *call;
	struct play play;

	(void)state;
	play_script(&play, PAIR "+0...1 read(5, ..., 500) = 500\n"
				"+0.02 write(4, ..., 500) = 500\n");
	call = play.script->events[7]->call;
	assert_true(program_wait(play.program, call, clock_now() + SECOND));
	assert_int_equal(slot_at(&play, 8)->mismatches.n, 0);
	assert_string_equal(slot_at(&play, 8)->live, "read(5, ..., 500) = 500");
	assert_true(slot_at(&play, 8)->end_ns >= slot_at(&play, 9)->begin_ns);
	assert_true(slot_at(&play, 8)->begin_ns + 15 * 1000 * NSEC_PER_USEC <
		    slot_at(&play, 8)->end_ns);
	play_close(&play);
}

static void test_unmarked_blocking_call_is_seen(void **state)
{
	const struct event *event;
	struct play play;

	(void)state;
	play_open(&play, PAIR "+0 read(5, ..., 500) = 500\n", IP_V4);
	for (int i = 0; i < 7; i++)
		play_event(&play, play.script->events[i]);
	event = play.script->events[7];
	program_request(play.program, event);
	assert_false(
		program_wait(play.program, event->call, clock_now() + 30 * 1000 * NSEC_PER_USEC));
	assert_int_equal(program_slot(play.program, event->call)->state, SLOT_ENTERED);
	play_close(&play);
}

/* A connection from outside of the program shows what its peer sees. */
static int peer_socket(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8080)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

struct ending {
	const char *line;
	const char *text;
};

static void check_ending(const struct ending *ending)
{
	char text[1024], message[256], byte;
	struct play play;
	int peer;

	snprintf(text, sizeof(text),
		 LISTENER "+0 accept(3, ..., ...) = 4\n%s\n+0 write(4, ..., 1) = 1\n",
		 ending->line);
	play_open(&play, text, IP_V4);
	for (int i = 0; i < 4; i++)
		play_event(&play, play.script->events[i]);
	peer = peer_socket();
	play_event(&play, play.script->events[4]);
	play_event(&play, play.script->events[5]);
	assert_int_equal(play.end_code, 0);
	/* Its sockets are closed by the time the call returns: no waiting here. */
	assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), 0);
	assert_false(program_alive(play.program));
	play_event(&play, play.script->events[6]);
	snprintf(message, sizeof(message), "the program under test has ended (%s)", ending->text);
	assert_string_equal(last_slot(&play)->failure, message);
	assert_int_equal(program_kill(play.program, SIGKILL), -ESRCH);
	assert_int_equal(program_exit(play.program, 0), -ESRCH);
	close(peer);
	play_close(&play);
}

static void test_endings(void **state)
{
	static const struct ending endings[] = {
		{"+0 kill(SIGKILL)", "killed by SIGKILL at line 6"},
		{"+0 kill(SIGTERM)", "killed by SIGTERM at line 6"},
		{"+0 kill(SIGPIPE)", "killed by SIGPIPE at line 6"}, /* ignored till then */
		{"+0 kill(SIGSEGV)", "killed by SIGSEGV at line 6"},
		{"+0 kill(SIGABRT)", "killed by SIGABRT at line 6"},
		{"+0 kill(SIGUSR1)", "killed by SIGUSR1 at line 6"},
		{"+0 exit(0)", "exit(0) at line 6"},
		{"+0 exit(7)", "exit(7) at line 6"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		check_ending(&endings[i]);
}

static void test_harmless_signals_are_errors(void **state)
{
	struct play play;

	(void)state;
	play_script(&play, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n");
	assert_int_equal(program_kill(play.program, SIGCHLD), -EINVAL);
	assert_int_equal(program_kill(play.program, SIGSTOP), -EINVAL);
	assert_int_equal(program_kill(play.program, SIGCONT), -EINVAL);
	assert_int_equal(program_kill(play.program, 0), -EINVAL);
	assert_int_equal(program_kill(play.program, 1000), -EINVAL);
	assert_true(program_alive(play.program));
	play_close(&play);
}

/* Both with calls pending: some thread or other is inside the kernel. */
static void test_end_with_calls_pending(void **state)
{
	static const char *const ends[] = {"+0 exit(3)\n", "+0 kill(SIGTERM)\n"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct play play;
		char text[1024];

		snprintf(text, sizeof(text),
			 PAIR "+0...1 read(5, ..., 500) = 500\n+0...1 accept(3, ..., ...) = 6\n%s",
			 ends[i]);
		play_script(&play, text);
		assert_int_equal(play.end_code, 0);
		assert_int_equal(slot_at(&play, 8)->state, SLOT_DONE);
		assert_non_null(strstr(slot_at(&play, 8)->failure, "inside this call"));
		assert_non_null(strstr(slot_at(&play, 9)->failure, "inside this call"));
		assert_string_equal(slot_at(&play, 7)->failure, "");
		play_close(&play);
	}
}

static void test_crash_is_noticed(void **state)
{
	const struct event *event;
	struct play play;

	(void)state;
	play_open(&play, PAIR "+0 read(5, ..., 500) = 500\n", IP_V4);
	for (int i = 0; i < 7; i++)
		play_event(&play, play.script->events[i]);
	event = play.script->events[7];
	program_request(play.program, event);
	kill(program_pid(play.program), SIGKILL);
	assert_true(program_wait(play.program, event->call, clock_now() + SECOND));
	assert_string_equal(program_slot(play.program, event->call)->failure,
			    "the program under test ended (killed by SIGKILL) inside this call");
	play_close(&play);
}

/* What the run loop has open must not live on in the program: a device would stay. */
static void test_inherits_nothing(void **state)
{
	struct play play;
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	play_script(&play, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n");
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	assert_int_equal(live_number(&play, 3), 3); /* numbers as in a fresh program */
	close(fds[0]);
	play_close(&play);
}

static void test_dies_with_its_parent(void **state)
{
	int fds[2], status;
	pid_t parent;
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	/* The program's standard output is the pipe: its end comes when the program is gone. */
	parent = fork();
	if (parent == 0) {
		struct play play;

		dup2(fds[1], STDOUT_FILENO);
		close(fds[1]);
		play_script(&play, LISTENER "+0...9 accept(3, ..., ...) = 4\n");
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFEXITED(status));
	while (read(fds[0], &byte, 1) > 0)
		;
	close(fds[0]);
}

static void test_snapshot(void **state)
{
	struct sock_snapshot snapshot;
	struct play play;

	(void)state;
	play_script(&play, PAIR "+0...1 read(5, ..., 500) = 500\n+0 pipe([7, 8]) = 0\n");
	assert_true(program_snapshot(play.program, live_number(&play, 4), &snapshot,
				     clock_now() + SECOND));
	assert_int_equal(snapshot.error, 0);
	assert_true(snapshot.tcp_info_size >= 200);
	assert_int_equal(snapshot.tcp_info[0], 1); /* tcpi_state: TCP_ESTABLISHED */
	assert_true(snapshot.meminfo_size >= 36);
	assert_true(program_snapshot(play.program, live_number(&play, 7), &snapshot,
				     clock_now() + SECOND));
	assert_int_equal(snapshot.error, ENOTSOCK);
	assert_true(program_snapshot(play.program, 99, &snapshot, clock_now() + SECOND));
	assert_int_equal(snapshot.error, EBADF);
	program_kill(play.program, SIGKILL);
	assert_true(program_snapshot(play.program, 4, &snapshot, clock_now() + SECOND));
	assert_int_equal(snapshot.error, ESRCH);
	play_close(&play);
}

static void test_descriptor_labels(void **state)
{
	struct play play;

	(void)state;
	play_script(&play, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 70\n"
			   "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 70\n"
			   "+0 close(70) = 0\n"
			   "+0 listen(70, 1) = 0\n"
			   "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 70\n"
			   "+0 listen(71, 1) = 0\n"
			   "+0 close(-1) = -1 EBADF (Bad file descriptor)\n");
	assert_string_equal(slot_at(&play, 1)->live, "socket(..., SOCK_STREAM, IPPROTO_TCP) = 70");
	assert_int_equal(descriptors_find(program_descriptors(play.program), 70)->made_line, 5);
	assert_int_equal(program_descriptors(play.program)->at[slot_at(&play, 1)->made].closed_line,
			 3);
	assert_string_equal(slot_at(&play, 2)->failure,
			    "duplicate descriptor: 70 is still open, made at line 1");
	assert_string_equal(slot_at(&play, 3)->failure, "");
	assert_string_equal(slot_at(&play, 4)->failure, "descriptor 70 was closed at line 3");
	assert_string_equal(slot_at(&play, 5)->failure, "");
	assert_string_equal(slot_at(&play, 6)->failure,
			    "no call of this script has made descriptor 71");
	assert_int_equal(slot_at(&play, 7)->mismatches.n, 0);
	assert_string_equal(slot_at(&play, 7)->failure, "");
	play_close(&play);
}

static uint64_t socket_of(const struct play *play, int label)
{
	const struct descriptors *table = program_descriptors(play->program);

	return descriptors_find(table, label)->cookie;
}

/* One table: which descriptors are of one socket, and which are open. */
static void test_descriptors_of_one_socket(void **state)
{
	const struct descriptors *table;
	struct play play;

	(void)state;
	play_script(&play, PAIR "+0 dup(4) = 7\n"
				"+0 fcntl(4, F_DUPFD, 30) = 30\n"
				"+0 dup2(4, 5) = 5\n"
				"+0 pipe([8, 9]) = 0\n"
				"+0 close(4) = 0\n"
				"+0 close(7) = 0\n");
	table = program_descriptors(play.program);
	assert_true(socket_of(&play, 4) != 0 && socket_of(&play, 4) != socket_of(&play, 3));
	assert_true(socket_of(&play, 7) == socket_of(&play, 4));
	assert_true(socket_of(&play, 30) == socket_of(&play, 4));
	assert_true(socket_of(&play, 5) == socket_of(&play, 4));
	assert_true(socket_of(&play, 8) == 0);
	/* The accepted 5 was closed by dup2(), and is another entry. */
	assert_int_equal(table->at[slot_at(&play, 7)->made].closed_line, 10);
	assert_int_equal(descriptors_find(table, 4)->closed_line, 12);
	assert_int_equal(descriptors_open(table, socket_of(&play, 4))->script_fd, 5);
	assert_true(descriptors_has_live(table, 30));
	play_close(&play);
}

/* accept() alone may take a label that is in use: it then stands for the newest connection. */
static void test_accepted_label_moves(void **state)
{
	struct play play;

	(void)state;
	play_script(&play, PAIR "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 6\n"
				"+0 connect(6, ..., ...) = 0\n"
				"+0 accept(3, ..., ...) = 5\n"
				"+0 write(5, ..., 10) = 10\n"
				"+0 recv(4, ..., 99, MSG_DONTWAIT) = -1 EAGAIN (not there)\n"
				"+0 recv(6, ..., 99, MSG_DONTWAIT) = 10\n");
	for (size_t line = 8; line <= 13; line++) {
		assert_string_equal(slot_at(&play, line)->failure, "");
		assert_int_equal(slot_at(&play, line)->mismatches.n, 0);
	}
	play_close(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_blocking_does_not_hold_others),
		cmocka_unit_test(test_blocking_returns),
		cmocka_unit_test(test_unmarked_blocking_call_is_seen),
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_harmless_signals_are_errors),
		cmocka_unit_test(test_end_with_calls_pending),
		cmocka_unit_test(test_crash_is_noticed),
		cmocka_unit_test(test_inherits_nothing),
		cmocka_unit_test(test_dies_with_its_parent),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_descriptor_labels),
		cmocka_unit_test(test_descriptors_of_one_socket),
		cmocka_unit_test(test_accepted_label_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
