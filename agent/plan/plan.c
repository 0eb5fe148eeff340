/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/plan.h"
#include "agent/plan/hostname.h"
#include "agent/plan/meanwhile.h"
#include "agent/plan/parent.h"
#include "agent/plan/rules_meta.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
letters_text(unsigned letters, char buf[4])
{
	size_t n = 0;

	if (letters & LETTER_C)
		buf[n++] = 'c';
	if (letters & LETTER_M)
		buf[n++] = 'm';
	if (letters & LETTER_R)
		buf[n++] = 'r';
	buf[n] = '\0';
	return buf;
}

bool
live_is_ours(const struct plan_input *in)
{
	const struct live *l = in->live;
	bool marked = params_find(in->params, "meta") != NULL;

	if (in->adopting)
		return true;
	if (!in->managed || in->old_boot == NULL ||
	    strcmp(in->old_boot, in->boot) != 0)
		return false;
	/* A creation that the agent did not live to see has no jid in the
	   inventory: without a mark it is a jail of that name and path that
	   turned up after its creation was journalled. */
	if (!marked && in->old_jid == 0 && in->unfinished != NULL &&
	    in->applied != NULL) {
		const char *path = in->path != NULL ? in->path :
		    spec_text(in->applied, "path");

		return l->path != NULL && strcmp(path, l->path) == 0;
	}
	return live_is(l, marked, in->token, in->old_jid, in->old_path);
}

/*
 * A restart is not allowed.  An agent, and whoever honours what a spec says of
 * its restart, does meanwhile what does not take one.  For the letters of a single
 * pass it is an error as a whole, as for jail(8).
 */
static int
plan_without_restart(const struct plan_input *in, struct action *out,
    const char *why)
{
	if ((!(in->letters & LETTER_R) && !in->healing) ||
	    !meanwhile_split(in->applied, in->desired, MEANWHILE_ALL, why,
	    out))
		return action_decide(out, ACTION_BLOCKED, "%s", why);
	return 0;
}

/* A difference that needs a restart: allowed by letters and policy? */
static int
plan_restart(const struct plan_input *in, struct action *out)
{
	char names[512], why[ERROR_TEXT_MAX];

	action_list(out, HOW_RESTART, names, sizeof names);
	if (!(in->letters & LETTER_R))
		snprintf(why, sizeof why, "%s cannot be changed after "
		    "creation; a restart (-r) is not allowed here", names);
	else if (in->desired->agent.restart == RESTART_NEVER)
		snprintf(why, sizeof why, "%s differs, which needs a restart, "
		    "and agent.restart is never; restart it by hand: "
		    "jailagent restart %s", names, in->name);
	else
		return action_decide(out, ACTION_RESTART,
		    "%s changed, which needs a restart", names);
	return plan_without_restart(in, out, why);
}

/* The jail runs and is ours. */
static int
plan_living(const struct plan_input *in, struct action *out)
{
	unsigned both = LETTER_C | LETTER_R;
	struct error err;
	char can[ERROR_TEXT_MAX];

	error_clear(&err);
	if (in->letters == LETTER_C)
		return action_decide(out, ACTION_BLOCKED, "already exists");
	if (hostname_diff(in, out, &err) != 0)
		return action_decide(out, ACTION_BLOCKED, "%s", err.text);
	if (in->unfinished != NULL)
		return action_decide(out, ACTION_RESTART,
		    "its %s was interrupted; it is begun anew",
		    in->unfinished);
	if (in->letters == both)
		return action_decide(out, ACTION_RESTART, "restart was asked for");
	if (in->unhealthy != NULL && in->desired->agent.health.heal &&
	    (in->letters & LETTER_R)) {
		out->heals = true;
		return action_decide(out, ACTION_RESTART, "%s", in->unhealthy);
	}
	if (out->count == 0)
		return action_decide(out, ACTION_NONE, "no difference");
	if (action_has(out, HOW_RESTART))
		return plan_restart(in, out);
	action_differs(out, can, sizeof can);
	return action_decide(out, ACTION_MODIFY, "%s", can);
}

/* It is to be made, or made anew, and somebody else's jail has the wanted jid. */
static int
plan_without_jid(const struct plan_input *in, struct action *out)
{
	char why[ERROR_TEXT_MAX];

	out->heals = false;
	snprintf(why, sizeof why, "jid %s belongs to the jail %s",
	    spec_text(in->desired, "jid"), in->jid_of);
	if (in->live == NULL || !in->healing || in->unfinished != NULL)
		return action_decide(out, ACTION_BLOCKED, "%s", why);
	return plan_without_restart(in, out, why);
}

/* Whether the jail, which does not run, was up in this boot. */
static bool
ended(const struct plan_input *in)
{
	return in->managed && !in->down && in->old_boot != NULL &&
	    strcmp(in->old_boot, in->boot) == 0;
}

/* The jail is wanted and does not run. */
static int
plan_absent(const struct plan_input *in, struct action *out)
{
	bool died = ended(in);

	out->cleanup = died || in->left;
	if (!(in->letters & LETTER_C))
		return action_decide(out, ACTION_BLOCKED,
		    "not found; creating it (-c) is not allowed here");
	if (died && in->unfinished != NULL)
		return action_decide(out, ACTION_CREATE,
		    "its %s was interrupted; it is begun anew",
		    in->unfinished);
	if (died && in->healing && in->desired->agent.heal == HEAL_NEVER)
		return action_decide(out, ACTION_BLOCKED, "it ended by itself, and "
		    "agent.heal is never; start it by hand: jailagent restart "
		    "%s", in->name);
	if (died)
		return action_decide(out, ACTION_CREATE, "it ended by itself");
	if (in->down)
		return action_decide(out, ACTION_CREATE, "it is down");
	if (in->managed && in->old_boot != NULL)
		return action_decide(out, ACTION_CREATE, "host booted");
	return action_decide(out, ACTION_CREATE, "it does not exist");
}

/* -r: what a jail that ended by itself has left is undone. */
static int
plan_removal(const struct plan_input *in, struct action *out)
{
	out->cleanup = in->live == NULL && (ended(in) || in->left);
	if (out->cleanup)
		return action_decide(out, ACTION_REMOVE, "it ended by itself; what "
		    "is left of it is undone");
	return in->live == NULL ? action_decide(out, ACTION_NONE, "does not run") :
	    action_decide(out, ACTION_REMOVE, "removal was asked for");
}

/* Somebody wants it down, whatever its spec says. */
static int
plan_stopped(const struct plan_input *in, struct action *out)
{
	if (in->live == NULL && !ended(in))
		return action_decide(out, ACTION_NONE, "%s", in->stopped);
	out->stays = true;
	out->cleanup = in->live == NULL;
	return action_decide(out, ACTION_REMOVE, "%s", in->stopped);
}

/* The jail of this boot, at its place, but without the mark that it was given. */
static bool
lost_its_mark(const struct plan_input *in)
{
	return in->live->token == NULL && in->managed && in->token != NULL &&
	    in->old_boot != NULL && strcmp(in->old_boot, in->boot) == 0 &&
	    in->old_jid == in->live->jid && in->path != NULL &&
	    in->live->path != NULL && strcmp(in->path, in->live->path) == 0 &&
	    params_find(in->params, "meta") != NULL;
}

static int
plan_wanted(const struct plan_input *in, struct action *out)
{
	char refused[ERROR_TEXT_MAX];

	if (in->live != NULL && !live_is_ours(in) && lost_its_mark(in))
		return action_decide(out, ACTION_CONFLICT, "a jail of that "
		    "name (jid %d) runs at that path, but the mark " TOKEN_KEY
		    " that this agent gave its own is gone; if it is the same "
		    "jail: jailagent adopt %s", in->live->jid, in->name);
	if (in->live != NULL && !live_is_ours(in))
		return action_decide(out, ACTION_CONFLICT, "a jail of that name (jid "
		    "%d) runs that is not this agent's; give the spec "
		    "another name, or remove that jail with the tool that "
		    "made it", in->live->jid);
	if (in->other_set != NULL)
		return action_decide(out, ACTION_CONFLICT,
		    "the name belongs to the specs in %s", in->other_set);
	/* What is to go need not be possible any more. */
	if (in->letters == LETTER_R)
		return plan_removal(in, out);
	if (in->stopped != NULL)
		return plan_stopped(in, out);
	if (in->renamed != NULL)
		return action_decide(out, ACTION_BLOCKED, "it runs, but "
		    "somebody has renamed it to %s; with jail(8) either name "
		    "it again (jail -m jid=%d name=%s) or end it (jail -r %d)",
		    in->renamed, in->old_jid, in->name, in->old_jid);
	if (rules_refuse(in->desired, in->backend, in->params, refused,
	    sizeof refused) != NULL)
		return action_decide(out, ACTION_BLOCKED, "%s", refused);
	if (in->secret_error != NULL)
		return action_decide(out, ACTION_BLOCKED, "%s", in->secret_error);
	if (in->revealed != NULL && refuse_meta(in->revealed, in->params,
	    refused, sizeof refused) != NULL)
		return action_decide(out, ACTION_BLOCKED, "%s", refused);
	if (in->path == NULL && !in->path_later)
		return action_decide(out, ACTION_BLOCKED, "%s", in->path_error);
	if (in->mounts == NULL && !in->path_later)
		return action_decide(out, ACTION_BLOCKED, "%s", in->mounts_error);
	if ((in->live != NULL ? plan_living : plan_absent)(in, out) != 0)
		return -1;
	if (in->jid_of != NULL && (out->kind == ACTION_CREATE ||
	    out->kind == ACTION_RESTART))
		return plan_without_jid(in, out);
	return parent_refuse(in, out, refused, sizeof refused) == NULL ? 0 :
	    action_decide(out, ACTION_BLOCKED, "%s", refused);
}

static int
plan_unwanted(const struct plan_input *in, struct action *out)
{
	bool prune = in->managed && in->other_set == NULL && in->prune;

	if (in->live != NULL && !live_is_ours(in)) {
		out->forgets = prune && in->replaced;
		out->jid = 0; /* it is another one that lives */
		return action_decide(out, ACTION_NONE, "not managed");
	}
	if (!prune)
		return action_decide(out, ACTION_NONE, "not wanted here");
	if (in->applied != NULL && in->applied->agent.protect)
		return action_decide(out, ACTION_BLOCKED, "its spec is gone, and "
		    "agent.protect was true: it is kept; to have it removed "
		    "bring the spec back without protect, then remove it");
	if (in->applied != NULL &&
	    in->applied->agent.on_remove == REMOVE_KEEP) {
		out->forgets = true;
		return action_decide(out, ACTION_NONE,
		    "its spec is gone, and agent.on_remove was keep");
	}
	if (!(in->letters & LETTER_R))
		return action_decide(out, ACTION_BLOCKED, "its spec is gone; removal "
		    "(-r) is not allowed here");
	out->cleanup = in->live == NULL && (ended(in) || in->left);
	return action_decide(out, ACTION_REMOVE, "its spec is gone");
}

/* What is changed about a jail is nothing but what the agent notes of it. */
static bool
is_note(const struct action *a)
{
	return a->kind == ACTION_MODIFY && a->count == 1 &&
	    strcmp(a->change[0].name, CHANGE_AGENT) == 0;
}

/*
 * A paused jail is left as it is; what would be done, or stands against that, is
 * shown.  A user's pause
 * concerns its removal as well, since the spec may be away for the same reason.
 */
static int
pause_action(const struct plan_input *in, struct action *out)
{
	const char *own = in->desired != NULL ? in->desired->agent.paused :
	    NULL;
	char *would = out->reason;
	int rc;

	out->paused = own != NULL || in->paused != NULL;
	if (!out->paused || is_note(out) ||
	    out->kind == ACTION_NONE || out->kind == ACTION_CONFLICT)
		return 0;
	out->reason = NULL;
	rc = in->paused != NULL ?
	    action_decide(out, ACTION_BLOCKED, "%s (%s)", in->paused, would) :
	    action_decide(out, ACTION_BLOCKED, "agent.paused is \"%s\" (%s)", own,
	    would);
	free(would);
	return rc;
}

int
plan_jail(const struct plan_input *in, struct action *out)
{
	memset(out, 0, sizeof *out);
	out->name = strdup(in->name);
	if (out->name == NULL)
		return -1;
	if (in->live_error != NULL)
		return action_decide(out, ACTION_BLOCKED, "%s", in->live_error);
	out->jid = in->live != NULL ? in->live->jid : 0;
	if (in->had != NULL && text_list_copy(&out->lost, in->had) != 0)
		return -1;
	if ((in->desired != NULL ? plan_wanted(in, out) :
	    plan_unwanted(in, out)) != 0)
		return -1;
	return pause_action(in, out);
}
