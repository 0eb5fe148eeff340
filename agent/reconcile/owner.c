/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/owner.h"

#include <stdio.h>
#include <string.h>

/*
 * A creation whose end no agent lived to see, where the kernel keeps no mark: it
 * is known by its path (live_is_ours).
 */
static bool
is_half_made(struct reconciler *r, const struct entry *e, const struct seen *s)
{
	char path[1024];
	struct error err;

	return !r->shop.observer->has_meta && e->jid == 0 &&
	    e->stage != ENTRY_UP && e->applied != NULL && s->path != NULL &&
	    canonical_path(r->shop.observer, &r->roots,
	    spec_text(e->applied, "path"), path, sizeof path, &err) == 0 &&
	    strcmp(path, s->path) == 0;
}

const struct entry *
owner_entry(struct reconciler *r, const struct seen *s)
{
	const struct observer *o = r->shop.observer;
	const struct entry *e = inventory_find(r->shop.inventory, s->name);
	const struct live live = { .jid = s->jid, .path = s->path,
		.token = s->token };

	return e != NULL && e->stage != ENTRY_PREPARING &&
	    strcmp(e->boot, o->boot) == 0 && (is_half_made(r, e, s) ||
	    live_is(&live, o->has_meta, e->token, e->jid, e->path)) ? e : NULL;
}

bool
owner_lets_go(const struct reconciler *r, const struct entry *e)
{
	const struct managed *m = reconciler_find(r, e->name);

	return m != NULL && m->unwanted && r->opt.prune &&
	    e->applied != NULL && !e->applied->agent.protect &&
	    e->applied->agent.on_remove == REMOVE_KEEP;
}

/* Who the living jail of that name is; false: there is none.  End: live_free. */
static bool
see(struct reconciler *r, const char *name, struct live *live, struct seen *s)
{
	if (live_read(r->shop.observer, name, NULL, NULL, live, NULL) != 0)
		return false;
	*s = (struct seen){ .jid = live->jid, .name = name,
		.path = live->path, .token = live->token };
	return true;
}

bool
owner_stranger(struct reconciler *r, const char *name)
{
	const struct entry *e;
	struct live live;
	struct seen s;

	if (!see(r, name, &live, &s))
		return false;
	e = owner_entry(r, &s);
	live_free(&live);
	return e == NULL || owner_lets_go(r, e);
}

bool
owner_in_stranger(struct reconciler *r, const char *name, char *buf,
    size_t size)
{
	char parent[JAIL_NAME_MAX];

	if (!managed_parent(name, parent, sizeof parent) ||
	    !owner_stranger(r, parent))
		return false;
	snprintf(buf, size, "its parent %s is not this agent's; a jail below "
	    "it is not for this agent", parent);
	return true;
}

bool
owner_replaced(struct reconciler *r, const struct entry *e)
{
	bool ended = e->stage == ENTRY_UP || e->stage == ENTRY_DOWN, yes;
	struct live live;
	struct seen s;

	if (!ended || e->made.count > 0 || !see(r, e->name, &live, &s))
		return false;
	yes = owner_entry(r, &s) == NULL && (s.jid != e->jid ||
	    strcmp(e->boot, r->shop.observer->boot) != 0);
	live_free(&live);
	return yes;
}
