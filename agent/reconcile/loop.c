/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/loop.h"

#include <stdio.h>

/* Puts what `d` waits for into the queue; true when that is the goal. */
static bool
meet(struct walk *w, struct managed *d, const char *name)
{
	struct managed *next = reconciler_jail(w->r, name, false);

	if (next == NULL || managed_wanted(next) == NULL ||
	    next->walk == w->r->walk)
		return false;
	next->walk = w->r->walk;
	next->walk_from = d;
	next->walk_next = NULL;
	w->last->walk_next = next;
	w->last = next;
	return next == w->goal;
}

static bool
meet_all(struct walk *w, struct managed *d)
{
	const struct spec *s = managed_wanted(d);
	char parent[JAIL_NAME_MAX];

	for (size_t i = 0; s != NULL && i < s->depend.count; i++)
		if (meet(w, d, s->depend.text[i]))
			return true;
	return managed_parent(d->name, parent, sizeof parent) &&
	    meet(w, d, parent);
}

#define CHAIN_MAX 12 /* names that are shown of a loop */

/* "dependency loop: a -> b -> a", from a walk that came back to `m`. */
static void
write_chain(struct managed *m, char *buf, size_t size)
{
	struct managed *d = m;
	size_t count = 0, used, i = 0;

	do {
		d->walk_from->walk_next = d;
		d = d->walk_from;
		count++;
	} while (d != m);
	used = (size_t)snprintf(buf, size, "dependency loop: %s", m->name);
	do {
		d = d->walk_next;
		i++;
		if (used < size && (i < CHAIN_MAX || d == m))
			used += (size_t)snprintf(buf + used, size - used,
			    " -> %s", d->name);
		else if (used < size && i == CHAIN_MAX)
			used += (size_t)snprintf(buf + used, size - used,
			    " -> ... (%zu jails)", count);
	} while (d != m);
}

bool
loop_find(struct reconciler *r, struct managed *m, char *buf, size_t size)
{
	struct walk w = { r, m, m };

	r->walk++;
	m->walk_next = NULL;
	for (struct managed *d = m; d != NULL; d = d->walk_next)
		if (meet_all(&w, d)) {
			write_chain(m, buf, size);
			return true;
		}
	return false;
}
