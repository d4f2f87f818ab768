/* Values of options; what they are is options.def. The struct they fill: config.h. */
#include "parser/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "parser/tables.h"

/* One value on its way into a config. */
struct setting {
	struct config *config;
	struct arena *arena;
	const char *name; /* as in the row */
	const char *value;
	struct loc loc;
	const struct setter *setter;
	struct errbuf *err;
};

struct setter {
	int (*set)(const struct setting *setting); /* 0, or -EINVAL with s->err set */
	size_t offset;				   /* of the member */
	size_t size;				   /* of the member */
	long long least, most;			   /* NUMBER */
};

/* ---- helpers of the setters -------------------------------------------------------------- */

static void *member(const struct setting *s)
{
	return (char *)s->config + s->setter->offset;
}

static bool by_command_line(const struct setting *s)
{
	return s->loc.line == 0;
}

static bool parse_number(const char *text, long long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return !*end && errno == 0;
}

/* Calls `each` for every element of a comma list; stops at the first error. */
static int for_each_item(const struct setting *s,
			 int (*each)(const struct setting *s, const char *item))
{
	const char *at = s->value;

	for (;;) {
		size_t length = strcspn(at, ",");
		int code;

		if (!length)
			return err_set(s->err, -EINVAL, "--%s: empty element in '%.100s'", s->name,
				       s->value);
		code = each(s, arena_strndup(s->arena, at, length));
		if (code || !at[length])
			return code;
		at += length + 1;
	}
}

static int bad_value(const struct setting *s, const char *expected)
{
	return err_set(s->err, -EINVAL, "--%s: expected %s, got '%.100s'", s->name, expected,
		       s->value);
}

/* ---- setters ----------------------------------------------------------------------------- */

static int set_flag(const struct setting *s)
{
	*(bool *)member(s) = true;
	return 0;
}

static int set_text(const struct setting *s)
{
	if (!*s->value)
		return err_set(s->err, -EINVAL, "--%s: the value is empty", s->name);
	*(const char **)member(s) = s->value;
	return 0;
}

static int set_number(const struct setting *s)
{
	long long number;

	if (!parse_number(s->value, &number) || number < s->setter->least ||
	    number > s->setter->most)
		return bad_value(s, arena_printf(s->arena, "a number from %lld to %lld",
						 s->setter->least, s->setter->most));
	if (s->setter->size == sizeof(uint16_t))
		*(uint16_t *)member(s) = number;
	else
		*(unsigned *)member(s) = number;
	return 0;
}

static int set_nothing(const struct setting *s)
{
	(void)s;
	return 0;
}

static int set_unsupported(const struct setting *s)
{
	return err_set(s->err, -EOPNOTSUPP, "--%s is not supported yet", s->name);
}

/* First of a spelling is the one printed. */
static const struct {
	const char *name;
	enum ip_mode mode;
} ip_mode_names[] = {
	{"ipv4", IP_V4},
	{"ipv6", IP_V6},
	{"ipv4-mapped-ipv6", IP_V4_MAPPED_V6},
	{"ipv4_mapped_ipv6", IP_V4_MAPPED_V6},
};
#define N_IP_MODE_NAMES (sizeof(ip_mode_names) / sizeof(*ip_mode_names))

const char *ip_mode_name(enum ip_mode mode)
{
	for (size_t i = 0; i < N_IP_MODE_NAMES; i++)
		if (ip_mode_names[i].mode == mode)
			return ip_mode_names[i].name;
	return "?";
}

static int ip_mode_by_name(const char *name)
{
	for (size_t i = 0; i < N_IP_MODE_NAMES; i++)
		if (!strcmp(ip_mode_names[i].name, name))
			return ip_mode_names[i].mode;
	return -1;
}

static int set_ip_version(const struct setting *s)
{
	int mode = ip_mode_by_name(s->value);

	if (mode < 0)
		return bad_value(s, "ipv4, ipv6 or ipv4-mapped-ipv6");
	s->config->ip_mode = s->config->ip_mode_asked = mode;
	s->config->ip_version_given = true;
	s->config->ip_version_by_command_line = by_command_line(s);
	return 0;
}

static int add_ip_version(const struct setting *s, const char *item)
{
	int mode = ip_mode_by_name(item);

	if (mode < 0)
		return bad_value(s, "a list of ipv4, ipv6 and ipv4-mapped-ipv6");
	s->config->ip_modes |= 1U << mode;
	return 0;
}

static int set_ip_versions(const struct setting *s)
{
	struct config *config = s->config;
	int code;

	config->ip_modes = 0;
	code = for_each_item(s, add_ip_version);
	if (!code && !config->ip_version_given)
		config->ip_mode = config->ip_mode_asked = __builtin_ctz(config->ip_modes);
	return code;
}

static uint8_t full_length(const struct ip_addr *addr)
{
	return addr->version == 4 ? 32 : 128;
}

/* ADDRESS, or ADDRESS/LENGTH where `with_length`. */
static int set_address(const struct setting *s, struct given_address given[2], bool with_length)
{
	const char *slash = with_length ? strchr(s->value, '/') : NULL;
	size_t length = slash ? (size_t)(slash - s->value) : strlen(s->value);
	struct ip_prefix prefix;

	if (!ip_addr_parse(arena_strndup(s->arena, s->value, length), &prefix.addr))
		return bad_value(s, "an IPv4 or IPv6 address");
	prefix.length = full_length(&prefix.addr);
	if (slash) {
		long long bits;

		if (!parse_number(slash + 1, &bits) || bits > prefix.length)
			return bad_value(s, arena_printf(s->arena, "a prefix length of 0 to %d",
							 prefix.length));
		prefix.length = bits;
	}
	given[prefix.addr.version == 6] = (struct given_address){prefix, by_command_line(s)};
	return 0;
}

static int set_local_ip(const struct setting *s)
{
	return set_address(s, s->config->given_local, false);
}

static int set_gateway_ip(const struct setting *s)
{
	return set_address(s, s->config->given_gateway, false);
}

static int set_remote_ip(const struct setting *s)
{
	return set_address(s, s->config->given_remote, true);
}

static int set_netmask(const struct setting *s)
{
	struct in_addr in;
	uint32_t mask;

	if (inet_pton(AF_INET, s->value, &in) != 1)
		return bad_value(s, "an IPv4 mask such as 255.255.0.0");
	mask = ntohl(in.s_addr);
	if (~mask & (~mask + 1))
		return bad_value(s, "a mask of leading one bits");
	s->config->netmask_bits = __builtin_popcount(mask);
	s->config->netmask_given = true;
	return 0;
}

static int set_decimal(const struct setting *s, double most, const char *range, double *number)
{
	char *end;

	*number = strtod(s->value, &end);
	if (end == s->value || *end || !(*number >= 0 && *number <= most))
		return bad_value(s, range);
	return 0;
}

static int set_tolerance_percent(const struct setting *s)
{
	return set_decimal(s, 100, "a number from 0 to 100", &s->config->tolerance_percent);
}

static int set_command_timeout(const struct setting *s)
{
	return set_decimal(s, 1e6, "seconds, at most 1000000", &s->config->command_timeout);
}

static int set_cwd(const struct setting *s)
{
	s->config->cwd = s->value;
	s->config->cwd_by_script = s->loc.line > 0;
	return *s->value ? 0 : bad_value(s, "a directory, script or caller");
}

static int add_non_fatal(const struct setting *s, const char *item)
{
	if (!strcmp(item, "packet"))
		s->config->non_fatal_packet = true;
	else if (!strcmp(item, "syscall"))
		s->config->non_fatal_syscall = true;
	else
		return bad_value(s, "packet, syscall or both");
	return 0;
}

static int set_non_fatal(const struct setting *s)
{
	return *s->value ? for_each_item(s, add_non_fatal) : 0;
}

static int set_code_format(const struct setting *s)
{
	return strcmp(s->value, "python") ? bad_value(s, "python") : 0;
}

static int set_code_sockopt(const struct setting *s)
{
	static const char *const known[] = {"TCP_INFO", "TCP_CC_INFO", "SO_MEMINFO"};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(s->value, known[i]))
			return 0;
	return bad_value(s, "TCP_INFO, TCP_CC_INFO or SO_MEMINFO");
}

static int add_init_script(const struct setting *s, const char *item)
{
	struct config *config = s->config;

	*array_add(s->arena, config->init_scripts, config->n_init_scripts) = item;
	return 0;
}

static int set_init_scripts(const struct setting *s)
{
	s->config->n_init_scripts = 0;
	return *s->value ? for_each_item(s, add_init_script) : 0;
}

/* NAME=VALUE, NAME made of `letters` besides letters and digits. */
static int split_name(const struct setting *s, const char *letters, struct name_value *pair)
{
	const char *equals = strchr(s->value, '=');

	if (!equals || equals == s->value)
		return bad_value(s, "NAME=VALUE");
	for (const char *at = s->value; at < equals; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			     (*at >= '0' && *at <= '9');

		if (!plain && !strchr(letters, *at))
			return bad_value(s, "NAME=VALUE");
	}
	pair->name = arena_strndup(s->arena, s->value, equals - s->value);
	pair->value = equals + 1;
	pair->loc = s->loc;
	return 0;
}

static int set_define(const struct setting *s)
{
	struct config *config = s->config;
	struct name_value pair;
	int code = split_name(s, "_", &pair);

	if (code)
		return code;
	*array_add(s->arena, config->defines, config->n_defines) = pair;
	return 0;
}

static int set_sysctl(const struct setting *s)
{
	struct config *config = s->config;
	struct name_value pair;
	int code = split_name(s, "_-./", &pair);

	if (code)
		return code;
	/* Anything outside net is the whole machine's, and ".." would lead there. */
	if ((strncmp(pair.name, "net.", 4) && strncmp(pair.name, "net/", 4)) ||
	    strstr(pair.name, "..") || strstr(pair.name, "//"))
		return bad_value(s, "a name in net.* (others are not the namespace's own)");
	if (!*pair.value)
		return bad_value(s, "NAME=VALUE");
	*array_add(s->arena, config->sysctls, config->n_sysctls) = pair;
	return 0;
}

static int add_requirement(const struct setting *s, const char *item)
{
	static const char *const operators[] = {">=", "<=", "!=", "==", ">", "<", "="};
	struct config *config = s->config;
	struct requirement need = {.text = item};
	const char *expected = "kernel>=X.Y (or <=, >, <, =, !=)";
	const char *at = item + strlen("kernel");
	size_t i, n = sizeof(operators) / sizeof(*operators);
	char rest;

	if (strncmp(item, "kernel", strlen("kernel")))
		return bad_value(s, expected);
	for (i = 0; i < n && strncmp(at, operators[i], strlen(operators[i])); i++)
		;
	if (i == n)
		return bad_value(s, expected);
	strcpy(need.op, strcmp(operators[i], "==") ? operators[i] : "=");
	if (sscanf(at + strlen(operators[i]), "%5u.%5u%c", &need.major, &need.minor, &rest) != 2)
		return bad_value(s, expected);
	*array_add(s->arena, config->requirements, config->n_requirements) = need;
	return 0;
}

static int set_requires(const struct setting *s)
{
	return for_each_item(s, add_requirement);
}

/* ---- tables ------------------------------------------------------------------------------ */

#define AT(member_)                                                                                \
	.offset = offsetof(struct config, member_), .size = sizeof(((struct config *)0)->member_)
#define FLAG(member_)                                                                              \
	{                                                                                          \
		.set = set_flag, AT(member_)                                                       \
	}
#define NUMBER(member_, least_, most_)                                                             \
	{                                                                                          \
		.set = set_number, AT(member_), .least = least_, .most = most_                     \
	}
#define TEXT(member_)                                                                              \
	{                                                                                          \
		.set = set_text, AT(member_)                                                       \
	}
#define BY(function_)                                                                              \
	{                                                                                          \
		.set = function_                                                                   \
	}
#define IGNORED                                                                                    \
	{                                                                                          \
		.set = set_nothing                                                                 \
	}
#define UNSUPPORTED                                                                                \
	{                                                                                          \
		.set = set_unsupported                                                             \
	}

/* Same order as option_rows. */
static const struct setter setters[] = {
#define OPTION(name_, letter_, argument_, value_name_, in_script_, setter_, help_) setter_,
#include "parser/options.def"
#undef OPTION
};

/* ---- config ------------------------------------------------------------------------------ */

struct config *config_new(struct arena *arena)
{
	struct config *config = arena_new_of(arena, struct config);

	config->bind_port = 8080;
	config->connect_port = 8080;
	config->mtu = 1500;
	config->tolerance_usecs = 4000;
	config->tolerance_percent = 12.5;
	config->netmask_bits = 16;
	config->code_command = "python3";
	config->command_timeout = 600;
	return config;
}

int config_set(struct config *config, struct arena *arena, const char *name, const char *value,
	       struct loc loc, struct errbuf *err)
{
	const struct option_row *row = option_by_name(name);
	struct setting setting = {
		.config = config, .arena = arena, .value = value, .loc = loc, .err = err};

	if (!row)
		return err_set(err, -ENOENT, "unknown option --%.80s", name);
	if (loc.line && !row->in_script)
		return err_set(err, -EPERM, "--%s belongs on the command line", row->name);
	if (row->argument == OPTION_ARGUMENT && !value)
		return err_set(err, -ENODATA, "--%s needs a value", row->name);
	if (row->argument == OPTION_NO_ARGUMENT && value)
		return err_set(err, -E2BIG, "--%s takes no value", row->name);
	setting.name = row->name;
	setting.setter = &setters[row - option_rows];
	return setting.setter->set(&setting);
}
