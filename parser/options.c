/* The rows of options.def. */
#include "parser/options.h"

/* Does the setter do anything? */
#define FLAG(...)   true
#define NUMBER(...) true
#define TEXT(...)   true
#define BY(...)	    true
#define IGNORED	    false
#define UNSUPPORTED false

const struct option_row option_rows[] = {
#define OPTION(name_, letter_, argument_, value_name_, in_script_, setter_, help_)                 \
	{.name = #name_,                                                                           \
	 .letter = letter_,                                                                        \
	 .argument = argument_,                                                                    \
	 .value_name = value_name_,                                                                \
	 .help = help_,                                                                            \
	 .in_script = in_script_,                                                                  \
	 .works = setter_},
#include "parser/options.def"
#undef OPTION
};
const size_t n_option_rows = sizeof(option_rows) / sizeof(*option_rows);

const struct option_row *option_by_name(const char *name)
{
	for (size_t i = 0; i < n_option_rows; i++) {
		const char *a = option_rows[i].name, *b = name;

		for (; *a && (*a == *b || (*a == '_' && *b == '-')); a++, b++)
			;
		if (!*a && !*b)
			return &option_rows[i];
	}
	return NULL;
}
