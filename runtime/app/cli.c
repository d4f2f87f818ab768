/* See cli.h. getopt_long does the splitting, so that its rules hold: --x=v or --x v, unambiguous
 * prefixes, options after script names. */
#include "runtime/app/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/tables.h"
#include "runtime/report/report.h"

enum runner_kind { FLAG, TEXT, MAYBE_TEXT, COUNT, SECONDS, LIST, MODE };
enum runner_group { CHOOSE, PLAY, SHOW, N_GROUPS };

static const char *const group_titles[N_GROUPS] = {
	[CHOOSE] = "What to run",
	[PLAY] = "How to play it",
	[SHOW] = "What to show",
};

struct runner_row {
	const char *name;
	size_t offset; /* in struct settings */
	char letter;
	enum runner_kind kind;
	const char *value_name;
	enum runner_group group;
	bool drop_in;
	const char *help;
};

static const struct runner_row runner_rows[] = {
#define RUNNER(field, name, letter, kind, value_name, group, drop_in, help)                        \
	{name, offsetof(struct settings, field), letter, kind, value_name, group, drop_in, help},
#include "runtime/app/cli.def"
#undef RUNNER
};

#define N_RUNNER_ROWS (sizeof(runner_rows) / sizeof(runner_rows[0]))
/* getopt's val: rows of ours from here, then rows of the parser's. Above any letter. */
#define FIRST_VAL 256

static const struct runner_row *runner_row_by_name(const char *name)
{
	for (size_t i = 0; i < N_RUNNER_ROWS; i++)
		if (!strcmp(runner_rows[i].name, name))
			return &runner_rows[i];
	return NULL;
}

static bool refuse(struct errbuf *error, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool refuse(struct errbuf *error, const char *hint, const char *format, ...)
{
	va_list args;
	char text[256];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err_set(error, -EINVAL, "%.160s%s%.90s", text, hint ? "; " : "", hint ? hint : "");
	return false;
}

/* ---- values of the runner's options ------------------------------------------------------- */

static void list_add(struct arena *arena, struct name_list *list, const char *item)
{
	if (!(list->n & (list->n - 1))) {
		const char **bigger = arena_alloc(arena, (list->n * 2 + 1) * sizeof(*bigger));

		if (list->n)
			memcpy(bigger, list->items, list->n * sizeof(*bigger));
		list->items = bigger;
	}
	list->items[list->n++] = item;
}

static bool parse_count(const char *text, unsigned *count)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > 1000000)
		return false;
	*count = value;
	return true;
}

static bool parse_seconds(const char *text, int64_t *ns)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value > 0) || value > 1e6)
		return false;
	*ns = (int64_t)(value * (double)NSEC_PER_SEC);
	return true;
}

static bool parse_mode(const char *text, unsigned *modes)
{
	if (!strcmp(text, "all")) {
		*modes = ALL_MODES;
		return true;
	}
	for (enum ip_mode mode = 0; mode < N_IP_MODES; mode++)
		if (!strcmp(text, ip_mode_name(mode))) {
			*modes = 1U << mode;
			return true;
		}
	return false;
}

static bool set_runner(struct settings *settings, const struct runner_row *row, const char *value,
		       struct errbuf *error)
{
	void *field = (char *)settings + row->offset;
	bool ok = true;

	switch (row->kind) {
	case FLAG:
		*(bool *)field = true;
		break;
	case TEXT:
		*(const char **)field = value;
		break;
	case MAYBE_TEXT:
		*(const char **)field = value ? value : "-";
		break;
	case LIST:
		list_add(settings->arena, field, value);
		break;
	case COUNT:
		ok = parse_count(value, field);
		break;
	case SECONDS:
		ok = parse_seconds(value, field);
		break;
	case MODE:
		ok = parse_mode(value, field);
		break;
	}
	if (ok)
		return true;
	return refuse(error, row->help, "bad value '%s' for --%s %s", value, row->name,
		      row->value_name);
}

static void add_script_option(struct settings *settings, const char *name, const char *value)
{
	size_t n = settings->n_options;

	if (!(n & (n - 1))) {
		struct script_option *bigger =
			arena_alloc(settings->arena, (n * 2 + 1) * sizeof(*bigger));

		if (n)
			memcpy(bigger, settings->options, n * sizeof(*bigger));
		settings->options = bigger;
	}
	settings->options[n].option.name = name;
	settings->options[n].option.value = value;
	settings->options[n].modes = settings->for_mode;
	settings->n_options = n + 1;
}

/* ---- getopt's tables from ours ------------------------------------------------------------ */

struct getopt_tables {
	struct option *longs;
	char shorts[128];
	int by_letter[128]; /* val of the row */
};

static void add_spelling(struct getopt_tables *tables, size_t *n, const char *name, int has_arg,
			 int val)
{
	tables->longs[(*n)++] = (struct option){name, has_arg, NULL, val};
}

/* Both --max-failures and --max_failures: getopt takes two names of one val for the same. */
static void add_row(struct settings *settings, struct getopt_tables *tables, size_t *n,
		    const char *name, char letter, int has_arg, int val)
{
	char *other = arena_strndup(settings->arena, name, strlen(name));
	size_t used = strlen(tables->shorts);

	add_spelling(tables, n, name, has_arg, val);
	for (char *c = other; *c; c++)
		*c = *c == '-' ? '_' : *c == '_' ? '-' : *c;
	if (strcmp(other, name))
		add_spelling(tables, n, other, has_arg, val);
	if (!letter)
		return;
	tables->by_letter[(unsigned char)letter & 127] = val;
	snprintf(tables->shorts + used, sizeof(tables->shorts) - used, "%c%s", letter,
		 has_arg == required_argument ? ":" : "");
}

/* Additions whose names would make abbreviations of packetdrill's options ambiguous (--ip_ver,
 * --str, --loc, --gate, --re, --no, --p): they are known in full only. */
static const char *const full_names[] = {
	"ip_versions", "strict",     "local_linklocal_ip", "gateway_linklocal_ip",
	"requires",    "no_cleanup", "persistent_tun_dev", "version",
	"help-all",
};

static bool is_spelling(const char *arg, const char *name)
{
	if (strncmp(arg, "--", 2) != 0)
		return false;
	for (arg += 2; *name && (*arg == *name || (*arg == '-' && *name == '_')); arg++)
		name++;
	return !*name && (!*arg || *arg == '=');
}

static bool wanted_row(const char *name, int argc, char **argv)
{
	size_t full = 0, n = sizeof(full_names) / sizeof(full_names[0]);

	while (full < n && strcmp(full_names[full], name) != 0)
		full++;
	if (full == n)
		return true;
	for (int i = 1; i < argc; i++)
		if (is_spelling(argv[i], name))
			return true;
	return false;
}

static void make_tables(struct settings *settings, struct getopt_tables *tables, int argc,
			char **argv)
{
	static const int has_arg[] = {
		[FLAG] = no_argument,
		[TEXT] = required_argument,
		[MAYBE_TEXT] = optional_argument,
		[COUNT] = required_argument,
		[SECONDS] = required_argument,
		[LIST] = required_argument,
		[MODE] = required_argument,
	};
	size_t n = 0;

	memset(tables, 0, sizeof(*tables));
	strcpy(tables->shorts, ":"); /* tell a missing value from an unknown option */
	tables->longs = arena_alloc(settings->arena, (2 * (N_RUNNER_ROWS + n_option_rows) + 1) *
							     sizeof(*tables->longs));
	for (size_t i = 0; i < N_RUNNER_ROWS; i++)
		if ((!settings->drop_in || runner_rows[i].drop_in) &&
		    wanted_row(runner_rows[i].name, argc, argv))
			add_row(settings, tables, &n, runner_rows[i].name, runner_rows[i].letter,
				has_arg[runner_rows[i].kind], FIRST_VAL + (int)i);
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (runner_row_by_name(row->name) || !wanted_row(row->name, argc, argv))
			continue; /* ours decides on the command line */
		add_row(settings, tables, &n, row->name, row->letter,
			row->argument == OPTION_ARGUMENT ? required_argument : no_argument,
			FIRST_VAL + (int)(N_RUNNER_ROWS + i));
	}
}

/* What getopt did not like about `arg`. */
static bool refuse_argument(const struct getopt_tables *tables, const char *arg, bool missing,
			    struct errbuf *error)
{
	size_t length = strcspn(arg, "=");
	char matches[160] = "";
	size_t used = 0, n = 0;
	const char *near;

	if (missing)
		return refuse(error, NULL, "%s needs a value", arg);
	for (const struct option *o = tables->longs; !strncmp(arg, "--", 2) && o->name; o++) {
		if (strncmp(o->name, arg + 2, length - 2))
			continue;
		if (!o->name[length - 2])
			return refuse(error, NULL, "--%s takes no value", o->name);
		n++;
		if (used < sizeof(matches))
			used += (size_t)snprintf(matches + used, sizeof(matches) - used, " --%s",
						 o->name);
	}
	if (n)
		return refuse(error, NULL, "%.*s could be any of%s", (int)length, arg, matches);
	near = arg[0] == '-' && arg[1] == '-' ? closest_name("option", arg + 2) : NULL;
	if (!near)
		return refuse(error, "--help lists them all", "unknown option %s", arg);
	return refuse(error, NULL, "unknown option %.100s; did you mean --%s?", arg, near);
}

/* ---- the whole line ----------------------------------------------------------------------- */

static bool split_shard(struct settings *settings, struct errbuf *error)
{
	char rest;

	if (!settings->shard)
		return true;
	if (sscanf(settings->shard, "%u/%u%c", &settings->shard_k, &settings->shard_n, &rest) ==
		    2 &&
	    settings->shard_k >= 1 && settings->shard_k <= settings->shard_n &&
	    settings->shard_n <= 1000000)
		return true;
	return refuse(error, "for example --shard 1/4", "bad value '%s' for --shard K/N",
		      settings->shard);
}

static bool choose_color(struct settings *settings, struct errbuf *error)
{
	const char *no_color = getenv("NO_COLOR");
	const char *color = settings->color ? settings->color : "auto";

	if (!strcmp(color, "auto"))
		settings->use_color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	else if (!strcmp(color, "always"))
		settings->use_color = true;
	else if (strcmp(color, "never"))
		return refuse(error, "auto, always or never", "bad value '%s' for --color", color);
	return true;
}

static bool choose_reasons(struct settings *settings, struct errbuf *error)
{
	settings->reasons_optional = settings->reasons && !strcmp(settings->reasons, "optional");
	if (settings->reasons && !settings->reasons_optional && strcmp(settings->reasons, "-"))
		return refuse(error, "--reasons, or --reasons=optional",
			      "bad value '%s' for --reasons", settings->reasons);
	return true;
}

static bool choose_pcap(struct settings *settings, struct errbuf *error)
{
	const char *format = settings->pcap_format;

	if (settings->pcap && settings->pcap_on_failure)
		return refuse(error, "use one of them",
			      "--pcap saves all runs, --pcap-on-failure those that fail");
	settings->pcap_classic = format && !strcmp(format, "pcap");
	if (!format || settings->pcap_classic || !strcmp(format, "pcapng"))
		return true;
	return refuse(error, "pcapng or pcap", "bad value '%s' for --pcap-format", format);
}

static bool choose_build(struct settings *settings, struct errbuf *error)
{
	if (!settings->kcidb && !settings->kcidb_build)
		return true;
	if (!settings->kcidb_build)
		return refuse(error, "--kcidb-build ORIGIN:ID",
			      "--kcidb needs the build that is tested");
	return report_kcidb_is_id(settings->kcidb_build) ||
	       refuse(error, "ORIGIN is of a-z, 0-9 and _",
		      "bad value '%s' for --kcidb-build ORIGIN:ID", settings->kcidb_build);
}

static bool choose_level(struct settings *settings, struct errbuf *error)
{
	if (!settings->status_level)
		return true;
	settings->level = report_level_named(settings->status_level);
	return settings->level < N_LEVELS ||
	       refuse(error, "none, fail, flaky, skip or all", "bad value '%s' for --status-level",
		      settings->status_level);
}

static bool apply(struct settings *settings, const struct getopt_tables *tables, int val,
		  const char *value, struct errbuf *error)
{
	const struct option_row *row;
	size_t i;

	if (val < FIRST_VAL)
		val = tables->by_letter[val & 127];
	i = (size_t)(val - FIRST_VAL);
	if (i < N_RUNNER_ROWS)
		return set_runner(settings, &runner_rows[i], value, error);
	row = &option_rows[i - N_RUNNER_ROWS];
	add_script_option(settings, row->name, value);
	return true;
}

bool cli_parse(struct settings *settings, struct arena *arena, bool drop_in, int argc, char **argv,
	       struct errbuf *error)
{
	struct getopt_tables tables;

	memset(settings, 0, sizeof(*settings));
	memset(error, 0, sizeof(*error));
	settings->arena = arena;
	settings->drop_in = drop_in;
	settings->for_mode = ALL_MODES;
	settings->retries = RETRIES_USUAL;
	settings->repeat = 1;
	make_tables(settings, &tables, argc, argv);
	optind = 0; /* start over */
	opterr = 0;
	for (;;) {
		int val = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);

		if (val == -1)
			break;
		if (val == '?' && optopt && optopt < FIRST_VAL) {
			char arg[3] = {'-', (char)optopt, 0};

			return refuse_argument(&tables, arg, false, error);
		}
		if (val == '?' || val == ':')
			return refuse_argument(&tables, argv[optind - 1], val == ':', error);
		if (!apply(settings, &tables, val, optarg, error))
			return false;
	}
	for (int i = optind; i < argc; i++)
		list_add(arena, &settings->paths, argv[i]);
	if (settings->fail_fast)
		settings->max_failures = 1;
	if (!settings->repeat)
		return refuse(error, "1 or more", "--repeat 0 would play nothing");
	return split_shard(settings, error) && choose_color(settings, error) &&
	       choose_pcap(settings, error) && choose_level(settings, error) &&
	       choose_build(settings, error) && choose_reasons(settings, error);
}

/* ---- usage -------------------------------------------------------------------------------- */

static void usage_line(FILE *out, char letter, const char *name, const char *value_name,
		       const char *before, const char *after, const char *help)
{
	char left[80];

	snprintf(left, sizeof(left), "%c%c%c--%s%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
		 letter ? ' ' : ' ', name, value_name ? before : "", value_name ? value_name : "",
		 value_name ? after : "");
	fprintf(out,
		strlen(left) < 34 ? "  %-33s %s\n"
				  : "  %s\n                                    %s\n",
		left, help);
}

void cli_usage(FILE *out, bool drop_in, bool all)
{
	for (enum runner_group group = 0; group < N_GROUPS; group++) {
		bool titled = false;

		for (size_t i = 0; i < N_RUNNER_ROWS; i++) {
			const struct runner_row *row = &runner_rows[i];
			bool maybe = row->kind == MAYBE_TEXT;

			if (row->group != group || (drop_in && !row->drop_in))
				continue;
			if (!titled)
				fprintf(out, "\n%s:\n", group_titles[group]);
			titled = true;
			usage_line(out, row->letter, row->name, row->value_name, maybe ? "[=" : " ",
				   maybe ? "]" : "", row->help);
		}
	}
	fprintf(out, "\nOf the script (most may stand in it too, as lines before the events):\n");
	for (size_t i = 0; i < n_option_rows; i++)
		if (!runner_row_by_name(option_rows[i].name) && (all || option_rows[i].works))
			usage_line(out, option_rows[i].letter, option_rows[i].name,
				   option_rows[i].argument == OPTION_ARGUMENT
					   ? option_rows[i].value_name
					   : NULL,
				   "=", "", option_rows[i].help);
}
