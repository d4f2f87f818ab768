#include "runtime/suite/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
static int check_only(const struct settings *settings, const struct plan *plan)
{
	int status = STATUS_PASSED;

	if (settings->list)
		list_tests(plan);
	for (size_t i = 0; i < plan->n; i++) {
		const struct run_result *known = plan->tests[i].known;

		if (!known || !known->diagnostics)
			continue;
		diag_paint(stderr, known->diagnostics, settings->use_color);
		status = STATUS_USAGE;
	}
	return status;
}

static size_t runs_of(const struct settings *settings, const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		n += plan->tests[i].known ? 1 : settings->repeat;
	return n;
}

/* --cwd of the command line. */
static int check_cwd(const struct settings *settings, struct errbuf *err)
{
	const char *cwd = settings_script_option(settings, "cwd");
	struct stat status;

	if (!cwd || !strcmp(cwd, "script") || !strcmp(cwd, "caller"))
		return 0;
	if (!stat(cwd, &status) && !S_ISDIR(status.st_mode))
		errno = ENOTDIR;
	else if (!access(cwd, X_OK))
		return 0;
	return err_set(err, -errno, "--cwd %.150s: %s", cwd, strerror(errno));
}

/* What the command line chooses. */
static int choose(struct settings *settings, struct plan *plan, struct errbuf *err)
{
	struct name_list files = {0};
	int64_t *durations = NULL;
	unsigned modes;
	const char *wrong = select_command_line(settings, &modes);
	int code;

	if (wrong)
		return err_set(err, -EINVAL, "%s", wrong);
	code = teller_check(settings, err);
	if (!code)
		code = check_cwd(settings, err);
	if (code)
		return code;
	if (settings->last_failed && !settings->paths.n)
		settings->paths = history_paths(settings->arena);
	code = discover(settings->arena, &settings->paths, &files, err);
	if (!code)
		plan_make(plan, settings, &files);
	if (!code && settings->last_failed)
		history_keep_failed(plan);
	plan->runs = code ? 0 : runs_of(settings, plan);
	if (!code && settings->shard_n && settings->durations)
		code = shard_durations(plan, settings->durations, &durations, err);
	if (!code && settings->shard_n)
		shard_plan(plan, settings->shard_k, settings->shard_n, durations);
	return code;
}

/* What an early end has cut off. */
static void tell_early_end(int code, const struct results *results, size_t all)
{
	size_t left = results->n < all ? all - results->n : 0;
	const char *why = code > 0 ? strsignal(code) : "stopped early";

	if (results->interrupted && left)
		fprintf(stderr, "finwait: %s: %zu run%s interrupted, %zu of %zu not played\n", why,
			results->interrupted, results->interrupted == 1 ? "" : "s", left, all);
	else if (results->interrupted)
		fprintf(stderr, "finwait: %s: %zu of %zu runs interrupted\n", why,
			results->interrupted, all);
	else if (left)
		fprintf(stderr, "finwait: %s: %zu of %zu runs not played\n", why, left, all);
}

static int play(struct settings *settings, struct plan *plan)
{
	struct results results = {0};
	struct errbuf err = {""};
	int64_t begin = clock_now();
	size_t all = runs_of(settings, plan);
	struct report_shard shard = {
		.k = settings->shard_k, .n = settings->shard_n, .runs = all, .planned = plan->runs};
	struct teller *teller = teller_new(settings, plan->n, &shard, &err);
	int code = teller ? sched_play(settings, plan, &results, teller, &err) : -ENOMEM;
	int status;

	if (code < 0)
		complain(STATUS_CANNOT, &err);
	if (teller && !teller_end(teller, &results, clock_now() - begin))
		code = code ? code : -EIO;
	if (!settings->drop_in) {
		tell_early_end(code, &results, all);
		history_save(results.items, results.n);
	}
	status = (int)results_status(&results, settings->bisect);
	if (code > 0)
		status = 128 + code;
	else if (code < 0 && status != STATUS_FAILED)
		status = STATUS_CANNOT;
	results_free(&results);
	return status;
}

/* --pcap-on-failure: there may be nothing in it at the end, but it is there. */
static int make_pcap_folder(const struct settings *settings, struct errbuf *err)
{
	const char *path = settings->pcap_on_failure;
	struct stat status;

	if (!path || !mkdir(path, 0777))
		return 0;
	if (errno == EEXIST && !stat(path, &status) && !S_ISDIR(status.st_mode))
		errno = ENOTDIR;
	else if (errno == EEXIST && !access(path, W_OK | X_OK))
		return 0;
	return err_set(err, -errno, "--pcap-on-failure %.150s: %s", path, strerror(errno));
}

int suite_run(struct settings *settings)
{
	struct plan plan = {0};
	struct errbuf err = {""};
	int status = STATUS_PASSED;

	if (choose(settings, &plan, &err))
		status = complain(STATUS_USAGE, &err);
	else if (settings->dry_run || settings->list)
		status = check_only(settings, &plan);
	else if (!plan.n && !settings->last_failed && !settings->shard_n)
		status = complain(STATUS_USAGE, (err_set(&err, 0, "no scripts to run"), &err));
	else if (make_pcap_folder(settings, &err))
		status = complain(STATUS_USAGE, &err);
	else /* a shard may have nothing to play; its reports are wanted all the same */
		status = play(settings, &plan);
	if (plan.arena)
		plan_free(&plan);
	return status;
}
