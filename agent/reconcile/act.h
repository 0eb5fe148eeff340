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

#endif
