/* The rows of events.def. */
#include <string.h>

#include "parser/tables.h"

const struct event_row event_rows[N_EVENT_KINDS] = {
#define EVENT(id_, name_, word_, called_, least_, most_, result_, times_, usage_, ...)                  \
	[EVENT_##id_] = {.word = word_,                                                            \
			 .called = called_,                                                        \
			 .least = least_,                                                          \
			 .most = most_,                                                            \
			 .result = result_,                                                        \
			 .times = times_,                                                          \
			 .usage = usage_},
#include "parser/events.def"
#undef EVENT
};

/* Is it a text, or NULL? In a form that clang too takes for a constant. */
#define SAID(text) _Generic((text), char *: 1, const char *: 1, default: 0)

/* A word says how it is written, and only a word does; some time fits every kind. */
#define EVENT(id_, name_, word_, called_, least_, most_, result_, times_, usage_, ...)                  \
	_Static_assert(SAID(word_) == SAID(usage_) && SAID(called_) && (least_) <= (most_) &&      \
			       (times_),                                                           \
		       "events.def: " #id_);
#include "parser/events.def"
#undef EVENT
#undef SAID

bool event_kind_by_word(const char *word, enum event_kind *kind)
{
	for (size_t i = 0; i < N_EVENT_KINDS; i++)
		if (event_rows[i].word && !strcmp(event_rows[i].word, word)) {
			*kind = (enum event_kind)i;
			return true;
		}
	return false;
}
