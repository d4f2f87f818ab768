/* The command line: one table of runner options (cli.def), and the parser's table of script options
 * (parser/options.def). Usage text comes from both. */
#ifndef FINWAIT_RUNTIME_APP_CLI_H
#define FINWAIT_RUNTIME_APP_CLI_H

#include <stdio.h>

#include "parser/script.h"

#define FINWAIT_VERSION "0.1"

/* What main returns. */
enum exit_status {
	STATUS_PASSED = 0,
	STATUS_FAILED = 1, /* a script failed */
	STATUS_USAGE = 2,  /* a bad script, or usage */
	STATUS_CANNOT = 4, /* what was to be played, or written, could not be */
};

struct cli_list {
	const char **items;
	size_t n;
};

/* A script option, and the IP modes it is for (bit set of 1 << enum ip_mode). */
struct cli_script_option {
	struct cli_option option;
	unsigned modes;
};

/* A parsed command line. Strings point into argv; arrays lie in the arena. */
struct cli {
	struct arena *arena;
	bool drop_in; /* called as packetdrill */
	struct cli_list paths;
	struct cli_script_option *options; /* in order */
	size_t n_options;
	/* cli.def */
	struct cli_list filters, excludes;
	bool slow, last_failed, list, dry_run, fail_fast, keep_tmp, verbose, quiet, github, help,
		version, ladder, ascii;
	const char *shard, *durations, *pcap, *color, *tap, *ktap, *junit, *json, *svg, *mermaid, *html;
	unsigned for_mode; /* of the options read next */
	unsigned jobs, timelines, at_once, retries, repeat, max_failures;
	int64_t timeout; /* ns; 0: the default */
	/* derived */
	unsigned shard_k, shard_n; /* 1-based; n 0: no shards */
	bool use_color;		   /* of standard output */
};

struct cli_error {
	char text[256];
	char hint[128]; /* "" when there is none */
};

/* Reads argv[1..]; argv[0] is skipped. False with `error` set on a bad one. */
bool cli_parse(struct cli *cli, struct arena *arena, bool drop_in, int argc, char **argv,
	       struct cli_error *error);

/* The options that hold in a mode, as script_parse() wants them; ip_versions is left out, since it
 * chooses modes rather than configures one. `mode` -1: those given for all modes. */
struct cli_option *cli_options_of(const struct cli *cli, int mode, size_t *n);

/* The last value given for a script option; NULL: none. */
const char *cli_option_value(const struct cli *cli, const char *name);

void cli_usage(FILE *out, bool drop_in);

#endif
