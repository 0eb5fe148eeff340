/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/foresee.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/claims.h"
#include "agent/reconcile/lodgers.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/stuck.h"

/* The state that a jail has when its action has been carried out. */
static const enum jail_state state_after[] = {
	[ACTION_NONE] = STATE_READY,
	[ACTION_CREATE] = STATE_READY,
	[ACTION_MODIFY] = STATE_READY,
	[ACTION_RESTART] = STATE_READY,
	[ACTION_REMOVE] = STATE_STOPPED,
	[ACTION_BLOCKED] = STATE_BLOCKED,
	[ACTION_CONFLICT] = STATE_CONFLICT,
};

static bool
decide_again(struct reconciler *r, struct managed *m, struct action *a,
    enum action_kind kind, const char *reason)
{
	char *copy = strdup(reason);

	if (copy == NULL)
		return false;
	free(a->reason);
	a->reason = copy;
	a->kind = kind;
	managed_state(r, m, state_after[kind], "%s", reason);
	return true;
}

/* One that must wait for a jail that does not come is blocked. */
static bool
block(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX];
	enum jail_state state;

	/* One that no spec of the pass says comes back as it was. */
	if (m->desired == NULL ||
	    (a->kind != ACTION_CREATE && a->kind != ACTION_RESTART))
		return false;
	return order_up(r, m, why, sizeof why, &state) != NULL &&
	    decide_again(r, m, a, state == STATE_CONFLICT ? ACTION_CONFLICT :
	    ACTION_BLOCKED, why);
}

/* Nor is one made or changed that claims what others keep. */
static bool
refuse(struct reconciler *r, struct managed *m, struct action *a,
    const struct action *actions)
{
	char why[ERROR_TEXT_MAX];

	return m->desired != NULL && (a->kind == ACTION_CREATE ||
	    a->kind == ACTION_MODIFY || a->kind == ACTION_RESTART) &&
	    claims_foresee(r, m, actions, a, why, sizeof why) != NULL &&
	    decide_again(r, m, a, ACTION_BLOCKED, why);
}

/* Nor goes one down whose dependants cannot, or would stay down. */
static bool
keep_up(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX];

	return stuck_why(r, m, a, why, sizeof why) != NULL &&
	    decide_again(r, m, a, ACTION_BLOCKED, why);
}

/* Whether one that runs goes down when another one does, as far as is known. */
static bool
may_follow(const struct action *a, bool down)
{
	return a->jid != 0 && (a->kind == ACTION_NONE ||
	    a->kind == ACTION_MODIFY || (down && (a->kind == ACTION_BLOCKED ||
	    a->kind == ACTION_RESTART)));
}

/*
 * Those that go down with a jail come up again after it; `down`: with one that is
 * removed, and stay down.
 */
static bool
follow(struct reconciler *r, size_t i, struct action *actions, bool down)
{
	bool anew = actions[i].kind == ACTION_CREATE && actions[i].cleanup;
	char why[ERROR_TEXT_MAX];
	bool again = false;

	if (down ? actions[i].kind != ACTION_REMOVE :
	    actions[i].kind != ACTION_RESTART && !anew)
		return false;
	snprintf(why, sizeof why, "%s %s", actions[i].name, !down ?
	    "restarts" : actions[i].stays ? "is stopped" : "is removed");
	for (size_t j = 0; j < r->count; j++) {
		struct managed *d = r->jail[j];

		if (!may_follow(&actions[j], down) || !order_goes_first(r,
		    r->jail[i], d, &actions[i]) || (!down &&
		    stuck_spares(r, r->jail[i], d)))
			continue;
		again |= decide_again(r, d, &actions[j], down ?
		    ACTION_REMOVE : ACTION_RESTART, why);
		actions[j].stays = down;
		if (lodgers_note(r, d->name, &actions[j]) != 0)
			return again;
	}
	return again;
}

/* As it is wanted now, and not as its file says, or as it has none. */
static void
keep_back(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX + PATHS_MAX];

	if (m->hold != NULL)
		(void)decide_again(r, m, a, ACTION_BLOCKED, m->hold);
	else if (a->kind == ACTION_NONE && a->jid != 0 &&
	    managed_quarantine(m, why, sizeof why) != NULL)
		(void)decide_again(r, m, a, ACTION_BLOCKED, why);
}

/* The plan of one by itself; -1: memory is out. */
static int
plan_one(struct reconciler *r, struct managed *m, struct action *a)
{
	if (reconciler_plan(r, m, a) != 0)
		return -1;
	m->jid = a->kind == ACTION_CONFLICT ? 0 : a->jid;
	/* What is left down, by a user's order say, is there for nobody. */
	managed_state(r, m, a->kind == ACTION_NONE && a->jid == 0 ?
	    STATE_STOPPED : state_after[a->kind], "%s", a->reason);
	keep_back(r, m, a);
	return 0;
}

/*
 * It stays as it is, in spite of its own plan: those in it are to fit in that.
 */
static bool
stays(struct reconciler *r, size_t i, struct action *actions)
{
	bool runs = actions[i].jid != 0;

	for (size_t j = i + 1; runs && j < r->count; j++) {
		struct action a;

		if (!order_below(r->jail[j]->name, r->jail[i]->name) ||
		    actions[j].kind == ACTION_REMOVE ||
		    plan_one(r, r->jail[j], &a) != 0)
			continue;
		action_free(&actions[j]);
		actions[j] = a;
	}
	return true;
}

struct action *
foresee(struct reconciler *r)
{
	struct action *actions = calloc(r->count + 1, sizeof *actions);
	bool again = actions != NULL;

	jail_roots_forget(&r->roots);
	host_forget(&r->addresses);
	claims_forget(&r->claims);
	taken_forget(&r->taken);
	for (size_t i = 0; actions != NULL && i < r->count; i++)
		if (plan_one(r, r->jail[i], &actions[i]) != 0) {
			free(actions);
			return NULL;
		}
	/*
	 * Each round decides at least one action that no later one undoes; what
	 * is blocked takes nobody along.
	 */
	r->foreseeing = true;
	for (size_t rounds = 4 * (r->count + 1); again && rounds > 0; rounds--) {
		again = false;
		for (size_t i = 0; i < r->count; i++)
			again |= (block(r, r->jail[i], &actions[i]) ||
			    keep_up(r, r->jail[i], &actions[i])) &&
			    stays(r, i, actions);
		/* What goes down for good gives up what it has. */
		for (size_t i = 0; !again && i < r->count; i++)
			again |= follow(r, i, actions, true);
		for (size_t i = 0; !again && i < r->count; i++)
			again = refuse(r, r->jail[i], &actions[i], actions) &&
			    stays(r, i, actions);
		for (size_t i = 0; !again && i < r->count; i++)
			again |= follow(r, i, actions, false);
	}
	r->foreseeing = false;
	return actions;
}
