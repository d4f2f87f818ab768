/* Messages without their codes, which are the goldens' matter: "error[FW0012]: x" to "error: x". */
#ifndef FINWAIT_TESTS_WITHOUT_CODES_H
#define FINWAIT_TESTS_WITHOUT_CODES_H

#include <string.h>

static inline void without_codes(char *text)
{
	for (char *at = strstr(text, "[FW"); at; at = strstr(at, "[FW"))
		memmove(at, at + strlen("[FW0012]"), strlen(at + strlen("[FW0012]")) + 1);
}

#endif
