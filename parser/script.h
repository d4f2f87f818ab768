/* Text to checked script: the one door into parser/. */
#ifndef FINWAIT_PARSER_SCRIPT_H
#define FINWAIT_PARSER_SCRIPT_H

#include "base/arena.h"
#include "parser/config.h"

/* Reads a file whole. Returns 0, or -errno; text lives in the arena. "-" is standard input. */
int source_load(struct arena *arena, const char *path, struct source *source);

/* One option from the command line, in order; `define` among them. */
struct cli_option {
	const char *name, *value;
};

/* Lexes, parses and checks. Command-line options are applied over the script's own; defines from
 * both are substituted. `mode` >= 0 overrides the IP version (suites run a script once per mode).
 * Always returns a script; it may run only if diags_errors(diags) == 0. */
struct script *script_parse(struct arena *arena, const struct source *source,
			    const struct cli_option *options, size_t n_options, int mode,
			    struct diags *diags);

/* What is certain to fail of a script without errors, however the kernel behaves: descriptors that
 * are not there, times that have passed and the like. */
void script_foresee(const struct script *script, struct arena *arena, struct diags *diags);

/* What the option lines and the command line say, without a look at the events; errors among them
 * are script_parse()'s to tell. */
const struct config *script_config(struct arena *arena, const struct source *source,
				   const struct cli_option *options, size_t n_options);

/* The scripted duration in ns: the sum of what the time column says (for scheduling, time-outs). */
int64_t script_duration(const struct script *script);

#endif
