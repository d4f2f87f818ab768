#include "runtime/suite/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/bed/clock.h"
#include "runtime/report/report.h"

static int complain(int status, const struct errbuf *err)
{
	fprintf(stderr, "finwait: %s\n", err->text);
	return status;
}

static void list_tests(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct test *test = &plan->tests[i];

		printf("%s (%s)  %.3f s%s%s\n", test->path, ip_mode_name(test->mode),
		       (double)test->scripted_ns / (double)NSEC_PER_SEC, test->known ? "  " : "",
		       test->known ? test->known->reason : "");
	}
}

/* --dry_run and --list: what checking alone can tell. */
static int check_only(const struct cli *cli, const struct plan *plan)
{
	int status = STATUS_PASSED;

	if (cli->list)
		list_tests(plan);
	for (size_t i = 0; i < plan->n; i++) {
		const struct run_result *known = plan->tests[i].known;

		if (!known || !known->diagnostics)
			continue;
		fputs(known->diagnostics, stderr);
		status = STATUS_USAGE;
	}
	return status;
}

/* What the command line chooses. */
static int choose(struct cli *cli, struct plan *plan, struct errbuf *err)
{
	struct cli_list files = {0};
	int64_t *durations = NULL;
	unsigned modes;
	const char *wrong = select_command_line(cli, &modes);
	int code;

	if (!wrong)
		wrong = teller_refuses(cli);
	if (wrong)
		return err_set(err, -EINVAL, "%s", wrong);
	if (cli->last_failed && !cli->paths.n)
		cli->paths = history_paths(cli->arena);
	code = discover(cli->arena, &cli->paths, &files, err);
	if (!code)
		plan_make(plan, cli, &files);
	if (!code && cli->last_failed)
		history_keep_failed(plan);
	if (!code && cli->shard_n && cli->durations)
		code = shard_durations(plan, cli->durations, &durations, err);
	if (!code && cli->shard_n)
		shard_plan(plan, cli->shard_k, cli->shard_n, durations);
	return code;
}

static size_t runs_of(const struct cli *cli, const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		n += plan->tests[i].known ? 1 : cli->repeat;
	return n;
}

static int play(struct cli *cli, struct plan *plan)
{
	struct results results = {0};
	struct errbuf err = {""};
	int64_t begin = clock_now();
	size_t all = runs_of(cli, plan);
	struct teller *teller = teller_new(cli, plan->n, &err);
	int code = teller ? sched_play(cli, plan, &results, teller, &err) : -ENOMEM;
	int status;

	if (code < 0)
		complain(STATUS_CANNOT, &err);
	if (teller && !teller_end(teller, &results, clock_now() - begin, &err)) {
		complain(STATUS_CANNOT, &err);
		code = code ? code : -EIO;
	}
	if (!cli->drop_in && results.n < all)
		fprintf(stderr, "finwait: %s: %zu of %zu runs not played\n",
			code > 0 ? strsignal(code) : "stopped early", all - results.n, all);
	if (!cli->drop_in)
		history_save(results.items, results.n);
	status = (int)results_status(&results);
	if (code > 0)
		status = 128 + code;
	else if (code < 0 && status != STATUS_FAILED)
		status = STATUS_CANNOT;
	results_free(&results);
	return status;
}

int suite_run(struct cli *cli)
{
	struct plan plan = {0};
	struct errbuf err = {""};
	int status = STATUS_PASSED;

	if (choose(cli, &plan, &err))
		status = complain(STATUS_USAGE, &err);
	else if (cli->dry_run || cli->list)
		status = check_only(cli, &plan);
	else if (!plan.n && !cli->last_failed && !cli->shard_n)
		status = complain(STATUS_USAGE, (err_set(&err, 0, "no scripts to run"), &err));
	else /* a shard may have nothing to play; its reports are wanted all the same */
		status = play(cli, &plan);
	if (plan.arena)
		plan_free(&plan);
	return status;
}

/* ---- merge -------------------------------------------------------------------------------- */

int suite_merge(struct cli *cli)
{
	struct results results = {0};
	struct run_result **items = NULL;
	struct errbuf err = {""};
	size_t n = 0;
	int code = 0, status;
	const char *wrong = teller_refuses(cli);
	struct teller *teller;

	if (wrong)
		return complain(STATUS_USAGE, (err_set(&err, 0, "%s", wrong), &err));
	teller = teller_new(cli, 0, &err);

	for (size_t i = 0; i < cli->paths.n && !code; i++) {
		const char *path = cli->paths.items[i];
		code = report_json_load(path, &items, &n, &err);
	}
	for (size_t i = 0; i < n; i++)
		results_add(&results, items[i]);
	free(items);
	status = code ? STATUS_USAGE : (int)results_status(&results);
	if (code) {
		complain(STATUS_USAGE, &err);
		free(teller);
	} else if (teller && !teller_end(teller, &results, 0, &err)) {
		status = complain(STATUS_USAGE, &err);
	}
	results_free(&results);
	return status;
}
