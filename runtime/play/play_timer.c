/* tcp_timer(): claims about a socket's timer, as sock_diag tells it: for open sockets, orphans and those in
 * TIME_WAIT. */
#include "runtime/play/play_internal.h"

#include <string.h>

#include "parser/tables.h"

/* How far the time that is left may be from what is claimed: the kernel counts it in ticks. */
static int64_t slack(const struct run *run)
{
	return run->tolerance + TIMER_TICKS * run->bed->ops->tick(run->bed);
}

/* What was left at the time that the claim speaks of, which may be a little before it could be asked. */
static int64_t left_of(const struct run *run, const struct sock_info *info, int64_t asked)
{
	int64_t left = (int64_t)info->expires_ms * NSEC_PER_MSEC;
	bool window = run->until != run->due;

	return info->timer && !window && asked > run->due ? left + asked - run->due : left;
}

static bool left_fits(const struct run *run, const struct timer_claim *claim, int64_t left)
{
	int64_t off = left - claim->left;

	return off <= slack(run) && off >= -slack(run);
}

static bool holds(const struct run *run, const struct timer_claim *claim,
		  const struct sock_info *info, int64_t left)
{
	return (!claim->has_timer || claim->timer == (int)info->timer) &&
	       (!claim->has_left || left_fits(run, claim, left)) &&
	       (!claim->has_retrans || claim->retrans == info->retrans);
}

struct name {
	char text[24];
};

static struct name timer_name(unsigned timer)
{
	const char *known = sock_timer_name((int)timer);
	struct name name;

	if (known)
		snprintf(name.text, sizeof(name.text), "%s", known);
	else
		snprintf(name.text, sizeof(name.text), "%u", timer);
	return name;
}

/* To a millisecond, as the kernel tells it. */
static struct name seconds(int64_t ns)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "%.3f", (double)ns / (double)NSEC_PER_SEC);
	return name;
}

static void describe(struct run *run, struct record *record, const struct timer_claim *claim,
		     const struct sock_info *info, int64_t left)
{
	char target[24];

	if (claim->under_test)
		snprintf(target, sizeof(target), "...");
	else
		snprintf(target, sizeof(target), "%lld", (long long)claim->fd);
	record->actual = arena_printf(run->result->arena,
				      "tcp_timer(%s) = {timer=%s, left=%s, retrans=%u}", target,
				      timer_name(info->timer).text, seconds(left).text,
				      info->retrans);
}

static void differ(struct mismatches *list, const char *member, const char *expected,
		   const char *actual)
{
	mismatch_set_name(mismatch_add(list, FIELD_claim, expected, actual), member);
}

static void refuse(struct run *run, struct record *record, const struct timer_claim *claim,
		   const struct sock_info *info, int64_t left)
{
	struct mismatches *list = arena_new_of(run->result->arena, struct mismatches);

	record->mismatches = list;
	if (claim->has_timer && claim->timer != (int)info->timer)
		differ(list, "timer", sock_timer_name(claim->timer), timer_name(info->timer).text);
	if (claim->has_left && !left_fits(run, claim, left))
		differ(list, "left", seconds(claim->left).text, seconds(left).text);
	if (claim->has_retrans && claim->retrans != info->retrans)
		mismatch_set_name(
			mismatch_int(list, FIELD_claim, claim->retrans, info->retrans), "retrans");
	run_fail(run, record, FAULT_CLAIM);
}

static void claim_timer(struct run *run, struct moment *moment)
{
	const struct timer_claim *claim = moment->event->timer;
	struct record *record = moment->record;
	struct sock_info info;
	int64_t look = 0, left;
	int code;

	moment->acted = record->actual_ns = run_now(run);
	moment->untimed = true;
	moment->conn = run_conn_claimed(run, record, claim->under_test, claim->fd);
	if (!moment->conn)
		return;
	do {
		code = conn_info(&run->conns, moment->conn, &info);
		if (code < 0) {
			run_fail_text(run, record, FAULT_CLAIM_UNKNOWN, strerror(-code));
			return;
		}
		left = left_of(run, &info, run_now(run));
	} while (!holds(run, claim, &info, left) && run_look_again(run, &look));
	moment->begin = moment->end = run_now(run);
	describe(run, record, claim, &info, left);
	if (!holds(run, claim, &info, left))
		refuse(run, record, claim, &info, left);
}

const struct player player_timer = {
	.record = RECORD_TIMER,
	.waits = true,
	.settles = true,
	.act = claim_timer,
};
