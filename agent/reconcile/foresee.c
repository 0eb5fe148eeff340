/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/foresee.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/claims.h"
#include "agent/reconcile/order.h"

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

/* Those that go down with a jail come up again after it, or stay down. */
static bool
follow(struct reconciler *r, size_t i, struct action *actions)
{
	bool down = actions[i].kind == ACTION_REMOVE && actions[i].stays;
	bool anew = actions[i].kind == ACTION_CREATE && actions[i].cleanup;
	char why[ERROR_TEXT_MAX];
	bool again = false;

	if (actions[i].kind != ACTION_RESTART && !anew && !down)
		return false;
	snprintf(why, sizeof why, "%s %s", actions[i].name, down ?
	    "is stopped" : "restarts");
	for (size_t j = 0; j < r->count; j++)
		if ((actions[j].kind == ACTION_NONE ||
		    actions[j].kind == ACTION_MODIFY) && actions[j].jid != 0 &&
		    order_goes_first(r, r->jail[i], r->jail[j],
		    &actions[i])) {
			again |= decide_again(r, r->jail[j], &actions[j],
			    down ? ACTION_REMOVE : ACTION_RESTART, why);
			actions[j].stays = down;
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

struct action *
foresee(struct reconciler *r)
{
	struct action *actions = calloc(r->count + 1, sizeof *actions);
	bool again = actions != NULL;

	jail_roots_forget(&r->roots);
	host_forget(&r->addresses);
	claims_forget(&r->claims);
	taken_forget(&r->taken);
	for (size_t i = 0; actions != NULL && i < r->count; i++) {
		struct managed *m = r->jail[i];
		struct action *a = &actions[i];

		if (reconciler_plan(r, m, a) != 0) {
			free(actions);
			return NULL;
		}
		m->jid = a->jid;
		managed_state(r, m, state_after[a->kind], "%s", a->reason);
		keep_back(r, m, a);
	}
	/*
	 * Each round decides at least one action that no later one undoes; what
	 * is blocked takes nobody along.
	 */
	while (again) {
		again = false;
		for (size_t i = 0; i < r->count; i++)
			again |= block(r, r->jail[i], &actions[i]);
		for (size_t i = 0; !again && i < r->count; i++)
			again = refuse(r, r->jail[i], &actions[i], actions);
		for (size_t i = 0; !again && i < r->count; i++)
			again |= follow(r, i, actions);
	}
	return actions;
}
