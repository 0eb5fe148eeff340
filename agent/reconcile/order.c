/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/act.h"
#include "agent/reconcile/lodgers.h"
#include "agent/reconcile/loop.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/owner.h"
#include "agent/reconcile/realise.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/stuck.h"
#include "agent/reconcile/upon.h"

bool
order_below(const char *name, const char *parent)
{
	size_t len = strlen(parent);

	return strncmp(name, parent, len) == 0 && name[len] == '.';
}

bool
order_depends(const struct spec *s, const char *on)
{
	if (s == NULL)
		return false;
	for (size_t i = 0; i < s->depend.count; i++)
		if (strcmp(s->depend.text[i], on) == 0)
			return true;
	return order_below(s->name, on);
}

/* ------------------------------------------------------------------- up */

static bool
lives(const struct reconciler *r, const char *name)
{
	struct live live;

	if (live_read(r->shop.observer, name, NULL, NULL, &live, NULL) != 0)
		return false;
	live_free(&live);
	return true;
}

/* Whether it is removed itself: no spec says it, or -r was asked for. */
static bool
goes(const struct reconciler *r, const struct managed *d)
{
	return d->unwanted || (r->opt.letters == LETTER_R && d->said);
}

static bool
is_removal(const struct action *a)
{
	return a->kind == ACTION_REMOVE && !a->stays;
}

bool
order_removed(struct reconciler *r, const struct managed *d)
{
	struct action a;
	bool yes;

	if (!goes(r, d))
		return false;
	if (r->foreseen != NULL)
		return is_removal(reconciler_foreseen(r, d));
	if (reconciler_plan(r, d, &a) != 0)
		return false;
	yes = is_removal(&a);
	action_free(&a);
	return yes;
}

static struct managed *leader_to_come(struct reconciler *r, struct managed *m);

/*
 * What becomes of that one is only known when it was looked at.  Till then `m` is as
 * it was, or that one is woken for it again.
 */
static const char *
wait_for_leader(struct reconciler *r, struct managed *m,
    struct managed *leader, char *buf, size_t size, enum jail_state *state)
{
	*state = STATE_PROGRESSING;
	m->waits_up = leader;
	m->waits_far = true;
	if (!leader->dirty)
		return buf;
	reconciler_look(r, m);
	if (m->state == STATE_BLOCKED) {
		*state = STATE_BLOCKED;
		snprintf(buf, size, "%s", m->reason != NULL ? m->reason : "");
	}
	return buf;
}

/* Whether a restart waits until others are ready, which may take long. */
static bool
awaits_its_wave(const struct reconciler *r, const struct managed *m)
{
	return r->opt.healing && m->jid != 0 && !m->dirty && !m->in_wave &&
	    !m->by_hand;
}

/*
 * Nobody comes up upon `d`, which runs, just to go down with it again: whether that
 * one is about to go down with a jail that it follows.
 */
static const char *
goes_along(struct reconciler *r, struct managed *m, struct managed *d,
    char *buf, size_t size, enum jail_state *state)
{
	struct managed *leader = d->linked && r->foreseen == NULL ?
	    leader_to_come(r, d) : NULL;

	if (leader == NULL || leader == m || awaits_its_wave(r, leader))
		return NULL;
	snprintf(buf, size, "waits for %s, which %s follows", leader->name,
	    d->name);
	return wait_for_leader(r, m, leader, buf, size, state);
}

/* Whether it is about to be removed, and nothing keeps it up. */
static __attribute__((noinline)) bool
is_leaving(struct reconciler *r, struct managed *d)
{
	static const struct action removal = { .kind = ACTION_REMOVE };
	char why[ERROR_TEXT_MAX];

	return d->unwanted && order_removed(r, d) &&
	    stuck_why(r, d, &removal, why, sizeof why) == NULL;
}

/*
 * A jail outside the set satisfies a dependency while it lives; but one that no
 * spec says any more goes down with what it depends on itself.
 */
static const char *
order_outside(struct reconciler *r, struct managed *m, const char *name,
    char *buf, size_t size, enum jail_state *state)
{
	struct managed *d = reconciler_jail(r, name, false);

	*state = STATE_BLOCKED;
	if (d != NULL && is_leaving(r, d)) {
		snprintf(buf, size, "depends on %s, which no spec says any "
		    "more, so that it is removed", name);
		return buf;
	}
	/* What has ended comes with nobody: who follows goes down first. */
	if (!lives(r, name)) {
		snprintf(buf, size, "depends on %s, which is not among the "
		    "specs and does not run", name);
		return buf;
	}
	return d == NULL ? NULL : goes_along(r, m, d, buf, size, state);
}

/* Whether it runs, but is to go down because another jail waits for that. */
static bool
goes_soon(const struct managed *d)
{
	return d->down_for != NULL && d->down_for->waits &&
	    d->down_for->waits_down;
}

/* Whether it ran when it was looked at last, and does not any more. */
static bool
has_ended(const struct reconciler *r, const struct managed *d)
{
	return d->jid != 0 && realise_alive(r->shop.observer, d->jid) == 0;
}

const char *
order_one(struct reconciler *r, struct managed *m, const char *name, char *buf,
    size_t size, enum jail_state *state)
{
	struct managed *d = reconciler_jail(r, name, false);

	if (d != NULL && goes_soon(d)) {
		m->waits_up = d;
		m->waits_far = true;
		*state = STATE_PROGRESSING;
		snprintf(buf, size, "waits for %s, which goes down for %s",
		    name, d->down_for->name);
		return buf;
	}
	if (d == NULL || managed_wanted(d) == NULL)
		return order_outside(r, m, name, buf, size, state);
	m->waits_up = d;
	/* A saved plan that is not true of it leaves it as it is. */
	if (r->opt.bound != NULL && bound_refused(r->opt.bound, name)) {
		*state = STATE_BLOCKED;
		snprintf(buf, size, "waits for %s, of which the plan is not "
		    "true any more", name);
		return lives(r, name) ? NULL : buf;
	}
	if (d->machine == MACHINE_IDLE && (d->state == STATE_READY ||
	    (d->jid != 0 && d->state != STATE_PROGRESSING &&
	    d->state != STATE_CONFLICT && d->state != STATE_STOPPED &&
	    managed_health(d) == HEALTH_GOOD))) {
		if (!has_ended(r, d)) /* be it with a difference that stays */
			return goes_along(r, m, d, buf, size, state);
		/* Those that ended together are looked at in any order. */
		managed_state(r, d, STATE_PROGRESSING, "it ended");
		reconciler_look(r, d);
	}
	*state = d->state == STATE_PROGRESSING ? STATE_PROGRESSING :
	    STATE_BLOCKED;
	snprintf(buf, size, "waits for %s, which is %s%s%.300s", name,
	    jail_state_word[d->state],
	    d->reason != NULL && d->reason[0] != '\0' ? ": " : "",
	    d->reason != NULL ? d->reason : "");
	return buf;
}

const char *
order_up(struct reconciler *r, struct managed *m, char *buf, size_t size,
    enum jail_state *state)
{
	const struct text_list *l = &m->desired->depend;
	const char *comes = NULL; /* what is on its way */
	char parent[JAIL_NAME_MAX];
	bool nested = managed_parent(m->name, parent, sizeof parent);

	if (m->linked && loop_find(r, m, buf, size)) {
		*state = STATE_BLOCKED;
		return buf;
	}
	m->waits_far = false;
	/* Whatever it waits for besides. */
	if (owner_in_stranger(r, m->name, buf, size)) {
		*state = STATE_CONFLICT;
		return buf;
	}
	for (size_t i = 0; i < l->count; i++) {
		if (order_one(r, m, l->text[i], buf, size, state) == NULL)
			continue;
		if (*state != STATE_PROGRESSING)
			return buf;
		comes = comes == NULL ? l->text[i] : comes;
	}
	if (nested && order_one(r, m, parent, buf, size, state) != NULL &&
	    (*state != STATE_PROGRESSING || comes == NULL))
		return buf;
	return comes == NULL ? NULL : order_one(r, m, comes, buf, size, state);
}

/* ----------------------------------------------------------------- down */

/* What becomes of those that go down with others. */
static const struct action stop = { .kind = ACTION_RESTART };
static const struct action stop_for_good = { .kind = ACTION_REMOVE,
	.stays = true };

static const struct action *
along(const struct action *a)
{
	return a->kind == ACTION_REMOVE ? &stop_for_good : &stop;
}

/* Whether a restart of `on` takes `d` along, now or once it is changed. */
static bool
follows(struct reconciler *r, const struct managed *d, const struct managed *on)
{
	const struct spec *now = upon_spec(r, d), *then = managed_wanted(d);

	return order_below(d->name, on->name) ||
	    (order_depends(then, on->name) && then->agent.follow_depend) ||
	    (order_depends(now, on->name) && now->agent.follow_depend &&
	    upon(r, d, on));
}

/*
 * Whether a restart of `on` is still to come, and does not wait for a jail that
 * cannot be stopped as it is, which its new spec may mend.
 */
static bool
restarts_soon(const struct managed *on)
{
	if (on->dirty || on->queued)
		return true;
	if (on->waits_failed)
		return false;
	/* One that is blocked may be so for long. */
	return on->waits && on->restarts_next && on->state != STATE_HELD &&
	    on->state != STATE_BLOCKED;
}

/* Puts what `d` follows into the queue; true when it is about to restart. */
static bool
meet_leader(struct walk *w, const struct managed *d, const char *name)
{
	struct managed *on = reconciler_jail(w->r, name, false);

	if (on == NULL || on->walk == w->r->walk || !follows(w->r, d, on))
		return false;
	on->walk = w->r->walk;
	on->walk_next = NULL;
	w->last->walk_next = on;
	w->last = on;
	return restarts_soon(on);
}

static bool
meet_leaders(struct walk *w, const struct managed *d)
{
	const struct spec *specs[] = { upon_spec(w->r, d),
		managed_wanted(d) };
	char name[JAIL_NAME_MAX];

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; specs[i] != NULL &&
		    k < specs[i]->depend.count; k++)
			if (meet_leader(w, d, specs[i]->depend.text[k]))
				return true;
	snprintf(name, sizeof name, "%s", d->name);
	for (char *dot; (dot = strrchr(name, '.')) != NULL;) {
		*dot = '\0';
		if (meet_leader(w, d, name))
			return true;
	}
	return false;
}

/*
 * A jail that `m` follows, however far away, and that was not looked at yet: it
 * may be about to restart.
 */
static struct managed *
leader_to_come(struct reconciler *r, struct managed *m)
{
	struct walk w = { r, m, m };

	m->walk = ++r->walk;
	m->walk_next = NULL;
	for (struct managed *d = m; d != NULL; d = d->walk_next)
		if (meet_leaders(&w, d))
			return w.last;
	return NULL;
}

const char *
order_change(struct reconciler *r, struct managed *m, char *buf, size_t size,
    enum jail_state *state)
{
	char parent[JAIL_NAME_MAX];
	struct managed *d;

	*state = STATE_BLOCKED;
	if (m->linked && loop_find(r, m, buf, size))
		return buf;
	*state = STATE_PROGRESSING;
	d = m->linked ? leader_to_come(r, m) : NULL;
	m->waits_up = d;
	if (d != NULL) {
		snprintf(buf, size, "waits for %s", d->name);
		return wait_for_leader(r, m, d, buf, size, state);
	}
	if (!managed_parent(m->name, parent, sizeof parent))
		return NULL;
	d = reconciler_jail(r, parent, false);
	if (d == NULL || d->state != STATE_PROGRESSING ||
	    (managed_wanted(d) == NULL && !order_removed(r, d)))
		return NULL;
	m->waits_up = d;
	snprintf(buf, size, "waits for its parent %s", parent);
	return buf;
}

/*
 * Whether it runs.  A jail that was not looked at yet by this process is looked
 * at now: its parent's removal would take it along without its stop hooks.
 */
static bool
runs(const struct reconciler *r, struct managed *d)
{
	const struct observer *o = r->shop.observer;
	const struct entry *e;
	struct live live;

	if (d->jid != 0 || d->machine == MACHINE_WORKING)
		return true;
	e = inventory_find(r->shop.inventory, d->name);
	if (e == NULL || live_read(o, d->name, NULL, NULL, &live, NULL) != 0)
		return false;
	if (live_is(&live, o->has_meta, e->token, e->jid, e->path))
		d->jid = live.jid;
	live_free(&live);
	return d->jid != 0;
}

static bool
paused(const struct reconciler *r, const struct managed *d)
{
	const struct standing_order *order = reconciler_standing(r, d);

	return (order != NULL && order->kind == STANDING_PAUSE) ||
	    (managed_wanted(d) != NULL && managed_wanted(d)->agent.paused != NULL);
}

/*
 * Stops a dependant, because `who` does something; it comes back as soon as it
 * can.  One that no spec of this pass says comes back as it was.
 */
static void
stop_dependant(struct reconciler *r, struct managed *d,
    const struct managed *who, const char *what)
{
	const struct entry *e = inventory_find(r->shop.inventory, d->name);
	char why[JAIL_NAME_MAX + 64];

	if (d->desired == NULL && e != NULL && e->applied != NULL) {
		d->desired = spec_copy(e->applied);
		d->linked = true;
	}
	d->follows = true;
	snprintf(why, sizeof why, "%s %s", who->name, what);
	act_stop(r, d, why);
}

bool
order_goes_first(struct reconciler *r, const struct managed *m,
    struct managed *d, const struct action *a)
{
	/* Most have nothing to do with others: no more is asked of those. */
	if (d == m || !d->linked || !upon(r, d, m))
		return false;
	if (!order_below(d->name, m->name) && (stuck_kept(r, d) ||
	    !(a->kind == ACTION_REMOVE && !a->stays ? goes(r, d) :
	    upon_spec(r, d)->agent.follow_depend && !paused(r, d))))
		return false;
	/* It ended, and those in it with it; others may have, too. */
	if (a->kind == ACTION_CREATE && (order_below(d->name, m->name) ||
	    (d->machine != MACHINE_WORKING && has_ended(r, d))))
		return false;
	return runs(r, d);
}

/* What is told of a jail that waits until `d` is down. */
static void
say_wait(const struct managed *d, const struct action *a, char *buf,
    size_t size)
{
	const char *why = d->stop_error != NULL ? d->stop_error : d->reason;

	snprintf(buf, size, "%s waits until %s is down%s%.600s",
	    action_word(a->kind), d->name,
	    d->stop_failed ? ", which could not be stopped: " : "",
	    d->stop_failed && why != NULL ? why : "");
}

/* Whether `d` was left out when a restart began. */
static bool
runs_on(const struct managed *m, const struct managed *d,
    const struct action *a)
{
	return a->kind != ACTION_REMOVE && d->spared &&
	    !order_below(d->name, m->name);
}

/*
 * The last look into `d`, which depends on `m`: when a jail could not be read,
 * nobody was seen in it.  Now it runs on, or cannot be stopped; `root` is
 * looked at again.  What is in `root` was asked with it.
 */
static bool
stays_after_all(struct reconciler *r, struct managed *root,
    const struct managed *m, struct managed *d, const struct action *a)
{
	if (d->machine == MACHINE_WORKING ||
	    order_below(d->name, root->name) || !lodgers_hold(r, d))
		return false;
	d->down_for = NULL;
	d->spared = a->kind != ACTION_REMOVE && !order_below(d->name, m->name);
	d->stop_failed = !d->spared;
	reconciler_look(r, root);
	return true;
}

/*
 * Stops those dependants of `m` that have no running dependants themselves;
 * each is met once in a walk.  Returns one that is to be waited for, or NULL.
 * What is to go down for `root` is marked: nothing is started upon it.  One
 * that could not be stopped is tried again when it is its own time.
 *
 * It goes as deep as a chain of dependencies is long: no large buffers here.
 */
static const struct managed *
go_down(struct reconciler *r, struct managed *root, const struct managed *m,
    const struct action *a)
{
	const struct managed *wait = NULL;

	for (size_t i = 0; i < r->count; i++) {
		struct managed *d = r->jail[i];
		bool met = d->walk == r->walk;

		if (runs_on(m, d, a) || !order_goes_first(r, m, d, a))
			continue;
		wait = d;
		if (met || d->stop_failed || order_removed(r, d))
			continue;
		d->walk = r->walk;
		d->down_for = root;
		if (go_down(r, root, d, along(a)) == NULL &&
		    !stays_after_all(r, root, m, d, a))
			stop_dependant(r, d, m, a->kind != ACTION_REMOVE ?
			    "restarts" : a->stays ? "is stopped" : "removes");
	}
	return wait;
}

/* One of those that go first which could not be stopped; NULL: none. */
static struct managed *
find_stuck(struct reconciler *r, const struct managed *m,
    const struct action *a)
{
	struct managed *stuck = NULL;

	for (size_t i = 0; stuck == NULL && i < r->count; i++) {
		struct managed *d = r->jail[i];

		if (d->walk == r->walk || runs_on(m, d, a) ||
		    !order_goes_first(r, m, d, a))
			continue;
		d->walk = r->walk;
		stuck = d->stop_failed ? d : find_stuck(r, d, along(a));
	}
	return stuck;
}

/* Whether nothing becomes of it by itself. */
static bool
rests(const struct managed *d)
{
	return d->state == STATE_BLOCKED && d->machine == MACHINE_IDLE &&
	    !d->dirty && !d->queued && !d->waits;
}

const char *
order_down(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size, enum jail_state *state)
{
	const struct managed *wait;

	if (!m->waits_down && stuck_begin(r, m, a, buf, size, state) != NULL)
		return buf;
	*state = STATE_BLOCKED;
	m->walk = ++r->walk;
	wait = find_stuck(r, m, a);
	m->waits_failed = wait != NULL;
	m->waits_down = false;
	/* Nobody goes down in vain, again and again. */
	if (wait == NULL) {
		m->walk = ++r->walk;
		wait = go_down(r, m, m, a);
		m->waits_down = wait != NULL;
	}
	if (wait == NULL)
		return NULL;
	if (!m->waits_failed && !rests(wait))
		*state = STATE_PROGRESSING;
	say_wait(wait, a, buf, size);
	return buf;
}

bool
order_take_down(struct reconciler *r, struct managed *root, struct managed *d)
{
	char why[ERROR_TEXT_MAX];

	if (d->machine != MACHINE_WORKING) {
		if (stuck_looks_first(r, root, d))
			return true;
		if (lodgers_keep(r, d, why, sizeof why) != NULL ||
		    stuck_why(r, d, &stop, why, sizeof why) != NULL)
			return false;
		stuck_mark(r, d);
	}
	d->walk = ++r->walk;
	if (d->stop_failed || find_stuck(r, d, &stop) != NULL)
		return false;
	root->waits_down = true;
	d->down_for = root;
	/* Whoever had to be down before it goes down is so already. */
	if (d->machine == MACHINE_WORKING)
		return true;
	d->walk = ++r->walk;
	if (runs(r, d) && go_down(r, root, d, &stop) == NULL)
		stop_dependant(r, d, root, "gets what it has");
	return true;
}
