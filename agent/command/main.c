/* SPDX-License-Identifier: BSD-2-Clause */
/* The options in front of the command, and handing over to the command. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/command/command.h"
#include "kernel/params.h"

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "agent/command/commands.def"
#undef COMMAND
	NULL,
};

static void
print_help(void)
{
	printf("usage: jailagent [-k KERNEL] [-s STATEDIR] COMMAND ...\n\n"
	    "Keeps the jails of this host as a directory of YAML files says.\n"
	    "\ncommands:\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\noptions:\n"
	    "  -k KERNEL    auto (this system's, the default), or one of\n");
	for (size_t i = 0; jail_backends[i] != NULL; i++)
		printf("    %s\n", jail_backends[i]->help);
	printf("  -s STATEDIR  applied specs, snapshots and the key\n"
	    "  -h, --help   this text; jailagent COMMAND --help tells more\n"
	    "  --version    the version\n");
}

static void
print_command_help(const struct command *c)
{
	printf("usage: jailagent [-k KERNEL] [-s STATEDIR] %s%s%s\n\n%s\n",
	    c->name, c->synopsis[0] != '\0' ? " " : "", c->synopsis,
	    c->summary);
	if (c->help != NULL)
		printf("\n%s", c->help);
}

static int
unknown_command(const char *name)
{
	const char *best = NULL;
	size_t best_distance = 4;

	for (size_t i = 0; commands[i] != NULL; i++) {
		size_t d = name_distance(name, commands[i]->name,
		    best_distance);

		if (d < best_distance && d < strlen(commands[i]->name)) {
			best_distance = d;
			best = commands[i]->name;
		}
	}
	if (best != NULL)
		complain("there is no command \"%s\"; did you mean \"%s\"?",
		    name, best);
	else
		complain("there is no command \"%s\"; jailagent --help lists "
		    "them", name);
	return EXIT_USAGE;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* Whether --help is among the options in front of the first operand. */
static bool
wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return true;
		if (strcmp(argv[i], "--") == 0)
			break;
	}
	return false;
}

static bool
wants_colour(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL &&
	    term != NULL && strcmp(term, "dumb") != 0;
}

/*
 * Reads the options in front of the command.  Returns -1 to go on with
 * argv[optind], else the exit status.
 */
static int
global_options(int argc, char **argv, struct context *ctx, const char **state)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int ch;

	/* '+': stop at the command, whose options are its own. */
	while ((ch = getopt_long(argc, argv, "+hk:s:", options, NULL)) != -1) {
		switch (ch) {
		case 'k':
			ctx->kernel = optarg;
			break;
		case 's':
			*state = optarg;
			break;
		case 'h':
			print_help();
			return EXIT_OK;
		case 'V':
			printf("jailagent %s\n", JAILAGENT_VERSION);
			return EXIT_OK;
		default:
			fprintf(stderr, "usage: jailagent [-k KERNEL] "
			    "[-s STATEDIR] COMMAND ...\n");
			return EXIT_USAGE;
		}
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct context ctx = { .kernel = "auto" };
	const struct command *command;
	const char *state = NULL;
	struct error err;
	int status;

	argv[0] = (char[]){ "jailagent" };
	status = global_options(argc, argv, &ctx, &state);
	if (status != -1)
		return status;
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		complain("a command is missing; jailagent --help lists them");
		return EXIT_USAGE;
	}
	command = find_command(argv[0]);
	if (command == NULL)
		return unknown_command(argv[0]);
	if (wants_help(argc, argv)) {
		print_command_help(command);
		return EXIT_OK;
	}
	if (paths_init(&ctx.paths, state, &err) != 0) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	ctx.colour = wants_colour();
	command_getopt_reset();
	status = command->run(&ctx, argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("standard output cannot be written");
		if (status == EXIT_OK)
			status = EXIT_FAILED;
	}
	return status;
}
