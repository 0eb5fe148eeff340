/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/limit.h"

#include <errno.h>
#include <stdlib.h>

int
limit_parse(const char *text, struct limit *l)
{
	char *end;

	errno = 0;
	l->value = strtol(text, &end, 10);
	l->percent = *end == '%';
	if (l->percent)
		end++;
	if (end == text || *end != '\0' || errno != 0 || l->value < 0 ||
	    (l->percent && l->value > 100))
		return -1;
	return 0;
}

size_t
limit_number(const struct limit *l, size_t usual, size_t managed)
{
	size_t n;

	if (l->value >= 0 && !l->percent)
		return (size_t)l->value;
	n = managed * (l->value < 0 ? usual : (size_t)l->value) / 100;
	return l->value < 0 && n < 1 ? 1 : n;
}
