/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/buffer.h"

void
print_plain(FILE *f, const char *text)
{
	struct buffer b = { .data = NULL };

	buffer_printable(&b, text);
	fputs(b.failed ? strerror(ENOMEM) : b.len > 0 ? b.data : "", f);
	buffer_free(&b);
}

void
complain(const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fflush(stdout);
	fputs("jailagent: ", stderr);
	print_plain(stderr, text);
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
