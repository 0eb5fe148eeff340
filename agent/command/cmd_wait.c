/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/compat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/program.h"
#include "agent/daemon/control.h"
#include "agent/command/command.h"
#include "agent/command/letters.h"

extern const struct command command_wait;

enum { OPTION_FOR = 256, OPTION_TIMEOUT, OPTION_REVISION };

static const struct option options[] = {
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "revision", required_argument, NULL, OPTION_REVISION },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ NULL, 0, NULL, 0 },
};

#define TOLD_MAX 10 /* jails, when time is up */
#define STATUS_MS 1000 /* behind the time that was given */

static bool
is_named(const json_t *names, const char *jail)
{
	const json_t *name;
	size_t i;

	json_array_foreach (names, i, name)
		if (name_matches(json_string_value(name), jail))
			return true;
	return json_array_size(names) == 0;
}

/* What the specs are at, unless it is what was waited for. */
static void
tell_revision(const char *now, const char *awaited)
{
	size_t len = strlen(now);

	if (strcmp(now, awaited) == 0)
		return;
	if (strchr(now, '+') != NULL)
		complain("the specs are at %s: their files are not, byte by "
		    "byte, all that this commit has; they are being changed, "
		    "or git changes them itself (line ends, filters, a sparse "
		    "checkout)", now);
	else if (len != strlen(awaited))
		complain("the specs are at %s, %s", now, len == 64 ?
		    "the digest of the set: their directory is in no work tree "
		    "of git" : "a commit of git");
	else
		complain("the specs are at %s", now);
}

/* Returns whether there was something to tell of a jail. */
static bool
tell_jail(const json_t *jail, bool gone)
{
	const char *state = control_text(jail, "state", NULL);
	const char *reason = control_text(jail, "reason", NULL);
	bool lives = json_integer_value(json_object_get(jail, "jid")) != 0;

	if (state == NULL || strcmp(state, "unmanaged") == 0 ||
	    (gone ? strcmp(state, "stopped") == 0 && !lives :
	    strcmp(state, "ready") == 0 && reason == NULL))
		return false;
	complain("%s: %s%s%s%s", control_text(jail, "name", NULL), state,
	    gone && lives ? ", not gone" : "", reason != NULL ? ": " : "",
	    reason != NULL ? reason : "");
	return true;
}

/* What was not as it was waited for when time was up, if the agent says it. */
static void
tell_pending(const struct context *ctx, const char *revision,
    const json_t *names, bool gone)
{
	json_t *status = NULL, *agent, *jail;
	struct error err;
	size_t i, told = 0;
	int rc = control_call(&ctx->paths, "status", NULL, STATUS_MS, &status,
	    &err);

	if (rc == 2)
		complain("the agent does not answer");
	if (rc != 0)
		return;
	agent = json_object_get(status, "agent");
	if (revision != NULL && control_text(agent, "revision", NULL) != NULL)
		tell_revision(control_text(agent, "revision", NULL), revision);
	if (control_text(agent, "problem", NULL) != NULL)
		complain("%s", control_text(agent, "problem", NULL));
	json_array_foreach (json_object_get(status, "jails"), i, jail)
		if (told < TOLD_MAX && control_text(jail, "name", NULL) != NULL &&
		    is_named(names, control_text(jail, "name", NULL)))
			told += tell_jail(jail, gone);
	json_decref(status);
}

static int
answer(int rc, json_t *reply, const struct error *err)
{
	const char *text = json_string_value(json_object_get(reply, "error"));
	const char *why = json_string_value(json_object_get(reply, "message"));

	if (rc == 1) {
		complain("no agent runs here");
		return EXIT_NO_AGENT;
	}
	if (rc == 2)
		return EXIT_TIMEOUT;
	if (rc < 0 || text != NULL) {
		complain("%s", text != NULL ? text : err->text);
		return text == NULL && err->code == EPIPE ? EXIT_NO_AGENT :
		    EXIT_FAILED;
	}
	if (why != NULL)
		complain("%s", why);
	switch (json_integer_value(json_object_get(reply, "status"))) {
	case EXIT_OK:
		return EXIT_OK;
	case EXIT_SUPERSEDED:
		return EXIT_SUPERSEDED;
	default:
		return EXIT_FAILED;
	}
}

/*
 * A revision in full: a commit of git (40 hex digits) or the digest of a set
 * (64).  An abbreviation could mean another one tomorrow.
 */
static bool
is_revision(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return text[n] == '\0' && (n == 40 || n == 64);
}

static int
run(struct context *ctx, int argc, char **argv)
{
	const char *goal = "ready", *revision = NULL;
	json_t *names, *reply = NULL;
	struct error err;
	long timeout = -1;
	int ch, rc;

	while ((ch = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (ch == OPTION_FOR)
			goal = optarg;
		else if (ch == OPTION_REVISION && is_revision(optarg))
			revision = optarg;
		else if (ch == OPTION_REVISION)
			return usage_error(&command_wait, "--revision %s: not "
			    "a whole revision (git rev-parse HEAD prints 40 "
			    "digits; without git: .agent.revision of status "
			    "--json)", optarg);
		else if (ch == OPTION_TIMEOUT &&
		    (timeout = number_option(optarg)) < 0)
			return usage_error(&command_wait,
			    "--timeout %s: not a number of seconds", optarg);
		else if (ch != OPTION_TIMEOUT)
			return option_error(&command_wait, argc, argv, ch);
	}
	if (strcmp(goal, "ready") != 0 && strcmp(goal, "gone") != 0)
		return usage_error(&command_wait,
		    "--for %s: neither ready nor gone", goal);
	if (strcmp(goal, "gone") == 0 && optind == argc)
		return usage_error(&command_wait, "--for gone needs a name");
	if (check_names(&command_wait, argc - optind, argv + optind) != 0)
		return EXIT_USAGE;
	names = json_array();
	for (int i = optind; i < argc; i++)
		json_array_append_new(names, json_string(argv[i]));
	rc = control_call(&ctx->paths, "wait", json_pack("{s:s, s:s?, s:O}",
	    "for", goal, "revision", revision, "names", names),
	    timeout < 0 || timeout > 2000000 ? -1 : (int)timeout * 1000,
	    &reply, &err);
	if (rc == 2)
		tell_pending(ctx, revision, names, strcmp(goal, "gone") == 0);
	rc = answer(rc, reply, &err);
	json_decref(reply);
	json_decref(names);
	return rc;
}

const struct command command_wait = {
	.name = "wait",
	.synopsis = "[--revision R] [--for ready|gone] [--timeout S] "
	    "[NAME ...]",
	.summary = "wait until the jails are as the specs say",
	.help = "  --revision R      the specs have to be at this commit, or "
	    "digest of the\n                    set, and nothing else\n"
	    "  --for ready|gone  what to wait for (ready)\n"
	    "  --timeout S       give up after S seconds\n\n"
	    "What was written into the directory before counts.\n"
	    "Exit status: 0 it is so, 1 something failed, 3 no agent runs,\n"
	    "4 another revision has taken the place of R, 124 time is up.\n",
	.run = run,
};
