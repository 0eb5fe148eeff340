/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a jail is like after a look or a deed: ready, failed, ill; and when
 * something is tried about it again.
 */
#ifndef JA_CONDITION_H
#define JA_CONDITION_H

#include "agent/reconcile/reconcile.h"

/*
 * The jail runs as it is wanted: it is ready if its health checks, which begin
 * now if they have not, say so.
 */
void condition_ready(struct reconciler *r, struct managed *m, int jid);

/* The spec with which the jail is up and was ready; NULL: there is none. */
const struct spec *condition_ready_with(const struct reconciler *r,
    struct managed *m);

/* The jail runs, as it is wanted or not: the agent is told when it ends. */
void condition_up(struct reconciler *r, struct managed *m, int jid);

/* What was tried failed; the agent tries it again later. */
void condition_failed(struct reconciler *r, struct managed *m,
    const char *why);

/*
 * A jail that ended by itself, or is ill, is not restarted at once each time.
 * Returns whether it waits now; then the action was taken over.
 */
bool condition_postponed(struct reconciler *r, struct managed *m,
    struct action *a);

/*
 * The same for a jail that was as it is wanted, and is not any more: the first
 * time it is mended at once.
 */
bool condition_drifts(struct reconciler *r, struct managed *m,
    struct action *a);

/*
 * A single pass, which does not ask for the health of what ran before, asks for
 * that of the jails that `m` depends on.
 */
void condition_ask(struct reconciler *r, struct managed *m);

/* Ends the health checks. */
void condition_unknown(struct managed *m);

#endif
