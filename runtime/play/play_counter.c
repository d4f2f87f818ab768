/* counter(): claims about the kernel's counters; and what those say of a failure. */
#include "runtime/play/play_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser/tables.h"

/* In a namespace that is new and in which no command has run yet, nothing of TCP's is counted: there
 * is nothing to read before the timeline. */
static bool has_counted(const struct run *run)
{
	if (run->env->keep_netns || run->script->init_command || run->config->n_init_scripts)
		return true;
	for (size_t i = 0; i < run->script->n_events; i++)
		if (run->script->events[i]->kind == EVENT_COUNTER)
			return true;
	return false;
}

void run_counters_begin(struct run *run)
{
	run->counters = malloc(sizeof(*run->counters));
	if (run->counters && !has_counted(run)) {
		run->counters->size = 0;
		return;
	}
	run->counters_error =
		run->counters ? run->bed->ops->counters(run->bed, run->counters) : -ENOMEM;
	if (run->counters_error >= 0)
		return;
	free(run->counters);
	run->counters = NULL;
}

static void add_grown(struct run *run, const struct nstat *now)
{
	struct nstat_item was = {0}, is = {0};

	while (nstat_next_growth(run->counters, &was, now, &is))
		if (counter_is_told(is.name))
			run_result_add_counter(run->result, is.name, is.value);
}

void run_counters_end(struct run *run)
{
	struct nstat *now = run->failed && run->counters ? malloc(sizeof(*now)) : NULL;

	if (now && run->bed->ops->counters(run->bed, now) == 0)
		add_grown(run, now);
	free(now);
}

/* ---- the event ----------------------------------------------------------------------------- */

/* By how much it has grown; false: not known, and the record has failed. */
static bool growth_now(struct run *run, struct record *record, const char *name, int64_t *growth)
{
	struct nstat *now = run->counters ? malloc(sizeof(*now)) : NULL;
	int code = now ? run->bed->ops->counters(run->bed, now) : run->counters_error;
	int64_t before = 0;
	bool known = now && code == 0 && nstat_find(now, name, growth);

	if (known) {
		nstat_find(run->counters, name, &before);
		*growth -= before;
	} else {
		run_fail_text(run, record, FAULT_CLAIM_UNKNOWN,
			      code == -EXDEV ? "the namespace is not the run's own, "
					       "so its counters count others too"
			      : code	     ? strerror(-code)
					     : "it has no counter of that name");
	}
	free(now);
	return known;
}

static void claim_counter(struct run *run, struct moment *moment)
{
	const struct counter_claim *claim = moment->event->counter;
	struct record *record = moment->record;
	int64_t growth = 0, look = 0;

	moment->acted = run_now(run);
	moment->untimed = true;
	do {
		record->actual_ns = run_now(run);
		if (!growth_now(run, record, claim->name, &growth))
			return;
	} while (growth != claim->value && run_look_again(run, &look));
	moment->begin = moment->end = run_now(run);
	record->actual = arena_printf(run->result->arena, "counter(%s) = %lld", claim->name,
				      (long long)growth);
	if (growth == claim->value)
		return;
	record->mismatches = arena_new_of(run->result->arena, struct mismatches);
	mismatch_set_name(mismatch_int(record->mismatches, FIELD_claim, claim->value, growth),
			  claim->name);
	run_fail(run, record, FAULT_CLAIM);
}

const struct player player_counter = {
	.record = RECORD_COUNTER,
	.waits = true,
	.settles = true,
	.act = claim_counter,
};
