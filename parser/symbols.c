/* Symbolic constants: names to numbers and back. The rows are in symbols_*.def. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/sockios.h>

#include "parser/symbols.h"
#include "parser/tables.h"

#define SYMBOL(name_, value_) {.name = #name_, .value = value_},
#define ALIAS(name_, value_)  {.name = #name_, .value = value_, .alias = true},

static const struct symbol errno_rows[] = {
#include "parser/symbols_errno.def"
};
static const struct symbol signal_rows[] = {
#include "parser/symbols_signal.def"
};
static const struct symbol tcp_rows[] = {
#include "parser/symbols_tcp.def"
};
static const struct symbol socket_rows[] = {
#include "parser/symbols_socket.def"
};
static const struct symbol ip_rows[] = {
#include "parser/symbols_ip.def"
};
static const struct symbol file_rows[] = {
#include "parser/symbols_file.def"
};
static const struct symbol cap_rows[] = {
#include "parser/symbols_cap.def"
};

#define FAMILY(rows_)                                                                              \
	{                                                                                          \
		rows_, sizeof(rows_) / sizeof(*rows_)                                              \
	}

const struct symbol_family symbol_families[N_SYMBOL_FAMILIES] = {
	[SYMBOLS_ERRNO] = FAMILY(errno_rows), [SYMBOLS_SIGNAL] = FAMILY(signal_rows),
	[SYMBOLS_TCP] = FAMILY(tcp_rows),     [SYMBOLS_SOCKET] = FAMILY(socket_rows),
	[SYMBOLS_IP] = FAMILY(ip_rows),	      [SYMBOLS_FILE] = FAMILY(file_rows),
	[SYMBOLS_CAP] = FAMILY(cap_rows),
};

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct symbol *)row)->name);
}

const struct symbol *symbol_in_family(enum symbol_family_id family, const char *name)
{
	const struct symbol_family *f = &symbol_families[family];

	return bsearch(name, f->rows, f->n, sizeof(*f->rows), compare_name);
}

bool symbol_value(const char *name, int64_t *value)
{
	for (int family = 0; family < N_SYMBOL_FAMILIES; family++) {
		const struct symbol *row = symbol_in_family(family, name);

		if (row) {
			*value = row->value;
			return true;
		}
	}
	return false;
}

static const char *name_of(enum symbol_family_id family, int64_t value)
{
	const struct symbol_family *f = &symbol_families[family];

	for (size_t i = 0; i < f->n; i++)
		if (f->rows[i].value == value && !f->rows[i].alias)
			return f->rows[i].name;
	return NULL;
}

const char *errno_symbol(int value)
{
	return name_of(SYMBOLS_ERRNO, value);
}

const char *signal_symbol(int value)
{
	return name_of(SYMBOLS_SIGNAL, value);
}

bool signal_by_name(const char *name, int *value)
{
	char full[32];
	const struct symbol *row = symbol_in_family(SYMBOLS_SIGNAL, name);

	if (!row && (size_t)snprintf(full, sizeof(full), "SIG%s", name) < sizeof(full))
		row = symbol_in_family(SYMBOLS_SIGNAL, full);
	if (row)
		*value = row->value;
	return row != NULL;
}

bool signal_ends(int signal)
{
	/* Ignored, or they stop or continue it. 32 and 33 belong to the C library. */
	static const unsigned char harmless[] = {
		SIGCHLD, SIGURG, SIGWINCH, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, 32, 33,
	};

	return signal > 0 && signal <= SIGRTMAX && !memchr(harmless, signal, sizeof(harmless));
}

/* By number: the states are few, and other TCP_ constants share their numbers. */
static const char *const tcp_states[N_TCP_STATES + 1] = {
	NULL,
	"TCP_ESTABLISHED",
	"TCP_SYN_SENT",
	"TCP_SYN_RECV",
	"TCP_FIN_WAIT1",
	"TCP_FIN_WAIT2",
	"TCP_TIME_WAIT",
	"TCP_CLOSE",
	"TCP_CLOSE_WAIT",
	"TCP_LAST_ACK",
	"TCP_LISTEN",
	"TCP_CLOSING",
	"TCP_NEW_SYN_RECV",
	"TCP_BOUND_INACTIVE",
};

const char *tcp_state_symbol(int state)
{
	return state >= 1 && state <= N_TCP_STATES ? tcp_states[state] : NULL;
}

int tcp_state_by_name(const char *name)
{
	size_t skip = strncmp(name, "TCP_", 4) ? 4 : 0;

	for (int state = 1; state <= N_TCP_STATES; state++)
		if (!strcmp(name, tcp_states[state] + skip))
			return state;
	return -1;
}

/* EPOLLIN is a flag of "EPOLL"; EPOLL_CTL_ADD is not. */
static bool is_flag_of(const struct symbol *row, const char *prefix)
{
	size_t length = strlen(prefix);

	return !strncmp(row->name, prefix, length) && row->name[length] != '_' && row->value > 0 &&
	       !(row->value & (row->value - 1)) && !row->alias;
}

static const char *flag_name(const char *prefix, uint64_t bit)
{
	for (int family = 0; family < N_SYMBOL_FAMILIES; family++) {
		const struct symbol_family *f = &symbol_families[family];

		for (size_t i = 0; i < f->n; i++)
			if ((uint64_t)f->rows[i].value == bit && is_flag_of(&f->rows[i], prefix))
				return f->rows[i].name;
	}
	return NULL;
}

void symbol_flags(char *out, size_t size, const char *prefix, uint64_t value)
{
	uint64_t unknown = value;
	size_t used = strnlen(out, size);
	const char *bar = "";

	for (int i = 0; i < 64 && used < size; i++) {
		uint64_t bit = value & (1ULL << i);
		const char *name = bit ? flag_name(prefix, bit) : NULL;

		if (!name)
			continue;
		used += snprintf(out + used, size - used, "%s%s", bar, name);
		bar = "|";
		unknown &= ~bit;
	}
	if (used < size && (unknown || !value))
		snprintf(out + used, size - used, value ? "%s0x%llx" : "%s%llu", bar,
			 (unsigned long long)unknown);
}
