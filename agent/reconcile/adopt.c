/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/adopt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/reconcile/owner.h"
#include "agent/reconcile/realise.h"
#include "specs/rules.h"

/* The jid of the living jail, 0 when there is none, -1 on error. */
static int
living(struct reconciler *r, const struct managed *m, struct error *err)
{
	struct live live;
	int jid, rc = live_read(r->shop.observer, m->name, NULL, NULL, &live,
	    err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	jid = live.jid;
	live_free(&live);
	return jid;
}

/* A jail below one of somebody else would end when that one does. */
static bool
parent_is_foreign(struct reconciler *r, const char *name)
{
	char parent[JAIL_NAME_MAX];

	return managed_parent(name, parent, sizeof parent) &&
	    owner_stranger(r, parent);
}

static int
refused_by_plan(const struct managed *m, const struct action *a,
    struct error *err)
{
	bool all = a->kind == ACTION_MODIFY && a->waits.count == 0;

	if (a->kind == ACTION_NONE || all || a->paused ||
	    ((a->kind == ACTION_BLOCKED || a->kind == ACTION_MODIFY) &&
	    a->count > 0 && m->desired->agent.restart == RESTART_NEVER))
		return 0;
	return error_set(err, EBUSY, "adopting it would not leave it as it "
	    "is: %s; make its spec say what runs, or set agent.restart to "
	    "never", a->reason);
}

int
adopt_refused(struct reconciler *r, const struct managed *m,
    bool with_parent, struct error *err)
{
	struct action a;
	int rc;

	if (m->machine == MACHINE_WORKING)
		return error_set(err, EBUSY, "something is being done to it; "
		    "try again");
	if (m->desired == NULL || m->unwanted)
		return error_set(err, ENOENT, "no spec says it; write one "
		    "first");
	if (rules_own_name(m->name, err) != 0)
		return -1;
	if (reconciler_plan(r, m, &a) != 0)
		return error_sys(err, ENOMEM, "%s", m->name);
	rc = a.kind == ACTION_CONFLICT;
	action_free(&a);
	if (!rc)
		return error_set(err, EEXIST, "nobody else's jail has that "
		    "name: there is nothing to adopt");
	if (!with_parent && parent_is_foreign(r, m->name))
		return error_set(err, EBUSY, "its parent is somebody else's; "
		    "adopt that one first");
	rc = living(r, m, err);
	if (rc <= 0)
		return rc < 0 ? -1 : error_set(err, ENOENT,
		    "it does not run");
	if (reconciler_plan_adopted(r, m, &a) != 0)
		return error_sys(err, ENOMEM, "%s", m->name);
	rc = refused_by_plan(m, &a, err);
	action_free(&a);
	return rc;
}

int
adopt(struct reconciler *r, struct managed *m, struct error *err)
{
	struct inventory *inv = r->shop.inventory;
	int jid = living(r, m, err);
	struct entry *e;

	if (jid <= 0)
		return jid < 0 ? -1 : error_set(err, ENOENT,
		    "it does not run any more");
	if (inventory_adopt(inv, r->shop.set, m->desired, jid, &e, err) != 0)
		return -1;
	if (realise_mark(r->shop.observer, m->name, jid, e->token,
	    err) != 0 ||
	    realise_path(r->shop.observer, jid, e, err) != 0 ||
	    (e->path != NULL && inventory_up(inv, e, jid, err) != 0)) {
		struct error ignored;

		inventory_gone(inv, e, &ignored);
		return -1;
	}
	m->by_hand = false; /* what was asked for before is no wish any more */
	m->jid = m->watched = 0; /* so that it is watched from now on */
	r->changed = true;
	return jid;
}
