/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/foresee.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/meanwhile.h"
#include "agent/reconcile/claims.h"
#include "agent/reconcile/lodgers.h"
#include "agent/reconcile/loop.h"
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
	a->put_off = kind == ACTION_BLOCKED && (a->kind == ACTION_RESTART ||
	    a->kind == ACTION_MODIFY);
	a->kind = kind;
	a->state = NULL;
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
	if (m->desired == NULL)
		return false;
	if (a->kind == ACTION_MODIFY)
		return m->linked && loop_find(r, m, why, sizeof why) &&
		    decide_again(r, m, a, ACTION_BLOCKED, why);
	if (a->kind != ACTION_CREATE && a->kind != ACTION_RESTART)
		return false;
	return order_up(r, m, why, sizeof why, &state) != NULL &&
	    state != STATE_PROGRESSING && decide_again(r, m, a,
	    state == STATE_CONFLICT ? ACTION_CONFLICT : ACTION_BLOCKED, why);
}

/* Nor is one made or changed that claims what others keep. */
static bool
refuse(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX];

	r->taken.rival = NULL;
	if (m->desired == NULL || (a->kind != ACTION_CREATE &&
	    a->kind != ACTION_MODIFY && a->kind != ACTION_RESTART) ||
	    claims_refused(r, m, a, why, sizeof why) == NULL)
		return false;
	m->rival = r->taken.rival;
	return decide_again(r, m, a, ACTION_BLOCKED, why);
}

/* Nor goes one down whose dependants cannot, or would stay down. */
static bool
keep_up(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX];

	return stuck_why(r, m, a, why, sizeof why) != NULL &&
	    decide_again(r, m, a, ACTION_BLOCKED, why);
}

/*
 * Whether one that runs goes down when another one does, as far as is known.  One
 * whose own restart is not allowed goes, too, and comes up by its new spec.
 */
static bool
may_follow(const struct action *a, bool down)
{
	return a->jid != 0 && (a->kind == ACTION_NONE ||
	    a->kind == ACTION_MODIFY || a->kind == ACTION_BLOCKED ||
	    (down && a->kind == ACTION_RESTART));
}

/* Why `d` goes down with another one, and what becomes of it when it is said still. */
static void
say_follows(const struct action *a, const struct managed *d, bool stays,
    char *buf, size_t size)
{
	snprintf(buf, size, "%s %s%s", a->name, a->kind != ACTION_REMOVE ?
	    "restarts" : a->stays ? "is stopped" : "is removed",
	    stays && d->said && !d->unwanted ?
	    "; it stays down as long as that one does not run" : "");
}

/*
 * Whether `d`, which goes down with `m` for good, stays down: by its new spec, if
 * it has one that it can be made with, it may not need that one any more.
 */
static bool
stays_down(struct reconciler *r, struct managed *m, struct managed *d)
{
	return managed_wanted(d) == NULL || !d->said ||
	    order_depends(d->desired, m->name) || stuck_spares(r, m, d);
}

/* A plan that is in the making. */
struct round {
	struct reconciler *r;
	struct action *actions; /* that follow from who counts for rivals */
	bool *before;		/* who did before */
	bool most;    /* no more can come than count now */
	bool refused; /* somebody is, for what another one keeps */
	size_t *leader; /* with which of them each one restarts, plus 1; 0: none */
	bool more;	/* of these are known than when it was begun */
};

/*
 * Those that go down with a jail come up again after it; `down`: with one that is
 * removed, and stay down.
 */
static bool
follow(struct round *q, size_t i, bool down)
{
	struct action *actions = q->actions;
	struct reconciler *r = q->r;
	bool anew = actions[i].kind == ACTION_CREATE && actions[i].cleanup;
	char why[ERROR_TEXT_MAX];
	bool again = false, stays;

	if (down ? actions[i].kind != ACTION_REMOVE :
	    actions[i].kind != ACTION_RESTART && !anew)
		return false;
	for (size_t j = 0; j < r->count; j++) {
		struct managed *d = r->jail[j];

		if (!may_follow(&actions[j], down) || !order_goes_first(r,
		    r->jail[i], d, &actions[i]) || (!down &&
		    stuck_spares(r, r->jail[i], d)))
			continue;
		stays = down && stays_down(r, r->jail[i], d);
		if (!stays && actions[j].kind == ACTION_RESTART)
			continue;
		say_follows(&actions[i], d, stays, why, sizeof why);
		again |= decide_again(r, d, &actions[j], stays ?
		    ACTION_REMOVE : ACTION_RESTART, why);
		actions[j].stays = stays;
		if (!down && q->leader[j] == 0) {
			q->leader[j] = i + 1;
			q->more = true;
		}
		if (lodgers_note(r, d->name, &actions[j]) != 0)
			return again;
	}
	return again;
}

/* Blocked, but what apply does not do has another word there. */
static void
leave_as(struct reconciler *r, struct managed *m, struct action *a,
    enum jail_state state, const char *why)
{
	if (decide_again(r, m, a, ACTION_BLOCKED, why))
		a->state = jail_state_word[state];
}

/* As it is wanted or held now, and not as its file says, or as it has none. */
static void
keep_back(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX + PATHS_MAX];

	if (m->hold != NULL)
		leave_as(r, m, a, STATE_HELD, m->hold);
	else if (a->kind == ACTION_RESTART && !a->heals &&
	    waves_foresee(r, m, why, sizeof why) != NULL)
		leave_as(r, m, a, STATE_HELD, why);
	else if (a->kind == ACTION_NONE && a->jid != 0 &&
	    managed_quarantine(m, why, sizeof why) != NULL)
		leave_as(r, m, a, STATE_QUARANTINED, why);
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

static void
free_all(struct action *actions, size_t count)
{
	for (size_t i = 0; actions != NULL && i < count; i++)
		action_free(&actions[i]);
	free(actions);
}

/* Each by itself, as if nothing had been foreseen yet. */
static struct action *
plan_all(struct reconciler *r)
{
	struct action *actions = calloc(r->count + 1, sizeof *actions);

	for (size_t i = 0; i < r->count; i++) {
		r->jail[i]->state = STATE_PROGRESSING;
		r->jail[i]->rival = NULL;
	}
	for (size_t i = 0; actions != NULL && i < r->count; i++)
		if (plan_one(r, r->jail[i], &actions[i]) != 0) {
			free_all(actions, i);
			return NULL;
		}
	return actions;
}

/* One of which it is known already that it goes along with a restart. */
static bool
go_along(struct round *q, size_t i)
{
	struct action *a = &q->actions[i];
	char why[ERROR_TEXT_MAX];

	if (q->leader[i] == 0 || !may_follow(a, false))
		return false;
	say_follows(&q->actions[q->leader[i] - 1], q->r->jail[i], false, why,
	    sizeof why);
	return decide_again(q->r, q->r->jail[i], a, ACTION_RESTART, why);
}

/* All against which others stand, or those alone that are removed. */
static bool
keep_all(struct round *q, bool removed)
{
	struct reconciler *r = q->r;
	bool some = false;

	for (size_t i = 0; i < r->count; i++) {
		struct managed *m = r->jail[i];
		struct action *a = &q->actions[i];

		if (removed && a->kind != ACTION_REMOVE)
			continue;
		some |= (block(r, m, a) || keep_up(r, m, a)) &&
		    stays(r, i, q->actions);
	}
	return some;
}

/* What follows from the plans of others, but for who goes along with restarts. */
static void
conclude_standing(struct round *q, size_t *rounds)
{
	struct action *actions = q->actions;
	struct reconciler *r = q->r;
	bool again = true;

	/*
	 * Each round decides at least one action that no later one undoes; what
	 * is blocked takes nobody along.
	 */
	for (; again && *rounds > 0; --*rounds) {
		/* What goes down for good gives up what it has, and its place. */
		again = keep_all(q, true);
		for (size_t i = 0; !again && i < r->count; i++)
			again |= follow(q, i, true);
		again = again || keep_all(q, false);
		for (size_t i = 0; !again && i < r->count; i++)
			again |= go_along(q, i);
		for (size_t i = 0; !again && i < r->count; i++)
			q->refused |= again = refuse(r, r->jail[i],
			    &actions[i]) && stays(r, i, actions);
	}
}

/* Anew, now that more is known of who goes along. */
static int
plan_again(struct round *q)
{
	struct action *actions = plan_all(q->r);

	if (actions == NULL)
		return -1;
	free_all(q->actions, q->r->count);
	q->r->foreseen = q->actions = actions;
	q->refused = q->more = false;
	return 0;
}

/*
 * What follows from the plans of others.  Who restarts in spite of all that others
 * keep takes those along that follow it; and what these give up by that is for
 * who was refused for it.
 */
static int
conclude(struct round *q)
{
	struct reconciler *r = q->r;
	size_t most = 4 * (r->count + 1), rounds = most;
	bool again = true;
	int rc = 0;

	r->foreseen = q->actions;
	memset(q->leader, 0, r->count * sizeof *q->leader);
	q->refused = q->more = false;
	while (again && rc == 0) {
		conclude_standing(q, &rounds);
		again = false;
		for (size_t i = 0; rounds > 0 && i < r->count; i++)
			again |= follow(q, i, false);
		if (q->more && q->refused) {
			rc = plan_again(q);
			rounds = most;
		}
	}
	r->foreseen = NULL;
	return rc;
}

/* ------------------------------------------------------------------ rivals */

bool
foresee_comes(const struct action *a)
{
	return a->kind == ACTION_CREATE || a->kind == ACTION_MODIFY ||
	    (a->kind == ACTION_RESTART && !a->stays);
}

static int
plan_round(struct round *q)
{
	q->actions = plan_all(q->r);
	if (q->actions == NULL)
		return -1;
	if (conclude(q) == 0)
		return 0;
	free_all(q->actions, q->r->count);
	return -1;
}

static void
count_nobody(struct round *q)
{
	for (size_t i = 0; i < q->r->count; i++)
		q->r->jail[i]->counts = q->before[i] = false;
	q->most = false;
}

/* Whether just those come that count; `before`: that did. */
static bool
same(const struct round *q, bool before)
{
	for (size_t i = 0; i < q->r->count; i++)
		if (foresee_comes(&q->actions[i]) != (before ? q->before[i] :
		    q->r->jail[i]->counts))
			return false;
	return true;
}

/*
 * Whether somebody gives way.  Of those that may come, as far as is known, the
 * first is taken that is refused for one who may not come either.
 */
static bool
give_way(struct round *q)
{
	struct reconciler *r = q->r;

	for (size_t i = 0; i < r->count; i++) {
		struct managed *o = r->jail[i]->rival;

		if (!r->jail[i]->counts || foresee_comes(&q->actions[i]) ||
		    o == NULL || o->yields ||
		    foresee_comes(&q->actions[reconciler_behind(r, o->name) - 1]))
			continue;
		o->yields = true;
		return true;
	}
	return false;
}

/* Those that come count from now on. */
static void
count_comers(struct round *q)
{
	for (size_t i = 0; i < q->r->count; i++) {
		q->before[i] = q->r->jail[i]->counts;
		q->r->jail[i]->counts = foresee_comes(&q->actions[i]);
	}
	q->most = !q->most;
}

/*
 * When nobody counts, too many come; when these count, too few; and so on, until
 * just those come that count.
 */
static int
settle(struct round *q)
{
	struct reconciler *r = q->r;

	count_nobody(q);
	for (size_t rounds = 4 * (r->count + 4); rounds > 0; rounds--) {
		if (plan_round(q) != 0)
			return -1;
		if (!r->taken.met || same(q, false))
			break;
		if (!q->most || !same(q, true))
			count_comers(q);
		else if (give_way(q))
			count_nobody(q);
		else
			break;
		if (rounds > 1)
			free_all(q->actions, r->count);
	}
	return 0;
}

/* --------------------------------------------------------------- meanwhile */

static bool
changes_address(const struct action *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (claims_address(&a->change[i]))
			return true;
	return false;
}

/*
 * What an agent does about one whose change has to wait: as act_meanwhile.  It
 * takes nothing from others and gives nothing up, so theirs stay what they are.
 */
static void
go_on(struct reconciler *r, struct managed *m, struct action *a)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	char why[ERROR_TEXT_MAX], ignored[ERROR_TEXT_MAX];
	enum meanwhile much = MEANWHILE_OWN;

	if (a->kind != ACTION_BLOCKED || !a->put_off || a->jid == 0 ||
	    m->desired == NULL || e == NULL || e->stage != ENTRY_UP)
		return;
	if (m->linked && loop_find(r, m, ignored, sizeof ignored))
		much = MEANWHILE_HEAL;
	else if (changes_address(a) && claims_refused(r, m, a, ignored,
	    sizeof ignored) != NULL)
		much = MEANWHILE_INSIDE;
	snprintf(why, sizeof why, "%s", a->reason);
	(void)meanwhile_split(e->applied, m->desired, much, why, a);
}

struct action *
foresee(struct reconciler *r)
{
	struct round q = { .r = r,
		.before = calloc(r->count + 1, sizeof *q.before),
		.leader = calloc(r->count + 1, sizeof *q.leader) };
	int rc;

	jail_roots_forget(&r->roots);
	host_forget(&r->addresses);
	claims_forget(&r->claims);
	taken_forget(&r->taken);
	r->taken.met = false;
	for (size_t i = 0; i < r->count; i++)
		r->jail[i]->yields = false;
	rc = q.before == NULL || q.leader == NULL ? -1 : settle(&q);
	r->foreseen = q.actions;
	for (size_t i = 0; rc == 0 && i < r->count && (r->opt.healing ||
	    r->opt.for_agent); i++)
		go_on(r, r->jail[i], &q.actions[i]);
	r->foreseen = NULL;
	free(q.before);
	free(q.leader);
	return rc == 0 ? q.actions : NULL;
}
