/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that hand the agent a list of names and little else. */
#include "kernel/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/command/command.h"
#include "agent/daemon/control.h"

extern const struct command command_ack, command_restart, command_adopt,
    command_pause, command_resume, command_stop;

enum { OPTION_REASON = 256, OPTION_FOR, OPTION_NO_HOOKS };

static const struct option no_options[] = { { NULL, 0, NULL, 0 } };
static const struct option pause_options[] = {
	{ "reason", required_argument, NULL, OPTION_REASON },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ NULL, 0, NULL, 0 },
};
static const struct option stop_options[] = {
	{ "reason", required_argument, NULL, OPTION_REASON },
	{ "no-hooks", no_argument, NULL, OPTION_NO_HOOKS },
	{ NULL, 0, NULL, 0 },
};

/* "90", "90s", "30m", "2h", "1d": seconds, -1 when it is none of them. */
static int64_t
duration(const char *text)
{
	static const struct { char unit; long seconds; } units[] = {
		{ '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'd', 86400 },
	};
	size_t digits = strspn(text, "0123456789");

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (digits > 0 && digits < 8 &&
		    text[digits] == units[i].unit &&
		    (units[i].unit == '\0' || text[digits + 1] == '\0') &&
		    atol(text) > 0)
			return (int64_t)atol(text) * units[i].seconds;
	return -1;
}

/*
 * An order has to outlive a power loss; the agent does not wait for disks, so
 * this command does.
 */
static int
force_to_disk(const struct paths *p)
{
	int file = open(p->orders, O_RDONLY | O_CLOEXEC);
	/* Without any order there is none, perhaps since just now. */
	bool none = file == -1 && errno == ENOENT;
	int dir = open(p->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = (none || (file != -1 && fsync(file) == 0)) && dir != -1 &&
	    fsync(dir) == 0 ? 0 : -1;

	if (file != -1)
		close(file);
	if (dir != -1)
		close(dir);
	return rc;
}

static int
ask(const struct command *c, struct context *ctx, json_t *request)
{
	json_t *reply = NULL, *left;
	const char *error;
	struct error err;
	size_t i;
	int rc = control_call(&ctx->paths, c->name, request, 30000, &reply,
	    &err);

	error = json_string_value(json_object_get(reply, "error"));
	if (rc == 1)
		complain("no agent runs here");
	else if (rc == 2)
		complain("the agent does not answer");
	else if (rc < 0 || error != NULL)
		complain("%s", error != NULL ? error : err.text);
	rc = rc == 0 && error == NULL ? EXIT_OK : EXIT_FAILED;
	json_array_foreach (json_object_get(reply, "left_out"), i, left) {
		complain("%s", json_string_value(left));
		rc = EXIT_FAILED;
	}
	json_decref(reply);
	return rc;
}

/* Options and names; what is read goes into the request. */
static int
ask_names(const struct command *c, const struct option *options,
    struct context *ctx, int argc, char **argv)
{
	json_t *request = json_object(), *names = json_array();
	int ch, rc = EXIT_OK;
	int64_t seconds;

	json_object_set_new(request, "names", names);
	while (rc == EXIT_OK && (ch = getopt_long(argc, argv, ":", options,
	    NULL)) != -1) {
		/* Others read it on their terminals. */
		if (ch == OPTION_REASON && !text_is_printable(optarg))
			rc = usage_error(c, "--reason: is not one line of "
			    "text in UTF-8");
		else if (ch == OPTION_REASON)
			json_object_set_new(request, "reason",
			    json_string(optarg));
		else if (ch == OPTION_NO_HOOKS)
			json_object_set_new(request, "no_hooks", json_true());
		else if (ch != OPTION_FOR)
			rc = option_error(c, argc, argv, ch);
		else if ((seconds = duration(optarg)) < 0)
			rc = usage_error(c, "--for %s: not a time such as 30m, "
			    "2h or 1d", optarg);
		else
			json_object_set_new(request, "until", json_integer(
			    (json_int_t)time(NULL) + seconds));
	}
	if (rc == EXIT_OK && optind == argc)
		rc = usage_error(c, "the name of a jail is needed");
	if (rc == EXIT_OK)
		rc = check_names(c, argc - optind, argv + optind);
	for (int i = optind; i < argc; i++)
		json_array_append_new(names, json_string(argv[i]));
	if (rc != EXIT_OK) {
		json_decref(request);
		return rc;
	}
	rc = ask(c, ctx, request);
	if (rc == EXIT_OK && force_to_disk(&ctx->paths) != 0)
		complain("done; but it may be forgotten after a power loss, "
		    "since %s cannot be forced to the disk",
		    ctx->paths.orders);
	return rc;
}

/* Each command is here under its name, with the options that it takes. */
static int
run(struct context *ctx, int argc, char **argv)
{
	static const struct {
		const struct command *command;
		const struct option *options;
	} table[] = {
		{ &command_ack, no_options },
		{ &command_restart, no_options },
		{ &command_adopt, no_options },
		{ &command_resume, no_options },
		{ &command_pause, pause_options },
		{ &command_stop, stop_options },
	};
	size_t i = 0;

	while (strcmp(table[i].command->name, argv[0]) != 0)
		i++;
	return ask_names(table[i].command, table[i].options, ctx, argc, argv);
}

#define EXITS "Exit status: 0 done, 1 it cannot be done, or no agent runs.\n"

const struct command command_ack = {
	.name = "ack",
	.synopsis = "NAME ...",
	.summary = "approve removals that are held",
	.help = EXITS,
	.run = run,
};

const struct command command_restart = {
	.name = "restart",
	.synopsis = "NAME ...",
	.summary = "restart jails now, whatever their specs allow",
	.help = "Jails that are down or were stopped by hand are started.  "
	    "Does not wait.\n" EXITS,
	.run = run,
};

const struct command command_pause = {
	.name = "pause",
	.synopsis = "[--reason TEXT] [--for TIME] NAME ...",
	.summary = "leave jails as they are until resume",
	.help = "  --reason TEXT  shown by status\n"
	    "  --for TIME     until then: 90s, 30m, 2h, 1d (until resume)\n\n"
	    "What would be done is shown by status.  What is under way is "
	    "finished.\nIt lasts when the agent ends.\n" EXITS,
	.run = run,
};

const struct command command_resume = {
	.name = "resume",
	.synopsis = "NAME ...",
	.summary = "end what pause began",
	.help = EXITS,
	.run = run,
};

const struct command command_stop = {
	.name = "stop",
	.synopsis = "[--no-hooks] [--reason TEXT] NAME ...",
	.summary = "stop jails and keep them down until restart",
	.help = "  --no-hooks     kill at once: no exec.prestop, exec.stop or "
	    "SIGTERM\n                 (jail(8)'s -R)\n"
	    "  --reason TEXT  shown by status\n\n"
	    "Jails that depend on them are stopped first, and wait.  Does not "
	    "wait itself\n(wait --for gone does).  It lasts when the agent "
	    "ends.\n" EXITS,
	.run = run,
};

const struct command command_adopt = {
	.name = "adopt",
	.synopsis = "NAME ...",
	.summary = "take over running jails that somebody else made",
	.help = "A spec must say them, and need no restart.  They go on "
	    "running.\n" EXITS,
	.run = run,
};
