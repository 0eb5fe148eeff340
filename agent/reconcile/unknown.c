/* SPDX-License-Identifier: BSD-2-Clause */
/* These walks go as deep as chains are long: no buffers here. */
#include "agent/reconcile/unknown.h"

#include <string.h>

#include "agent/reconcile/order.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/stuck.h"

/* A walk from `root`: what is in that one is looked at after it. */
struct ask {
	struct reconciler *r;
	const struct managed *root;
	bool unknown;
};

static bool below(struct ask *q, struct managed *m);

/* Whether the jail around one, which may be about to restart, is looked at soon. */
static __attribute__((noinline)) bool
around_unknown(const struct ask *q, const struct managed *d)
{
	char parent[JAIL_NAME_MAX];
	const struct managed *e = d != q->root &&
	    managed_parent(d->name, parent, sizeof parent) ?
	    reconciler_find(q->r, parent) : NULL;

	return e != NULL && e != q->root && e->dirty &&
	    !order_below(e->name, q->root->name);
}

/* What becomes of those that `d` depends on, be it through others that wait. */
static bool
above(const struct ask *q, const struct managed *d)
{
	const struct entry *own = inventory_find(q->r->shop.inventory, d->name);
	const struct spec *s = managed_wanted(d);

	/* One that nobody speaks of comes back as it was. */
	if (s == NULL && !d->unwanted && own != NULL)
		s = own->applied;
	for (size_t i = 0; s != NULL && i < s->depend.count; i++) {
		struct managed *e = reconciler_jail(q->r, s->depend.text[i],
		    false);

		if (e == NULL || e == q->root || e->above == q->r->visits ||
		    order_below(e->name, q->root->name))
			continue;
		e->above = q->r->visits;
		if (e->dirty || (e->waits && above(q, e)))
			return true;
	}
	return false;
}

static enum action_kind
planned(struct reconciler *r, const struct managed *m)
{
	enum action_kind kind;
	struct action a;

	if (m->machine == MACHINE_WORKING || reconciler_plan(r, m, &a) != 0)
		return ACTION_NONE;
	kind = a.kind;
	action_free(&a);
	return kind;
}

static bool beside(struct ask *q, const struct managed *d);

/* What becomes of one that has, or may get, what another one claims. */
static bool
there(void *ask, struct managed *e)
{
	struct ask *q = ask;
	enum action_kind kind;

	if (e->visit == q->r->visits)
		return false;
	e->visit = q->r->visits;
	kind = planned(q->r, e);
	if (kind == ACTION_MODIFY)
		q->unknown = e->dirty || (e->waits && beside(q, e));
	else if (kind == ACTION_CREATE || kind == ACTION_RESTART ||
	    kind == ACTION_REMOVE)
		q->unknown = below(q, e);
	return q->unknown;
}

/* Who gives up, or gets first, what `d` claims. */
static bool
beside(struct ask *q, const struct managed *d)
{
	struct claims_search at = { 0 };
	struct managed *holder;

	while ((holder = claims_holder(q->r, d, &at)) != NULL)
		if (there(q, holder))
			return true;
	taken_address(q->r, d, there, q, NULL, 0);
	return q->unknown;
}

static bool
below(struct ask *q, struct managed *m)
{
	struct managed *d;
	size_t at = 0;

	if (around_unknown(q, m) || above(q, m) || beside(q, m))
		return true;
	while ((d = stuck_next(q->r, m, &at)) != NULL)
		if (below(q, d))
			return true;
	return false;
}

bool
unknown_yet(struct reconciler *r, struct managed *m,
    const struct managed *claimant)
{
	struct ask q = { r, m, false };

	m->visit = ++r->visits;
	return below(&q, m) || (claimant != m && beside(&q, claimant));
}
