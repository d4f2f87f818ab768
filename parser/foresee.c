/* What shows only in the order of events, and is certain before anything is played: descriptors
 * that are not there, calls of a program that has ended, times that have passed. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "parser/config.h"
#include "parser/script.h"
#include "parser/tables.h"
#include "parser/tree.h"

/* So many descriptors are followed; a script that makes more is left to the run. */
#define MAX_FOLLOWED 1000

struct descriptor_fact {
	int64_t fd;
	uint32_t closed_line; /* 0: open */
	bool blocks;	      /* for certain: a TCP socket without O_NONBLOCK and time limits */
};

struct order {
	const struct script *script;
	struct arena *arena;
	struct diags *diags;
	struct descriptor_fact *facts;
	size_t n_facts;
	const struct event *ended; /* kill() or exit() */
	int64_t now; /* ns: the earliest that the event before can have been complete */
};

/* ---- descriptors -------------------------------------------------------------------------------
 */

static struct descriptor_fact *fact_of(const struct order *order, int64_t fd)
{
	for (size_t i = 0; i < order->n_facts; i++)
		if (order->facts[i].fd == fd)
			return &order->facts[i];
	return NULL;
}

/* accept() may give a number that is in use: it moves. */
static void made(struct order *order, int64_t fd, bool blocks)
{
	struct descriptor_fact *fact = fact_of(order, fd);

	if (!fact)
		fact = array_add(order->arena, order->facts, order->n_facts);
	*fact = (struct descriptor_fact){.fd = fd, .blocks = blocks};
}

static void no_descriptor(const struct order *order, int64_t fd, struct loc loc)
{
	const struct descriptor_fact *fact = fact_of(order, fd);
	const char *hint = "";

	for (size_t i = 0; i < order->n_facts; i++)
		if (!order->facts[i].closed_line && strlen(hint) < 60)
			hint = arena_printf(
				order->arena, "%s%s%lld", hint,
				*hint ? ", " : "open here: ", (long long)order->facts[i].fd);
	if (!*hint)
		hint = "socket() and accept() make descriptors";
	if (fact)
		diag_error_hint(order->diags, FW_descriptor, loc, hint,
				"descriptor %lld is closed: line %u closes it", (long long)fd,
				fact->closed_line);
	else
		diag_error_hint(order->diags, FW_descriptor, loc, hint,
				"descriptor %lld does not exist: no call before this one makes it",
				(long long)fd);
}

/* Each argument that the signature calls a descriptor. */
static void check_descriptors(struct order *order, const struct call *call)
{
	const char *kind = call->row->signature;

	for (size_t i = 0; i < call->n_args && *kind; i++) {
		const struct expr *arg = call->args[i];
		size_t length;
		const struct descriptor_fact *fact;

		kind += *kind == '?';
		length = strcspn(kind, " ");
		fact = fact_of(order, arg->value);
		if (length == 2 && !strncmp(kind, "fd", 2) && arg->value >= 0 &&
		    (!fact || fact->closed_line))
			no_descriptor(order, arg->value, arg->loc);
		kind += length + (kind[length] == ' ');
	}
}

static int64_t value_of(const struct call *call, size_t i)
{
	return i < call->n_args && call->args[i]->resolved ? call->args[i]->value : 0;
}

static bool is_tcp_socket(const struct call *call)
{
	int64_t type = value_of(call, 1), protocol = value_of(call, 2);

	return type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
}

/* Options that leave a socket's calls waiting as long as they have to. */
static bool keeps_blocking(const struct call *call)
{
	static const int known[] = {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_LINGER,
				    SO_SNDBUF,	  SO_RCVBUF,	SO_OOBINLINE};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (value_of(call, 1) == SOL_SOCKET && value_of(call, 2) == known[i])
			return true;
	return false;
}

static bool makes_descriptor(const struct call *call)
{
	int64_t command = value_of(call, 1);

	return call->row->id == CALL_fcntl && (command == F_DUPFD || command == F_DUPFD_CLOEXEC);
}

/* What a call that returns as the script says leaves behind. */
static void note_call(struct order *order, const struct call *call)
{
	struct descriptor_fact *first = fact_of(order, value_of(call, 0));
	int64_t result = call->result->value;
	bool blocks = first && first->blocks;

	if (first && (call->row->id == CALL_fcntl || call->row->id == CALL_ioctl ||
		      call->row->id == CALL_dup || call->row->id == CALL_dup2 ||
		      call->row->id == CALL_dup3 ||
		      (call->row->id == CALL_setsockopt && !keeps_blocking(call))))
		first->blocks = false;
	if (result < 0)
		return;
	if (call->row->id == CALL_close && first)
		first->closed_line = call->name_loc.line;
	else if (call->row->id == CALL_socket)
		made(order, result, is_tcp_socket(call));
	else if (call->row->id == CALL_accept)
		made(order, result, blocks);
	else if (call->row->id == CALL_dup2 || call->row->id == CALL_dup3)
		made(order, value_of(call, 1), false);
	else if (call->row->result == RESULT_FD || makes_descriptor(call))
		made(order, result, false);
	for (size_t i = 0; call->row->id == CALL_pipe && i < call->args[0]->n_items; i++)
		made(order, call->args[0]->items[i]->value, false);
}

static void check_blocking(struct order *order, const struct call *call)
{
	static const struct {
		enum call_id call;
		int error;
	} rows[] = {
		{CALL_read, EAGAIN},   {CALL_write, EAGAIN},  {CALL_readv, EAGAIN},
		{CALL_writev, EAGAIN}, {CALL_accept, EAGAIN}, {CALL_connect, EINPROGRESS},
	};
	const struct descriptor_fact *fact = fact_of(order, value_of(call, 0));

	if (!call->errno_name || !fact || !fact->blocks)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].call == call->row->id && rows[i].error == call->errno_value)
			diag_error_hint(
				order->diags, FW_blocking, call->errno_loc,
				arena_printf(order->arena,
					     "+0 fcntl(%lld, F_SETFL, O_RDWR|O_NONBLOCK) = 0 "
					     "before it, or SOCK_NONBLOCK in socket()",
					     (long long)fact->fd),
				"%s() never gives %s on descriptor %lld, which is blocking",
				call->name, call->errno_name, (long long)fact->fd);
}

static void follow_call(struct order *order, const struct event *event)
{
	const struct call *call = event->call;

	if (order->ended)
		diag_error(order->diags, FW_program_ended, call->name_loc,
			   "the program makes no calls any more: it ends in line %u",
			   order->ended->loc.line);
	check_descriptors(order, call);
	check_blocking(order, call);
	note_call(order, call);
}

/* Of a descriptor that is closed a state is known too. */
static void follow_claim(struct order *order, const struct event *event)
{
	bool timer = event->kind == EVENT_TIMER;
	bool under_test = timer ? event->timer->under_test : event->state->under_test;
	int64_t fd = timer ? event->timer->fd : event->state->fd;

	if (!under_test && !fact_of(order, fd))
		no_descriptor(order, fd, event->words ? event->words->args[0]->loc : event->loc);
}

static void follow_end(struct order *order, const struct event *event)
{
	if (!order->ended)
		order->ended = event;
}

/* ---- times --------------------------------------------------------------------------------------
 */

static int64_t tolerance(const struct order *order, int64_t since)
{
	const struct config *config = order->script->config;
	int64_t least = (int64_t)config->tolerance_usecs * 1000;
	int64_t part = (int64_t)((double)since * config->tolerance_percent / 100);

	return part > least ? part : least;
}

/* Packets are judged by when they were captured, which may be before their turn; so is a state that
 * has a window. What the script itself does cannot be done in the past. */
static void follow_time(struct order *order, const struct event *event)
{
	const struct event_time *time = &event->time;
	bool relative = time->kind == TIME_RELATIVE || time->kind == TIME_RELATIVE_RANGE;
	bool expected = event->kind == EVENT_PACKET && event->packet->direction == OUTBOUND;
	int64_t at = relative ? order->now + time->at : time->at;

	if (time->kind == TIME_ANY)
		return;
	if (time->kind == TIME_ABSOLUTE && !expected &&
	    time->at + tolerance(order, order->now) < order->now)
		diag_error_hint(order->diags, FW_time_past, event_time_loc(event),
				"with a '+' it counts from the event before",
				"at %.6f s this cannot be done: what stands before it takes until "
				"%.6f s",
				time->at / (double)NSEC_PER_SEC, order->now / (double)NSEC_PER_SEC);
	if (expected)
		at -= tolerance(order, time->at);
	if (at > order->now)
		order->now = at;
}

/* ---- segments -----------------------------------------------------------------------------------
 */

/* No kernel sends a segment without ACK once it has had the peer's SYN (RFC 9293 3.10.7.4): FA is
 * what other programs call F. */
static void follow_packet(struct order *order, const struct event *event)
{
	static const uint16_t others =
		TCP_ACK_FLAG | TCP_SYN | TCP_RST | TCP_ECE | TCP_CWR | TCP_RESERVED;
	const struct packet *packet = event->packet;
	uint16_t flags = packet->kind == PACKET_TCP ? packet->tcp.flags : 0;
	struct subject subject = {.field = FIELD_tcp_flags};

	if (packet->direction == OUTBOUND && flags & TCP_AE && !(flags & others) &&
	    !packet->tcp.ace_given)
		diag_error_hint(order->diags, FW_flag_ae,
				event_field_loc(order->script, event, &subject),
				"ACK is '.': F. is a FIN with ACK",
				"the flag A is AE (AccECN), and no such segment comes without ACK");
}

void script_foresee(const struct script *script, struct arena *arena, struct diags *diags)
{
	static void (*const kinds[N_EVENT_KINDS])(struct order *, const struct event *) = {
		[EVENT_PACKET] = follow_packet, [EVENT_CALL] = follow_call,
		[EVENT_STATE] = follow_claim,	[EVENT_STATES] = follow_claim,
		[EVENT_TIMER] = follow_claim,	[EVENT_KILL] = follow_end,
		[EVENT_EXIT] = follow_end,
	};
	struct order order = {.script = script, .arena = arena, .diags = diags};

	if (script->config->non_fatal_syscall)
		return;
	for (size_t i = 0; i < script->n_events && order.n_facts < MAX_FOLLOWED; i++) {
		const struct event *event = script->events[i];

		diags_next_event(diags, event->loc);
		follow_time(&order, event);
		if (kinds[event->kind])
			kinds[event->kind](&order, event);
	}
}
