/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/change.h"

#include <errno.h>

#include "agent/plan/hostname.h"
#include "agent/plan/limits.h"
#include "agent/plan/meanwhile.h"
#include "agent/reconcile/host.h"
#include "agent/reconcile/realise.h"

static bool
limits_change(const struct action *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (limits_name(a->change[i].name))
			return true;
	return false;
}

/*
 * The spec with the addresses that ip_hostname found when the jail was made,
 * *made; one without ip_hostname is returned as it is.
 */
static const struct spec *
given(struct reconciler *r, const struct managed *m, const struct entry *e,
    const struct spec *s, struct spec **made, struct error *err)
{
	struct text_list found = { 0 };
	struct live live;
	int rc = 0;

	if (!hostname_wanted(s))
		return s;
	if (e->found.count == 0) {
		rc = live_read(r->shop.observer, m->name, NULL, NULL, &live,
		    err);
		if (rc == 0)
			rc = hostname_live(&live, s, &found, err);
		else if (rc > 0)
			error_set(err, ESTALE, "%s has ended", m->name);
		live_free(&live);
	}
	*made = rc != 0 ? NULL : hostname_spec(s, e->found.count > 0 ?
	    &e->found : &found, err);
	text_list_free(&found);
	return *made;
}

/* What is true of the jail after the action; *made is to be freed.  NULL: no memory. */
static const struct spec *
goal_of(const struct managed *m, const struct entry *e, const struct action *a,
    struct spec **made)
{
	*made = NULL;
	if (a->waits.count == 0 || e == NULL || e->applied == NULL)
		return m->desired;
	return *made = meanwhile_spec(e->applied, m->desired, a);
}

bool
change_heals(const struct managed *m, const struct entry *e,
    const struct action *a)
{
	struct spec *made;
	const struct spec *goal = goal_of(m, e, a, &made);
	bool same = goal != NULL && e->applied != NULL &&
	    spec_same(e->applied, goal);

	spec_free(made);
	return same;
}

/* Takes the spec over; what went well before its restart goes well after this. */
static int
take_over(struct reconciler *r, struct managed *m, struct entry *e,
    const struct spec *goal, struct error *err)
{
	struct rollback *b = &m->rollback;
	bool was_ready = goal != m->desired && rollback_was_ready(b,
	    r->shop.paths, r->shop.vault, e->applied);

	if (inventory_apply(r->shop.inventory, e, goal, err) != 0)
		return -1;
	if (was_ready)
		rollback_ready(b, r->shop.paths, r->shop.vault, goal);
	return 0;
}

/* New aliases before the jail gets their addresses, old ones after it. */
static int
change_with(struct reconciler *r, struct managed *m, const struct action *a,
    const struct spec *goal, const struct spec *revealed, struct entry *e,
    struct error *err)
{
	struct host_change c = { 0 };
	struct error ignored;
	struct spec *made = NULL;
	const struct spec *s = given(r, m, e, goal, &made, err);
	int rc = s == NULL ? -1 :
	    host_add_aliases(&r->shop, e, s, &c, err);

	if (rc == 0 && (rc = realise_modify(r->shop.observer, a, revealed,
	    e, err)) != 0) {
		error_clear(&ignored);
		(void)host_take_back(&r->shop, e, &c, &ignored);
	}
	if (rc == 0)
		rc = host_keep_aliases(&r->shop, e, s, err);
	if (rc == 0)
		rc = take_over(r, m, e, goal, err);
	host_change_free(&c);
	spec_free(made);
	return rc;
}

/* Limits first: `was` is what they are again when the rest cannot be had. */
static int
change_noted(struct reconciler *r, struct managed *m, const struct action *a,
    const struct spec *goal, const struct spec *revealed,
    const struct spec *was, struct error *err)
{
	struct entry *e = inventory_find(r->shop.inventory, m->name);
	bool limits = limits_change(a);
	struct error ignored;
	int rc = limits ? host_limit(&r->shop, e, goal, a->jid, err) : 0;

	if (rc != 0)
		return rc;
	rc = e != NULL ? change_with(r, m, a, goal, revealed, e, err) :
	    realise_modify(r->shop.observer, a, revealed, NULL, err);
	if (rc != 0 && limits && was != NULL) {
		error_clear(&ignored);
		(void)host_limit(&r->shop, e, was, a->jid, &ignored);
	}
	return rc;
}

/* What is about to be in force is noted before any of it is. */
static int
change_as(struct reconciler *r, struct managed *m, const struct action *a,
    const struct spec *revealed, struct error *err)
{
	struct entry *e = inventory_find(r->shop.inventory, m->name);
	struct spec *made, *was = NULL;
	const struct spec *goal = goal_of(m, e, a, &made);
	int rc = 0;

	if (goal == NULL || (e != NULL && e->applied != NULL &&
	    (was = spec_copy(e->applied)) == NULL))
		rc = error_sys(err, ENOMEM, "%s", m->name);
	if (rc == 0 && e != NULL)
		rc = inventory_changing(r->shop.inventory, e, goal, err);
	if (rc == 0)
		rc = change_noted(r, m, a, goal, revealed, was, err);
	spec_free(was);
	spec_free(made);
	return rc;
}

int
change_jail(struct reconciler *r, struct managed *m, const struct action *a,
    struct error *err)
{
	struct spec *made;
	const struct spec *s = vault_reveal(r->shop.vault, m->desired, &made);
	int rc = s == NULL ? error_sys(err, ENOMEM, "%s", m->name) :
	    change_as(r, m, a, s, err);

	/* A kernel's helper that had died is there again the next time. */
	if (rc != 0 && err->code == EPIPE) {
		error_clear(err);
		rc = change_as(r, m, a, s, err);
	}
	vault_hide(made);
	return rc;
}

/* The aliases are tried out: they are for addresses that others have still. */
static int
try_aliases(struct reconciler *r, struct managed *m, struct entry *e,
    struct error *err)
{
	struct host_change c = { 0 };
	struct spec *made = NULL;
	const struct spec *s = given(r, m, e, m->desired, &made, err);
	int rc = s == NULL ? -1 : host_add_aliases(&r->shop, e, s, &c, err);

	if (rc == 0)
		rc = host_take_back(&r->shop, e, &c, err);
	host_change_free(&c);
	spec_free(made);
	return rc;
}

int
change_release(struct reconciler *r, struct managed *m, const struct action *a,
    struct error *err)
{
	struct entry *e = inventory_find(r->shop.inventory, m->name);
	struct action part;
	int rc = claims_release(a, &part) != 0 ?
	    error_sys(err, ENOMEM, "%s", m->name) :
	    e != NULL ? try_aliases(r, m, e, err) : 0;

	if (rc == 0)
		rc = realise_modify(r->shop.observer, &part, m->desired,
		    e, err);
	claims_free(&part);
	claims_changed(r, m);
	return rc;
}

void
change_restore(struct reconciler *r, struct managed *m, const struct action *a)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	struct action part;
	struct error ignored;

	error_clear(&ignored);
	if (claims_restore(r, m, a, &part) == 0) {
		(void)realise_modify(r->shop.observer, &part, m->desired,
		    e, &ignored);
		claims_changed(r, m);
	}
	claims_free(&part);
}
