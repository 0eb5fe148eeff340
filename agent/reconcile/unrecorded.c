/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/unrecorded.h"

#include <stdlib.h>
#include <string.h>

/* The entry of a jail in the inventory is another one. */
static void
entry_changed(void *arg, const char *name)
{
	struct managed *m = reconciler_jail(arg, name, false);

	if (m == NULL)
		return;
	claims_changed(arg, m);
	unrecorded(arg, m);
}

void
unrecorded_begin(struct reconciler *r)
{
	TAILQ_INIT(&r->unrecorded);
	r->shop.inventory->changed = entry_changed;
	r->shop.inventory->changed_arg = r;
}

void
unrecorded_end(struct reconciler *r)
{
	r->shop.inventory->changed = NULL;
	while (!TAILQ_EMPTY(&r->unrecorded))
		unrecorded_take(r);
	snapshot_params_free(&r->defaults);
}

void
unrecorded(struct reconciler *r, struct managed *m)
{
	if (m->unrecorded)
		return;
	m->unrecorded = true;
	r->unrecorded_count++;
	TAILQ_INSERT_TAIL(&r->unrecorded, m, record_link);
}

static void
leave_queue(struct reconciler *r, struct managed *m)
{
	TAILQ_REMOVE(&r->unrecorded, m, record_link);
	r->unrecorded_count--;
	m->unrecorded = false;
}

void
unrecorded_drop(struct reconciler *r, struct managed *m)
{
	if (m->unrecorded)
		leave_queue(r, m);
	managed_clear(m);
	m->dropped = true;
	unrecorded(r, m);
}

int
unrecorded_other(struct reconciler *r, const char *name)
{
	struct managed *m = calloc(1, sizeof *m);

	if (m == NULL || (m->name = strdup(name)) == NULL) {
		free(m);
		return -1;
	}
	unrecorded_drop(r, m);
	return 0;
}

int
unrecorded_all(struct reconciler *r)
{
	const struct inventory *inv = r->shop.inventory;

	while (!TAILQ_EMPTY(&r->unrecorded))
		unrecorded_take(r);
	for (size_t i = 0; i < r->count; i++)
		unrecorded(r, r->jail[i]);
	for (size_t i = 0; i < inv->count; i++)
		if (reconciler_find(r, inv->entry[i]->name) == NULL &&
		    unrecorded_other(r, inv->entry[i]->name) != 0)
			return -1;
	return 0;
}

const char *
unrecorded_first(const struct reconciler *r)
{
	const struct managed *m = TAILQ_FIRST(&r->unrecorded);

	return m == NULL ? NULL : m->name;
}

void
unrecorded_take(struct reconciler *r)
{
	struct managed *m = TAILQ_FIRST(&r->unrecorded);

	leave_queue(r, m);
	if (m->dropped)
		managed_free(m);
}
