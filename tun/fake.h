/* A link without a kernel, for tests of what stands on a link: gives out packets queued beforehand
 * or by a reaction to what is sent, and keeps what was sent. Never sleeps: its packets tell the
 * time. */
#ifndef FINWAIT_TUN_FAKE_H
#define FINWAIT_TUN_FAKE_H

#include "tun/link.h"

struct fake_sent {
	const uint8_t *bytes;
	size_t size;
	unsigned gso_size;
};

/* Called after each packet sent; may queue. Its result is what send() returns. */
typedef int fake_react(struct link *link, const struct fake_sent *sent, void *cookie);

/* NULL when out of memory. `react` may be NULL. Freed by link->ops->close(). */
struct link *fake_link_new(fake_react *react, void *cookie);

/* Queues a packet for receive() (a copy), sent by the "kernel" at `time_ns`; in order of calls.
 * receive() gives it once its deadline is at or past that time. 0 or -ENOMEM. */
int fake_link_queue(struct link *link, const uint8_t *bytes, size_t size, int64_t time_ns);

/* Makes the next receive() fail with -`error`. */
void fake_link_fail(struct link *link, int error);

/* The packets sent so far; valid until the next send or close. */
const struct fake_sent *fake_link_sent(struct link *link, size_t *n);

#endif
