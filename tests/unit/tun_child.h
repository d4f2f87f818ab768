/* For tests that need a kernel: each runs in a forked child with a network namespace of its own,
 * and plays the TCP peer itself. In the child, CHECK is used in place of cmocka's assertions. */
#ifndef FINWAIT_TESTS_UNIT_TUN_CHILD_H
#define FINWAIT_TESTS_UNIT_TUN_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tun/device.h"
#include "tun/mounts.h"
#include "tun/netns.h"

#define SECOND	      INT64_C(1000000000)
#define MILLISECOND   INT64_C(1000000)
#define CHILD_FAILED  1
#define CHILD_SKIPPED 77

#define LOCAL_PORT  8080
#define REMOTE_PORT 40001
#define REMOTE_ISN  1000u

#define CHECK(condition, ...)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s:%d: not true: %s: ", __FILE__, __LINE__, #condition);           \
			printf("" __VA_ARGS__);                                                    \
			printf("\n");                                                              \
			exit(CHILD_FAILED);                                                        \
		}                                                                                  \
	} while (0)

void child_skip(const char *reason);
int64_t now(clockid_t clock);
int64_t mono(void);

/* Runs `body` in a child; what the child prints is the reason of its failure or skip. */
void in_child(void (*body)(void *), void *argument);

/* Goes on as an ordinary user, whose /dev/net/tun has the mode that udev gives it. The node is
 * a private one, on top of the machine's, in a mount namespace of this process. */
void become_nobody(void);
void as_nobody(void (*body)(void *), void *argument);
struct ip_addr addr(const char *text);

/* Three ways to the same connection. */
struct family {
	const char *name;
	int version; /* on the wire */
	int domain;  /* of the socket */
	const char *local, *gateway, *remote, *remote_prefix, *bind_to, *connect_to;
	unsigned local_bits, remote_bits;
};

#define N_FAMILIES 3
extern const struct family families[N_FAMILIES];

struct tun_config config_of(const struct family *family);
void enter(void);
struct link *open_link(const struct tun_config *config);
struct link *enter_and_open(const struct family *family);

/* Sockets of the kernel under test. */
socklen_t sockaddr_of(const struct family *family, const char *text, int port,
		      struct sockaddr_storage *storage);
int bound_socket(const struct family *family, int type, int port);
int listener(const struct family *family);

/* The peer: segments by hand. */

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10, CWR = 0x80 };

struct segment {
	unsigned flags;
	uint32_t seq, ack;
	unsigned window, payload;
	int local_port, remote_port;
	size_t wire_size;
	int64_t time_ns;
};

void inject_gso(struct link *link, const struct family *family, const struct segment *segment,
		unsigned gso_size);
void inject(struct link *link, const struct family *family, unsigned flags, uint32_t seq,
	    uint32_t ack, unsigned payload);

/* The next TCP segment; false: none until the deadline. Anything but TCP is noise. */
bool next_segment(struct link *link, struct segment *segment, int64_t deadline);
struct segment expect(struct link *link, unsigned flags);

/* A connection to `listening`, accepted: the descriptor, and the kernel's ISN. */
int handshake(struct link *link, const struct family *family, int listening, uint32_t *isn);

#endif
