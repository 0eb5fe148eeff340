/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/hostname.h"
#include "agent/plan/meanwhile.h"
#include "agent/reconcile/around.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/stuck.h"

/* ------------------------------------------------------------ who has it */

/* Whether the holder's jail, which may have died, really has it. */
static bool
really_has(const struct reconciler *r, const struct claim *c)
{
	struct text_list have = { 0 };
	struct live live;
	char jid[16];
	bool yes;

	if (live_read(r->shop.observer, c->holder->name, NULL, NULL, &live,
	    NULL) != 0)
		return false;
	snprintf(jid, sizeof jid, "%d", live.jid);
	if (strcmp(c->param, "jid") == 0)
		yes = strcmp(c->text, jid) == 0;
	else if (strcmp(c->param, "vnet.interface") == 0)
		yes = true;
	else
		yes = live_texts(&live, c->param, &have, NULL) == 0 &&
		    claims_has(&have, c->param, c->text);
	text_list_free(&have);
	live_free(&live);
	return yes;
}

/* Whether the holder has that one alone. */
static bool
alone(const struct reconciler *r, const struct claim *c)
{
	struct text_list have = { 0 };
	struct live live;
	bool yes;

	if (live_read(r->shop.observer, c->holder->name, NULL, NULL, &live,
	    NULL) != 0)
		return false;
	yes = live_texts(&live, c->param, &have, NULL) == 0 && have.count == 1;
	text_list_free(&have);
	live_free(&live);
	return yes;
}

/* Whether it is all that the holder is to have, and has already: others may share it. */
static bool
has_no_other(const struct reconciler *r, const struct claim *c)
{
	const struct spec *s = managed_wanted(c->holder);
	const struct text_list *l = s == NULL ? NULL : spec_list(s, c->param);

	return strncmp(c->param, "ip", 2) == 0 && l != NULL && l->count == 1 &&
	    claims_has(l, c->param, c->text) && alone(r, c);
}

/* Whether `a` changes the jail, but not in what is claimed. */
static bool
leaves(const struct action *a, const struct claim *c)
{
	return a->kind == ACTION_MODIFY && (strcmp(c->param, "jid") == 0 ||
	    meanwhile_waits(a, c->param));
}

/*
 * The next thing that `m` wants, and gets by `a` (NULL: all), and that another jail
 * has still.
 */
static const struct claim *
find_holder(struct reconciler *r, const struct managed *m,
    const struct action *a, struct claims_search *at)
{
	const struct claim *c;

	if (!claims_any(m->desired) || claims_find(r) != 0)
		return NULL;
	do {
		c = claims_next(r, m, &at->next);
	} while (c != NULL && (c->holder == m || c->holder == at->skip ||
	    (a != NULL && leaves(a, c)) ||
	    !really_has(r, c) || has_no_other(r, c)));
	return c;
}

struct managed *
claims_holder(struct reconciler *r, const struct managed *m,
    struct claims_search *at)
{
	const struct claim *c = m->desired == NULL ? NULL :
	    find_holder(r, m, NULL, at);

	return c == NULL ? NULL : (at->skip = c->holder);
}

/* -------------------------------------------------------- what others keep */

bool
claims_address(const struct change *c)
{
	return strcmp(c->name, "ip4.addr") == 0 ||
	    strcmp(c->name, "ip6.addr") == 0;
}

bool
claims_addresses(const struct action *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (claims_address(&a->change[i]))
			return true;
	return a->kind != ACTION_MODIFY;
}

static bool
gives_nothing_up(enum action_kind kind)
{
	return kind == ACTION_NONE || kind == ACTION_BLOCKED ||
	    kind == ACTION_CONFLICT;
}

/* Why the holder has it still when `a` is done; NULL: it has not. */
static const char *
keeps(const struct claim *c, const struct action *a)
{
	if (gives_nothing_up(a->kind))
		return a->reason;
	return leaves(a, c) ? "it is changed while it runs" : NULL;
}

static bool will_get(void *arg, struct managed *m);

static const char *
kept_by_other(struct reconciler *r, const struct managed *m,
    const struct action *a, char *buf, size_t size)
{
	return claims_addresses(a) && taken_address(r, m, will_get, r, buf,
	    size) ? buf : NULL;
}

static const char *
say_stays(const struct claim *c, const char *reason, char *buf, size_t size)
{
	snprintf(buf, size, "%s %s is still of %s, which does not give it up: "
	    "%.300s", c->param, c->text, c->holder->name, reason);
	return buf;
}

static const char *refused(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size);

/* Whether it waits in vain for others; who wakes it stays what it was. */
static bool
cannot_come(struct reconciler *r, struct managed *m, char *why, size_t size)
{
	struct managed *up = m->waits_up;
	bool far = m->waits_far, waits;
	enum jail_state state;

	waits = order_up(r, m, why, size, &state) != NULL;
	m->waits_up = up;
	m->waits_far = far;
	return waits && state != STATE_PROGRESSING;
}

static bool
is_blocked(const struct managed *m)
{
	return m->state == STATE_BLOCKED && m->waits;
}

/*
 * Because of whom it waits, or is blocked: who has what it claims, or else it may be
 * the jail around it.  NULL: for another reason.
 */
static const struct managed *
stands_on(struct reconciler *r, const struct managed *d)
{
	if (d->waits && d->waits_claim != NULL)
		return d->waits_claim;
	return d->waits || d->state == STATE_BLOCKED ? around_jail(r, d) :
	    NULL;
}

/*
 * Whether `m`, which is blocked, is so because of a jail that is asked now, however
 * far away, or of itself: that those do not come is no reason for it not to come.
 */
static bool
stands_on_asker(struct reconciler *r, const struct managed *m)
{
	const struct managed *d = m;

	for (unsigned steps = 0; steps < 1000; steps++) {
		d = stands_on(r, d);
		if (d == NULL)
			return false;
		if (d == m || d->query == r->queries)
			return true;
	}
	return true;
}

/*
 * Whether `a` does not come about, as far as is known: for what the jail waits for,
 * for what it claims itself, or for who would go down with it.  One that is only
 * changed says so itself, since chains of these may be long; but when it says so
 * because of who asks, it is asked for reasons of its own.
 */
static bool
in_vain(struct reconciler *r, struct managed *m, const struct action *a,
    char *why, size_t size)
{
	if (a->kind == ACTION_MODIFY) {
		if (is_blocked(m) && stands_on_asker(r, m))
			return m->query != r->queries &&
			    refused(r, m, a, why, size) != NULL;
		snprintf(why, size, "%s", m->reason != NULL ? m->reason : "");
		return is_blocked(m);
	}
	if (a->kind != ACTION_REMOVE && m->desired != NULL &&
	    cannot_come(r, m, why, size))
		return true;
	if (m->query == r->queries)
		return false;
	return (a->kind != ACTION_REMOVE && m->desired != NULL &&
	    refused(r, m, a, why, size) != NULL) ||
	    stuck_why(r, m, a, why, size) != NULL;
}

/* Whether `m`, which is blocked because of who asks now, comes when that one does. */
static bool
comes_for_asker(struct reconciler *r, struct managed *m)
{
	char why[ERROR_TEXT_MAX];
	struct action a;
	bool comes;

	if (m->state != STATE_BLOCKED || !stands_on_asker(r, m))
		return false;
	/* One that is so because of the jail around it says so by its plan. */
	if (!m->waits)
		return true;
	if (reconciler_plan(r, m, &a) != 0)
		return false;
	comes = !gives_nothing_up(a.kind) &&
	    !in_vain(r, m, &a, why, sizeof why);
	action_free(&a);
	return comes;
}

/* Plans `m` as if those around `d` came that are blocked because of who asks. */
static int
plan_within(struct reconciler *r, const struct managed *d,
    const struct managed *m, struct action *a)
{
	struct managed *up = around_jail(r, d);
	bool comes = up != NULL && comes_for_asker(r, up);
	int rc;

	if (up == NULL)
		return reconciler_plan(r, m, a);
	if (comes)
		up->state = STATE_PROGRESSING;
	rc = plan_within(r, up, m, a);
	if (comes)
		up->state = STATE_BLOCKED;
	return rc;
}

/*
 * What is done to a holder.  One that is blocked since a jail around it does not get
 * something stays as it is, unless that one only waits for who asks.
 */
static int
plan_holder(struct reconciler *r, const struct managed *m, struct action *a)
{
	int rc = reconciler_plan(r, m, a);

	if (rc != 0 || a->kind != ACTION_BLOCKED ||
	    around_jail(r, m) == NULL)
		return rc;
	action_free(a);
	return plan_within(r, m, m, a);
}

/* Whether a jail will be made with what its spec has, as far as is known now. */
static bool
will_get(void *arg, struct managed *m)
{
	char why[ERROR_TEXT_MAX];
	struct action a;
	bool will;

	if (((struct reconciler *)arg)->foreseen != NULL)
		return m->counts;
	if (m->machine == MACHINE_WORKING)
		return true;
	if (((struct reconciler *)arg)->rivals_known)
		return m->gets;
	if (m->state != STATE_PROGRESSING || reconciler_plan(arg, m, &a) != 0)
		return false;
	will = !gives_nothing_up(a.kind) && !in_vain(arg, m, &a, why,
	    sizeof why);
	action_free(&a);
	return will;
}

/* Why a holder will not give up what it has, though `a` says so; NULL: it will. */
static const char *
stays(struct reconciler *r, const struct claim *c, const struct action *a,
    char *buf, size_t size)
{
	char why[ERROR_TEXT_MAX];

	if (c->holder->machine == MACHINE_WORKING)
		return NULL;
	if (c->holder->refused != NULL)
		return say_stays(c, c->holder->refused, buf, size);
	if (keeps(c, a) != NULL)
		return say_stays(c, keeps(c, a), buf, size);
	if (bound_keeps(r, c->holder, a))
		return say_stays(c, "the plan is not true of it any more, or "
		    "of what goes down with it; make another plan", buf,
		    size);
	if (a->kind == ACTION_RESTART && r->opt.healing && !a->heals &&
	    !c->holder->by_hand &&
	    waves_foresee(r, c->holder, why, sizeof why) != NULL)
		return say_stays(c, why, buf, size);
	if (in_vain(r, c->holder, a, why, sizeof why))
		return say_stays(c, why, buf, size);
	return NULL;
}

/* Whether both are to have no other: then it can be had while the holder has it. */
static bool
may_share(const struct reconciler *r, const struct managed *m,
    const struct claim *c)
{
	const struct text_list *l = spec_list(m->desired, c->param);

	return strncmp(c->param, "ip", 2) == 0 &&
	    !hostname_wanted(m->desired) && l != NULL && l->count == 1 &&
	    alone(r, c);
}

/* What others keep of that which `m` claims. */
static const char *
find_kept(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size)
{
	const struct claim *c;
	const char *kept = NULL, *why;
	struct claims_search at = { 0 };

	while (kept == NULL && (c = find_holder(r, m, a, &at)) != NULL) {
		struct action of_holder;

		if (r->foreseen != NULL) {
			why = keeps(c, reconciler_foreseen(r, c->holder));
			kept = why == NULL || may_share(r, m, c) ? NULL :
			    say_stays(c, why, buf, size);
			continue;
		}
		if (plan_holder(r, c->holder, &of_holder) != 0)
			return NULL;
		kept = stays(r, c, &of_holder, buf, size);
		if (kept != NULL && may_share(r, m, c))
			kept = NULL;
		/* What goes down, or comes up anew, keeps nothing. */
		if (of_holder.kind != ACTION_MODIFY)
			at.skip = c->holder;
		action_free(&of_holder);
	}
	if (kept == NULL) {
		kept = kept_by_other(r, m, a, buf, size);
		r->claims.keeper = kept != NULL ? r->taken.keeper : NULL;
	} else
		r->claims.keeper = c->holder;
	return kept;
}

/*
 * It asks each jail once: a circle refuses nobody.  Nor does one that waits for `m`
 * itself, which is about to be known not to be blocked.
 */
static const char *
refused(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size)
{
	enum jail_state state = m->state;
	const char *kept;

	m->query = r->queries;
	if (state == STATE_BLOCKED)
		m->state = STATE_PROGRESSING;
	kept = find_kept(r, m, a, buf, size);
	m->state = state;
	return kept;
}

const char *
claims_refused(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size)
{
	const char *kept;
	bool within = r->asking; /* another question leads to this one */

	r->claims.keeper = NULL;
	if (m->refused != NULL) {
		snprintf(buf, size, "%s", m->refused);
		return buf;
	}
	if (within && m->query == r->queries)
		return NULL;
	r->queries += !within;
	r->asking = true;
	kept = refused(r, m, a, buf, size);
	r->asking = within;
	return kept;
}

/* ---------------------------------------------------------------- waiting */

/* Whether following who waits for whom, and not in vain, leads back to `m`. */
static bool
in_circle(const struct managed *m, const struct managed *holder)
{
	const struct managed *d = holder;

	for (unsigned steps = 0; d != NULL && steps < 1000; steps++) {
		if (d == m)
			return true;
		d = d->waits && d->state != STATE_BLOCKED ? d->waits_claim :
		    NULL;
	}
	return false;
}

/* Whether `m`, which is in a circle, can change without its holder's help. */
static bool
can_share(const struct reconciler *r, const struct managed *m,
    const struct action *a, const struct claim *c)
{
	return a->kind == ACTION_MODIFY && strchr(m->name, '.') == NULL &&
	    in_circle(m, c->holder) && may_share(r, m, c);
}

/* Whether the holder keeps it, as far as is known. */
static bool
is_kept(struct reconciler *r, const struct claim *c)
{
	struct managed *holder = c->holder;
	char why[ERROR_TEXT_MAX];
	struct action a;
	bool within = r->asking, kept;

	r->asking = true;
	if (plan_holder(r, holder, &a) != 0) {
		r->asking = within;
		return false;
	}
	kept = stays(r, c, &a, why, sizeof why) != NULL;
	r->asking = within;
	action_free(&a);
	return kept;
}

static const struct claim *
to_wait_for(struct reconciler *r, struct managed *m,
    const struct action *a)
{
	const struct claim *c;
	struct claims_search at = { 0 };

	do {
		c = find_holder(r, m, a, &at);
	} while (c != NULL && (can_share(r, m, a, c) ||
	    (may_share(r, m, c) && is_kept(r, c))));
	return c;
}

/* Whether the holder was to give it up, but that failed. */
static bool
failed(const struct managed *holder)
{
	return holder->state == STATE_FAILED && !holder->dirty &&
	    holder->machine != MACHINE_WORKING;
}

const char *
claims_wait(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size, bool *blocked, bool *release)
{
	const struct claim *c;
	struct action of_holder;
	enum jail_state state;

	*blocked = *release = false;
	m->query = ++r->queries;
	c = to_wait_for(r, m, a);
	m->waits_claim = NULL;
	m->waits_down = false;
	if (c == NULL) {
		r->asking = true;
		*blocked = kept_by_other(r, m, a, buf, size) != NULL;
		r->asking = false;
		m->waits_far |= *blocked;
		m->waits_claim = *blocked ? r->taken.keeper : NULL;
		return *blocked ? buf : NULL;
	}
	if (reconciler_plan(r, c->holder, &of_holder) != 0)
		return NULL;
	m->waits_claim = c->holder;
	/* Nobody goes down, or is waited for, in vain. */
	*blocked = claims_refused(r, m, a, buf, size) != NULL;
	if (*blocked) {
		m->waits_far = true;
		m->waits_claim = r->claims.keeper;
		action_free(&of_holder);
		return buf;
	}
	*blocked = of_holder.kind != ACTION_RESTART && failed(c->holder);
	snprintf(buf, size, "waits until %s gives up %s %s%s%.300s",
	    c->holder->name, c->param, c->text, *blocked ?
	    ", which failed: " : "", *blocked && c->holder->reason != NULL ? c->holder->reason :
	    "");
	switch (of_holder.kind) {
	case ACTION_RESTART:
		if (!waves_admit(r, c->holder, buf, size, &state))
			break;
		*blocked = !order_take_down(r, m, c->holder);
		break;
	default:
		*release = a->kind == ACTION_MODIFY && claims_lose(a) &&
		    in_circle(m, c->holder) && !stuck_looks_first(r, m, m);
		/* It may wait for others that wait for this one. */
		if (c->holder->waits)
			reconciler_look(r, c->holder);
		break;
	}
	action_free(&of_holder);
	return buf;
}

/* What was waited for may have been given up meanwhile. */
static bool
has_still(struct reconciler *r, const struct managed *m,
    const struct managed *claimant)
{
	const struct managed *holder;
	struct claims_search at = { 0 };

	while ((holder = claims_holder(r, claimant, &at)) != NULL)
		if (holder == m)
			return true;
	return false;
}

bool
claims_asked(struct reconciler *r, const struct managed *m)
{
	const struct managed *d = m->waits_up;

	for (unsigned steps = 0; d != NULL && d->waits && steps < 1000;
	    steps++) {
		if (d->waits_claim == m)
			return has_still(r, m, d);
		d = d->waits_claim != NULL ? d->waits_claim : d->waits_up;
	}
	return false;
}
