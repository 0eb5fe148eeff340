/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which jails wait for which: `depend`, and nesting.  On the way up a jail waits
 * until what it depends on is ready; on the way down until what depends on it
 * is gone.
 */
#ifndef JA_ORDER_H
#define JA_ORDER_H

#include "agent/reconcile/reconcile.h"

/*
 * What must happen first.  order_up: before the jail is created; NULL:
 * nothing, else the reason, and *state is what to show.  order_change: before
 * it is modified; its parent may be about to permit that, or what it depends on
 * to take it along in a restart.  order_down: before it is stopped for `a`;
 * stops dependants as needed, and they come back.
 */
const char *order_up(struct reconciler *r, struct managed *m, char *buf,
    size_t size, enum jail_state *state);
const char *order_change(struct reconciler *r, struct managed *m,
    char *buf, size_t size, enum jail_state *state);
const char *order_down(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size, enum jail_state *state);
/*
 * Stops `d` and those that go first, because `root` waits for that.  False: one
 * of them could not be stopped, so nobody is.
 */
bool order_take_down(struct reconciler *r, struct managed *root,
    struct managed *d);
/* Whether `d` must be down before `m` goes down for `a`. */
bool order_goes_first(struct reconciler *r, const struct managed *m,
    struct managed *d, const struct action *a);
/*
 * Why `m` waits for the jail of that name, which it depends on or is in, and what
 * is shown meanwhile; NULL: it need not.
 */
const char *order_one(struct reconciler *r, struct managed *m,
    const char *name, char *buf, size_t size, enum jail_state *state);
/* Whether its own removal is to come: it need not be stopped for others. */
bool order_removed(struct reconciler *r, const struct managed *d);
/* Whether a jail with that spec (NULL: no) depends on another, or is in it. */
bool order_depends(const struct spec *s, const char *on);
/* Whether `name` is nested below `parent`. */
bool order_below(const char *name, const char *parent);
/* A jail went down: look again at all that wait, perhaps for that. */
void order_released(struct reconciler *r);
/* The state of `m` changed: look again at those that may wait for it. */
void order_wake(struct reconciler *r, const struct managed *m);

#endif
