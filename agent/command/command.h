/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Subcommands: one file each (cmd_NAME.c), exporting one const entry.
 */
#ifndef JA_COMMAND_H
#define JA_COMMAND_H

#include "kernel/jail.h"
#include "agent/base/program.h"

struct command {
	const char *name;
	const char *synopsis; /* after "jailagent [-k KERNEL] [-s STATEDIR] " */
	const char *summary;  /* one line for the list of commands */
	const char *help;     /* options, one a line; may be NULL */
	/* argv[0] is the command's name.  Returns the exit status. */
	int (*run)(struct context *ctx, int argc, char **argv);
};

extern const struct command *const commands[]; /* main.c; NULL at the end */

#define COMMAND(name) extern const struct command command_##name;
#include "agent/command/commands.def"
#undef COMMAND

/* Prints what was wrong with a command line; returns EXIT_USAGE. */
int usage_error(const struct command *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * getopt_long(3) for commands: main has reset it, so that a command begins with
 * its argv, and it prints nothing itself.  Option strings begin with "+:"
 * (or ":"); long options without a letter have values from 256 on.
 * option_error says what '?' or ':' meant and returns EXIT_USAGE.
 */
void command_getopt_reset(void);
int option_error(const struct command *c, int argc, char **argv, int ch);

/*
 * Loads specs for a command and prints what is wrong with them to standard
 * error; with `below` also what is in directories below.  Returns what
 * spec_load returns; the caller frees *set.
 */
struct spec_set;
int command_load(const struct context *ctx, char **path, int count,
    bool below, struct spec_set *set);

/* The name of a file, or null: what is no text in it becomes '?'. */
struct json_t *file_json(const char *path);

/* Prints errors and warnings to standard error; returns how many errors. */
struct spec_errors;
size_t print_errors(const struct spec_errors *errors);

/* Opens the kernel of the context; complains and returns NULL on failure. */
struct jail_kernel *context_kernel(const struct context *ctx, bool read_only);

/*
 * The jid that a text of digits alone means (jexec(8) takes it for nothing
 * else), -1 when it is a name.
 */
int jail_number(const char *text);

/* A usage error when one of the names has a "*" elsewhere; else EXIT_OK. */
int check_names(const struct command *c, int count, char **names);

#endif
