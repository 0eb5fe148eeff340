/* SPDX-License-Identifier: BSD-2-Clause */
/* What the agent and all commands share: version, exit statuses, context. */
#ifndef JA_PROGRAM_H
#define JA_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include "agent/base/paths.h"

#define JAILAGENT_VERSION "0.1.0"

/* Exit statuses (design: "Command line"). */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_DIFFERENT = 2,	/* plan: changes; status: not all ready */
	EXIT_HELD = 3,		/* apply */
	EXIT_NO_AGENT = 3,	/* status, wait */
	EXIT_STALE = 4,		/* apply --plan */
	EXIT_SUPERSEDED = 4,	/* wait */
	EXIT_USAGE = 64,
	EXIT_TIMEOUT = 124,
};

/* What main read from the options in front of the command. */
struct context {
	const char *kernel; /* name as for kernel_open */
	struct paths paths;
	bool colour; /* standard output is a terminal that wants colours */
};

/*
 * Prints "jailagent: MESSAGE" to standard error.  What others wrote may be in
 * it: nothing of it is obeyed by a terminal (buffer_printable).
 */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints such a text. */
void print_plain(FILE *f, const char *text);

/* Whether NAME matches PATTERN: equal, "*", or "foo.*" (all below foo). */
bool name_matches(const char *pattern, const char *name);
/* Whether a name is "*" or ends in ".*"; `w*` is a name like any other. */
bool is_pattern(const char *name);

#endif
