/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing a jail while it runs. */
#ifndef JA_CHANGE_H
#define JA_CHANGE_H

#include "agent/reconcile/reconcile.h"

/*
 * Carries out a modification: kernel, aliases, applied spec, which is the wanted
 * one but for what waits for a restart (a->waits).  On failure what was made on
 * the host is unmade.  Returns 0, -1 with err.
 */
int change_jail(struct reconciler *r, struct managed *m,
    const struct action *a, struct error *err);

/*
 * Whether the action only makes true what was applied already: somebody else has
 * changed the jail.
 */
bool change_heals(const struct managed *m, const struct entry *e,
    const struct action *a);

/*
 * Takes away the addresses that the modification takes away, no more, and only
 * if the host can have the aliases of those that the jail gets.
 */
int change_release(struct reconciler *r, struct managed *m,
    const struct action *a, struct error *err);

/*
 * Gives back what change_release took, as far as nobody else has it: the jail does
 * not get what it was to get.  Whatever it lacks after an earlier agent, too.
 */
void change_restore(struct reconciler *r, struct managed *m,
    const struct action *a);

#endif
