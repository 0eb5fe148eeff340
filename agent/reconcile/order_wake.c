/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is looked at again when a jail is another one than before: see order.h. */
#include <stdlib.h>

#include "agent/reconcile/order.h"

void
order_released(struct reconciler *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct managed *d = r->jail[i];

		if (d->machine == MACHINE_IDLE && !d->queued &&
		    d->state == STATE_PROGRESSING)
			reconciler_look(r, d);
	}
}

static int
compare_rank(const void *a, const void *b)
{
	const struct managed *x = *(struct managed *const *)a;
	const struct managed *y = *(struct managed *const *)b;

	return (x->rank > y->rank) - (x->rank < y->rank);
}

/*
 * Whether `d` waits for what another jail than `m`, which is ready, has still and
 * itself waits to give up: that one has it woken then, or when it never will.  All
 * behind a long chain need not be looked at upon each of its steps.
 */
static bool
waits_behind(const struct managed *d, const struct managed *m)
{
	const struct managed *holder = d->waits_claim;

	return holder != NULL && holder != m && holder->waits &&
	    holder->state == STATE_PROGRESSING && m->state == STATE_READY &&
	    d->state == STATE_PROGRESSING && !d->linked && !d->waits_down &&
	    !d->waits_far;
}

/* Whether `d`, which waits, may do so for `m`. */
static bool
waits_for(const struct managed *d, const struct managed *m)
{
	if (!d->waits || d == m || d->machine != MACHINE_IDLE ||
	    waits_behind(d, m))
		return false;
	/* What goes down may do so for a jail far away. */
	return d->waits_down || d->waits_far || d->waits_claim != NULL ||
	    order_depends(managed_wanted(d), m->name) ||
	    order_below(d->name, m->name) ||
	    order_depends(m->desired, d->name) ||
	    order_below(m->name, d->name);
}

void
order_wake(struct reconciler *r, const struct managed *m)
{
	struct managed **woken;
	size_t n = 0;

	if (r->waiting == 0 ||
	    (woken = calloc(r->waiting, sizeof *woken)) == NULL)
		return;
	for (size_t i = 0; n < r->waiting && i < r->count; i++)
		if (waits_for(r->jail[i], m))
			woken[n++] = r->jail[i];
	qsort(woken, n, sizeof *woken, compare_rank);
	for (size_t i = 0; i < n; i++)
		reconciler_look(r, woken[i]);
	free(woken);
}
