#include "runtime/bed/share.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MADE_BY_A_CALL 2u /* the most descriptors that one call makes: pipe() */

static size_t aligned(size_t size)
{
	return (size + 63) & ~(size_t)63;
}

struct share *share_new(const struct script *script)
{
	unsigned n_threads = 1 + script->n_blocking;
	size_t at_queue = aligned(sizeof(struct share));
	size_t at_threads = at_queue + aligned(script->n_calls * sizeof(unsigned));
	size_t at_slots = at_threads + aligned(n_threads * sizeof(struct thread_name));
	size_t at_descriptors = at_slots + aligned(script->n_calls * sizeof(struct call_slot));
	unsigned n_descriptors = script->n_calls * MADE_BY_A_CALL;
	size_t size = at_descriptors + descriptors_bytes(n_descriptors);
	unsigned char *at =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct share *share = (struct share *)at;

	if (at == MAP_FAILED)
		return NULL;
	share->size = size;
	share->n_threads = n_threads;
	share->queue = (unsigned *)(at + at_queue);
	share->threads = (struct thread_name *)(at + at_threads);
	share->slots = (struct call_slot *)(at + at_slots);
	share->descriptors = (struct descriptors *)(at + at_descriptors);
	descriptors_init(share->descriptors, n_descriptors);
	return share;
}

void share_free(struct share *share)
{
	if (share)
		munmap(share, share->size);
}

void futex_wait(atomic_uint *word, unsigned value, int64_t deadline_ns)
{
	struct timespec until = {
		.tv_sec = deadline_ns / NSEC_PER_SEC,
		.tv_nsec = deadline_ns % NSEC_PER_SEC,
	};

	/* WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, plain WAIT a relative one. */
	syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, deadline_ns == INT64_MAX ? NULL : &until,
		NULL, FUTEX_BITSET_MATCH_ANY);
}

void futex_wake(atomic_uint *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
