/* Shell commands, and the values that code blocks see. */
#include "runtime/play/play_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/play/code.h"
#include "runtime/play/command.h"

#define OUTPUT_MOST (64 * 1024)

/* What a command printed since `from`. */
static const char *output_since(struct run *run, off_t from)
{
	off_t size = lseek(run->env->output_fd, 0, SEEK_END) - from;
	char *text;
	ssize_t n;

	if (size <= 0)
		return NULL;
	if (size > OUTPUT_MOST)
		size = OUTPUT_MOST;
	text = arena_alloc(run->result->arena, (size_t)size + 1);
	n = pread(run->env->output_fd, text, (size_t)size, from);
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' '; /* a text ends at the first NUL */
	return n > 0 ? text : NULL;
}

static int64_t command_limit(const struct run *run)
{
	return (int64_t)(run->config->command_timeout * (double)NSEC_PER_SEC);
}

bool run_command(struct run *run, const char *text, int fd, struct command_end *end)
{
	const struct run_env *env = run->env;
	bool good;

	if (env->command)
		env->command(env->cookie, true);
	good = command_run(text, env->output_fd, fd, command_limit(run), end);
	if (env->command)
		env->command(env->cookie, false);
	/* Of what can keep a shell from being started this is the script's own fault. */
	if (end->error && end->error != E2BIG)
		run_not_run(run);
	return good;
}

bool run_shell(struct run *run, const char *text, struct record *record)
{
	bool kept = run->env->keep_output && run->env->output_fd >= 0, good;
	off_t from = kept ? lseek(run->env->output_fd, 0, SEEK_END) : 0;
	struct command_end end;

	good = run_command(run, text, -1, &end);
	if (kept)
		record->output = output_since(run, from);
	if (good)
		return true;
	run_fail(run, record,
		 end.error	  ? FAULT_NO_SHELL
		 : end.past_limit ? FAULT_COMMAND_LIMIT
		 : end.signal	  ? FAULT_SIGNAL
				  : FAULT_EXIT_STATUS);
	if (end.past_limit)
		record->limit_ns = command_limit(run);
	record->error = end.error;
	record->signal = end.signal;
	record->exit_status = end.exit_status;
	record->detail = arena_strndup(run->result->arena, text, strcspn(text, "\n"));
	return false;
}

static void command(struct run *run, struct moment *moment)
{
	const struct event *event = moment->event;

	if (run->env->idle)
		run->env->idle(run->env->cookie);
	moment->begin = moment->acted = run_now(run);
	run_shell(run, event->text, moment->record);
	moment->end = run_now(run);
	/* Start-ups of other runs hold locks of the kernel that `tc` and `ip` need. */
	if (event->index && !run->env->alone && moment->record->status == RECORD_OK)
		run_late_note(run, moment->end - moment->begin - run->tolerance);
}

const struct player player_command = {
	.record = RECORD_COMMAND,
	.waits = true,
	.settles = true,
	.act = command,
};

/* The live descriptor whose values a code block sees. */
static int code_fd(const struct run *run)
{
	const struct conn *conn = run->conns.conn_under_test;
	const struct sock *sock = conn ? conn->sock : run->conns.sock_under_test;
	const struct descriptor *open = sock ? sock_descriptor(&run->conns, sock) : NULL;

	return open ? open->live_fd : -1;
}

static void take_values(struct run *run, struct moment *moment)
{
	struct sock_snapshot *snapshot = arena_new_of(run->arena, struct sock_snapshot);
	struct record *record = moment->record;
	struct bed *bed = run->bed;
	int fd = code_fd(run);

	moment->begin = moment->acted = run_now(run);
	if (fd < 0)
		run_fail(run, record, FAULT_NO_SOCKET);
	else if (!bed->ops->snapshot(bed, fd, snapshot, bed->ops->now(bed) + GRACE_NS))
		run_fail(run, record, FAULT_NO_ANSWER);
	else if (snapshot->error)
		run_fail_text(run, record, FAULT_NO_VALUES, snapshot->failure);
	else
		code_add(run->code, moment->event, snapshot, moment->begin);
	moment->end = run_now(run);
}

const struct player player_code = {
	.record = RECORD_CODE,
	.waits = true,
	.settles = true,
	.act = take_values,
};
