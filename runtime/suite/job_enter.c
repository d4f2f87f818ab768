#include "runtime/suite/job_enter.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/suite/sandbox.h"

/* Changes to the directory that the commands run in: by default the script's, since scripts name
 * their helpers relative to it. Returns as job_enter() does. */
static int own_directory(const struct job_spec *spec, struct errbuf *err)
{
	const struct config *config = spec->script->config;
	const char *cwd = config->cwd ? config->cwd : spec->own_directory ? "script" : "caller";
	bool script = !strcmp(cwd, "script"), caller = !strcmp(cwd, "caller");
	char *copy = strdup(spec->path);
	bool by_script = config->cwd_by_script && !caller;
	int code = 0;

	/* A relative --cwd written in the script is relative to the script. */
	if ((script || by_script) && strcmp(spec->path, "-") && copy && chdir(dirname(copy)))
		code = err_set(err, -errno, "cannot change to the script's directory: %s",
			       strerror(errno));
	if (!code && !script && !caller && chdir(cwd))
		code = err_set(err, by_script ? 1 : -errno,
			       "cannot change to the directory %.120s (--cwd): %s", cwd,
			       strerror(errno));
	free(copy);
	return code;
}

int job_enter(const struct job_spec *spec, struct outfile *pcap, struct errbuf *err)
{
	char *script = realpath(spec->path, NULL), *caller = getcwd(NULL, 0);
	struct sandbox_places places = {spec->outside, script, caller};
	int code = 0;

	if (spec->tmpdir && !mkdir(spec->tmpdir, 0700))
		setenv("TMPDIR", spec->tmpdir, 1);
	if (spec->pcap_path && !pcap->stream)
		code = outfile_open(pcap, spec->pcap_path, err);
	if (!code)
		code = own_directory(spec, err);
	if (!code && spec->sandbox)
		code = sandbox_enter(&places, spec->private_tmp, err);
	else if (!code && spec->private_tmp)
		code = sandbox_enter_tmp(&places, err);
	free(script);
	free(caller);
	return code;
}
