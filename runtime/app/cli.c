/* See cli.h. getopt_long does the splitting, so that its rules hold: --x=v or --x v, unambiguous
 * prefixes, options after script names. */
#include "runtime/app/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/tables.h"

enum runner_kind { FLAG, TEXT, MAYBE_TEXT, COUNT, SECONDS, LIST, MODE };
enum runner_group { CHOOSE, PLAY, SHOW, N_GROUPS };

static const char *const group_titles[N_GROUPS] = {
	[CHOOSE] = "What to run",
	[PLAY] = "How to play it",
	[SHOW] = "What to show",
};

struct runner_row {
	const char *name;
	size_t offset; /* in struct cli */
	char letter;
	enum runner_kind kind;
	const char *value_name;
	enum runner_group group;
	bool drop_in;
	const char *help;
};

static const struct runner_row runner_rows[] = {
#define RUNNER(field, name, letter, kind, value_name, group, drop_in, help)                        \
	{name, offsetof(struct cli, field), letter, kind, value_name, group, drop_in, help},
#include "runtime/app/cli.def"
#undef RUNNER
};

#define N_RUNNER_ROWS (sizeof(runner_rows) / sizeof(runner_rows[0]))
#define ALL_MODES     ((1U << N_IP_MODES) - 1)
/* getopt's val: rows of ours from here, then rows of the parser's. Above any letter. */
#define FIRST_VAL 256

static const struct runner_row *runner_row_by_name(const char *name)
{
	for (size_t i = 0; i < N_RUNNER_ROWS; i++)
		if (!strcmp(runner_rows[i].name, name))
			return &runner_rows[i];
	return NULL;
}

static bool refuse(struct cli_error *error, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool refuse(struct cli_error *error, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	snprintf(error->hint, sizeof(error->hint), "%s", hint ? hint : "");
	return false;
}

/* ---- values of the runner's options ------------------------------------------------------- */

static void list_add(struct arena *arena, struct cli_list *list, const char *item)
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

static bool set_runner(struct cli *cli, const struct runner_row *row, const char *value,
		       struct cli_error *error)
{
	void *field = (char *)cli + row->offset;
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
		list_add(cli->arena, field, value);
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

static void add_script_option(struct cli *cli, const char *name, const char *value)
{
	size_t n = cli->n_options;

	if (!(n & (n - 1))) {
		struct cli_script_option *bigger =
			arena_alloc(cli->arena, (n * 2 + 1) * sizeof(*bigger));

		if (n)
			memcpy(bigger, cli->options, n * sizeof(*bigger));
		cli->options = bigger;
	}
	cli->options[n].option.name = name;
	cli->options[n].option.value = value;
	cli->options[n].modes = cli->for_mode;
	cli->n_options = n + 1;
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
static void add_row(struct cli *cli, struct getopt_tables *tables, size_t *n, const char *name,
		    char letter, int has_arg, int val)
{
	char *other = arena_strndup(cli->arena, name, strlen(name));
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

static void make_tables(struct cli *cli, struct getopt_tables *tables, int argc, char **argv)
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
	tables->longs = arena_alloc(cli->arena, (2 * (N_RUNNER_ROWS + n_option_rows) + 1) *
							sizeof(*tables->longs));
	for (size_t i = 0; i < N_RUNNER_ROWS; i++)
		if ((!cli->drop_in || runner_rows[i].drop_in) &&
		    wanted_row(runner_rows[i].name, argc, argv))
			add_row(cli, tables, &n, runner_rows[i].name, runner_rows[i].letter,
				has_arg[runner_rows[i].kind], FIRST_VAL + (int)i);
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (runner_row_by_name(row->name) || !wanted_row(row->name, argc, argv))
			continue; /* ours decides on the command line */
		add_row(cli, tables, &n, row->name, row->letter,
			row->argument == OPTION_ARGUMENT ? required_argument : no_argument,
			FIRST_VAL + (int)(N_RUNNER_ROWS + i));
	}
}

/* What getopt did not like about `arg`. */
static bool refuse_argument(const struct getopt_tables *tables, const char *arg, bool missing,
			    struct cli_error *error)
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
	refuse(error, NULL, "unknown option %s", arg);
	snprintf(error->hint, sizeof(error->hint), "did you mean --%s?", near);
	return false;
}

/* ---- the whole line ----------------------------------------------------------------------- */

static bool split_shard(struct cli *cli, struct cli_error *error)
{
	char rest;

	if (!cli->shard)
		return true;
	if (sscanf(cli->shard, "%u/%u%c", &cli->shard_k, &cli->shard_n, &rest) == 2 &&
	    cli->shard_k >= 1 && cli->shard_k <= cli->shard_n && cli->shard_n <= 1000000)
		return true;
	return refuse(error, "for example --shard 1/4", "bad value '%s' for --shard K/N",
		      cli->shard);
}

static bool choose_color(struct cli *cli, struct cli_error *error)
{
	const char *no_color = getenv("NO_COLOR");
	const char *color = cli->color ? cli->color : "auto";

	if (!strcmp(color, "auto"))
		cli->use_color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	else if (!strcmp(color, "always"))
		cli->use_color = true;
	else if (strcmp(color, "never"))
		return refuse(error, "auto, always or never", "bad value '%s' for --color", color);
	return true;
}

static bool apply(struct cli *cli, const struct getopt_tables *tables, int val, const char *value,
		  struct cli_error *error)
{
	const struct option_row *row;
	size_t i;

	if (val < FIRST_VAL)
		val = tables->by_letter[val & 127];
	i = (size_t)(val - FIRST_VAL);
	if (i < N_RUNNER_ROWS)
		return set_runner(cli, &runner_rows[i], value, error);
	row = &option_rows[i - N_RUNNER_ROWS];
	add_script_option(cli, row->name, value);
	return true;
}

bool cli_parse(struct cli *cli, struct arena *arena, bool drop_in, int argc, char **argv,
	       struct cli_error *error)
{
	struct getopt_tables tables;

	memset(cli, 0, sizeof(*cli));
	memset(error, 0, sizeof(*error));
	cli->arena = arena;
	cli->drop_in = drop_in;
	cli->for_mode = ALL_MODES;
	cli->retries = 3;
	cli->repeat = 1;
	make_tables(cli, &tables, argc, argv);
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
		if (!apply(cli, &tables, val, optarg, error))
			return false;
	}
	for (int i = optind; i < argc; i++)
		list_add(arena, &cli->paths, argv[i]);
	if (cli->fail_fast)
		cli->max_failures = 1;
	if (!cli->repeat)
		return refuse(error, "1 or more", "--repeat 0 would play nothing");
	return split_shard(cli, error) && choose_color(cli, error);
}

struct cli_option *cli_options_of(const struct cli *cli, int mode, size_t *n)
{
	struct cli_option *options =
		arena_alloc(cli->arena, (cli->n_options + 1) * sizeof(*options));
	unsigned wanted = mode < 0 ? ALL_MODES : 1U << mode;

	*n = 0;
	for (size_t i = 0; i < cli->n_options; i++)
		if ((cli->options[i].modes & wanted) == wanted &&
		    strcmp(cli->options[i].option.name, "ip_versions"))
			options[(*n)++] = cli->options[i].option;
	return options;
}

const char *cli_option_value(const struct cli *cli, const char *name)
{
	for (size_t i = cli->n_options; i-- > 0;)
		if (!strcmp(cli->options[i].option.name, name))
			return cli->options[i].option.value;
	return NULL;
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

void cli_usage(FILE *out, bool drop_in)
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
		if (!runner_row_by_name(option_rows[i].name))
			usage_line(out, option_rows[i].letter, option_rows[i].name,
				   option_rows[i].argument == OPTION_ARGUMENT
					   ? option_rows[i].value_name
					   : NULL,
				   "=", "", option_rows[i].help);
}
