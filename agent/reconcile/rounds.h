/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An end to what has none in sight.  Each jail is looked at when it may be another
 * one, and stopped and started for others, which should come to an end by itself;
 * should two jails have each other looked at, or stopped, again and again, then they
 * fail, and say why: a single pass ends, and an agent rests.
 */
#ifndef JA_ROUNDS_H
#define JA_ROUNDS_H

#include "agent/reconcile/reconcile.h"

/*
 * Counts one more since `since`, any number, was another one: whether that is more
 * than `most`.
 */
bool rounds_over(struct rounds *n, unsigned long since, unsigned long most);

/* Something was done, or nobody is left to be looked at: looks are counted anew. */
void rounds_anew(struct reconciler *r);
/*
 * Whether an idle jail may be looked at: not too often was it, while nothing was
 * done.  Else it failed, unless it is as is wanted.
 */
bool rounds_look(struct reconciler *r, struct managed *m);

/*
 * Whether a single pass has started or changed the jail too often to do so once
 * more; then it failed, and the action was taken over.  An agent is asked for many a
 * deed, by new specs, by deaths and by users.
 */
bool rounds_done(struct reconciler *r, struct managed *m, struct action *a);

#endif
