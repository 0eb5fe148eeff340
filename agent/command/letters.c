/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/letters.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "agent/plan/plan.h"

bool
letters_take(int ch, unsigned *letters)
{
	switch (ch) {
	case 'c':
		*letters |= LETTER_C;
		return true;
	case 'm':
		*letters |= LETTER_M;
		return true;
	case 'r':
		*letters |= LETTER_R;
		return true;
	default:
		return false;
	}
}

const char *
letters_check(unsigned *letters, bool for_agent)
{
	if (*letters == 0)
		*letters = LETTER_C | LETTER_M | LETTER_R;
	if (for_agent && !(*letters & LETTER_M))
		return "the agent takes -m, -cm, -mr or -cmr";
	return NULL;
}

long
number_option(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	return end == text || *end != '\0' || n < 0 || n > INT_MAX ||
	    errno != 0 ? -1 : n;
}
