/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What apply would do to all jails: the plan of each, and what follows from the
 * plans of others.  One that waits for a jail that is blocked is blocked; those
 * that depend on a jail that restarts do so, too.  Nothing is carried out.
 */
#ifndef JA_FORESEE_H
#define JA_FORESEE_H

#include "agent/reconcile/reconcile.h"

/*
 * One action for each jail of r, in its order: to be freed with action_free
 * each, and free(3).  Returns NULL when memory is out.  The states in r are
 * those that the jails would have afterwards.
 */
struct action *foresee(struct reconciler *r);

/* Whether a jail runs with what its spec says when the action is done. */
bool foresee_comes(const struct action *a);

#endif
