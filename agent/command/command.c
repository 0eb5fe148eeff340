/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/compat.h"
#include "specs/spec.h"

int
usage_error(const struct command *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "jailagent %s: ", c->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: jailagent [-k KERNEL] [-s STATEDIR] %s%s%s\n",
	    c->name, c->synopsis[0] != '\0' ? " " : "", c->synopsis);
	return EXIT_USAGE;
}

void
command_getopt_reset(void)
{
	opterr = 0;
	getopt_restart();
}

int
option_error(const struct command *c, int argc, char **argv, int ch)
{
	const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
	bool is_short = optopt > 0 && optopt < 128;

	if (ch == ':' && is_short)
		return usage_error(c, "option -%c needs an argument", optopt);
	if (ch == ':')
		return usage_error(c, "option %s needs an argument", word);
	if (is_short)
		return usage_error(c, "there is no option -%c", optopt);
	return usage_error(c, "there is no option %s", word);
}

int
jail_number(const char *text)
{
	unsigned long number;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return -1;
	errno = 0;
	number = strtoul(text, NULL, 10);
	return errno != 0 || number > INT_MAX ? INT_MAX : (int)number;
}

int
check_names(const struct command *c, int count, char **names)
{
	for (int i = 0; i < count; i++)
		if (strchr(names[i], '*') != NULL && (!is_pattern(names[i]) ||
		    strchr(names[i], '*') != names[i] + strlen(names[i]) - 1))
			return usage_error(c, "%s: a pattern is \"*\" alone, "
			    "or a name with \".*\" after it", names[i]);
	return EXIT_OK;
}

size_t
print_errors(const struct spec_errors *errors)
{
	size_t n = 0;

	for (size_t i = 0; i < errors->count; i++) {
		char *text = spec_error_text(&errors->error[i]);

		print_plain(stderr, text != NULL ? text : strerror(ENOMEM));
		fputc('\n', stderr);
		free(text);
		n += !errors->error[i].warning;
	}
	return n;
}
