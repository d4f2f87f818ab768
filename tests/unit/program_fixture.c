#include "runtime/calls/server.h"
#include "tests/unit/program_fixture.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Needs root, or user namespaces. */
static void fresh_namespace(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		assert_int_equal(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

void play_open(struct play *play, const char *text, enum ip_mode mode)
{
	const char *ip = mode == IP_V6 ? "::1" : "127.0.0.1";
	struct cli_option options[] = {{"local_ip", ip}};
	struct source source = {.path = "test.pkt", .text = text, .size = strlen(text)};
	struct diags *diags = diags_new(&source);
	struct program_env env = {.tolerance_ns = SECOND, .serve = server_main}; /* the machine may be busy */
	struct errbuf err;
	int64_t now;

	play->arena = arena_new();
	play->end_code = 0;
	play->script = script_parse(play->arena, &source, options, 1, mode, diags);
	if (diags_errors(diags))
		diags_print(diags, stderr, false);
	assert_int_equal(diags_errors(diags), 0);
	diags_free(diags);
	/* No script may say so, but these calls have no device: their peer is the kernel itself. */
	play->script->config->remote_ip.addr = play->script->config->local_ip;
	fresh_namespace();
	env.script = play->script;
	if (program_start(&env, &play->program, &err) < 0 || program_ready(play->program, &err) < 0)
		fail_msg("%s", err.text);
	now = clock_now();
	program_set_start(play->program, now, now + clock_realtime_offset());
}

void play_event(struct play *play, const struct event *event)
{
	struct program *program = play->program;
	int64_t deadline = clock_now() + 2 * SECOND;

	if (event->kind == EVENT_KILL) {
		play->end_code = program_kill(program, event->signal);
	} else if (event->kind == EVENT_EXIT) {
		play->end_code = program_exit(program, event->status);
	} else if (event->kind == EVENT_CALL) {
		program_request(program, event);
		if (event->blocking)
			assert_true(program_wait_asleep(program, event->call, deadline));
		else
			assert_true(program_wait(program, event->call, deadline));
	}
}

void play_all(struct play *play)
{
	for (size_t i = 0; i < play->script->n_events; i++) {
		if (play->script->events[i]->time.at >= NSEC_PER_SEC / 1000)
			usleep((useconds_t)(play->script->events[i]->time.at / NSEC_PER_USEC));
		play_event(play, play->script->events[i]);
	}
}

const struct call_slot *slot_at(const struct play *play, size_t line)
{
	assert_true(line >= 1 && line <= play->script->n_events);
	return program_slot(play->program, play->script->events[line - 1]->call);
}

const struct call_slot *last_slot(const struct play *play)
{
	return slot_at(play, play->script->n_events);
}

int live_number(const struct play *play, int label)
{
	return descriptors_find(program_descriptors(play->program), label)->live_fd;
}

void play_close(struct play *play)
{
	program_stop(play->program);
	arena_free(play->arena);
}

void play_script(struct play *play, const char *text)
{
	play_open(play, text, IP_V4);
	play_all(play);
}
