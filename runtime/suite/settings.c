#include "runtime/suite/settings.h"

#include <string.h>

struct cli_option *settings_script_options(const struct settings *settings, int mode, size_t *n)
{
	struct cli_option *options =
		arena_alloc(settings->arena, (settings->n_options + 1) * sizeof(*options));
	unsigned wanted = mode < 0 ? ALL_MODES : 1U << mode;

	*n = 0;
	for (size_t i = 0; i < settings->n_options; i++)
		if ((settings->options[i].modes & wanted) == wanted &&
		    strcmp(settings->options[i].option.name, "ip_versions"))
			options[(*n)++] = settings->options[i].option;
	return options;
}

const char *settings_script_option(const struct settings *settings, const char *name)
{
	for (size_t i = settings->n_options; i-- > 0;)
		if (!strcmp(settings->options[i].option.name, name))
			return settings->options[i].option.value;
	return NULL;
}
