/* What a user asks of the runner: plain data, filled in from the command line (runtime/app/cli.c).
 */
#ifndef FINWAIT_RUNTIME_SUITE_SETTINGS_H
#define FINWAIT_RUNTIME_SUITE_SETTINGS_H

#include <limits.h>

#include "parser/script.h"

/* The exit statuses of the program. */
enum exit_status {
	STATUS_PASSED = 0,
	STATUS_FAILED = 1,    /* a script failed */
	STATUS_USAGE = 2,     /* a script or the command line is bad */
	STATUS_CANNOT = 4,    /* a run could not be played, or a report not written */
	STATUS_UNKNOWN = 125, /* --bisect: git bisect skips this version */
	STATUS_ABORT = 255,   /* --bisect with bad usage: git bisect stops */
};

struct name_list {
	const char **items;
	size_t n;
};

/* --retries is not given: how often depends on the machine. */
#define RETRIES_USUAL UINT_MAX

#define ALL_MODES ((1u << N_IP_MODES) - 1)

/* A script option and the IP modes that it applies to (bit set of 1 << enum ip_mode). */
struct script_option {
	struct cli_option option;
	unsigned modes;
};

/* What the user asks for. Strings point into argv; arrays lie in the arena. */
struct settings {
	struct arena *arena;
	bool drop_in; /* called as packetdrill */
	struct name_list paths;
	struct script_option *options; /* in the order of the command line */
	size_t n_options;
	/* cli.def */
	struct name_list filters, excludes;
	bool slow, last_failed, list, dry_run, fail_fast, keep_tmp, verbose, quiet, github, help,
		version, ladder, ascii, bisect, help_all;
	const char *shard, *durations, *pcap, *pcap_format, *pcap_on_failure, *color, *status_level,
		*tap, *ktap, *kselftest, *junit, *json, *svg, *mermaid, *html, *kcidb,
		*kcidb_build, *lava, *reasons;
	unsigned for_mode; /* while reading: the modes of the options that follow */
	unsigned jobs, prepare, at_once, retries, repeat, max_failures;
	int64_t timeout; /* ns; 0: the default */
	/* derived */
	unsigned shard_k, shard_n; /* 1-based; n 0: no shards */
	bool use_color;		   /* on standard output */
	bool pcap_classic;	   /* pcap, not pcapng */
	bool reasons_optional;	   /* --reasons=optional */
	unsigned level;		   /* enum report_level, if status_level */
};

/* The options that apply in a mode, in the form that script_parse() takes; settings->arena owns the
 * array. ip_versions is left out, since it chooses modes and does not configure one. `mode` -1:
 * those given for all modes. */
struct cli_option *settings_script_options(const struct settings *settings, int mode, size_t *n);

/* The last value given for a script option; NULL: none. */
const char *settings_script_option(const struct settings *settings, const char *name);

#endif
