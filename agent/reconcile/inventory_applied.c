/* SPDX-License-Identifier: BSD-2-Clause */
/* The inventory's part that is about applied specs: see inventory.h. */
#include <errno.h>
#include <string.h>

#include "agent/plan/hostname.h"
#include "agent/reconcile/applied.h"
#include "agent/reconcile/inventory.h"

void
inventory_changed(const struct inventory *inv, const char *name)
{
	if (inv->changed != NULL)
		inv->changed(inv->changed_arg, name);
}

bool
inventory_has_secrets(struct entry *e)
{
	struct spec_secret ref;
	size_t at = 0;

	if (e->applied != NULL && !e->secretless)
		e->secretless = !spec_secret_next(e->applied, &at, &ref);
	return e->applied != NULL && !e->secretless;
}

int
inventory_apply(struct inventory *inv, struct entry *e, const struct spec *s,
    struct error *err)
{
	inventory_changed(inv, e->name);
	e->secretless = false;
	if (!hostname_wanted(s))
		text_list_free(&e->found);
	return applied_keep(inv->paths->applied, inv->vault, s, &e->applied,
	    &e->seals, &e->found, err);
}

int
inventory_found(struct inventory *inv, struct entry *e,
    struct text_list *found, struct error *err)
{
	if (applied_write(inv->paths->applied, inv->vault, e->applied,
	    &e->seals, found, err) != 0)
		return -1;
	inventory_changed(inv, e->name);
	text_list_free(&e->found);
	e->found = *found;
	memset(found, 0, sizeof *found);
	return 0;
}

int
inventory_changing(struct inventory *inv, struct entry *e,
    const struct spec *s, struct error *err)
{
	struct spec_limits limits;
	struct spec *merged;
	bool more;

	if (e->applied == NULL)
		return 0;
	limits = e->applied->agent.limits;
	more = applied_limits(&limits, &s->agent.limits);
	for (size_t i = 0; i < s->count; i++) {
		const struct spec_param *was = spec_param_find(e->applied,
		    s->param[i].name);

		more |= was == NULL || (s->param[i].secret && !was->secret);
	}
	if (!more)
		return 0;
	merged = applied_merge(e->applied, s);
	if (merged == NULL)
		return error_sys(err, ENOMEM, "%s", e->name);
	if (applied_add(inv->paths->applied, inv->vault, e->name, s,
	    err) != 0) {
		spec_free(merged);
		return -1;
	}
	inventory_changed(inv, e->name);
	spec_free(e->applied);
	e->applied = merged;
	e->secretless = false;
	return 0;
}
