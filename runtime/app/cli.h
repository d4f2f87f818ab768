/* The command line: one table of runner options (cli.def), and the parser's table of script options
 * (parser/options.def). Usage text comes from both. */
#ifndef FINWAIT_RUNTIME_APP_CLI_H
#define FINWAIT_RUNTIME_APP_CLI_H

#include <stdio.h>

#include "base/errbuf.h"
#include "runtime/suite/settings.h"

#define FINWAIT_VERSION "0.1"

/* Reads argv[1..]; argv[0] is skipped. False with `error` set on a bad one. */
bool cli_parse(struct settings *settings, struct arena *arena, bool drop_in, int argc, char **argv,
	       struct errbuf *error);

void cli_usage(FILE *out, bool drop_in, bool all);

#endif
