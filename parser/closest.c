/* "Did you mean": the known name at the smallest edit distance, if it is near enough. */
#include <ctype.h>
#include <string.h>

#include "parser/options.h"
#include "parser/symbols.h"
#include "parser/tables.h"
#include "parser/tcp_options.h"

#define MAX_NAME 48

struct search {
	const char *name;
	size_t length;
	const char *best;
	unsigned distance; /* of best */
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap neighbours; case counts nothing) that make a into b. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][MAX_NAME + 1]; /* two before, one before, this one */
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	unsigned *spare;
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		last[j] = j;
	for (size_t i = 0; a[i]; i++) {
		now[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			bool same = toupper((unsigned char)a[i]) == toupper((unsigned char)b[j]);

			now[j + 1] = least(least(last[j + 1], now[j]) + 1, last[j] + !same);
			if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j])
				now[j + 1] = least(now[j + 1], before[j - 1] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[n];
}

static void consider(struct search *search, const char *candidate)
{
	size_t length = candidate ? strlen(candidate) : 0;
	unsigned distance;

	if (!length || length > MAX_NAME)
		return;
	/* Names that differ more in length than the best so far in letters cannot be nearer. */
	if (length >= search->length + search->distance ||
	    search->length >= length + search->distance)
		return;
	distance = edit_distance(search->name, candidate);
	if (distance < search->distance) {
		search->distance = distance;
		search->best = candidate;
	}
}

static void consider_family(struct search *search, enum symbol_family_id family)
{
	for (size_t i = 0; i < symbol_families[family].n; i++)
		consider(search, symbol_families[family].rows[i].name);
}

static void consider_calls(struct search *search)
{
	static const char *const names[] = {
#define CALL(name_, ...) #name_,
#include "parser/calls.def"
#undef CALL
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		consider(search, names[i]);
	for (size_t i = 0; i < N_EVENT_KINDS; i++)
		consider(search, event_rows[i].word);
}

static void consider_constants(struct search *search)
{
	for (int family = 0; family < N_SYMBOL_FAMILIES; family++)
		consider_family(search, family);
}

static void consider_options(struct search *search)
{
	for (size_t i = 0; i < n_option_rows; i++)
		consider(search, option_rows[i].name);
}

static void consider_states(struct search *search)
{
	size_t skip = strncmp(search->name, "TCP_", 4) ? 4 : 0;

	for (int state = 1; state <= N_TCP_STATES; state++)
		consider(search, tcp_state_symbol(state) + skip);
}

static void consider_errnos(struct search *search)
{
	consider_family(search, SYMBOLS_ERRNO);
}

static void consider_signals(struct search *search)
{
	consider_family(search, SYMBOLS_SIGNAL);
}

static void consider_icmp(struct search *search)
{
	static const char *const names[] = {
#define TYPE(version, name, number, ...)  #name,
#define CODE(version, type, name, number) #name,
#include "parser/icmp.def"
#undef TYPE
#undef CODE
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		consider(search, names[i]);
}

static void consider_tcp_options(struct search *search)
{
	for (size_t i = 0; i < n_tcp_option_rows; i++)
		consider(search, tcp_option_rows[i].name);
}

static void consider_counters(struct search *search)
{
	for (size_t i = 0; i < n_counter_rows; i++)
		consider(search, counter_rows[i].name);
}

static void consider_reasons(struct search *search)
{
	for (size_t i = 0; i < n_reason_rows; i++)
		consider(search, reason_rows[i].name);
}

static void consider_timers(struct search *search)
{
	for (int timer = 0; sock_timer_name(timer); timer++)
		consider(search, sock_timer_name(timer));
}

static void consider_ip_fields(struct search *search)
{
	static const char *const names[] = {"ttl",   "hlim", "tos",  "class", "flowlabel", "dscp",
					    "noecn", "ect0", "ect1", "ect01", "ce"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		consider(search, names[i]);
}

static void consider_segment_fields(struct search *search)
{
	static const char *const names[] = {"ack", "win", "urg", "icmp", "udp", "mtu", "id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		consider(search, names[i]);
}

static const struct {
	const char *kind;
	void (*consider)(struct search *search);
} kinds[] = {
	{"call", consider_calls},     {"constant", consider_constants},
	{"option", consider_options}, {"state", consider_states},
	{"errno", consider_errnos},   {"signal", consider_signals},
	{"icmp", consider_icmp},      {"TCP option", consider_tcp_options},
	{"counter", consider_counters}, {"timer", consider_timers},
	{"IP field", consider_ip_fields}, {"segment field", consider_segment_fields},
	{"reason", consider_reasons},
};

const char *closest_name(const char *kind, const char *name)
{
	size_t length = strlen(name);
	/* At most about a third of the letters may differ. */
	struct search search = {.name = name, .length = length, .distance = length / 3 + 1};

	if (length < 2 || length > MAX_NAME)
		return NULL;
	if (length < 6)
		search.distance = 2;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].kind, kind))
			kinds[i].consider(&search);
	return search.best;
}
