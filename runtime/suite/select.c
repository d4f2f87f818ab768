#include "runtime/suite/suite.h"

#include <fnmatch.h>
#include <string.h>

static bool matches(const struct name_list *patterns, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < patterns->n; i++) {
		const char *pattern = patterns->items[i];

		if (strstr(path, pattern) || !fnmatch(pattern, path, 0) ||
		    !fnmatch(pattern, name, 0))
			return true;
	}
	return false;
}

bool select_path(const struct settings *settings, const char *path)
{
	return (!settings->filters.n || matches(&settings->filters, path)) &&
	       !matches(&settings->excludes, path);
}

bool requirement_met(const struct requirement *requirement, unsigned major, unsigned minor)
{
	static const struct {
		const char *op;
		bool less, equal, more; /* what satisfies it */
	} ops[] = {
		{">=", false, true, true}, {"<=", true, true, false}, {">", false, false, true},
		{"<", true, false, false}, {"=", false, true, false}, {"==", false, true, false},
		{"!=", true, false, true},
	};
	long have = (long)major * 100000 + minor;
	long want = (long)requirement->major * 100000 + requirement->minor;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(ops[i].op, requirement->op))
			return have < want ? ops[i].less : have > want ? ops[i].more : ops[i].equal;
	return false;
}

const char *select_command_line(const struct settings *settings, unsigned *modes)
{
	const char *value = settings_script_option(settings, "ip_versions");
	struct config *config = config_new(settings->arena);
	struct errbuf err;

	*modes = 0;
	if (!value)
		return NULL;
	if (config_set(config, settings->arena, "ip_versions", value, (struct loc){0}, &err))
		return arena_printf(settings->arena, "%s", err.text);
	*modes = config->ip_modes;
	return NULL;
}

/* Corpora name the scripts of one address family like this: x-v4.pkt, x_v6.pkt. */
static unsigned modes_of_name(const char *path, unsigned modes)
{
	const unsigned v6 = 1U << IP_V6;
	size_t n = strlen(path);
	const char *suffix = n > 6 ? path + n - 6 : "";
	unsigned rest = modes;

	if (!strcmp(suffix, "v6.pkt"))
		rest &= v6;
	else if (!strcmp(suffix, "v4.pkt"))
		rest &= ~v6;
	return rest ? rest : modes;
}

unsigned select_modes(const struct settings *settings, const struct config *config,
		      const char *path)
{
	unsigned modes;

	if (config && (settings->drop_in || settings_script_option(settings, "ip_version")))
		return 1U << config->ip_mode;
	if (config && config->ip_modes)
		return config->ip_modes;
	if (config && config->ip_version_given)
		return 1U << config->ip_mode;
	select_command_line(settings, &modes);
	return modes ? modes_of_name(path, modes) : 1U << IP_V4;
}
