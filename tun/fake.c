#include "tun/fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fake_link {
	struct link link;
	fake_react *react;
	void *cookie;
	int error; /* of the next receive; 0: none */
	struct link_packet *queue;
	size_t n_queue, next;
	struct fake_sent *sent;
	size_t n_sent;
};

static struct fake_link *of(struct link *link)
{
	return (struct fake_link *)link;
}

static uint8_t *copy(const uint8_t *bytes, size_t size)
{
	uint8_t *made = malloc(size ? size : 1);

	if (made && size)
		memcpy(made, bytes, size);
	return made;
}

static int fake_ready(struct link *link, struct errbuf *err)
{
	(void)link;
	(void)err;
	return 0;
}

static int fake_send(struct link *link, const uint8_t *bytes, size_t size, unsigned gso_size)
{
	struct fake_link *fake = of(link);
	struct fake_sent *sent = realloc(fake->sent, (fake->n_sent + 1) * sizeof(*sent));

	if (!sent)
		return -ENOMEM;
	fake->sent = sent;
	sent += fake->n_sent;
	*sent = (struct fake_sent){copy(bytes, size), size, gso_size};
	if (!sent->bytes)
		return -ENOMEM;
	fake->n_sent++;
	return fake->react ? fake->react(link, sent, fake->cookie) : 0;
}

static int fake_receive(struct link *link, struct link_packet *packet, int64_t deadline_ns)
{
	struct fake_link *fake = of(link);
	int error = fake->error;

	fake->error = 0;
	if (error)
		return -error;
	if (fake->next == fake->n_queue || fake->queue[fake->next].time_ns > deadline_ns)
		return 0;
	*packet = fake->queue[fake->next++];
	return 1;
}

static void fake_close(struct link *link)
{
	struct fake_link *fake = of(link);

	for (size_t i = 0; i < fake->n_queue; i++)
		free((void *)fake->queue[i].bytes);
	for (size_t i = 0; i < fake->n_sent; i++)
		free((void *)fake->sent[i].bytes);
	free(fake->queue);
	free(fake->sent);
	free(fake);
}

static const struct link_ops fake_ops = {
	.ready = fake_ready,
	.send = fake_send,
	.receive = fake_receive,
	.close = fake_close,
};

struct link *fake_link_new(fake_react *react, void *cookie)
{
	struct fake_link *fake = calloc(1, sizeof(*fake));

	if (!fake)
		return NULL;
	fake->link.ops = &fake_ops;
	fake->react = react;
	fake->cookie = cookie;
	return &fake->link;
}

int fake_link_queue(struct link *link, const uint8_t *bytes, size_t size, int64_t time_ns)
{
	struct fake_link *fake = of(link);
	struct link_packet *queue = realloc(fake->queue, (fake->n_queue + 1) * sizeof(*queue));

	if (!queue)
		return -ENOMEM;
	fake->queue = queue;
	queue += fake->n_queue;
	*queue = (struct link_packet){copy(bytes, size), size, size, time_ns};
	if (!queue->bytes)
		return -ENOMEM;
	fake->n_queue++;
	return 0;
}

void fake_link_fail(struct link *link, int error)
{
	of(link)->error = error;
}

const struct fake_sent *fake_link_sent(struct link *link, size_t *n)
{
	*n = of(link)->n_sent;
	return of(link)->sent;
}
