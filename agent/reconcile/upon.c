/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/upon.h"

#include "agent/reconcile/loop.h"
#include "agent/reconcile/order.h"

const struct spec *
upon_spec(const struct reconciler *r, const struct managed *d)
{
	const struct entry *e = inventory_find(r->shop.inventory, d->name);

	return e != NULL && e->applied != NULL ? e->applied : managed_wanted(d);
}

int
upon_remember(const struct reconciler *r, struct managed *m)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	text_list_free(&m->was_upon);
	return e == NULL || e->applied == NULL ? 0 :
	    text_list_copy(&m->was_upon, &e->applied->depend);
}

/* Puts a jail into the queue; true when that is the goal. */
static bool
meet(struct walk *w, const char *name)
{
	struct managed *next = reconciler_jail(w->r, name, false);

	if (next == NULL || next->upon == w->r->upons)
		return false;
	next->upon = w->r->upons;
	next->upon_next = NULL;
	w->last->upon_next = next;
	w->last = next;
	return next == w->goal;
}

static bool
meet_each(struct walk *w, const struct text_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (meet(w, l->text[i]))
			return true;
	return false;
}

/* By what was and by what is to be; a jail is upon the one around it, too. */
static bool
meet_all(struct walk *w, const struct managed *d)
{
	const struct spec *s = managed_wanted(d);
	char parent[JAIL_NAME_MAX];

	return (s != NULL && meet_each(w, &s->depend)) ||
	    meet_each(w, &d->was_upon) ||
	    (managed_parent(d->name, parent, sizeof parent) &&
	    meet(w, parent));
}

static bool
leads_to(struct reconciler *r, const char *from, const char *to)
{
	struct managed *first = reconciler_jail(r, from, false);
	struct walk w = { r, reconciler_jail(r, to, false), first };

	r->upons++;
	first->upon = r->upons;
	first->upon_next = NULL;
	for (const struct managed *d = first; d != NULL; d = d->upon_next)
		if (meet_all(&w, d))
			return true;
	return false;
}

bool
upon(struct reconciler *r, const struct managed *d, const struct managed *on)
{
	return order_below(d->name, on->name) ||
	    (order_depends(upon_spec(r, d), on->name) &&
	    (order_depends(managed_wanted(d), on->name) ||
	    !leads_to(r, on->name, d->name)));
}
