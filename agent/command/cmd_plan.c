/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command/action_print.h"
#include "agent/command/letters.h"
#include "agent/command/pass.h"
#include "agent/command/saved_plan.h"
#include "agent/daemon/control.h"
#include "agent/daemon/status.h"
#include "agent/reconcile/foresee.h"

extern const struct command command_plan;

#define AGENT_MS 10000 /* that an agent takes to answer, at most */

enum { OPTION_PRUNE = 256, OPTION_JSON, OPTION_AS, OPTION_RECURSIVE,
	OPTION_SIGNED };

static const struct option options[] = {
	{ "prune", no_argument, NULL, OPTION_PRUNE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "as", required_argument, NULL, OPTION_AS },
	{ "recursive", no_argument, NULL, OPTION_RECURSIVE },
	{ "require-signed", required_argument, NULL, OPTION_SIGNED },
	{ NULL, 0, NULL, 0 },
};

/* Where the plan goes. */
struct output {
	bool json;
	const char *file; /* -o, or NULL */
};

/* What is held is told, and not done. */
static struct action
shown(const struct managed *m, const struct action *a)
{
	struct action out = *a;

	if (a->kind == ACTION_NONE && m->hold != NULL) {
		out.kind = ACTION_BLOCKED;
		out.state = jail_state_word[STATE_HELD];
		out.reason = m->hold;
	}
	return out;
}

/* Shows what was foreseen; returns how many actions there are. */
static int
show_all(const struct reconciler *r, const struct context *ctx,
    const struct action *actions, json_t *list)
{
	int n = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct action a = shown(r->jail[i], &actions[i]);

		n += a.kind != ACTION_NONE;
		if (a.kind != ACTION_NONE && list == NULL)
			action_print(ctx, &a);
		if (list != NULL && (a.kind != ACTION_NONE ||
		    r->jail[i]->said))
			json_array_append_new(list, status_action(&a));
	}
	return n;
}

static void
print_json(const struct pass *p, json_t *actions)
{
	json_t *o = json_pack("{s:s, s:o}", "kernel",
	    p->kernel->backend->name, "actions", actions);

	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

/* Returns the exit status. */
static int
plan_pass(struct pass *p, const struct context *ctx, const struct output *out,
    const struct pass_options *opt)
{
	size_t wrong = pass_print_errors(p), count;
	json_t *list = out->json ? json_array() : NULL;
	struct action *actions;
	struct error err;
	int n;

	if (pass_keep_all(p))
		complain(KEEPS_ALL);
	error_clear(&err);
	count = p->reconciler.count;
	actions = foresee(&p->reconciler);
	if (actions == NULL) {
		json_decref(list);
		complain("out of memory");
		return EXIT_FAILED;
	}
	n = show_all(&p->reconciler, ctx, actions, list);
	if (out->json)
		print_json(p, list);
	else if (n == 0 && wrong == 0)
		printf("nothing to do: %zu jail%s as wanted\n", p->specs.count,
		    p->specs.count == 1 ? "" : "s");
	if (out->file != NULL && wrong > 0)
		complain("%s is not written while a file is invalid",
		    out->file);
	else if (out->file != NULL && saved_plan_write(ctx, opt, p, actions,
	    out->file, &err) != 0) {
		complain("%s", err.text);
		wrong++;
	}
	for (size_t i = 0; i < count; i++)
		action_free(&actions[i]);
	free(actions);
	return wrong > 0 ? EXIT_FAILED : n > 0 ? EXIT_DIFFERENT : EXIT_OK;
}

/* ------------------------------------------------------ where an agent is */

static int
take_held(json_t *jails, struct text_list *held)
{
	json_t *jail;
	size_t i;

	json_array_foreach (jails, i, jail) {
		const char *state = control_text(jail, "state", "");

		if (strcmp(state, jail_state_word[STATE_HELD]) == 0 &&
		    (text_list_add(held, control_text(jail, "name", "")) != 0 ||
		    text_list_add(held, control_text(jail, "reason", "")) != 0))
			return -1;
	}
	return 0;
}

/* What was not said is as the agent was told, in its set also what is held. */
static int
take_status(json_t *status, struct pass_options *opt, struct text_list *held,
    struct error *err)
{
	json_t *agent = json_object_get(status, "agent");
	const char *letters = control_text(agent, "letters", "");
	bool own = opt->letters == 0;
	char set[PATHS_MAX];
	struct stat st;

	for (; own && *letters != '\0'; letters++)
		(void)letters_take(*letters, &opt->letters);
	if (stat(opt->path, &st) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (pass_set(opt, set, err) != 0)
		return -1;
	if (strcmp(set, control_text(agent, "specs", "")) != 0)
		return 0;
	opt->below |= json_is_true(json_object_get(agent, "recursive"));
	opt->prune = true;
	opt->held = held;
	return take_held(json_object_get(status, "jails"), held) == 0 ? 0 :
	    error_sys(err, ENOMEM, "what the agent holds");
}

/* An agent has the state directory: it would do it, as it was told to. */
static int
as_the_agent(const struct context *ctx, struct pass_options *opt,
    struct text_list *held, struct error *err)
{
	json_t *status = NULL;
	int rc = control_call(&ctx->paths, "status", NULL, AGENT_MS, &status,
	    err);

	opt->for_agent = rc != 1; /* that is another apply */
	if (rc == 0)
		rc = take_status(status, opt, held, err);
	else if (rc == 2)
		rc = error_set(err, ETIMEDOUT, "the agent with pid %ld does not "
		    "answer, and what it was told to do is not known",
		    paths_lock_holder(&ctx->paths));
	json_decref(status);
	return rc == -1 ? -1 : 0;
}

static int
plan(const struct context *ctx, const struct pass_options *opt,
    const struct output *out)
{
	struct pass p;
	struct error err;
	int status = EXIT_FAILED;

	/* What is only proposed may be signed later. */
	if (opt->as == NULL &&
	    required_check(opt->required, ctx, &err) != 0) {
		complain("%s", err.text);
		return status;
	}
	if (pass_open(&p, ctx, opt, &err) != 0)
		complain("%s", err.text);
	else
		status = plan_pass(&p, ctx, out, opt);
	pass_close(&p);
	return status;
}

static int
run(struct context *ctx, int argc, char **argv)
{
	struct required required = { .keys = 0 };
	struct pass_options opt = { .path = NULL, .required = &required };
	struct output out = { .json = false };
	struct text_list held = { 0 };
	const char *wrong;
	struct error err;
	int ch, status;

	while ((ch = getopt_long(argc, argv, ":cmo:r", options, NULL)) != -1) {
		if (letters_take(ch, &opt.letters))
			continue;
		if (ch == OPTION_PRUNE)
			opt.prune = true;
		else if (ch == OPTION_JSON)
			out.json = true;
		else if (ch == 'o')
			out.file = optarg;
		else if (ch == OPTION_RECURSIVE)
			opt.below = true;
		else if (ch == OPTION_AS)
			opt.as = optarg;
		else if (ch == OPTION_SIGNED) {
			status = required_take(&required, &command_plan,
			    optarg);
			if (status != EXIT_OK)
				return status;
		} else
			return option_error(&command_plan, argc, argv, ch);
	}
	if (argc - optind != 1)
		return usage_error(&command_plan,
		    "one directory or file of specs is needed");
	opt.path = argv[optind];
	opt.keep = out.file != NULL;
	if (out.file != NULL && opt.as != NULL)
		return usage_error(&command_plan, "-o and --as: what is only "
		    "proposed cannot be applied");
	error_clear(&err);
	if (paths_lock_holder(&ctx->paths) != 0 &&
	    as_the_agent(ctx, &opt, &held, &err) != 0) {
		complain("%s", err.text);
		text_list_free(&held);
		return EXIT_FAILED;
	}
	wrong = letters_check(&opt.letters, false);
	status = wrong == NULL ? plan(ctx, &opt, &out) :
	    usage_error(&command_plan, "%s", wrong);
	text_list_free(&held);
	return status;
}

const struct command command_plan = {
	.name = "plan",
	.synopsis = "[-cmr] [--prune] [--as DIR] [--recursive] "
	    "[--require-signed PUB] ... [--json] [-o FILE] PATH",
	.summary = "show what apply would change, and why",
	.help = "  -c -m -r     what is allowed: create, modify, restart (all)\n"
	    "  --prune      remove jails of this set that no spec says\n"
	    "  --as DIR     as if the specs in PATH were in DIR: what a proposal "
	    "would do\n"
	    "  --recursive  with the directories below PATH\n"
	    "  --require-signed PUB  as run has it\n"
	    "  --json       for programs\n"
	    "  -o FILE      keep the plan for apply --plan\n\n"
	    "Exit status: 0 nothing to do, 2 changes, 1 error.\n",
	.run = run,
};
