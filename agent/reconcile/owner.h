/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose a living jail is: its identity says so, not its name, which somebody else
 * may have taken since one of the agent's own ended (design: promise
 * strict-ownership).
 */
#ifndef JA_OWNER_H
#define JA_OWNER_H

#include "agent/reconcile/reconcile.h"

/*
 * The entry of the inventory that speaks of this very jail, of whatever set it
 * is; NULL: somebody else's.
 */
const struct entry *owner_entry(struct reconciler *r, const struct seen *s);

/*
 * Whether the jail of that entry is nobody's as soon as this pass looks at it:
 * agent.on_remove was keep.
 */
bool owner_lets_go(const struct reconciler *r, const struct entry *e);

/*
 * Whether a jail of that name lives that is not the agent's, or not once this pass
 * has looked at it.
 */
bool owner_stranger(struct reconciler *r, const char *name);
/* Whether the one around it is such a jail, no place for ours; writes why. */
bool owner_in_stranger(struct reconciler *r, const char *name, char *buf,
    size_t size);

/*
 * Whether another jail has the name of an entry, whose own is gone for certain and
 * with all that was made for it: nothing is lost when the entry is forgotten.  One
 * with its jid may be its own, without the mark.
 */
bool owner_replaced(struct reconciler *r, const struct entry *e);

#endif
