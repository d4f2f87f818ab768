/* cap_set(CAP_EFFECTIVE, CAP_x, CAP_SET | CAP_CLEAR), see capabilities(7). */
#include "runtime/calls/handlers.h"
#include "runtime/calls/server.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum cap_set { SET_EFFECTIVE, SET_PERMITTED, SET_INHERITABLE }; /* as in libcap's cap_flag_t */

struct capability_words {
	struct __user_cap_data_struct word[2];
};

static int capabilities_get(struct capability_words *words)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return (int)syscall(SYS_capget, &header, words->word);
}

static int capabilities_put(struct capability_words *words)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return (int)syscall(SYS_capset, &header, words->word);
}

static void change(uint32_t *word, uint32_t bit, bool on)
{
	*word = on ? *word | bit : *word & ~bit;
}

void call_cap_set(struct call_ctx *c)
{
	enum cap_set which = (enum cap_set)arg_int(c, 0);
	unsigned number = (unsigned)arg_int(c, 1);
	bool on = arg_int(c, 2);
	uint32_t bit = 1u << (number % 32);
	struct capabilities *caps = &c->host->caps;
	struct capability_words words;

	if (number > 63)
		call_fail(c, "no such capability: %u", number);
	else if (capabilities_get(&words) < 0)
		call_fail(c, "cannot read the capabilities");
	if (!call_begin(c))
		return;
	if (which == SET_EFFECTIVE)
		change(&words.word[number / 32].effective, bit, on);
	else if (which == SET_PERMITTED)
		change(&words.word[number / 32].permitted, bit, on);
	else
		change(&words.word[number / 32].inheritable, bit, on);
	call_end(c, capabilities_put(&words));
	if (c->slot->result < 0 || which != SET_EFFECTIVE)
		return;
	pthread_mutex_lock(&caps->lock);
	caps->set = on ? caps->set | 1ULL << number : caps->set & ~(1ULL << number);
	caps->cleared = on ? caps->cleared & ~(1ULL << number) : caps->cleared | 1ULL << number;
	c->worker->caps_generation = atomic_fetch_add(&caps->generation, 1) + 1;
	pthread_mutex_unlock(&caps->lock);
}

void capabilities_apply(struct worker *worker)
{
	struct capabilities *caps = &worker->host->caps;
	unsigned generation = atomic_load(&caps->generation);
	struct capability_words words;

	if (generation == worker->caps_generation || capabilities_get(&words) < 0)
		return;
	pthread_mutex_lock(&caps->lock);
	for (int i = 0; i < 2; i++) {
		words.word[i].effective |= (uint32_t)(caps->set >> (32 * i));
		words.word[i].effective &= ~(uint32_t)(caps->cleared >> (32 * i));
	}
	pthread_mutex_unlock(&caps->lock);
	if (capabilities_put(&words) == 0)
		worker->caps_generation = generation;
}
