/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/change.h"

#include <errno.h>

#include "agent/reconcile/host.h"
#include "agent/reconcile/realise.h"

/* New aliases before the jail gets their addresses, old ones after it. */
static int
change_as(struct reconciler *r, struct managed *m, const struct action *a,
    const struct spec *revealed, struct error *err)
{
	struct entry *e = inventory_find(r->shop.inventory, m->name);
	struct text_list added = { 0 };
	struct error ignored;
	int rc;

	if (e == NULL)
		return realise_modify(r->shop.observer, a, revealed, NULL,
		    err);
	rc = inventory_changing(r->shop.inventory, e, m->desired, err);
	if (rc == 0)
		rc = host_add_aliases(&r->shop, e, m->desired, &added, err);
	if (rc == 0 && (rc = realise_modify(r->shop.observer, a, revealed,
	    e->token, err)) != 0) {
		error_clear(&ignored);
		(void)host_drop_aliases(&r->shop, e, &added, &ignored);
	}
	if (rc == 0)
		rc = host_keep_aliases(&r->shop, e, m->desired, err);
	if (rc == 0)
		rc = inventory_apply(r->shop.inventory, e, m->desired, err);
	text_list_free(&added);
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

	vault_hide(made);
	return rc;
}

int
change_release(struct reconciler *r, struct managed *m, const struct action *a,
    struct error *err)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	struct action part;
	int rc = claims_release(a, &part) != 0 ?
	    error_sys(err, ENOMEM, "%s", m->name) :
	    realise_modify(r->shop.observer, &part, m->desired,
	    e != NULL ? e->token : NULL, err);

	action_free(&part);
	claims_forget(&r->claims);
	return rc;
}
