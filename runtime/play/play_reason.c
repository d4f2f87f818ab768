/* reset_reason() and drop_reason(): why the kernel did so, in its own words. */
#include "runtime/play/play_internal.h"

#include <string.h>

bool run_reasons_begin(struct run *run)
{
	struct errbuf err = {""};
	int code = run->bed->ops->reasons(run->bed, &err);

	run->reasons = code == 0;
	if (code == 0 || !run->script->has_reasons || run->env->reasons_optional)
		return true;
	run->result->verdict = VERDICT_SKIP;
	run->result->reason = arena_printf(run->result->arena, "the kernel's reasons: %s", err.text);
	return false;
}

static const char *keep(struct run *run, const char *reason)
{
	return reason ? arena_printf(run->result->arena, "%s", reason) : NULL;
}

const char *run_drop_reason(struct run *run, int64_t from)
{
	if (!run->reasons)
		return NULL;
	return keep(run, run->bed->ops->drop_reason(run->bed, run->start + from));
}

const char *run_reset_reason(struct run *run, const struct conn *conn,
			     const struct live_packet *live)
{
	const struct packet *packet = &live->wire.packet;

	if (!run->reasons || packet->kind != PACKET_TCP || !(packet->tcp.flags & TCP_RST))
		return NULL;
	return keep(run, run->bed->ops->reset_reason(run->bed, conn->tuple.sport,
						     conn->tuple.dport, live->time_ns));
}

static void claim_reason(struct run *run, struct moment *moment)
{
	const struct reason_claim *claim = moment->event->reason;
	bool of_drop = moment->event->kind == EVENT_DROP_REASON, any;
	struct record *record = moment->record;
	const char *reason;

	moment->acted = moment->begin = moment->end = run_now(run);
	record->actual_ns = moment->begin;
	moment->untimed = true;
	moment->conn = run_conn_claimed(run, record, claim->under_test, claim->fd);
	if (!moment->conn || !run->reasons)
		return;
	reason = run_last_reason(run, moment->conn, of_drop, &any);
	if (any && of_drop && !reason)
		reason = "NONE";
	if (!reason) {
		run_fail_text(run, record, FAULT_CLAIM_UNKNOWN,
			      any	? "it sent the RST without telling why"
			      : of_drop ? "no segment of the connection was injected"
					: "no RST of the connection was seen before");
		return;
	}
	record->actual = arena_printf(run->result->arena, "%.*s= %s",
				      (int)strcspn(record->expected, "="), record->expected, reason);
	if (!strcmp(reason, claim->reason))
		return;
	record->mismatches = arena_new_of(run->result->arena, struct mismatches);
	mismatch_set_name(
		mismatch_add(record->mismatches, FIELD_claim, claim->reason, reason), "reason");
	run_fail(run, record, FAULT_CLAIM);
}

const struct player player_reset_reason = {
	.record = RECORD_RESET_REASON,
	.waits = true,
	.settles = true,
	.act = claim_reason,
};

const struct player player_drop_reason = {
	.record = RECORD_DROP_REASON,
	.waits = true,
	.settles = true,
	.act = claim_reason,
};
