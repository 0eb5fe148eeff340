/* SPDX-License-Identifier: BSD-2-Clause */
/* Carrying out what the plan says: each kind of action has its function. */
#ifndef JA_ACT_H
#define JA_ACT_H

#include "agent/reconcile/reconcile.h"

/* Takes an action over and begins or, if it can, completes it. */
void act(struct reconciler *r, struct managed *m, struct action *a);

/* Has the next one in the queue looked at if a slot is free. */
void act_next(struct reconciler *r);
/* Begins to stop a jail that is to be started again later. */
void act_stop(struct reconciler *r, struct managed *m, const char *reason);

/* It waits for nobody. */
void act_waits_no_more(struct reconciler *r, struct managed *m);

/* What was done about a jail is kept for status. */
void act_remember(struct managed *m, const struct action *a, int64_t took_us);
/* Tells whoever started the reconciler of a deed. */
void act_tell(struct reconciler *r, struct managed *m, const struct action *a,
    const struct outcome *o);

/*
 * Whether what was done did not last: it is not done again at once, else a
 * value that the kernel does not keep would be set for ever.  Takes the action
 * over then.
 */
bool act_not_kept(struct reconciler *r, struct managed *m, struct action *a);

/* Changes a running jail, and takes the action over. */
void act_change(struct reconciler *r, struct managed *m, struct action *a);

/*
 * What is done about a jail that runs while its restart, or addresses that it is to
 * get, have to wait (state and why): see meanwhile.h.  One that waits for what is
 * under way is kept as it was, others are changed as far as they can be.  Only
 * an agent does so.  Returns false, the action as it was, when nothing is to be done;
 * else it takes the action over, and the jail is looked at again.
 */
bool act_meanwhile(struct reconciler *r, struct managed *m, struct action *a,
    enum jail_state state, const char *why);

#endif
