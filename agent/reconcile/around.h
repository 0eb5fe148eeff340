/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jails around a nested one: what it may have is up to them, and what they
 * lose is taken from it, too.
 */
#ifndef JA_AROUND_H
#define JA_AROUND_H

#include "agent/plan/parent.h"
#include "agent/reconcile/reconcile.h"

/*
 * As a plan is told of them: as they are, and with what is about to be done to
 * them.  *out is NULL for one in the host, and where its parent is not known.  It
 * is to be freed with around_free.  0, -1 when memory is out.
 */
struct around;
int around_read(struct reconciler *r, const struct managed *m,
    struct around **out);
const struct plan_parent *around_parent(const struct around *a);
void around_free(struct around *a);

/* The jail that one is in; NULL: there is none here. */
struct managed *around_jail(struct reconciler *r, const struct managed *m);

/* Whether one of them is about to be looked at, which comes first. */
bool around_too_early(const struct reconciler *r, const struct managed *m);

/* `m` was changed or made: those in it are looked at again. */
void around_changed(struct reconciler *r, const struct managed *m);
/*
 * What it is about to be is another thing than before, which those in it were to fit
 * in: the same, and what they got counts on.  Where it comes after all, only those
 * that were blocked may have something to do.
 */
void around_turned(struct reconciler *r, const struct managed *m);

#endif
