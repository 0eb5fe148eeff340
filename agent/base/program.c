/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
complain(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "jailagent: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

bool
is_pattern(const char *name)
{
	size_t len = strlen(name);

	return strcmp(name, "*") == 0 ||
	    (len > 2 && strcmp(name + len - 2, ".*") == 0);
}

bool
name_matches(const char *pattern, const char *name)
{
	if (!is_pattern(pattern))
		return strcmp(pattern, name) == 0;
	return pattern[1] == '\0' ||
	    strncmp(pattern, name, strlen(pattern) - 1) == 0;
}
