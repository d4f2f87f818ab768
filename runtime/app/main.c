/* Dispatch, and the one place that ends the process. */
#include "runtime/app/cli.h"
#include "runtime/app/doctor.h"
#include "runtime/app/explain.h"
#include "runtime/suite/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int run(struct settings *settings)
{
	return suite_run(settings);
}

static int list(struct settings *settings)
{
	settings->list = true;
	return suite_run(settings);
}

static int merge(struct settings *settings)
{
	return suite_merge(settings);
}

static int examine(struct settings *settings)
{
	return doctor(stdout, settings->use_color) ? STATUS_PASSED : STATUS_CANNOT;
}

static int explain_words(int argc, char **argv);
static int help(int argc, char **argv);
static int version(int argc, char **argv);

/* The first is what holds without a command. Those with `words` take all that follows as it is. */
static const struct command {
	const char *name, *arguments, *help;
	int (*main)(struct settings *settings);
	int (*words)(int argc, char **argv);
	bool needs_paths;
} commands[] = {
	{"run", "[options] PATH...", "play scripts: files, directories, - for standard input", run,
	 NULL, true},
	{"list", "[options] PATH...", "say what would run", list, NULL, true},
	{"merge", "[options] FILE...", "one report from the --json files of shards", merge, NULL,
	 true},
	{"doctor", "", "can this machine run scripts, and what is missing", examine, NULL, false},
	{"explain", "[WORD...]", "codes of mistakes, calls, states, times, options, counters", NULL,
	 explain_words, false},
	{"help", "[COMMAND]", "this text", NULL, help, false},
	{"version", "", "the version", NULL, version, false},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage_line(FILE *out, const char *before, const struct command *command)
{
	fprintf(out, "%sfinwait %-7s %-17s  %s\n", before, command->name, command->arguments,
		command->help);
}

static void usage(FILE *out, bool drop_in, bool all)
{
	if (drop_in) {
		fprintf(out, "usage: packetdrill [options] script...\n");
	} else {
		fprintf(out, "usage: finwait [options] PATH...\n");
		for (size_t i = 0; i < N_COMMANDS; i++)
			usage_line(out, "       ", &commands[i]);
		fprintf(out, "\nExit status: 0 all passed or skipped, 1 a script failed, 2 a bad "
			     "script or "
			     "bad usage, 4 not run here.\n");
	}
	cli_usage(out, drop_in, all);
}

static int explain_words(int argc, char **argv)
{
	int status = STATUS_PASSED;

	if (argc < 2)
		explain_topics(stdout);
	for (int i = 1; i < argc; i++) {
		if (i > 1)
			putchar('\n');
		if (!explain(stdout, argv[i]))
			status = STATUS_USAGE;
	}
	return status;
}

static int help(int argc, char **argv)
{
	if (argc < 2) {
		usage(stdout, false, false);
		return STATUS_PASSED;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name)) {
			usage_line(stdout, "usage: ", &commands[i]);
			if (commands[i].needs_paths)
				cli_usage(stdout, false, false);
			return STATUS_PASSED;
		}
	fprintf(stderr, "finwait: no command '%s'; finwait help lists them\n", argv[1]);
	return STATUS_USAGE;
}

static int version(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("finwait %s\n", FINWAIT_VERSION);
	return STATUS_PASSED;
}

static int dispatch(const struct command *command, struct settings *settings)
{
	if (settings->help || settings->help_all) {
		usage(stdout, settings->drop_in, settings->help_all);
		return STATUS_PASSED;
	}
	if (settings->version)
		return version(0, NULL);
	if (command->needs_paths && !settings->paths.n && !settings->last_failed) {
		if (settings->drop_in)
			usage(stderr, true, false);
		else
			fprintf(stderr,
				"finwait: no scripts given\n"
				"usage: finwait [options] PATH..., for example finwait scripts/close\n"
				"finwait help tells the rest\n");
		return STATUS_USAGE;
	}
	return command->main(settings);
}

/* Files that we open must not take the numbers of standard streams that are closed. Nothing can be
 * written to what takes their place, which is told as any other error of theirs. */
static void keep_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* What is said on standard output, and could not be, has not been said. */
static int flush_output(const char *name, int status)
{
	bool bad = ferror(stdout) != 0;

	errno = 0;
	if (!fflush(stdout) && !bad)
		return status;
	fprintf(stderr, "%s: cannot write standard output%s%s\n", name, errno ? ": " : "",
		errno ? strerror(errno) : "");
	return status == STATUS_PASSED ? STATUS_CANNOT : status;
}

static bool is_given(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], option))
			return true;
	return false;
}

/* To git bisect all but 0, 125 and what is above 127 is a bad revision. An option that is wrong is
 * wrong at each of them: it is to stop. */
static int for_bisect(int status, bool understood)
{
	if (!understood)
		return STATUS_ABORT;
	return status == STATUS_USAGE || status == STATUS_CANNOT ? STATUS_UNKNOWN : status;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "finwait";
	bool drop_in = !strcmp(name, "packetdrill");
	const struct command *command = &commands[0];
	struct arena *arena = arena_new();
	struct errbuf error;
	struct settings settings;
	int status = STATUS_USAGE;
	bool bisect, understood;

	keep_standard_streams();
	signal(SIGXFSZ, SIG_IGN); /* a file that may not be so large is an error as others are */
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1); /* threads hardly allocate, and a heap for each is made late */
#endif
	for (size_t i = 0; !drop_in && argc > 1 && i < N_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name)) {
			command = &commands[i];
			argc--;
			argv++;
			break;
		}
	understood = command->words || cli_parse(&settings, arena, drop_in, argc, argv, &error);
	bisect = command->words ? false
		 : understood	? settings.bisect
				: !drop_in && is_given(argc, argv, "--bisect");
	if (command->words) {
		status = command->words(argc, argv);
	} else if (understood) {
		if (drop_in)
			settings.max_failures = 1;
		status = dispatch(command, &settings);
	} else {
		fprintf(stderr, "%s: %s\n", name, error.text);
		if (drop_in)
			usage(stderr, true, false);
	}
	arena_free(arena);
	status = flush_output(name, status);
	if (bisect)
		status = for_bisect(status, understood);
	/* Drop-in users know 0 and 1 only. */
	return drop_in && status ? STATUS_FAILED : status;
}
