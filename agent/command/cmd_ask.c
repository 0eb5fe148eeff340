/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that hand the agent a list of names and nothing else. */
#include "kernel/compat.h"

#include <stdio.h>

#include "agent/command/command.h"
#include "agent/daemon/control.h"

extern const struct command command_ack, command_restart;

static int
ask(const struct command *c, struct context *ctx, int argc, char **argv)
{
	static const struct option none[] = { { NULL, 0, NULL, 0 } };
	json_t *names, *reply = NULL;
	const char *error;
	struct error err;
	int ch, rc;

	while ((ch = getopt_long(argc, argv, ":", none, NULL)) != -1)
		return option_error(c, argc, argv, ch);
	if (optind == argc)
		return usage_error(c, "the name of a jail is needed");
	if (check_names(c, argc - optind, argv + optind) != 0)
		return EXIT_USAGE;
	names = json_array();
	for (int i = optind; i < argc; i++)
		json_array_append_new(names, json_string(argv[i]));
	rc = control_call(&ctx->paths, c->name, json_pack("{s:o}", "names",
	    names), 30000, &reply, &err);
	error = json_string_value(json_object_get(reply, "error"));
	if (rc == 1)
		complain("no agent runs here");
	else if (rc == 2)
		complain("the agent does not answer");
	else if (rc < 0 || error != NULL)
		complain("%s", error != NULL ? error : err.text);
	rc = rc == 0 && error == NULL ? EXIT_OK : EXIT_FAILED;
	json_decref(reply);
	return rc;
}

static int
run_ack(struct context *ctx, int argc, char **argv)
{
	return ask(&command_ack, ctx, argc, argv);
}

static int
run_restart(struct context *ctx, int argc, char **argv)
{
	return ask(&command_restart, ctx, argc, argv);
}

const struct command command_ack = {
	.name = "ack",
	.synopsis = "NAME ...",
	.summary = "approve removals that are held",
	.help = "Exit status: 0 done, 1 no such jail, or no agent runs.\n",
	.run = run_ack,
};

const struct command command_restart = {
	.name = "restart",
	.synopsis = "NAME ...",
	.summary = "restart jails now, whatever their specs allow",
	.help = "Jails that are down are started.  Does not wait.\n"
	    "Exit status: 0 the agent will, 1 no such jail, or no agent "
	    "runs.\n",
	.run = run_restart,
};
