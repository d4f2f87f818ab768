/* Asks the kernel for the TCP states of connections. */
#include "runtime/conn/conn_parts.h"

#include <netinet/tcp.h>

#include "parser/tables.h"

static void add_state(struct conn *conn, int state)
{
	if (conn->n_path < MAX_STATE_PATH &&
	    (conn->n_path == 0 || conn->path[conn->n_path - 1] != state))
		conn->path[conn->n_path++] = (uint8_t)state;
}

void conn_end(struct conn *conn)
{
	conn->over = true;
	if (transport_rows[conn->kind].connects)
		add_state(conn, TCP_CLOSE);
}

static bool was_alive(const struct conn *conn)
{
	return conn->n_path && conn->path[conn->n_path - 1] != TCP_CLOSE;
}

/* True if the kernel's socket is gone, or is another one between the same addresses and ports. */
static bool is_gone(const struct conn *conn, const struct sock_info *info)
{
	return info->state == TCP_CLOSE || (conn->cookie && info->cookie != conn->cookie);
}

int conn_info(struct conns *conns, struct conn *conn, struct sock_info *info)
{
	const struct sock_tuple tuple = {
		.local = conn->tuple.src,
		.remote = conn->tuple.dst,
		.local_port = conn->tuple.sport,
		.remote_port = conn->tuple.dport,
		.device = conn->device,
	};
	int code;

	*info = (struct sock_info){.state = TCP_CLOSE};
	if (conn->over)
		return TCP_CLOSE;
	code = conns->bed->ops->state(conns->bed, &tuple, info);
	/* While the kernel replaces a socket by its TIME_WAIT socket, it may find neither. */
	if (code == 0 && was_alive(conn) && info->state == TCP_CLOSE)
		code = conns->bed->ops->state(conns->bed, &tuple, info);
	if (code < 0) {
		if (!conn->state_error)
			conn->state_error = code;
		return code;
	}
	if (is_gone(conn, info)) {
		*info = (struct sock_info){.state = TCP_CLOSE};
		if (was_alive(conn))
			conn_end(conn);
		add_state(conn, TCP_CLOSE);
		return TCP_CLOSE;
	}
	conn->cookie = info->cookie;
	add_state(conn, info->state);
	return info->state;
}

int conn_state(struct conns *conns, struct conn *conn)
{
	struct sock_info info;

	return conn_info(conns, conn, &info);
}

void conns_sample(struct conns *conns)
{
	struct conn *conn;

	for (conn = conns->conns; conn; conn = conn->next)
		if (transport_rows[conn->kind].connects && !conn->over)
			conn_state(conns, conn);
}

int sock_closed_state(struct conns *conns, const struct sock *sock)
{
	const struct ip_addr any = {.version = sock->kind.family == AF_INET6 ? 6 : 4};
	const struct sock_tuple tuple = {
		.local = sock->local.version ? sock->local : any,
		.local_port = sock->port,
	};
	struct sock_info info;
	int code;

	if (sock->phase != SOCK_LISTENING)
		return TCP_CLOSE;
	code = conns->bed->ops->state(conns->bed, &tuple, &info);
	if (code < 0)
		return code;
	return info.cookie == sock->cookie ? info.state : TCP_CLOSE;
}
