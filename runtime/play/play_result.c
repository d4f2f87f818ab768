/* What a finished call tells. */
#include "runtime/play/play_internal.h"

struct conn *run_conn_of(struct run *run, const struct call_slot *slot)
{
	struct sock *sock = conns_sock_of_call(&run->conns, slot);

	return sock && sock->conn ? sock->conn : run->conns.conn_under_test;
}

/* How far the worst is off, if all are times; else 0. */
static int64_t time_off(const struct mismatches *list)
{
	int64_t worst = 0;

	for (unsigned i = 0; i < mismatches_kept(list); i++) {
		if (!list->at[i].off_ns)
			return 0;
		if (list->at[i].off_ns > worst)
			worst = list->at[i].off_ns;
	}
	return worst;
}

void run_take_result(struct run *run, struct record *record, const struct call *call,
		     const struct call_slot *slot)
{
	struct arena *arena = run->result->arena;

	conns_after_call(&run->conns, call, slot);
	record->actual = slot->live[0] ? arena_printf(arena, "%s", slot->live) : NULL;
	record->returned = slot->live[0];
	record->result = slot->live[0] ? slot->result : 0;
	record->error = slot->live[0] ? slot->error : 0;
	if (slot->failure[0]) {
		run_fail_text(run, record, FAULT_CALL, slot->failure);
	} else if (slot->mismatches.n) {
		record->mismatches = arena_new_of(arena, struct mismatches);
		*record->mismatches = slot->mismatches;
		record->result_expected = call->result ? call->result->value : 0;
		record->error_expected = call->errno_value;
		run_fail(run, record, FAULT_DIFFERS);
		run->off_ns = time_off(&slot->mismatches);
	}
}
