/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/stuck.h"

#include <stdio.h>
#include <string.h>

#include "agent/reconcile/bound.h"
#include "agent/reconcile/lodgers.h"
#include "agent/reconcile/loop.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/owner.h"
#include "agent/reconcile/unknown.h"

static const struct action restart = { .kind = ACTION_RESTART };
static const struct action removal = { .kind = ACTION_REMOVE };

/*
 * Whether its plan, as it is known, is one that makes it again when `m` restarts:
 * while that one is blocked, it was made for a jail in it that stays as it is.
 */
static bool
looks_well(const struct reconciler *r, const struct managed *m,
    const struct managed *d)
{
	return r->foreseen != NULL && m->state != STATE_BLOCKED &&
	    d->state != STATE_BLOCKED &&
	    d->state != STATE_CONFLICT && d->desired != NULL &&
	    d->desired->agent.paused == NULL &&
	    reconciler_standing(r, d) == NULL;
}

/*
 * Whether something stands against making `d` again.  What `m` is to be counts,
 * not what it is: it is planned as one that is about to be looked at, and not as one
 * that a plan blocks.
 */
static const char *
refused(struct reconciler *r, struct managed *m, const struct managed *d,
    char *buf, size_t size)
{
	enum jail_state state = m->state;
	bool dirty = m->dirty;
	struct action a;
	int rc;

	m->dirty = true;
	m->state = STATE_PROGRESSING;
	rc = reconciler_plan_anew(r, d, &a);
	m->dirty = dirty;
	m->state = state;
	if (rc != 0)
		return NULL;
	rc = a.kind == ACTION_BLOCKED || a.kind == ACTION_CONFLICT;
	snprintf(buf, size, "%s", a.reason);
	action_free(&a);
	return rc ? buf : NULL;
}

/* What it claims when it comes up anew, and others keep. */
static const char *
claims_in_vain(struct reconciler *r, struct managed *d, char *buf, size_t size)
{
	return d->desired == NULL ? NULL :
	    claims_refused(r, d, &restart, buf, size);
}

/* What `d` waits for, which is not to come; of `m` nothing is asked. */
static const char *
waits_long(struct reconciler *r, struct managed *m, struct managed *d,
    const char *name, char *buf, size_t size)
{
	const struct managed *on = reconciler_find(r, name);
	struct managed *up = d->waits_up;
	enum jail_state state;
	bool far = d->waits_far;
	const char *wait;

	if (strcmp(name, m->name) == 0)
		return NULL;
	/* Those in it come with it, if they are there at all, and can. */
	if (order_below(name, m->name) && on != NULL &&
	    managed_wanted(on) != NULL)
		return looks_well(r, m, on) ? NULL : refused(r, m, on, buf, size);
	wait = order_one(r, d, name, buf, size, &state);
	d->waits_up = up;
	d->waits_far = far;
	return wait != NULL && state != STATE_PROGRESSING ? wait : NULL;
}

/*
 * Why `d`, which no spec says any more, is kept as it is; NULL: it is not.  Those
 * that strangers keep up are to go.
 */
static const char *
kept(struct reconciler *r, const struct managed *d, char *buf, size_t size)
{
	struct action a;
	bool goes;

	if (!d->unwanted || reconciler_plan(r, d, &a) != 0)
		return NULL;
	goes = a.kind == ACTION_REMOVE || a.lodged;
	snprintf(buf, size, "%s", a.reason);
	action_free(&a);
	return goes ? NULL : buf;
}

__attribute__((noinline)) bool
stuck_kept(struct reconciler *r, const struct managed *d)
{
	char why[ERROR_TEXT_MAX];

	return kept(r, d, why, sizeof why) != NULL;
}

/* Why `d` would not come up again by its spec when it went down with `m`. */
static const char *
cannot_come(struct reconciler *r, struct managed *m, struct managed *d,
    bool well, char *buf, size_t size)
{
	const struct spec *s = d->desired;
	char parent[JAIL_NAME_MAX];
	const char *why = well ? NULL : refused(r, m, d, buf, size);

	if (why == NULL)
		why = claims_in_vain(r, d, buf, size);
	if (why == NULL && ((d->linked && loop_find(r, d, buf, size)) ||
	    owner_in_stranger(r, d->name, buf, size)))
		why = buf;
	for (size_t i = 0; why == NULL && i < s->depend.count; i++)
		why = waits_long(r, m, d, s->depend.text[i], buf, size);
	if (why == NULL && managed_parent(d->name, parent, sizeof parent))
		why = waits_long(r, m, d, parent, buf, size);
	return why;
}

/*
 * Why `d` would stay down when it went down with `m`; NULL: it would not.  One that
 * nobody speaks of comes back as it was, if it can.
 */
static const char *
stays_down(struct reconciler *r, struct managed *m, struct managed *d,
    char *buf, size_t size)
{
	const struct entry *e = inventory_find(r->shop.inventory, d->name);
	const char *why;

	if (managed_wanted(d) != NULL)
		return cannot_come(r, m, d, looks_well(r, m, d), buf,
		    size);
	if (d->unwanted || e == NULL || e->applied == NULL)
		return kept(r, d, buf, size);
	d->desired = e->applied;
	why = cannot_come(r, m, d, false, buf, size);
	d->desired = NULL;
	return why;
}

/*
 * One, however far, that has to be down before `m` is and cannot be.  Strangers in
 * `m` were asked for with it.
 */
static const char *
removes_lodgers(struct reconciler *r, const struct managed *m,
    const struct action *a, char *buf, size_t size)
{
	static const struct action stays = { .kind = ACTION_REMOVE,
		.stays = true };
	const char *why = NULL;

	for (size_t i = 0; why == NULL && i < r->count; i++) {
		struct managed *d = r->jail[i];

		if (d->left == r->lefts || !order_goes_first(r, m, d, a))
			continue;
		d->left = r->lefts;
		why = order_below(d->name, m->name) ?
		    kept(r, d, buf, size) : lodgers_keep(r, d, buf, size);
		if (why == NULL)
			why = removes_lodgers(r, d, order_removed(r, d) ?
			    &removal : &stays, buf, size);
	}
	return why;
}

static const char *
removal_waits(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size)
{
	char why[ERROR_TEXT_MAX];

	m->left = ++r->lefts;
	if (removes_lodgers(r, m, a, why, sizeof why) == NULL)
		return NULL;
	snprintf(buf, size, "remove waits for others to be down: %.800s", why);
	return buf;
}

/* Whether it goes down for good with another jail, be it the one around it. */
static bool
ends_along(struct reconciler *r, const struct managed *d)
{
	const struct action *a = reconciler_foreseen(r, d);
	char name[JAIL_NAME_MAX];

	if (a != NULL && a->kind == ACTION_REMOVE)
		return true;
	snprintf(name, sizeof name, "%s", d->name);
	for (char *dot; (dot = strrchr(name, '.')) != NULL;) {
		const struct managed *up;

		*dot = '\0';
		up = reconciler_find(r, name);
		if (up != NULL && order_removed(r, up))
			return true;
	}
	return false;
}

/*
 * Whether it went down for another jail just now, to come up again: what is around
 * it is not to become one in which it cannot.
 */
static bool
comes_back(const struct managed *d)
{
	return d->follows && d->jid == 0 && !d->unwanted &&
	    d->state == STATE_PROGRESSING;
}

/* Why `d`, which is to be removed, is not, or not yet; NULL: it is, or is not to be. */
static const char *
leaves_in_vain(struct reconciler *r, struct managed *d, char *buf, size_t size)
{
	const struct action *a = reconciler_foreseen(r, d);

	if (order_removed(r, d))
		return removal_waits(r, d, &removal, buf, size);
	if (a == NULL || a->kind != ACTION_BLOCKED || !d->unwanted ||
	    stuck_kept(r, d))
		return NULL;
	snprintf(buf, size, "%s", a->reason);
	return buf;
}

static const char *
say_in_vain(const struct managed *d, const char *why, char *buf, size_t size)
{
	snprintf(buf, size, "restart would stop %s, which could not come up "
	    "again: %.600s", d->name, why);
	return buf;
}

/* One in `m` that would stay down when `m` restarts. */
static const char *
restarts_in_vain(struct reconciler *r, struct managed *m, char *buf,
    size_t size)
{
	char why[ERROR_TEXT_MAX];

	for (size_t i = 0; i < r->count; i++) {
		struct managed *d = r->jail[i];

		if (!order_below(d->name, m->name) || (!comes_back(d) &&
		    !order_goes_first(r, m, d, &restart)))
			continue;
		if (leaves_in_vain(r, d, why, sizeof why) != NULL) {
			snprintf(buf, size, "restart waits until %s is down: "
			    "%.800s", d->name, why);
			return buf;
		}
		if (ends_along(r, d) ||
		    stays_down(r, m, d, why, sizeof why) == NULL)
			continue;
		return say_in_vain(d, why, buf, size);
	}
	return NULL;
}

/* Why `d`, which nobody speaks of, could not be made as it was in what `m` is to be. */
static const char *
fits_no_more(struct reconciler *r, struct managed *m, struct managed *d,
    char *buf, size_t size)
{
	const struct entry *e = inventory_find(r->shop.inventory, d->name);
	struct spec *desired = d->desired;
	const char *why;

	if (d->said || e == NULL || e->applied == NULL)
		return NULL;
	/* One that is down has that already, so that it comes back. */
	if (desired == NULL)
		d->desired = e->applied;
	why = refused(r, m, d, buf, size);
	d->desired = desired;
	return why;
}

/*
 * One in `m` that is kept as it is, or that no spec says and `m` would have no place
 * for: that is known before what `m` waits for.
 */
static const char *
holds_one_kept(struct reconciler *r, struct managed *m, char *buf,
    size_t size)
{
	char why[ERROR_TEXT_MAX];

	for (size_t i = 0; i < r->count; i++) {
		struct managed *d = r->jail[i];

		if (order_below(d->name, m->name) && (comes_back(d) ||
		    order_goes_first(r, m, d, &restart)) && !ends_along(r, d) &&
		    (d->unwanted ? kept(r, d, why, sizeof why) :
		    fits_no_more(r, m, d, why, sizeof why)) != NULL)
			return say_in_vain(d, why, buf, size);
	}
	return NULL;
}

const char *
stuck_why(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size)
{
	if (a->kind == ACTION_RESTART)
		return restarts_in_vain(r, m, buf, size);
	return a->kind == ACTION_REMOVE ? removal_waits(r, m, a, buf, size) :
	    NULL;
}

__attribute__((noinline)) bool
stuck_spares(struct reconciler *r, struct managed *m, struct managed *d)
{
	char why[ERROR_TEXT_MAX];

	return !order_below(d->name, m->name) &&
	    (bound_blocks(r->opt.bound, d->name) ||
	    stays_down(r, m, d, why, sizeof why) != NULL ||
	    lodgers_keep(r, d, why, sizeof why) != NULL ||
	    stuck_why(r, d, d->unwanted || order_removed(r, d) ? &removal :
	    &restart, why, sizeof why) != NULL);
}

struct managed *
stuck_next(struct reconciler *r, const struct managed *m, size_t *at)
{
	while (*at < r->count) {
		struct managed *d = r->jail[(*at)++];

		if (d->visit == r->visits ||
		    !order_goes_first(r, m, d, &restart))
			continue;
		d->visit = r->visits;
		return d;
	}
	return NULL;
}

/* So often a jail makes way for others, which may do so for it. */
#define WAY 64

bool
stuck_looks_first(struct reconciler *r, struct managed *m, struct managed *d)
{
	if (m->made_way >= WAY || !unknown_yet(r, d, m))
		return false;
	m->made_way++;
	reconciler_look(r, m);
	return true;
}

/* It goes as deep as a chain of dependencies is long: no buffers here. */
static void
mark(struct reconciler *r, struct managed *m)
{
	struct managed *d;
	size_t at = 0;

	while ((d = stuck_next(r, m, &at)) != NULL) {
		d->spared = stuck_spares(r, m, d);
		if (!d->spared)
			mark(r, d);
	}
}

void
stuck_mark(struct reconciler *r, struct managed *m)
{
	m->visit = ++r->visits;
	mark(r, m);
}

const char *
stuck_begin(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size, enum jail_state *state)
{
	m->waits_failed = false;
	if (a->kind != ACTION_REMOVE && stuck_looks_first(r, m, m)) {
		*state = STATE_PROGRESSING;
		snprintf(buf, size, "is about to %s", action_word(a->kind));
		return buf;
	}
	m->waits_failed = stuck_why(r, m, a, buf, size) != NULL;
	*state = STATE_BLOCKED;
	if (!m->waits_failed && a->kind != ACTION_REMOVE)
		stuck_mark(r, m);
	return m->waits_failed ? buf : NULL;
}

const char *
stuck_up(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size, enum jail_state *state)
{
	const char *wait = order_up(r, m, buf, size, state);

	if (wait != NULL && *state != STATE_PROGRESSING)
		return wait;
	*state = STATE_BLOCKED;
	wait = claims_refused(r, m, a, buf, size);
	if (wait != NULL) {
		m->waits_far = true;
		m->waits_claim = r->claims.keeper;
	}
	return wait == NULL && a->kind == ACTION_RESTART ?
	    holds_one_kept(r, m, buf, size) : wait;
}

const char *
stuck_create(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size, enum jail_state *state)
{
	const char *wait;

	if (order_up(r, m, buf, size, state) == NULL)
		return NULL;
	wait = stuck_up(r, m, a, buf, size, state);
	return wait != NULL ? wait : order_up(r, m, buf, size, state);
}

void
stuck_over(struct managed *m, enum action_kind kind)
{
	if (kind == ACTION_CREATE || kind == ACTION_RESTART ||
	    kind == ACTION_REMOVE)
		return;
	m->waits_down = false;
	/* Two that are to be changed would make way for each other for ever. */
	if (kind != ACTION_MODIFY)
		m->made_way = 0;
}
