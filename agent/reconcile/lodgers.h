/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lodgers: living jails in one of the agent's own that are no business of its
 * pass, because somebody else made them or another set has them.  They end with
 * the jail around them, and lose what it loses; nobody here stops them with
 * their hooks, or makes them again.  So no jail goes down under them unless a
 * user approves of it (`ack`), and a plan says what else becomes of them.
 */
#ifndef JA_LODGERS_H
#define JA_LODGERS_H

#include "agent/plan/parent.h"
#include "agent/reconcile/reconcile.h"

/*
 * Why the running jail is not to be ended: who lives in it, and what to do about
 * that.  NULL: nobody of whom that was not approved.  What cannot be read keeps
 * it, too.
 */
const char *lodgers_keep(struct reconciler *r, const struct managed *m,
    char *buf, size_t size);
/* Whether there is such a reason; it takes no room of its caller's stack. */
bool lodgers_hold(struct reconciler *r, const struct managed *m);
/* Those that are in it at this moment may end with it; how many there are. */
size_t lodgers_approve(struct reconciler *r, struct managed *m);
bool lodgers_live(struct reconciler *r, const struct managed *m);

/*
 * What the action means for lodgers, and for jails of other sets that depend on
 * the jail: it is blocked, or its reason says so.  `live` is the running jail,
 * `parent` what is around it.  0, -1 when memory is out.
 */
int lodgers_judge(struct reconciler *r, const struct managed *m,
    const struct live *live, const struct plan_parent *parent,
    struct action *a);
/* The part of it about those that depend on it, of another set. */
int lodgers_note(struct reconciler *r, const char *name, struct action *a);

#endif
