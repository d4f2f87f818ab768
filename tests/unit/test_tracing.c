/* The kernel's tracepoints, where they may be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>

#include "tun/tracing.h"

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* The port of a listener on the loopback device, and a connection to it with `bytes` sent. */
static uint16_t connect_to(int *listener, int *client, int *server, size_t bytes)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	char data[16] = {0};

	*listener = socket(AF_INET, SOCK_STREAM, 0);
	*client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(*listener, (void *)&address, size), 0);
	assert_int_equal(listen(*listener, 1), 0);
	assert_int_equal(getsockname(*listener, (void *)&address, &size), 0);
	assert_int_equal(connect(*client, (void *)&address, size), 0);
	*server = accept(*listener, NULL, NULL);
	assert_int_equal(write(*client, data, bytes), bytes);
	getsockname(*client, (void *)&address, &size);
	return ntohs(address.sin_port);
}

static void why_a_reset(void **state)
{
	struct tracepoints *points;
	struct tracing *tracing;
	struct errbuf err = {""};
	int listener, client, server;
	uint16_t port, own;
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	const char *reason;

	(void)state;
	if (tracepoints_open(&points, &err)) {
		printf("skipped: %s\n", err.text);
		skip();
	}
	assert_int_equal(tracing_start(&tracing, points, getpid(), &err), 0);
	port = connect_to(&listener, &client, &server, 10);
	getsockname(server, (void *)&address, &size);
	own = ntohs(address.sin_port);
	assert_null(tracing_reset(tracing, own, port, now()));
	close(server);
	assert_null(tracing_reset(tracing, own, (uint16_t)(port + 1), now()));
	assert_null(tracing_reset(tracing, own, port, now() - 1000000000LL));
	reason = tracing_reset(tracing, port, own, now());
	assert_non_null(reason);
	assert_string_equal(reason, "TCP_ABORT_ON_CLOSE");
	/* The thread is traced twice, as itself and as the program's. */
	assert_non_null(tracing_reset(tracing, port, own, now()));
	assert_null(tracing_reset(tracing, port, own, now()));
	close(client);
	close(listener);
	tracing_stop(tracing);
	tracepoints_close(points);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(why_a_reset)};

	return cmocka_run_group_tests_name("tracing", tests, NULL, NULL);
}
