/* The rows of counters.def, and those that only the running kernel has; of timers.def and reasons.def. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nstat.h"
#include "parser/tables.h"

#define TRAFFIC ""

const struct counter_row counter_rows[] = {
#define COUNTER(name_, meaning_) {.name = #name_, .meaning = (meaning_)},
#include "parser/counters.def"
#undef COUNTER
};

const size_t n_counter_rows = sizeof(counter_rows) / sizeof(counter_rows[0]);

static const struct counter_row *find(const char *name)
{
	for (size_t i = 0; i < n_counter_rows; i++)
		if (!strcmp(counter_rows[i].name, name))
			return &counter_rows[i];
	return NULL;
}

static bool file_has(const char *path, const char *name, struct nstat *nstat)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int64_t value;

	if (fd < 0)
		return false;
	nstat->size = 0;
	while ((n = pread(fd, nstat->text + nstat->size, sizeof(nstat->text) - 1 - nstat->size,
			  (off_t)nstat->size)) > 0)
		nstat->size += (size_t)n;
	close(fd);
	nstat->text[nstat->size] = '\0';
	return nstat_find(nstat, name, &value);
}

bool counter_is_known(const char *name)
{
	static const char *const paths[] = {
		"/proc/net/netstat",
		"/proc/net/snmp",
		"/proc/net/snmp6",
	};
	struct nstat *nstat;
	bool known = find(name);

	nstat = known ? NULL : malloc(sizeof(*nstat));
	for (size_t i = 0; nstat && !known && i < sizeof(paths) / sizeof(paths[0]); i++)
		known = file_has(paths[i], name, nstat);
	free(nstat);
	return known;
}

/* Of those of a newer kernel, TCP's are told. */
bool counter_is_told(const char *name)
{
	const struct counter_row *row = find(name);

	if (!row)
		return !strncmp(name, "Tcp", 3);
	return !row->meaning || *row->meaning;
}

const char *counter_meaning(const char *name)
{
	const struct counter_row *row = find(name);

	return row && row->meaning && *row->meaning ? row->meaning : NULL;
}

/* ---- timers.def ---------------------------------------------------------------------------- */

static const char *const timer_names[] = {
#define TIMER(name) #name,
#include "parser/timers.def"
#undef TIMER
};

#define N_TIMERS (int)(sizeof(timer_names) / sizeof(timer_names[0]))

const char *sock_timer_name(int timer)
{
	return timer >= 0 && timer < N_TIMERS ? timer_names[timer] : NULL;
}

int sock_timer_by_name(const char *name)
{
	for (int timer = 0; timer < N_TIMERS; timer++)
		if (!strcmp(timer_names[timer], name))
			return timer;
	return -1;
}

/* ---- reasons.def --------------------------------------------------------------------------- */

const struct reason_row reason_rows[] = {
#define REASON(name_, meaning_) {.name = #name_, .meaning = (meaning_)},
#include "parser/reasons.def"
#undef REASON
};

const size_t n_reason_rows = sizeof(reason_rows) / sizeof(reason_rows[0]);

const struct reason_row *reason_by_name(const char *name)
{
	for (size_t i = 0; i < n_reason_rows; i++)
		if (!strcmp(reason_rows[i].name, name))
			return &reason_rows[i];
	return NULL;
}
