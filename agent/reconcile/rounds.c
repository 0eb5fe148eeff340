/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/rounds.h"

#include <stdio.h>

#include "agent/reconcile/act.h"
#include "agent/reconcile/condition.h"
#include "agent/reconcile/order.h"

/*
 * In a chain, what becomes of the last one may turn the others one by one, and jails
 * make way for each other: see stuck.c.
 */
#define LOOKS 1000
#define LOOKS_PER_JAIL 100

/* One restarts once for itself, and seldom more than once for others. */
#define DEEDS 16

bool
rounds_over(struct rounds *n, unsigned long since, unsigned long most)
{
	if (n->since != since)
		*n = (struct rounds){ .since = since };
	n->count += n->count <= most;
	return n->count > most;
}

void
rounds_anew(struct reconciler *r)
{
	r->run++;
}

static void
give_up(struct reconciler *r, struct managed *m, const char *why)
{
	bool turned = m->state != STATE_FAILED;

	act_waits_no_more(r, m);
	condition_failed(r, m, why);
	if (turned)
		order_wake(r, m);
}

bool
rounds_look(struct reconciler *r, struct managed *m)
{
	char why[ERROR_TEXT_MAX];

	if (m->machine != MACHINE_IDLE || !rounds_over(&m->looks, r->run,
	    LOOKS + LOOKS_PER_JAIL * r->count))
		return true;
	if (managed_converged(m) || m->state == STATE_FAILED)
		return false;
	snprintf(why, sizeof why, "looked at %lu times without an end in "
	    "sight, as jails that wait for each other have it; change a spec "
	    "of these, and report it, please. At last: %.600s",
	    m->looks.count - 1, m->reason != NULL ? m->reason : "");
	give_up(r, m, why);
	return false;
}

bool
rounds_done(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX];

	if (r->opt.healing || m->deeds < DEEDS)
		return false;
	snprintf(why, sizeof why, "started or changed %u times without an end "
	    "in sight, as other jails undo it each time; change a spec of "
	    "these, and report it, please. At last: %.600s", m->deeds,
	    a->reason);
	give_up(r, m, why);
	action_free(a);
	return true;
}
