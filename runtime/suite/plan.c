#include "runtime/suite/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static struct run_result *known_result(const struct test *test, enum verdict verdict)
{
	struct run_result *result = run_result_new(test->path, ip_mode_name(test->mode));

	result->verdict = verdict;
	result->scripted_ns = test->scripted_ns;
	result->attempts = 0;
	return result;
}

static struct run_result *bad_result(const struct test *test, const struct diags *diags)
{
	struct run_result *result = known_result(test, VERDICT_ERROR);
	size_t n = diags_errors(diags), size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	result->reason =
		arena_printf(result->arena, "bad script: %zu error%s", n, n == 1 ? "" : "s");
	if (out) {
		diags_print(diags, out, false);
		fclose(out);
		result->diagnostics = arena_strndup(result->arena, text, size);
		free(text);
	}
	return result;
}

static struct run_result *skip_result(const struct test *test, const char *reason)
{
	struct run_result *result = known_result(test, VERDICT_SKIP);

	result->reason = arena_printf(result->arena, "%s", reason);
	return result;
}

/* The result of a good script that is not to be played; NULL: it is to be played. */
static struct run_result *skip(const struct settings *settings, const struct test *test,
			       const struct config *config)
{
	struct utsname system;
	unsigned major = 0, minor = 0;
	char reason[256];

	uname(&system);
	sscanf(system.release, "%u.%u", &major, &minor);
	for (size_t i = 0; i < config->n_requirements; i++) {
		if (requirement_met(&config->requirements[i], major, minor))
			continue;
		snprintf(reason, sizeof(reason), "requires %s, this is %s",
			 config->requirements[i].text, system.release);
		return skip_result(test, reason);
	}
	if (!config->slow || settings->slow || settings->drop_in)
		return NULL;
	snprintf(reason, sizeof(reason), "slow (%.0f s); --slow plays it",
		 (double)test->scripted_ns / (double)NSEC_PER_SEC);
	return skip_result(test, reason);
}

static void add_test(struct plan *plan, const struct test *test)
{
	if (!(plan->n & (plan->n - 1))) {
		struct test *bigger = arena_alloc(plan->arena, (plan->n * 2 + 1) * sizeof(*bigger));

		if (plan->n)
			memcpy(bigger, plan->tests, plan->n * sizeof(*bigger));
		plan->tests = bigger;
	}
	plan->tests[plan->n++] = *test;
}

/* Standard input and pipes can be read only once, so their text is kept. */
static bool read_once(const char *path)
{
	struct stat status;

	return !strcmp(path, "-") || (stat(path, &status) == 0 && !S_ISREG(status.st_mode));
}

/* Adds the test of one mode. False if the script is bad. */
static bool add_mode(struct plan *plan, const struct settings *settings,
		     const struct source *source, enum ip_mode mode)
{
	struct test test = {.path = source->path, .mode = mode};
	struct arena *arena = arena_new();
	struct diags *diags = diags_new(source);
	struct script *script;
	bool good;

	test.options = settings_script_options(settings, (int)mode, &test.n_options);
	script = script_parse(arena, source, test.options, test.n_options, (int)mode, diags);
	if (!diags_errors(diags))
		script_foresee(script, arena, diags);
	good = diags_errors(diags) == 0;
	if (read_once(source->path))
		test.source = source;
	if (good)
		test.scripted_ns = script_duration(script);
	test.known = good ? skip(settings, &test, script->config) : bad_result(&test, diags);
	add_test(plan, &test);
	diags_free(diags);
	arena_free(arena);
	return good;
}

/* The modes that the script itself names. Its errors do not matter here: they are reported when a
 * mode is checked. */
static unsigned modes_of(const struct settings *settings, const struct source *source)
{
	struct arena *arena = arena_new();
	size_t n;
	struct cli_option *options = settings_script_options(settings, -1, &n);
	unsigned modes =
		select_modes(settings, script_config(arena, source, options, n), source->path);

	arena_free(arena);
	return modes;
}

/* A file that cannot be read is one failure; the other files are played. */
static void add_unreadable(struct plan *plan, const char *path, int code)
{
	struct test test = {.path = path, .mode = IP_V4};

	test.known = known_result(&test, VERDICT_ERROR);
	test.known->reason = arena_printf(test.known->arena, "cannot be read: %s", strerror(-code));
	test.known->diagnostics = arena_printf(test.known->arena, "%s: error: cannot be read: %s\n",
					       path, strerror(-code));
	add_test(plan, &test);
}

/* Adds the tests of a file. Its text is kept only if it cannot be read again. */
static void add_file(struct plan *plan, const struct settings *settings, const char *path)
{
	bool once = read_once(path);
	struct arena *arena = once ? plan->arena : arena_new();
	struct source *source = arena_new_of(arena, struct source);
	int code = source_load(arena, path, source);
	unsigned modes = 0;
	bool good = false;

	if (code)
		add_unreadable(plan, path, code);
	else
		modes = modes_of(settings, source);
	source->path = path; /* the list of files outlives the plan */
	for (enum ip_mode mode = 0; mode < N_IP_MODES; mode++) {
		if (!(modes & 1U << mode))
			continue;
		if (add_mode(plan, settings, source, mode))
			good = true;
		else if (!good)
			break; /* a bad script is one failure, not one per mode */
	}
	if (!once)
		arena_free(arena);
}

void plan_make(struct plan *plan, const struct settings *settings, const struct name_list *files)
{
	memset(plan, 0, sizeof(*plan));
	plan->arena = arena_new();
	for (size_t i = 0; i < files->n; i++) {
		if (!settings->drop_in && !select_path(settings, files->items[i]))
			continue;
		add_file(plan, settings, files->items[i]);
	}
}

const struct script *test_script(struct test *test, int *code)
{
	struct source *source;
	struct diags *diags;

	*code = 0;
	if (test->users++)
		return test->script;
	test->arena = arena_new();
	source = arena_new_of(test->arena, struct source);
	if (test->source)
		*source = *test->source;
	else
		*code = source_load(test->arena, test->path, source);
	if (!*code) {
		diags = diags_new(source);
		test->script = script_parse(test->arena, source, test->options, test->n_options,
					    (int)test->mode, diags);
		if (diags_errors(diags))
			test->script = NULL;
		diags_free(diags);
	}
	if (!test->script)
		test_release(test);
	return test->script;
}

void test_release(struct test *test)
{
	if (--test->users)
		return;
	arena_free(test->arena);
	test->arena = NULL;
	test->script = NULL;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		run_result_free(plan->tests[i].known);
	arena_free(plan->arena);
	memset(plan, 0, sizeof(*plan));
}

const char *test_pcap_path(const struct test *test, const char *path, unsigned round,
			   struct arena *arena)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	const char *name = test->path + strspn(test->path, "./");
	const char *dash = slash && dot == slash + 1 ? "" : "-";
	size_t stem = dot ? (size_t)(dot - path) : strlen(path), n = strlen(name);
	char *copy, *at;

	if (n > 4 && !strcmp(name + n - 4, ".pkt"))
		n -= 4;
	copy = arena_strndup(arena, name, n);
	for (at = copy; (at = strchr(at, '/'));)
		*at = '-';
	if (!dot)
		dot = "";
	if (round)
		return arena_printf(arena, "%.*s%s%s-%s-%u%s", (int)stem, path, dash, copy,
				    ip_mode_name(test->mode), round + 1, dot);
	return arena_printf(arena, "%.*s%s%s-%s%s", (int)stem, path, dash, copy,
			    ip_mode_name(test->mode), dot);
}
