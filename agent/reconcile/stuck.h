/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether those that go down with a jail can go, and come up again: nobody is
 * stopped in vain, and nobody takes a stranger along (lodgers.h).  One in the jail
 * keeps it from going down; one that only depends on it runs on without it.
 */
#ifndef JA_STUCK_H
#define JA_STUCK_H

#include "agent/reconcile/reconcile.h"

/* Why `m` cannot go down for `a`; NULL: it can. */
const char *stuck_why(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size);

/*
 * Whether `d`, which no spec says any more, is kept as it is: nothing would bring
 * it back, so it does not go down for what it depends on.
 */
bool stuck_kept(struct reconciler *r, const struct managed *d);

/*
 * Whether `d`, which depends on `m`, runs on when that one restarts.  Both ask
 * loop.h, which begins a walk of its own.
 */
bool stuck_spares(struct reconciler *r, struct managed *m, struct managed *d);
/* Marks those, however far, that run on when `m` restarts: `spared`. */
void stuck_mark(struct reconciler *r, struct managed *m);
/*
 * Whether others are to be looked at before it is known whether `d`, and what
 * goes down with it, would come up again, and `m`, for which it goes down, gets all
 * that it claims: then `m` is looked at after them.
 */
bool stuck_looks_first(struct reconciler *r, struct managed *m,
    struct managed *d);
/*
 * The next of those that go down when `m` restarts, and that was not met since
 * r->visits was another number; *at begins with 0.  NULL: there is none.
 */
struct managed *stuck_next(struct reconciler *r, const struct managed *m,
    size_t *at);
/*
 * To be asked once, before the first one goes down for `m`: why none does, or not
 * yet, and what is shown meanwhile.  NULL: they may, and are marked.
 */
const char *stuck_begin(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size, enum jail_state *state);

/*
 * Why `m` is not to come up, be it that it waits for others besides, and what is
 * shown meanwhile.  NULL: it is, as far as is known.  stuck_create: the same of
 * one that is not up, and why it waits.
 */
const char *stuck_up(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size, enum jail_state *state);
const char *stuck_create(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size, enum jail_state *state);

/* Nobody goes down for `m` any more, when that is nothing for which one does. */
void stuck_over(struct managed *m, enum action_kind kind);

#endif
